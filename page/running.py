"""Answers under way, one a browser tab, so that 停止 takes effect at once.

Gradio's own `cancels` is not used: it closes the tab's event stream, and what the stopping
handler reports over the same stream is lost with it (seen with Gradio 6.31).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_POLL = 0.05  # seconds until a stop is noticed while nothing arrives
_PATIENCE = 2.0  # seconds that a new conversation waits for the old answer to end


class Run:
    """One answer under way."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._ended = threading.Event()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()

    def end(self) -> None:
        self._stop.set()
        self._ended.set()

    def wait(self) -> None:
        self._ended.wait(_PATIENCE)


class Runs:
    """The answers under way, by browser tab."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def begin(self, tab: str) -> Run:
        """A new run; one that is still under way in the same tab is stopped."""
        run = Run()
        with self._lock:
            earlier = self._runs.get(tab)
            self._runs[tab] = run
        if earlier:
            earlier.stop()
        return run

    def end(self, tab: str, run: Run) -> None:
        run.end()
        with self._lock:
            if self._runs.get(tab) is run:
                del self._runs[tab]

    def stop(self, tab: str, wait: bool = False) -> None:
        """Stop what is under way in a tab, if anything; `wait` until it has ended."""
        with self._lock:
            run = self._runs.get(tab)
        if run:
            run.stop()
            if wait:
                run.wait()


def until_stopped(start: Callable[[], Iterator[T]], run: Run) -> Iterator[T]:
    """What an iterator gives, until the run is stopped; its exceptions are raised here.

    The iterator runs in a thread of its own, so that a stop does not wait for a slow model.
    """
    arrived: queue.Queue[tuple[str, T | None, BaseException | None]] = queue.Queue()

    def work() -> None:
        try:
            for item in start():
                if run.stopped:
                    return
                arrived.put(("item", item, None))
            arrived.put(("end", None, None))
        except BaseException as error:
            arrived.put(("error", None, error))

    threading.Thread(target=work, name="answer", daemon=True).start()
    while not run.stopped:
        try:
            kind, item, error = arrived.get(timeout=_POLL)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        if kind == "end":
            return
        yield item  # type: ignore[misc]
