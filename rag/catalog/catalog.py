"""Listing, counting and lexical search over what is indexed.

Everything in here comes from the vector store and can be deleted without loss.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from rag.catalog.database import CatalogDatabase
from rag.catalog.index import CatalogIndex, Snapshot, last_row, read_state
from rag.catalog.rows import (
    CHUNK_COLUMNS,
    ISSUE_COLUMNS,
    Condition,
    chunk_condition,
    issue_condition,
    read_chunk,
    read_day,
    read_issue,
)
from rag.catalog.sync_mark import is_marked, mark
from rag.catalog.writing import add_issues, remove_all, remove_issue
from rag.schema import Chunk, Filters, IssueRecord, IssueRef
from rag.text import search_tokens
from rag.vector_store import VectorStore

NO_FILTERS = Filters()
BATCH = 200  # issues held in memory while projecting
MOST_VARIABLES = 500
SCANNED = 20_000  # read one by one in 0.5 s
MOST_ALIKE = 50
T = TypeVar("T")


class Catalog:
    """Safe for many threads, and for several processes on one file."""

    def __init__(self, path: Path) -> None:
        self._database = CatalogDatabase(path)
        self._index = CatalogIndex(path)
        self._mark = path.with_suffix(".synced")
        self._synced: tuple[str, int] = ("", 0)
        self._content: dict[str, str] | None = None
        self._held = threading.local()

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
        with self._database.connection() as connection:
            usable = self._is_usable(connection, store)
            keys = keys if usable else None
            wanted = store.versions(keys)
            differs = not usable or _stored_versions(connection, keys) != wanted
        if differs:
            with self._database.transaction() as connection:
                self._project(connection, store, keys)
        if keys is not None:
            return differs
        changed = differs or self._content not in (None, wanted)
        self._synced, self._content = state, wanted
        return changed

    def in_step(self, store: VectorStore) -> bool:
        """Whether nothing has changed since `remember`, told without opening the index."""
        if not store.signature():
            return False
        # The epoch first: of a write between the two the next sync hears.
        epoch, index = store.epoch(), store.signature()
        with self._database.connection() as connection:
            state = read_state(connection)
            if not is_marked(self._mark, index, state) or not self._is_usable(connection, store):
                return False
            content = _stored_versions(connection, None)
        self._synced, self._content = (epoch, self._database.generation), content
        return True

    def remember(self, store: VectorStore, index: str) -> None:
        """Note for `in_step` of a later start that the catalogue is in step with the index whose
        signature was `index` before it was synced; nothing when it has been written to since."""
        if index and index == store.signature():
            with self._database.connection() as connection:
                mark(self._mark, index, read_state(connection))

    def search(
        self, tokens: Sequence[str], k: int, filters: Filters = NO_FILTERS
    ) -> list[tuple[str, float]]:
        """Chunks that hold any of the tokens (`rag.text.search_tokens`) as (chunk id, BM25 score
        above 0), best first; no token, no result."""
        wanted = list(dict.fromkeys(tokens))
        if not wanted or k <= 0:
            return []
        with self._arrays() as (connection, arrays):
            return _with_ids(connection, arrays.search(wanted, k, filters), k)

    def nearest(
        self, vector: Sequence[float], k: int, filters: Filters = NO_FILTERS
    ) -> list[tuple[str, float]]:
        """The `k` nearest chunks under the filters as (chunk id, cosine similarity), best first."""
        if k <= 0:
            return []
        with self._arrays() as (connection, arrays):
            return _with_ids(connection, arrays.nearest(vector, k, filters), k)

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks that exist among `ids`, in the order asked."""
        found: dict[str, Chunk] = {}
        with self._connection() as connection:
            for batch in _batches(ids, MOST_VARIABLES):
                marks = ", ".join("?" * len(batch))
                for row in connection.execute(
                    f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE id IN ({marks})", batch
                ):
                    chunk = read_chunk(row)
                    found[chunk.id] = chunk
        return [found[i] for i in ids if i in found]

    def scan(self, filters: Filters = NO_FILTERS, words: Sequence[str] = ()) -> list[Chunk]:
        """Every chunk under the filters, by date, issue, and place in the issue.

        Of more than SCANNED those that hold one of the words, when there are any words.
        """
        if words:
            with self._arrays() as (connection, arrays):
                if arrays.count(filters) > SCANNED:
                    held = arrays.holding(
                        list({t for w in words for t in search_tokens(w)}), filters
                    )
                    return _in_order(connection, held)
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

    def texts(self, most: int) -> list[str]:
        """The texts of the chunks taken in last, the newest first."""
        sql = "SELECT text FROM chunks ORDER BY rowid DESC LIMIT ?"
        return [text for (text,) in self._rows(sql, Condition("1", (most,)))]

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
        with self._arrays() as (_, arrays):
            return arrays.count(filters)

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
        wanted = list(dict.fromkeys(tokens))
        with self._arrays() as (_, arrays):
            counts = arrays.words.frequencies(wanted)
        return dict(zip(wanted, counts, strict=True))

    def words(self) -> list[str]:
        """The indexed Chinese words of two characters and more, those in most items first."""
        rows = self._counted("SELECT word, items FROM words ORDER BY items DESC, word")
        return [word for word, _ in rows]

    def prints(self, fragment: str) -> bool:
        """Whether some item's text holds the fragment letter for letter.

        Of more than SCANNED items those are read that hold its words best: a fragment that begins
        or ends inside a word may be missed there.
        """
        if self.count() > SCANNED:
            found = self.search(search_tokens(fragment), MOST_ALIKE)
            ids = [chunk_id for chunk_id, _ in found]
            return any(fragment in chunk.text for chunk in self.chunks(ids))
        sql = "SELECT 1 FROM chunks WHERE instr(text, ?) > 0 LIMIT 1"
        with self._connection() as connection:
            return connection.execute(sql, (fragment,)).fetchone() is not None

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """What this thread reads inside is of one state, looked up once: each of the dozens of
        readings of an answer would wait for its turn among the threads. Not for writing."""
        with self._arrays() as held:
            before, self._held.state = self._state(), held
            try:
                yield
            finally:
                self._held.state = before

    def _state(self) -> tuple[sqlite3.Connection, Snapshot] | None:
        return getattr(self._held, "state", None)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        held = self._state()
        with nullcontext(held[0]) if held else self._database.connection() as connection:
            yield connection

    @contextmanager
    def _arrays(self) -> Iterator[tuple[sqlite3.Connection, Snapshot]]:
        """The arrays for searching with a connection that sees the same state."""
        if held := self._state():
            yield held
            return
        with self._database.connection() as connection:
            connection.execute("BEGIN")
            try:
                yield connection, self._index.snapshot(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")

    def _rows(self, sql: str, where: Condition) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            return connection.execute(sql, where.values).fetchall()

    def _counted(self, sql: str) -> list[tuple[str, int]]:
        with self._connection() as connection:
            return [(str(name), int(items)) for name, items in connection.execute(sql)]

    def _is_usable(self, connection: sqlite3.Connection, store: VectorStore) -> bool:
        """Whether the vectors are those of the store's model, and all there."""
        state, row = read_state(connection), last_row(connection)
        return row < 0 or (
            (state.model, state.dimension) == store.model
            and self._index.vector_file(state).covers(row)
        )

    def _project(
        self, connection: sqlite3.Connection, store: VectorStore, keys: Sequence[str] | None
    ) -> None:
        # Read again inside the transaction: another process may have done the work meanwhile.
        if not self._is_usable(connection, store):
            remove_all(connection)
            keys = None
        connection.execute("UPDATE state SET model = ?, dimension = ?", store.model)
        have = _stored_versions(connection, keys)
        want = store.versions(keys)
        for key in have.keys() - want.keys():
            remove_issue(connection, key)
        changed = sorted(key for key, version in want.items() if have.get(key) != version)
        file = self._index.vector_file(read_state(connection))
        for batch in _batches(changed, BATCH):
            issues = list(store.stored(batch))
            for stored in issues:
                remove_issue(connection, stored.record.issue.key)
            rows = add_issues(connection, issues)
            if rows:
                file.write(rows, store.vectors(issues))


def _in_order(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Chunk]:
    """The chunks of these rows by date, issue, and place in the issue."""
    chunks: list[Chunk] = []
    for batch in _batches(rows, MOST_VARIABLES):
        marks = ", ".join("?" * len(batch))
        sql = f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE rowid IN ({marks})"
        chunks += map(read_chunk, connection.execute(sql, batch))
    return sorted(chunks, key=lambda c: (c.published, c.issue.key, c.ordinal, c.part))


def _with_ids(
    connection: sqlite3.Connection, found: Sequence[tuple[int, float]], k: int
) -> list[tuple[str, float]]:
    """The rows under their chunk ids; equal scores in the order of the ids."""
    scores = dict(found[: max(k, MOST_VARIABLES)])
    named: list[tuple[str, float]] = []
    for batch in _batches(list(scores), MOST_VARIABLES):
        marks = ", ".join("?" * len(batch))
        named += [
            (str(chunk_id), scores[row])
            for row, chunk_id in connection.execute(
                f"SELECT rowid, id FROM chunks WHERE rowid IN ({marks})", batch
            )
        ]
    return sorted(named, key=lambda pair: (-pair[1], pair[0]))[:k]


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


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
