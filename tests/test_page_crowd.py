"""More questions than can be answered at once: they wait, and too many are told so."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from page_fake import FakeChain, figure_answer
from page_server import serve
from starlette.testclient import TestClient

from page.crowd import BusyError, Crowd
from page.desk import Desk, build_desk
from page.server import desk_server
from rag.schema import Answer
from rag.settings import Settings


class Held(FakeChain):
    """Answers nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def stream(self, input: Any, *, engine: str | None = None) -> Iterator[Answer]:
        self.begun.release()
        assert self.go_on.wait(60)
        yield figure_answer(input["question"])


def held_desk(folder: Path, crowd: Crowd) -> tuple[Desk, Held]:
    chain = Held()
    desk = build_desk(Settings(data_dir=folder, today=date(2025, 11, 21)), lambda: chain)
    # What is asked to warm up must not wait.
    chain.go_on.set()
    desk.engine.load()
    chain.go_on.clear()
    while chain.begun.acquire(blocking=False):
        pass
    return replace(desk, crowd=crowd), chain


def in_thread(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_place_is_free_again_when_an_answer_ends_or_fails() -> None:
    crowd = Crowd(at_once=1, most_waiting=0)
    with pytest.raises(ZeroDivisionError), crowd.place():
        raise ZeroDivisionError
    with crowd.place(), pytest.raises(BusyError, match="系统繁忙"), crowd.place():
        pass
    with crowd.place():
        pass


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    crowd = Crowd(at_once=1, most_waiting=1)
    order: list[str] = []

    def second() -> None:
        with crowd.place():
            order.append("second")

    with crowd.place():
        waiting = in_thread(second)
        while not crowd.waiting:
            pass
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert crowd.waiting == 0


def test_nobody_waits_longer_than_the_patience() -> None:
    crowd = Crowd(at_once=1, most_waiting=5, patience=0.05)
    with crowd.place(), pytest.raises(BusyError, match="还没有轮到"), crowd.place():
        pass
    assert crowd.waiting == 0


def test_full_house_is_told_at_once_and_the_others_are_answered(tmp_path: Path) -> None:
    desk, chain = held_desk(tmp_path, Crowd(at_once=2, most_waiting=1))
    answers: list[str] = []

    def ask(question: str) -> None:
        answers.append(list(desk.ask("", question, (), "page"))[-1].question)

    threads = [in_thread(lambda n=n: ask(f"第{n}问")) for n in range(3)]
    for _ in range(2):
        assert chain.begun.acquire(timeout=10)
    while not desk.crowd.waiting:
        pass
    with pytest.raises(BusyError, match="系统繁忙：有1个问题在等待"):
        next(desk.ask("", "第3问", (), "page"))
    chain.go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(answers) == ["第0问", "第1问", "第2问"]


def test_stopped_answer_gives_its_place_back(tmp_path: Path) -> None:
    desk, chain = held_desk(tmp_path, Crowd(at_once=1, most_waiting=0))
    chain.go_on.set()
    answers = desk.ask("", "问", (), "page")
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert next(desk.ask("", "再问", (), "page")).question == "再问"


def test_chat_protocol_answers_503_with_the_reason(tmp_path: Path) -> None:
    desk, _ = held_desk(tmp_path, Crowd(at_once=1, most_waiting=0))
    client = TestClient(desk_server(desk), raise_server_exceptions=False)
    with desk.crowd.place():
        body = {"messages": [{"role": "user", "content": "问"}]}
        answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 503
    assert answer.json()["error"]["message"].startswith("系统繁忙")


def test_gradio_call_is_told_and_monitoring_is_answered_meanwhile(tmp_path: Path) -> None:
    running = serve(FakeChain(), tmp_path)
    running.desk.engine.chain()
    crowd = running.desk.crowd
    crowd.at_once, crowd.most_waiting = 1, 0
    with crowd.place(), httpx.Client(base_url=running.url, timeout=20) as client:
        call = client.post("gradio_api/call/ask", json={"data": ["技改投资多少？", None]})
        told = client.get(f"gradio_api/call/ask/{call.json()['event_id']}").text
        assert "event: error" in told
        assert "系统繁忙" in json.loads(told.split("data: ", 1)[1])["error"]
        assert client.get("health").status_code == 200
    running.server.should_exit = True
