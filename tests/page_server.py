"""The page served over a fake chain, for the tests that need a port."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import uvicorn
from page_fake import FakeChain

import app
from page.desk import Desk, build_desk
from page.server import build_server
from rag.accounts import Accounts
from rag.settings import Settings


@dataclass
class Served:
    """A page being served, and what is behind it."""

    url: str
    chain: FakeChain
    desk: Desk
    server: uvicorn.Server = field(repr=False)


def serve(
    chain: FakeChain, data_dir: Path, accounts: Accounts | None = None, chat_model: str = ""
) -> Served:
    """Serve the page from a thread, on a free port; with accounts as if to other machines."""
    settings = Settings(data_dir=data_dir, today=date(2025, 11, 21), chat_model=chat_model)
    app.prepare_environment(settings)
    desk = build_desk(settings, lambda: chain)
    listener = app.take_port("127.0.0.1", 0)
    port = listener.getsockname()[1]
    application = build_server(desk, "127.0.0.1", port, accounts, loopback=accounts is None)
    server = uvicorn.Server(uvicorn.Config(application, log_level="error"))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    desk.engine.start()
    while not server.started:
        time.sleep(0.05)
    return Served(f"http://127.0.0.1:{port}/", chain, desk, server)
