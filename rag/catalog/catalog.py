"""Listing, counting and lexical search over what is indexed.

Everything in here comes from the vector store and can be deleted without loss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from rag.catalog.database import CatalogDatabase
from rag.catalog.rows import (
    CHUNK_COLUMNS,
    ISSUE_COLUMNS,
    Condition,
    chunk_condition,
    chunk_row,
    insert,
    issue_condition,
    issue_row,
    read_chunk,
    read_day,
    read_issue,
)
from rag.schema import Chunk, Filters, IssueRecord, IssueRef
from rag.text import search_tokens
from rag.vector_store import StoredIssue, VectorStore

NO_FILTERS = Filters()
BATCH = 200  # issues held in memory while projecting
MOST_VARIABLES = 500


class Catalog:
    """Safe for many threads, and for several processes on one file."""

    def __init__(self, path: Path) -> None:
        self._database = CatalogDatabase(path)
        self._synced: tuple[str, int] = ("", 0)
        self._content: dict[str, str] | None = None

    def sync(self, store: VectorStore, keys: Sequence[str] | None = None) -> bool:
        """Bring the catalogue up to date with the index.

        True when it is not what it was at the last call, whichever process changed it; on the
        first call, when there was something to do. `keys` limits the work to these issues. Costs
        a file lookup when nobody has written since; rebuilds everything when the file is missing
        or broken.
        """
        self._database.reopen_if_replaced()
        state = (store.epoch(), self._database.generation)
        if state == self._synced:
            return False
        wanted = store.versions(keys)
        with self._database.connection() as connection:
            differs = _stored_versions(connection, keys) != wanted
        if differs:
            with self._database.transaction() as connection:
                self._project(connection, store, keys)
        if keys is not None:
            return differs
        changed = differs or self._content not in (None, wanted)
        self._synced, self._content = state, wanted
        return changed

    def search(
        self, tokens: Sequence[str], k: int, filters: Filters = NO_FILTERS
    ) -> list[tuple[str, float]]:
        """Chunks that hold any of the tokens as (chunk id, BM25 score), best first.

        Scores are positive. Tokens come from `rag.text.search_tokens`; none gives no result.
        """
        query = " OR ".join(f'"{token}"' for token in dict.fromkeys(tokens) if '"' not in token)
        if not query or k <= 0:
            return []
        where = chunk_condition(filters)
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT chunks.id, -lexical.rank FROM lexical"
                " JOIN chunks ON chunks.rowid = lexical.rowid"
                f" WHERE lexical MATCH ? AND {where.sql} ORDER BY lexical.rank, chunks.id LIMIT ?",
                (query, *where.values, k),
            ).fetchall()
        return [(str(chunk_id), float(score)) for chunk_id, score in rows]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks that exist among `ids`, in the order asked."""
        found: dict[str, Chunk] = {}
        with self._database.connection() as connection:
            for batch in _batches(ids, MOST_VARIABLES):
                marks = ", ".join("?" * len(batch))
                for row in connection.execute(
                    f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE id IN ({marks})", batch
                ):
                    chunk = read_chunk(row)
                    found[chunk.id] = chunk
        return [found[i] for i in ids if i in found]

    def scan(self, filters: Filters = NO_FILTERS) -> list[Chunk]:
        """Every chunk under the filters, by date, issue, and place in the issue."""
        where = chunk_condition(filters)
        rows = self._rows(
            f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE {where.sql}"
            " ORDER BY published, issue, ordinal, part",
            where,
        )
        return [read_chunk(row) for row in rows]

    def issues(self, filters: Filters = NO_FILTERS) -> list[IssueRecord]:
        """The issues that have an item under the filters, by date."""
        where = issue_condition(filters)
        rows = self._rows(
            f"SELECT {ISSUE_COLUMNS} FROM issues WHERE {where.sql} ORDER BY published, key", where
        )
        return [read_issue(row) for row in rows]

    def span(self, filters: Filters = NO_FILTERS) -> tuple[int, date | None, date | None]:
        """How many issues have an item under the filters, and the first and last of their dates."""
        where = issue_condition(filters)
        row = self._rows(
            f"SELECT COUNT(*), MIN(published), MAX(published) FROM issues WHERE {where.sql}", where
        )[0]
        first, last = (read_day(day) if day is not None else None for day in row[1:])
        return int(row[0]), first, last

    def dates(self) -> list[tuple[IssueRef, date]]:
        """Every issue with its date, by date; lighter than `issues`, which carry their text."""
        rows = self._rows(
            "SELECT year, issue_number, edition, series, published FROM issues"
            " ORDER BY published, key",
            Condition(),
        )
        return [(IssueRef(*row[:4]), read_day(row[4])) for row in rows]

    def count(self, filters: Filters = NO_FILTERS) -> int:
        """How many items there are under the filters; the parts of a long one count once."""
        where = chunk_condition(filters)
        sql = f"SELECT COUNT(*) FROM chunks WHERE part <= 1 AND {where.sql}"
        return int(self._rows(sql, where)[0][0])

    def departments(self) -> list[tuple[str, int]]:
        """(canonical name, number of items), most first."""
        return self._counted(
            "SELECT name, COUNT(*) AS items FROM chunk_departments"
            " JOIN chunks ON chunks.rowid = chunk WHERE part <= 1"
            " GROUP BY name ORDER BY items DESC, name"
        )

    def sections(self) -> list[tuple[str, int]]:
        """(section, number of items), most first."""
        return self._counted(
            "SELECT section, COUNT(*) AS items FROM chunks WHERE part <= 1 AND section != ''"
            " GROUP BY section ORDER BY items DESC, section"
        )

    def document_frequency(self, tokens: Sequence[str]) -> dict[str, int]:
        """How many chunks hold each token; 0 for one never seen."""
        frequency = dict.fromkeys(tokens, 0)
        with self._database.connection() as connection:
            for token in frequency:
                row = connection.execute(
                    "SELECT doc FROM vocabulary WHERE term = ?", (token,)
                ).fetchone()
                frequency[token] = int(row[0]) if row else 0
        return frequency

    def words(self) -> list[str]:
        """The indexed words, those in most items first."""
        rows = self._counted("SELECT term, doc FROM vocabulary ORDER BY doc DESC, term")
        return [word for word, _ in rows]

    def prints(self, fragment: str) -> bool:
        """Whether some item's text holds the fragment letter for letter; reads the whole table."""
        sql = "SELECT 1 FROM chunks WHERE instr(text, ?) > 0 LIMIT 1"
        with self._database.connection() as connection:
            return connection.execute(sql, (fragment,)).fetchone() is not None

    def close(self) -> None:
        self._database.close()

    def _rows(self, sql: str, where: Condition) -> list[tuple[Any, ...]]:
        with self._database.connection() as connection:
            return connection.execute(sql, where.values).fetchall()

    def _counted(self, sql: str) -> list[tuple[str, int]]:
        with self._database.connection() as connection:
            return [(str(name), int(items)) for name, items in connection.execute(sql)]

    def _project(
        self, connection: sqlite3.Connection, store: VectorStore, keys: Sequence[str] | None
    ) -> None:
        # Read again inside the transaction: another process may have done the work meanwhile.
        have = _stored_versions(connection, keys)
        want = store.versions(keys)
        for key in have.keys() - want.keys():
            _remove(connection, key)
        changed = sorted(key for key, version in want.items() if have.get(key) != version)
        for batch in _batches(changed, BATCH):
            for stored in store.stored(batch):
                _remove(connection, stored.record.issue.key)
                _add(connection, stored)


