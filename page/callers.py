"""What Gradio remembers of those who call its endpoints, forgotten in time."""

from __future__ import annotations

import threading
from collections import deque

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
