from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.vector_store import lock as lock_module
from rag.vector_store.lock import StoreLock


def nothing() -> None:
    pass


class Holder:
    """A thread that goes in and stays until it is told to leave."""

    def __init__(self, enter: Callable[[], AbstractContextManager[None]]) -> None:
        self.inside = threading.Event()
        self.leave = threading.Event()
        self._enter = enter
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._enter():
            self.inside.set()
            self.leave.wait(60)

    def end(self) -> None:
        self.leave.set()
        self._thread.join()


@pytest.fixture
def ours(tmp_path: Path) -> StoreLock:
    return StoreLock(tmp_path, "store", nothing)


@pytest.fixture
def theirs(tmp_path: Path) -> StoreLock:
    """What another process has: only the files are shared."""
    return StoreLock(tmp_path, "store", nothing)


def test_readers_of_one_process_share(ours: StoreLock) -> None:
    first, second = Holder(ours.reading), Holder(ours.reading)
    assert first.inside.wait(10)
    assert second.inside.wait(10)
    first.end()
    second.end()


@pytest.mark.parametrize("held", ["reading", "writing"])
@pytest.mark.parametrize("wanted", ["reading", "writing"])
def test_another_process_waits(ours: StoreLock, theirs: StoreLock, held: str, wanted: str) -> None:
    first = Holder(getattr(ours, held))
    assert first.inside.wait(10)
    second = Holder(getattr(theirs, wanted))
    assert not second.inside.wait(0.2)
    first.end()
    assert second.inside.wait(10)
    second.end()


@pytest.mark.parametrize(("held", "wanted"), [("reading", "writing"), ("writing", "reading")])
def test_a_writer_is_alone_in_its_process(ours: StoreLock, held: str, wanted: str) -> None:
    first = Holder(getattr(ours, held))
    assert first.inside.wait(10)
    second = Holder(getattr(ours, wanted))
    assert not second.inside.wait(0.2)
    first.end()
    assert second.inside.wait(10)
    second.end()


def test_readers_without_pause_do_not_keep_a_writer_of_another_process_out(
    ours: StoreLock, theirs: StoreLock
) -> None:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with ours.reading():
                time.sleep(0.01)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        writer = Holder(theirs.writing)
        assert writer.inside.wait(20)
        writer.end()
    stop.set()
    for reader in readers:
        reader.join()


def test_on_enter_runs_once_for_readers_that_share(tmp_path: Path) -> None:
    entered: list[int] = []
    lock = StoreLock(tmp_path, "store", lambda: entered.append(1))
    first = Holder(lock.reading)
    assert first.inside.wait(10)
    with lock.reading():
        pass
    first.end()
    assert len(entered) == 1
    with lock.writing():
        assert len(entered) == 2


@pytest.mark.parametrize("wanted", ["reading", "writing"])
def test_a_failure_on_entering_gives_the_lock_back(
    tmp_path: Path, theirs: StoreLock, wanted: str
) -> None:
    faults = [StoreError("打不开")]

    def failing() -> None:
        if faults:
            raise faults.pop()

    lock = StoreLock(tmp_path, "store", failing)
    with pytest.raises(StoreError, match="打不开"), getattr(lock, wanted)():
        pass
    with theirs.writing():
        pass
    with getattr(lock, wanted)():
        pass


def test_waiting_without_end_is_told(
    ours: StoreLock, theirs: StoreLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "WAIT_SECONDS", 0.1)
    with ours.writing(), pytest.raises(StoreError, match="另一个程序"), theirs.reading():
        pass
    with theirs.reading():
        pass