def _stored_versions(connection: sqlite3.Connection, keys: Sequence[str] | None) -> dict[str, str]:
    if keys is None:
        return dict(connection.execute("SELECT key, version FROM issues"))
    found: dict[str, str] = {}
    for batch in _batches(sorted(keys), MOST_VARIABLES):
        marks = ", ".join("?" * len(batch))
        found.update(
            connection.execute(f"SELECT key, version FROM issues WHERE key IN ({marks})", batch)
        )
    return found


def _remove(connection: sqlite3.Connection, key: str) -> None:
    rows = "SELECT rowid FROM chunks WHERE issue = ?"
    connection.execute(f"DELETE FROM lexical WHERE rowid IN ({rows})", (key,))
    connection.execute(f"DELETE FROM chunk_departments WHERE chunk IN ({rows})", (key,))
    connection.execute("DELETE FROM chunks WHERE issue = ?", (key,))
    connection.execute("DELETE FROM issues WHERE key = ?", (key,))


def _add(connection: sqlite3.Connection, stored: StoredIssue) -> None:
    insert(connection, "issues", {**issue_row(stored.record), "version": stored.version})
    for chunk in stored.chunks:
        rowid = insert(connection, "chunks", chunk_row(chunk))
        connection.executemany(
            "INSERT INTO chunk_departments(name, chunk) VALUES (?, ?)",
            [(name, rowid) for name in dict.fromkeys(chunk.departments)],
        )
        connection.execute(
            "INSERT INTO lexical(rowid, tokens) VALUES (?, ?)",
            (rowid, " ".join(search_tokens(f"{chunk.header} {chunk.text}"))),
        )


def _batches(values: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
