"""Which files were taken in, by content, so that unchanged ones are not read again.

A memory that saves time and nothing else: without it every file is parsed once more.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path

from ingest.report import FileReport
from ingest.report_json import file_json, read_file_json
from rag.errors import StoreError

VERSION = 1  # raised when files are read into another form; older rows are forgotten

TABLES = """
DROP TABLE IF EXISTS files;
DROP TABLE IF EXISTS issues;
CREATE TABLE files (path TEXT PRIMARY KEY, digest TEXT NOT NULL, rows BLOB NOT NULL);
CREATE TABLE issues (path TEXT NOT NULL, issue TEXT NOT NULL, content_hash TEXT NOT NULL);
CREATE INDEX issues_by_path ON issues(path);
CREATE INDEX issues_by_issue ON issues(issue);
"""


class Manifest:
    """Used by one thread, under the ingest lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            try:
                self._connection = self._open()
            except sqlite3.Error as error:
                raise StoreError(f"文件登记 {path} 无法读写：{error}") from error

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def known(self, path: Path, digest: str) -> list[FileReport] | None:
        """The issues read from this file when it had this content; None when it never had."""
        row = self._connection.execute(
            "SELECT rows FROM files WHERE path = ? AND digest = ?", (_key(path), digest)
        ).fetchone()
        if row is None:
            return None
        return [read_file_json(each, each["path"]) for each in json.loads(zlib.decompress(row[0]))]

    def file_of(self, issue: str, content_hash: str) -> str | None:
        """A file that was last seen with this content of the issue; None when there is none."""
        row = self._connection.execute(
            "SELECT path FROM issues WHERE issue = ? AND content_hash = ?", (issue, content_hash)
        ).fetchone()
        return str(row[0]) if row else None

    def remember(self, path: Path, digest: str, issues: Sequence[FileReport]) -> None:
        """Note what was read, for `commit` to keep."""
        key = _key(path)
        rows = json.dumps([file_json(issue) for issue in issues], ensure_ascii=False)
        self._connection.execute("DELETE FROM issues WHERE path = ?", (key,))
        self._connection.executemany(
            "INSERT INTO issues(path, issue, content_hash) VALUES (?, ?, ?)",
            [(key, each.issue.key, each.content_hash) for each in issues if each.issue],
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO files(path, digest, rows) VALUES (?, ?, ?)",
            (key, digest, zlib.compress(rows.encode("utf-8", "surrogatepass"), 1)),
        )

    def commit(self) -> None:
        """Keep what was noted; call it when all of it is in the index."""
        self._connection.commit()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                connection.executescript(TABLES)
                connection.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection


def _key(path: Path) -> str:
    # A name that is no valid UTF-8 comes as surrogates, which SQLite does not take.
    return str(path.resolve()).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
