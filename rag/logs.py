"""What the program did and what went wrong: one JSON object a line in a rotating file.

Nothing secret is written: no password or key, and no question, which belongs to the audit log.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from rag.settings import Settings

LARGEST = 5 * 2**20
KEPT = 5
HIDDEN = "〈已隐去〉"
_SECRET_NAME = re.compile(r"passw|secret|token|api_?key|authorization|cookie", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?i)\bbearer\s+[\w.\-]{6,}|\bsk-[\w\-]{6,}")
# A shorter question is no secret, and hiding it would tear words apart.
_SHORTEST = 4
# An error is often logged after the answer has ended, so a question is hidden a while longer.
_REMEMBERED = 200
_questions: dict[str, None] = {}
_lock = threading.Lock()
# Libraries tell of every request and file.
_TALKATIVE = ("httpx", "httpcore", "chromadb", "urllib3", "asyncio", "PIL", "mcp")


def start_logging(settings: Settings, program: str, terminal: int = logging.WARNING) -> None:
    """Write the log of this process to logs/PROGRAM.jsonl, from level `terminal` on also to stderr.

    A log that cannot be written is named once on the terminal and stops nothing. Fields of an
    event are given as `extra`: `log.info("answered", extra={"ms": 12})`.
    """
    hide = _Hide(_secrets_of(settings))
    screen = _Terminal(sys.stderr)
    screen.setLevel(terminal)
    screen.setFormatter(_Words(hide))
    handlers: list[logging.Handler] = [screen]
    path = settings.data_dir / "logs" / f"{program}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _File(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
        file.setFormatter(_Lines(hide))
        handlers.append(file)
    except OSError as error:
        print(f"注意：日志 {path} 写不了（{error.strerror}）", file=sys.stderr)
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _File | _Terminal):
            root.removeHandler(old)
            old.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def keep_out_of_log(question: str) -> None:
    """Hide this text in whatever is logged from now on, until many more have been asked."""
    if len(question) >= _SHORTEST:
        with _lock:
            _questions[question] = None
            while len(_questions) > _REMEMBERED:
                del _questions[next(iter(_questions))]


def _secrets_of(settings: Settings) -> list[str]:
    values = [getattr(settings, name) for name in type(settings).model_fields]
    secrets = [v.get_secret_value() for v in values if hasattr(v, "get_secret_value")]
    return [secret for secret in secrets if secret]


class _File(RotatingFileHandler):
    """Says once when it cannot write; a full disk must not put a trace on every line."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:
        if not self._told:
            self._told = True
            print(f"注意：日志 {self.baseFilename} 写不了（{sys.exc_info()[1]}）", file=sys.stderr)


class _Terminal(logging.StreamHandler[Any]):
    """To be told from the handlers of others."""


class _Hide:
    """Takes secrets and the questions asked lately out of a text."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    def __call__(self, text: str) -> str:
        with _lock:
            private = [*self._secrets, *sorted(_questions, key=len, reverse=True)]
        for each in private:
            # The second is how an exception shows it.
            text = text.replace(each, HIDDEN).replace(repr(each)[1:-1], HIDDEN)
        return _SECRET_VALUE.sub(HIDDEN, text)


class _Lines(JsonFormatter):
    def __init__(self, hide: _Hide) -> None:
        super().__init__(
            ("asctime", "levelname", "name", "message"),
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "message": "event",
                "exc_info": "trace",
            },
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            json_ensure_ascii=False,
        )
        self._hide = hide

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: self._kept(name, value) for name, value in log_data.items()}

    def _kept(self, name: str, value: Any) -> Any:
        if _SECRET_NAME.search(name):
            return HIDDEN
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._hide(str(value))


class _Words(logging.Formatter):
    def __init__(self, hide: _Hide) -> None:
        super().__init__("%(asctime)s %(message)s", datefmt="%H:%M:%S")
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        return self._hide(super().format(record))
