"""A note beside the catalogue of the index that it was last in step with.

While neither has changed since, a start need not open the index to compare them. The note may be
deleted at any time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from rag.catalog.index import State


def is_marked(file: Path, index: str, state: State) -> bool:
    """Whether the note names this index and this catalogue."""
    try:
        return bool(json.loads(file.read_text("utf-8")) == _note(index, state))
    except (OSError, ValueError):
        return False


def mark(file: Path, index: str, state: State) -> None:
    """Write the note; without the right to write there is none."""
    partial = file.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(_note(index, state)), "utf-8")
        os.replace(partial, file)
    except OSError:
        partial.unlink(missing_ok=True)


def _note(index: str, state: State) -> dict[str, str | int]:
    return {"index": index, "catalog": state.identity, "changes": state.changes}
