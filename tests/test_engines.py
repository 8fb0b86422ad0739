"""Engines side by side on one question set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rag.__main__ as cli
from rag.chain import BulletinChain
from rag.errors import SettingsError
from rag.evaluation.engines import NAMES, engines
from rag.evaluation.questions import Question, load_questions
from rag.evaluation.runner import run_evaluation
from rag.evaluation.scoring import Prediction
from rag.evaluation.side_by_side import side_by_side
from tests.archive import chain
from tests.chat_archive import scripted
from tests.chat_server import Reply

REFORM = Question("1", "number", "2023年一季度技改投资完成多少", True)
SCHOOL = Question("2", "place_name", "第三实验小学建在哪里", True)
NOWHERE = Question("3", "unanswerable_near", "技改投资2025年多少", False)
FALSE = "2023年一季度，全县技改投资完成3820万元[3]。"


def predicted(asked: BulletinChain, *questions: Question) -> dict[str, list[Prediction]]:
    asks = engines(asked, NAMES)
    return {name: [ask(question) for question in questions] for name, ask in asks.items()}


def test_the_unverified_engine_shows_what_the_model_said() -> None:
    with scripted(FALSE) as (asked, _):
        found = predicted(asked, REFORM)

    assert found["chat-unverified"][0]["answer"] == "2023年一季度，全县技改投资完成3820万元。[1]"
    assert "3820" not in found["chat"][0]["answer"]
    assert "3280万元" in found["extractive"][0]["answer"]


def test_the_unverified_engine_drops_numbers_that_were_not_given_out() -> None:
    with scripted("技改投资完成3280万元[3][99]。") as (asked, _):
        row = predicted(asked, REFORM)["chat-unverified"][0]

    assert [citation["number"] for citation in row["citations"]] == [1]


def test_a_model_that_finds_nothing_refuses_when_unverified() -> None:
    with scripted("未找到。") as (asked, _):
        found = predicted(asked, REFORM)

    assert found["chat-unverified"][0]["outcome"] == "not_found"
    assert found["chat"][0]["outcome"] == "answered"


def test_the_model_is_asked_once_for_both_engines() -> None:
    with scripted(Reply(FALSE, usage=(800, 20), pause=0.01)) as (asked, server):
        found = predicted(asked, REFORM)

    assert len(server.requests) == 1
    for name in ("chat", "chat-unverified"):
        row = found[name][0]
        assert row["model_cost"]["prompt_tokens"] == 800
        assert row["timing_ms"]["total"] >= 1000 * row["model_cost"]["seconds"] > 0


def test_a_reply_that_fails_fails_for_both_engines() -> None:
    with scripted(Reply(status=401)) as (asked, server):
        found = predicted(asked, REFORM)

    assert len(server.requests) == 1
    plain = found["extractive"][0]["answer"]
    assert found["chat"][0]["answer"] == found["chat-unverified"][0]["answer"] == plain


def test_a_refusal_costs_nothing() -> None:
    with scripted(FALSE) as (asked, server):
        found = predicted(asked, NOWHERE)

    assert server.requests == []
    assert all("model_cost" not in rows[0] for rows in found.values())


@pytest.mark.parametrize(
    ("names", "message"),
    [(["chat"], "BULLETIN_CHAT_MODEL"), (["magic"], "magic")],
)
def test_an_engine_that_cannot_be_used_is_named(names: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        engines(chain(), names)


def question_set(path: Path) -> Path:
    rows: list[dict[str, Any]] = [
        {
            "id": "1",
            "type": "number",
            "question": REFORM.question,
            "answerable": True,
            "must_include": [["3280万"]],
        },
        {"id": "2", "type": "unanswerable_near", "question": NOWHERE.question, "answerable": False},
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


def test_the_table_counts_figures_that_no_citation_holds(tmp_path: Path) -> None:
    qa = question_set(tmp_path / "qa.jsonl")
    assert len(load_questions(qa)) == 2
    with scripted(Reply(FALSE, usage=(800, 20))) as (asked, _):
        evaluation = run_evaluation(qa, engines(asked, NAMES), day="2025-03-20")

    table = side_by_side(evaluation.results, evaluation.scored)
    cells = {
        row[1]: row[2:5]
        for line in table.split("\n")
        if (row := [c.strip() for c in line.split("|")])
    }
    assert cells[""] == list(NAMES)
    assert cells["其中引文里没有的"] == ["0", "0", "1"]
    assert cells["number 数字"] == ["1/1", "1/1", "0/1"]
    assert cells["每次输入 token"] == ["—", "800", "800"]


def test_evaluate_compares_the_engines_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    qa = question_set(tmp_path / "qa.jsonl")
    with scripted("2023年一季度，全县技改投资完成3280万元[3]。") as (asked, _):
        monkeypatch.setattr(cli, "build_chain", lambda settings: asked)
        code = cli.main(["evaluate", str(qa), "--engine", "chat,extractive"])

    assert code == 0
    assert "|  | chat | extractive |" in capsys.readouterr().out


def test_ask_takes_the_engine_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with scripted("2023年一季度，全县技改投资完成3280万元[3]。") as (asked, _):
        monkeypatch.setattr(cli, "build_chain", lambda settings: asked)
        for name in ("chat", "extractive"):
            assert cli.main(["ask", REFORM.question, "--json", "--engine", name]) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["engine"] for row in rows] == ["chat", "extractive"]
