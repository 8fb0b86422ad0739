"""The web server's end: answers under way are finished first."""

from __future__ import annotations

import asyncio
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.closing.set()
        until = time.monotonic() + PATIENCE
        while self._desk.telemetry.in_progress and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)
