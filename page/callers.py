"""What Gradio remembers of those who call its endpoints, forgotten in time."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr

# Callers remembered, so that those whose call is not over yet are among them.
MOST_CALLERS = 400
# Browser pages remembered, with the conversation that each of them shows.
MOST_PAGES = 2000


class Callers:
    """The callers of the endpoints, each with a state of its own: 50 KB by measurement.

    Gradio keeps the last 10,000 and takes a call for a visit like any other, so that a busy
    program would first fill 500 MB and then push out the conversations of people.
    """

    def __init__(self, page: gr.Blocks) -> None:
        page.state_session_capacity = MOST_PAGES
        _describe_blocks_once(page)
        self._page = page
        self._known: deque[str] = deque()
        self._lock = threading.Lock()

    def note(self, request: gr.Request) -> None:
        """A call comes in; the state of the one that came MOST_CALLERS calls before is dropped."""
        caller = str(request.session_hash or "")
        with self._lock:
            if not caller or caller in self._known:
                return
            self._known.append(caller)
            gone = self._known.popleft() if len(self._known) > MOST_CALLERS else ""
        holder = getattr(self._page, "state_holder", None)
        if gone and holder is not None:
            with holder.lock:
                holder.session_data.pop(gone, None)
                holder.time_last_used.pop(gone, None)


_described: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def _describe_blocks_once(page: gr.Blocks) -> None:
    """Let a new caller's state start from blocks described once: Gradio describes all of them, by
    the signatures of their classes, for each caller, a fifth of the time of an answer."""
    configs = type(page.default_config)
    describe = configs.config_for_block
    if getattr(describe, "once", False):
        return

    def described_once(
        number: int, rendered: list[int], block: Any, renderable: Any = None
    ) -> dict[str, Any]:
        if renderable:
            result: dict[str, Any] = describe(number, rendered, block, renderable)
            return result
        known = _described.get(block)
        if known is None:
            known = _described[block] = describe(number, rendered, block)
        # A caller's values are written into the copy.
        return {**known, "props": dict(known["props"])} if "props" in known else dict(known)

    described_once.once = True  # type: ignore[attr-defined]
    configs.config_for_block = staticmethod(described_once)  # type: ignore[assignment]
