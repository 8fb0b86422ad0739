"""New and changed files in a folder, as they appear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.loader import find_files
from rag.errors import SourceError

# Polling, since shared network folders send no events.
POLL_SECONDS = 2.0

State = dict[Path, tuple[int, int]]


def changed_files(folder: Path, wait: Callable[[float], None] = time.sleep) -> Iterator[list[Path]]:
    """Batches of files that are new or changed, without end; the first one is all files.

    A file counts once it looks the same in two polls, so that one being copied is not read half.
    A folder that is away for a while (a network drive) is waited for.
    """
    taken: State = {}
    last: State = {}
    while True:
        try:
            now = _state(folder)
        except (SourceError, OSError):
            now = last
        ready = [p for p, seen in now.items() if last.get(p) == seen and taken.get(p) != seen]
        if ready:
            yield ready
        taken = {path: seen for path, seen in taken.items() if path in now}
        taken.update((path, now[path]) for path in ready)
        last = now
        wait(POLL_SECONDS)


def _state(folder: Path) -> State:
    state: State = {}
    for path in find_files(folder):
        try:
            status = path.stat()
        except OSError:
            continue  # gone since it was listed
        state[path] = (status.st_mtime_ns, status.st_size)
    return state
