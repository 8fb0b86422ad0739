"""Putting issues into the catalogue's tables, and taking them out."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from rag.catalog.rows import (
    CHUNK_COLUMNS,
    chunk_row,
    insert,
    issue_row,
    number_of_day,
    read_chunk,
)
from rag.catalog.segment import department_key, issue_keys, section_key, segment_of, word_key
from rag.schema import Chunk
from rag.text import search_tokens
from rag.vector_store import StoredIssue


def add_issues(connection: sqlite3.Connection, issues: Sequence[StoredIssue]) -> list[int]:
    """Write issues that are not there; gives the row of each of their chunks, in order."""
    rows: list[int] = []
    words: Counter[str] = Counter()
    for stored in issues:
        insert(connection, "issues", {**issue_row(stored.record), "version": stored.version})
        for chunk in stored.chunks:
            row = insert(connection, "chunks", chunk_row(chunk))
            rows.append(row)
            connection.executemany(
                "INSERT INTO chunk_departments(name, chunk) VALUES (?, ?)",
                [(name, row) for name in dict.fromkeys(chunk.departments)],
            )
            tokens = Counter(_tokens(chunk))
            words.update(tokens.keys())
            connection.execute(
                "INSERT INTO postings VALUES (?, ?, ?, ?, ?, ?)", _postings(row, chunk, tokens)
            )
    _count_words(connection, {word: n for word, n in words.items() if _is_word(word)})
    _note_changes(connection, rows)
    return rows


def remove_issue(connection: sqlite3.Connection, key: str) -> None:
    """Take an issue out; nothing happens when there is none."""
    rows = {
        int(row): read_chunk(columns)
        for row, *columns in connection.execute(
            f"SELECT rowid, {CHUNK_COLUMNS} FROM chunks WHERE issue = ?", (key,)
        )
    }
    words = Counter(
        word for chunk in rows.values() for word in set(_tokens(chunk)) if _is_word(word)
    )
    _count_words(connection, {word: -count for word, count in words.items()})
    for row in rows:
        connection.execute("DELETE FROM postings WHERE row = ?", (row,))
        connection.execute("DELETE FROM chunk_departments WHERE chunk = ?", (row,))
    connection.execute("DELETE FROM chunks WHERE issue = ?", (key,))
    connection.execute("DELETE FROM issues WHERE key = ?", (key,))
    if rows:
        _note_changes(connection, rows)


def remove_all(connection: sqlite3.Connection) -> None:
    """Begin anew under another identity, which takes the arrays made so far out of use."""
    for table in ("issues", "chunks", "chunk_departments", "postings", "words", "segments"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'chunks'")
    connection.execute("UPDATE state SET identity = lower(hex(randomblob(8))), changes = 0")


def _tokens(chunk: Chunk) -> list[str]:
    return search_tokens(f"{chunk.header} {chunk.text}")


def _is_word(token: str) -> bool:
    return len(token) > 1 and not token[0].isascii() and "_" not in token


def _postings(row: int, chunk: Chunk, tokens: Counter[str]) -> tuple[object, ...]:
    """The words of the chunk, and what the filters ask for, once each."""
    counted = {word_key(token): count for token, count in tokens.items()}
    named = [*issue_keys(chunk.issue), section_key(chunk.section)]
    for key in (*named, *map(department_key, chunk.departments)):
        counted[key] = 1
    keys = np.fromiter(counted.keys(), dtype=np.uint64, count=len(counted))
    counts = np.minimum(list(counted.values()), np.iinfo(np.uint16).max).astype(np.uint16)
    day = number_of_day(chunk.published)
    return row, day, chunk.part <= 1, tokens.total(), keys.tobytes(), counts.tobytes()


def _count_words(connection: sqlite3.Connection, words: Mapping[str, int]) -> None:
    connection.executemany(
        "INSERT INTO words VALUES (?, ?)"
        " ON CONFLICT (word) DO UPDATE SET items = items + excluded.items",
        words.items(),
    )
    if any(count < 0 for count in words.values()):
        connection.execute("DELETE FROM words WHERE items <= 0")


def _note_changes(connection: sqlite3.Connection, rows: Iterable[int]) -> None:
    connection.executemany(
        "INSERT INTO segments VALUES (?, 1)"
        " ON CONFLICT (number) DO UPDATE SET changes = changes + 1",
        [(number,) for number in sorted({segment_of(row) for row in rows})],
    )
    connection.execute("UPDATE state SET changes = changes + 1")
