"""The web server's end: answers under way are finished first."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import uvicorn

from page.desk import Desk

PATIENCE = 20.0  # seconds; an answer by a chat model may take so long


class PatientServer(uvicorn.Server):
    """When told to stop it takes no more questions and waits for the answers under way."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk
        logging.getLogger("uvicorn.error").addFilter(_is_news)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.closing.set()
        until = time.monotonic() + PATIENCE
        while self._desk.telemetry.in_progress and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def _is_news(record: logging.LogRecord) -> bool:
    # Every open page holds a stream; that it is cut off in the end is no fault worth a trace.
    kind = record.exc_info[0] if record.exc_info else None
    if kind is not None and issubclass(kind, asyncio.CancelledError):
        return False
    return not str(record.msg).startswith("Cancel %s running task(s)")
