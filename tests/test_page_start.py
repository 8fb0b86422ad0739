"""How the program comes up: nothing is written on the way, and the port opens with the page."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from page_fake import FakeChain

import app
from page.engine import Engine, NotReadyError
from rag.errors import BulletinError

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
