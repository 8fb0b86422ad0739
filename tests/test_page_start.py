"""How the program comes up: nothing is written on the way, and the port opens with the page."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from page_fake import FakeChain
from starlette.types import Receive, Scope, Send

import app
from page.desk import build_desk
from page.engine import Engine, NotReadyError
from page.stopping import PatientServer
from rag.errors import BulletinError
from rag.settings import Settings

# Prints the stubs that are read or written while Gradio is imported.
_WATCH_STUBS = """
import sys
from page.editor_stubs import leave_out_stubs

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".pyi"):
        print(arguments[0])

sys.addaudithook(watch)
if sys.argv[1] == "leave out":
    leave_out_stubs()
import gradio
assert hasattr(gradio.Textbox, "submit")
"""


@pytest.mark.parametrize(("how", "touched"), [("leave out", False), ("as it is", True)])
def test_gradio_is_imported_without_its_editor_stubs(how: str, touched: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WATCH_STUBS, how],
        cwd=Path(app.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    # The second case shows that the watch sees what Gradio does when it is left alone.
    assert bool(done.stdout) is touched


def test_port_is_kept_but_refuses_until_the_page_is_there() -> None:
    with app.take_port("127.0.0.1", 0) as taken, socket.socket() as early, socket.socket() as late:
        address = taken.getsockname()
        with pytest.raises(ConnectionRefusedError):
            early.connect(address)
        taken.listen()
        late.connect(address)
        with pytest.raises(BulletinError, match="--port"):
            app.take_port(*address)


def test_first_question_does_not_wait_for_the_browsers_head_start() -> None:
    engine = Engine(FakeChain)
    engine.start(wait=3600)
    assert engine.loading
    assert engine.chain() is not None
    assert not engine.loading


async def endless_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """What an open page keeps open: a stream that ends with the page."""
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"open", "more_body": True})
    await receive()
    await receive()


def test_open_page_leaves_no_trace_in_the_log_when_the_program_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = build_desk(Settings(data_dir=tmp_path), FakeChain)
    config = uvicorn.Config(
        endless_stream, lifespan="off", timeout_graceful_shutdown=1, log_config=None
    )
    server = PatientServer(config, desk)
    with app.take_port("127.0.0.1", 0) as listener, socket.socket() as visitor:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        visitor.connect(listener.getsockname())
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert visitor.recv(1000).startswith(b"HTTP/1.1 200")
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_chain_that_cannot_be_loaded_tells_everyone_who_waits() -> None:
    def broken() -> FakeChain:
        raise BulletinError("模型文件夹不存在")

    engine = Engine(broken)
    engine.start(wait=3600)
    told: list[str] = []

    def ask() -> None:
        with pytest.raises(NotReadyError, match="模型文件夹不存在"):
            engine.chain()
        told.append("told")

    waiting = [threading.Thread(target=ask) for _ in range(3)]
    for each in waiting:
        each.start()
    for each in waiting:
        each.join(10)
    assert told == ["told"] * 3
