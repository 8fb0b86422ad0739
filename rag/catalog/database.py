"""The SQLite file of the catalogue: connections, tables, and a fresh start when it is broken."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rag.errors import CatalogBrokenError, StoreError

VERSION = 3  # raised with the tables or the tokens; another version is rebuilt from the index
BUSY_SECONDS = 300.0  # the first projection of 10,000 issues holds the write lock for a minute

# A row number of `chunks` is never used twice: the arrays of `rag.catalog.index` rely on it.
# `postings` holds what they are made of, `changes` counts what was written.
TABLES = """
CREATE TABLE issues (
    key TEXT PRIMARY KEY, version TEXT NOT NULL, series TEXT NOT NULL, year INTEGER NOT NULL,
    issue_number INTEGER NOT NULL, edition TEXT NOT NULL, number TEXT NOT NULL,
    published INTEGER NOT NULL, publisher TEXT NOT NULL, distribution TEXT NOT NULL,
    editor TEXT NOT NULL, reviewer TEXT NOT NULL, signer TEXT NOT NULL, text TEXT NOT NULL,
    chunk_ids TEXT NOT NULL, source TEXT NOT NULL, content_hash TEXT NOT NULL,
    scanned INTEGER NOT NULL
);
CREATE TABLE chunks (
    rowid INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    issue TEXT NOT NULL REFERENCES issues(key), series TEXT NOT NULL, year INTEGER NOT NULL,
    issue_number INTEGER NOT NULL, edition TEXT NOT NULL, number TEXT NOT NULL,
    published INTEGER NOT NULL, section TEXT NOT NULL, title TEXT NOT NULL,
    departments TEXT NOT NULL, text TEXT NOT NULL, ordinal INTEGER NOT NULL,
    source TEXT NOT NULL, printed TEXT NOT NULL, part INTEGER NOT NULL, scanned INTEGER NOT NULL
);
CREATE INDEX issues_by_date ON issues(published, key);
CREATE INDEX chunks_by_issue ON chunks(issue);
CREATE INDEX chunks_by_date ON chunks(published, issue, ordinal, part);
CREATE TABLE chunk_departments (name TEXT NOT NULL, chunk INTEGER NOT NULL,
    PRIMARY KEY (name, chunk)) WITHOUT ROWID;
CREATE INDEX departments_by_chunk ON chunk_departments(chunk);
CREATE TABLE postings (row INTEGER PRIMARY KEY, published INTEGER NOT NULL,
    first INTEGER NOT NULL, length INTEGER NOT NULL, keys BLOB NOT NULL, counts BLOB NOT NULL);
CREATE TABLE words (word TEXT PRIMARY KEY, items INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE segments (number INTEGER PRIMARY KEY, changes INTEGER NOT NULL);
CREATE TABLE state (identity TEXT NOT NULL, model TEXT NOT NULL, dimension INTEGER NOT NULL,
    changes INTEGER NOT NULL);
INSERT INTO state VALUES (lower(hex(randomblob(8))), '', 0, 0);
"""


class CatalogDatabase:
    """A pool of connections to one file; any thread may borrow one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._inode = 0
        self._opening = threading.Lock()
        self.generation = 0  # raised whenever the file is opened anew
        self.reopen_if_replaced()

    def reopen_if_replaced(self) -> None:
        """Start again when the file is not the one opened last (deleted, replaced, broken)."""
        if self._inode and self._inode == self._present():
            return
        with self._opening:
            if self._inode and self._inode == self._present():
                return
            self.close()
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                if self._is_emptied():
                    self._delete()
                try:
                    self._prepare()
                except sqlite3.DatabaseError as error:
                    if not _is_broken(error):
                        raise
                    self._delete()
                    self._prepare()
            except (OSError, sqlite3.Error) as error:
                raise StoreError(f"目录库 {self._path} 无法读写：{error}") from error
            self._inode = self._present()
            self.generation += 1

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own. A broken file is deleted, to be rebuilt by the next sync."""
        self.reopen_if_replaced()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        inode = self._inode
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            connection.close()
            if _is_broken(error):
                self._delete()
                raise CatalogBrokenError(
                    f"目录库 {self._path} 已损坏，将自动重建，请再试一次"
                ) from error
            raise StoreError(f"目录库 {self._path} 读写失败：{error}") from error
        except BaseException:
            connection.close()
            raise
        if inode == self._inode:
            self._idle.append(connection)
        else:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write, all or nothing, while no other process writes."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                # SQLite rolls back by itself after some errors.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error as error:
            raise StoreError(f"目录库 {self._path} 打不开：{error}") from error
        return connection

    def _prepare(self) -> None:
        with closing(
            sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE%'"
                    " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'lexical_%'"
                    " ORDER BY name DESC"
                ).fetchall():
                    connection.execute(f'DROP TABLE "{name}"')
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")

    def _present(self) -> int:
        try:
            return self._path.stat().st_ino
        except OSError:
            return 0

    def _is_emptied(self) -> bool:
        # Whoever has it open still holds a lock on it, which `_prepare` would wait for in vain.
        beside = self._path.with_name(f"{self._path.name}-wal")
        return beside.exists() and self._path.exists() and self._path.stat().st_size == 0

    def _delete(self) -> None:
        self._inode = 0
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


def _is_broken(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )
