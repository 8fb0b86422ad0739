"""Who asked what, when, and from which sources it was answered: JSON lines with rotation."""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rag.schema import Answer
from rag.text import encodable

LARGEST = 5 * 2**20
KEPT = 10
_LONGEST_QUESTION = 2000
log = logging.getLogger(__name__)


class AuditLog:
    """One line a question. A log that cannot be written is reported and stops nobody."""

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self._path = path
        self._largest = largest
        self._handler: RotatingFileHandler | None = None
        self._lock = threading.Lock()

    def record(
        self,
        reader: str,
        question: str,
        answer: Answer | None,
        way: str,
        problem: str = "",
        milliseconds: float = 0.0,
    ) -> None:
        """`way` is how it was asked: page, api, chat; `problem` is what kept an answer away."""
        row = {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "reader": reader,
            "way": way,
            "question": encodable(question[:_LONGEST_QUESTION]),
            "outcome": "error" if problem or answer is None else answer.outcome,
            "engine": answer.engine if answer else None,
            "sources": [
                {"chunk_id": c.chunk_id, "label": c.label, "start": c.start, "end": c.end}
                for c in (answer.citations if answer else ())
            ],
            "problem": problem or (answer.error if answer else "") or None,
            "ms": round(milliseconds),
        }
        line = json.dumps(row, ensure_ascii=False)
        try:
            self._open().handle(logging.LogRecord("audit", logging.INFO, "", 0, line, None, None))
        except OSError as error:
            log.error("审计日志 %s 写不了：%s", self._path.name, error.strerror)

    def close(self) -> None:
        if self._handler:
            self._handler.close()

    def _open(self) -> RotatingFileHandler:
        with self._lock:
            if self._handler is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._handler = RotatingFileHandler(
                    self._path, maxBytes=self._largest, backupCount=KEPT, encoding="utf-8"
                )
            return self._handler
