"""How many questions are answered at once; the others wait their turn, and too many are refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rag.errors import BulletinError

# Extractive answers take the processor, chat answers wait for a server.
AT_ONCE = 8
MOST_WAITING = 100
PATIENCE = 30.0  # seconds that a question waits for its turn
# Each question holds one thread of the server while it waits or is answered; the rest is for the
# other requests, so that monitoring hears from a busy server too.
THREADS = AT_ONCE + MOST_WAITING + 40


class BusyError(BulletinError):
    """More questions than can be answered soon."""


@dataclass
class Crowd:
    """The questions under way. Safe for many threads."""

    at_once: int = AT_ONCE
    most_waiting: int = MOST_WAITING
    patience: float = PATIENCE
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _answering: int = 0
    _waiting: int = 0

    @property
    def waiting(self) -> int:
        """Questions that wait for their turn now."""
        return self._waiting

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those answered; BusyError when too many wait, or when it takes too long."""
        self._enter()
        try:
            yield
        finally:
            with self._turn:
                self._answering -= 1
                self._turn.notify()

    def _enter(self) -> None:
        with self._turn:
            if self._answering >= self.at_once and self._waiting >= self.most_waiting:
                raise BusyError(f"系统繁忙：有{self._waiting}个问题在等待回答，请过一会儿再问。")
            until = time.monotonic() + self.patience
            self._waiting += 1
            try:
                while self._answering >= self.at_once:
                    left = until - time.monotonic()
                    if left <= 0:
                        raise BusyError("系统繁忙：等了很久还没有轮到这个问题，请过一会儿再问。")
                    self._turn.wait(left)
                self._answering += 1
            finally:
                self._waiting -= 1
