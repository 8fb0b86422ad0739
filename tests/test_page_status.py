"""The state for people and for monitoring; evaluations run from the page."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from page_fake import FakeChain, figure_answer
from starlette.testclient import TestClient

from page.desk import Desk, build_desk
from page.server import desk_server
from page.status_tab import megabytes, status_html
from rag.answer_json import answer_to_json
from rag.errors import ModelError
from rag.feedback import Feedback
from rag.schema import Answer
from rag.settings import Settings
from tests.chat_archive import scripted


class Invoked(FakeChain):
    """A chain that can be asked for the whole answer, as the evaluation does."""

    generative = None

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Answer:
        if "停" in input["question"]:
            time.sleep(0.05)
        *_, last = self.stream(input, **kwargs)
        return last


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = build_desk(Settings(data_dir=tmp_path, today=date(2025, 11, 21)), Invoked)
    made.engine.load()
    return made


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def test_health_tells_what_is_indexed(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    state = answer.json()
    assert (state["status"], state["issues"], state["items"]) == ("ok", 2, 3)
    assert state["last"] == "2024-01-09"


def test_health_is_503_while_loading_when_empty_and_when_broken(tmp_path: Path) -> None:
    def broken() -> FakeChain:
        raise ModelError("模型文件夹不存在")

    for build, load, word in (
        (FakeChain, False, "loading"),
        (lambda: FakeChain(empty=True), True, "empty"),
        (broken, True, "error"),
    ):
        desk = build_desk(Settings(data_dir=tmp_path), build)
        if load:
            desk.engine.load()
        answer = TestClient(desk_server(desk)).get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, word)


def test_folders_and_settings_are_for_administrators_only(desk: Desk, tmp_path: Path) -> None:
    assert str(tmp_path) in str(status_html(desk, administrator=True))
    assert str(tmp_path) not in str(status_html(desk, administrator=False))


def test_key_of_the_chat_model_is_never_shown(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, chat_model="qwen", chat_api_key="sk-secret")  # type: ignore[arg-type]
    desk = build_desk(settings, FakeChain)
    desk.engine.load()
    assert "sk-secret" not in str(status_html(desk, administrator=True))


def test_sizes_are_read_at_a_glance() -> None:
    assert megabytes(3 * 2**20) == "3.0 MB"
    assert megabytes(5 * 2**29) == "2.5 GB"


ROW = {
    "id": "a",
    "type": "number",
    "question": "技改投资多少？",
    "answerable": True,
    "must_include": [["5452万元"]],
}


def add_set(client: TestClient, name: str, *rows: dict[str, Any]) -> Any:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return client.post("/desk/evaluate/sets", files={"files": (f"{name}.jsonl", text.encode())})


def wait(desk: Desk) -> None:
    for _ in range(300):
        if not desk.evaluator.progress.running:
            return
        time.sleep(0.05)


def test_question_set_is_run_and_its_figures_are_shown(desk: Desk, client: TestClient) -> None:
    assert "1题" in add_set(client, "我的题", ROW).text
    client.post("/desk/evaluate/start", data={"set": "我的题"})
    wait(desk)
    html = client.get("/desk/evaluate/progress").text
    assert "全部问题答对率" in html
    assert "100.0%" in html
    [stamp] = desk.evaluator.runs()
    assert "问答评测报告" in client.get(f"/desk/evaluate/run/{stamp}/report").text


def test_without_a_chat_model_only_extracts_can_be_evaluated(
    desk: Desk, client: TestClient
) -> None:
    add_set(client, "我的题", ROW)
    assert 'name="way"' not in client.get("/desk/evaluate").text
    answer = client.post("/desk/evaluate/start", data={"set": "我的题", "way": "大模型"})
    assert (answer.status_code, answer.text) == (400, "没有这种回答方式。")


def test_both_ways_of_answering_are_evaluated_side_by_side(tmp_path: Path) -> None:
    with scripted("没有找到") as (chain, server):
        settings = Settings(data_dir=tmp_path, today=date(2025, 11, 21), chat_model="scripted")
        desk = build_desk(settings, lambda: chain)
        desk.engine.load()
        client = TestClient(desk_server(desk), raise_server_exceptions=False)
        add_set(client, "我的题", ROW)
        assert "两种都评" in client.get("/desk/evaluate").text
        asked_before = len(server.requests)
        client.post("/desk/evaluate/start", data={"set": "我的题", "way": "两种都评"})
        wait(desk)
        html = client.get("/desk/evaluate/progress").text
        assert "<h3>摘录</h3>" in html
        assert "<h3>大模型</h3>" in html
        # 2 engines × 1 question, of which one engine asks the model
        assert (desk.evaluator.progress.done, len(server.requests) - asked_before) == (2, 1)


def test_run_is_compared_with_an_earlier_one(desk: Desk, client: TestClient) -> None:
    add_set(client, "我的题", ROW)
    desk.evaluator.start("我的题")
    wait(desk)
    [stamp] = desk.evaluator.runs()
    time.sleep(1.1)  # runs are named by the second
    add_set(client, "我的题", ROW | {"must_include": [["9999万元"]]})
    desk.evaluator.start("我的题", stamp)
    wait(desk)
    html = client.get("/desk/evaluate/progress").text
    assert "与以前的结果比较" in html


def test_run_can_be_stopped(desk: Desk, client: TestClient) -> None:
    add_set(client, "长", *(ROW | {"id": str(n), "question": f"停{n}"} for n in range(400)))
    desk.evaluator.start("长")
    client.post("/desk/evaluate/stop")
    wait(desk)
    assert desk.evaluator.progress.problem == "评测已停止。"
    assert desk.evaluator.runs() == []


def test_only_one_run_at_a_time(desk: Desk, client: TestClient) -> None:
    add_set(client, "长", *(ROW | {"id": str(n), "question": f"停{n}"} for n in range(400)))
    desk.evaluator.start("长")
    answer = client.post("/desk/evaluate/start", data={"set": "长"})
    assert (answer.status_code, "正在进行" in answer.text) == (400, True)
    desk.evaluator.stop()
    wait(desk)


def test_bad_question_set_is_refused_without_a_path(client: TestClient, tmp_path: Path) -> None:
    answer = add_set(client, "坏", {"id": "a"})
    assert answer.status_code == 400
    assert "第 1 行" in answer.text
    assert str(tmp_path) not in answer.text


def test_verdicts_of_readers_are_a_set_to_choose(desk: Desk) -> None:
    assert "读者评价" not in desk.evaluator.sets()
    answer = answer_to_json(figure_answer(), None, 0)
    desk.feedback.add(Feedback("x", "2025-11-21", "", True, "技改投资？", answer))
    assert "读者评价" in desk.evaluator.sets()
    desk.evaluator.start("读者评价")
    wait(desk)
    assert len(desk.evaluator.runs()) == 1


def test_only_runs_are_read(client: TestClient) -> None:
    for stamp in ("..", "%2e%2e", "20250101-000000", "x"):
        assert client.get(f"/desk/evaluate/run/{stamp}/report").status_code in (400, 404)
