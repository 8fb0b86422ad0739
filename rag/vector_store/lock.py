"""A lock for a folder that only one process may touch at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import StoreError

POLL_SECONDS = 0.005
WAIT_SECONDS = 300.0  # the longest holder copies the whole folder once: seconds, not minutes
# New readers stop joining after this, so that overlapping questions cannot keep an ingest out.
SHARE_SECONDS = 0.2


class StoreLock:
    """Readers of one process share the folder; a writer, or another process, waits its turn.

    `on_enter` runs each time this process takes the folder, before anyone reads or writes, with
    no other thread inside. Not reentrant: never read or write inside a `reading` or `writing`.
    """

    def __init__(self, folder: Path, name: str, on_enter: Callable[[], None]) -> None:
        # Polling is not fair. Whoever waits for `main` holds `gate`, so that a process that asks
        # without pause cannot take `main` back again and again.
        self._gate = FileLock(folder / f"{name}.gate.lock", thread_local=False)
        self._main = FileLock(folder / f"{name}.lock", thread_local=False)
        self._on_enter = on_enter
        self._changed = threading.Condition()
        self._readers = 0
        self._exclusive = False
        self._waiting_writers = 0
        self._since = 0.0

    @contextmanager
    def reading(self) -> Iterator[None]:
        if self._join_or_claim():
            with self._give_back_on_error():
                self._take()
            with self._changed:
                self._exclusive = False
                self._readers = 1
                self._since = time.monotonic()
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                if self._readers == 0:
                    self._main.release()
                    self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._changed:
            self._waiting_writers += 1
            try:
                self._changed.wait_for(lambda: not self._exclusive and self._readers == 0)
            finally:
                self._waiting_writers -= 1
            self._exclusive = True
        with self._give_back_on_error():
            self._take()
        try:
            yield
        finally:
            self._give_back()

    def _join_or_claim(self) -> bool:
        """False: joined the readers inside. True: this thread has to take the folder."""
        with self._changed:
            while True:
                if not self._exclusive and self._waiting_writers == 0:
                    if self._readers == 0:
                        self._exclusive = True
                        return True
                    if time.monotonic() - self._since < SHARE_SECONDS:
                        self._readers += 1
                        return False
                self._changed.wait()

    def _take(self) -> None:
        try:
            with self._gate.acquire(timeout=WAIT_SECONDS, poll_interval=POLL_SECONDS):
                self._main.acquire(timeout=WAIT_SECONDS, poll_interval=POLL_SECONDS)
        except Timeout as error:
            raise StoreError("索引一直被另一个程序占用，请等它结束后再试") from error
        self._on_enter()

    @contextmanager
    def _give_back_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._give_back()
            raise

    def _give_back(self) -> None:
        with self._changed:
            if self._main.is_locked:
                self._main.release()
            self._exclusive = False
            self._changed.notify_all()
