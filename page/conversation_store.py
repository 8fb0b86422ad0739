"""Conversations kept across restarts, each reader's own, in one SQLite file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from page.conversation import Conversation, Exchange

log = logging.getLogger(__name__)

MOST_LISTED = 200
_TABLE = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, reader TEXT NOT NULL, title TEXT NOT NULL, changed TEXT NOT NULL,
    questions INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_reader ON conversations(reader, changed);
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a reader's list."""

    id: str
    title: str
    changed: datetime
    questions: int


class ConversationStore:
    """Safe for many threads; a reader is a user name, or empty where there are no accounts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, reader: str, talk: Conversation) -> None:
        """Keep a conversation as it is now; an empty one is not kept."""
        if not talk.exchanges:
            return
        content = _adapter().dump_json(replace(talk, exchanges=tuple(map(_kept, talk.exchanges))))
        row = (
            talk.id,
            reader,
            talk.title[:200],
            datetime.now().isoformat(timespec="seconds"),
            len(talk.exchanges),
            content,
        )
        with self._connection() as connection:
            # The condition keeps one reader from writing over another's conversation.
            connection.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
                " title = excluded.title, changed = excluded.changed,"
                " questions = excluded.questions, content = excluded.content"
                " WHERE reader = excluded.reader",
                row,
            )

    def listed(self, reader: str) -> list[Listed]:
        """A reader's conversations, the newest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, title, changed, questions FROM conversations WHERE reader = ?"
                " ORDER BY changed DESC, rowid DESC LIMIT ?",
                (reader, MOST_LISTED),
            ).fetchall()
        return [Listed(id, title, datetime.fromisoformat(at), n) for id, title, at, n in rows]

    def load(self, reader: str, id: str) -> Conversation | None:
        """One conversation; None when it is not there, not the reader's, or unreadable."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT content FROM conversations WHERE id = ? AND reader = ?", (id, reader)
            ).fetchone()
        if row is None:
            return None
        try:
            return _adapter().validate_json(row[0])
        except ValidationError:
            log.warning("对话 %s 由其他版本保存，读不出来", id)
            return None

    def delete(self, reader: str, id: str) -> bool:
        with self._connection() as connection:
            done = connection.execute(
                "DELETE FROM conversations WHERE id = ? AND reader = ?", (id, reader)
            )
            return done.rowcount > 0

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=20)
        try:
            with connection:
                connection.executescript(_TABLE)
                yield connection
        finally:
            connection.close()


def _kept(exchange: Exchange) -> Exchange:
    # What the search found beside the evidence is large, and nothing shown needs it again.
    answer = exchange.answer and replace(exchange.answer, retrieved=())
    return replace(exchange, answer=answer, running=False)


@cache
def _adapter() -> TypeAdapter[Conversation]:
    return TypeAdapter(Conversation)
