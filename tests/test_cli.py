from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rag.__main__ as cli
from rag.errors import ModelError
from tests.archive import chain, open_archive


@pytest.fixture(autouse=True)
def _archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The commands find the small archive instead of opening stores and loading a model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULLETIN_TODAY", "2025-03-20")
    monkeypatch.setattr(cli, "build_chain", lambda settings: chain())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- ask -----------------------------------------------------------------------------------------


def test_an_answer_is_printed_with_its_numbered_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "ask", "青岚公路全长多少公里")
    assert code == 0
    assert "38.6公里" in out
    assert "[1] 《岚水政务快报》2023年第9期（2023-04-14）【全力拼经济】交通运输局" in out
    assert "“青岚公路全长38.6公里" in out


def test_a_refusal_is_a_result_not_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", "青岚公路的设计单位是谁")
    assert code == 0
    assert "没有找到" in out
    assert "来源" not in out


def test_json_holds_all_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "ask", "2023年一季度技改投资完成多少", "--json")
    row = json.loads(out)
    assert code == 0
    assert {
        "id", "question", "outcome", "answer", "citations", "query", "retrieved", "engine",
        "checks", "timing_ms",
    } <= row.keys()  # fmt: skip
    citation = row["citations"][0]
    assert {
        "number", "label", "year", "issue", "date", "section", "title", "departments", "quote",
        "source", "chunk_id", "start", "end",
    } <= citation.keys()  # fmt: skip
    assert (citation["year"], citation["issue"], citation["date"]) == (2023, 9, "2023-04-14")
    assert row["checks"]["verified"] == row["checks"]["figures"] > 0
    assert row["timing_ms"]["total"] >= 0


def test_an_empty_question_fails_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "ask", "   ")
    assert code == 1
    assert "空" in out + err


@pytest.mark.parametrize("arguments", [[], ["ask"], ["frage"], ["ask", "x", "--engine", "magic"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


# --- ask --batch ---------------------------------------------------------------------------------


def batch(tmp_path: Path, *lines: str) -> tuple[Path, Path]:
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return source, tmp_path / "out.jsonl"


def test_many_questions_give_a_line_each_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = batch(
        tmp_path,
        '{"id": "q1", "question": "青岚公路全长多少公里"}',
        "",
        '{"id": 2, "question": "那总投资呢", "history": [{"role": "user", "content": '
        '"青岚公路全长多少公里"}, {"role": "assistant", "content": "38.6公里[1]"}]}',
        '{"question": "2021年技改投资多少"}',
    )
    code, out, _ = run(capsys, "ask", "--batch", str(source), "--out", str(target))
    answers = rows(target)
    assert code == 0
    assert out == ""
    assert [row["id"] for row in answers] == ["q1", "2", None]
    assert "38.6公里" in answers[0]["answer"]
    assert "12.4亿元" in answers[1]["answer"]
    assert answers[2]["outcome"] == "not_found"


def test_one_bad_question_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = batch(
        tmp_path,
        '{"id": "a", "question": ""}',
        '{"id": "b", "question": "青岚公路全长多少公里", "history": "x"}',
        '{"id": "c", "question": "青岚公路全长多少公里"}',
    )
    run(capsys, "ask", "--batch", str(source), "--out", str(target))
    assert [row["outcome"] for row in rows(target)] == ["error", "error", "answered"]


def test_without_a_target_the_lines_go_to_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, _ = batch(tmp_path, '{"id": "q1", "question": "青岚公路全长多少公里"}')
    _, out, _ = run(capsys, "ask", "--batch", str(source))
    assert json.loads(out)["id"] == "q1"


@pytest.mark.parametrize("line", ["{broken", '["a list"]', '{"id": "1"}', '{"question": 5}'])
def test_a_line_that_cannot_be_read_is_named(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = batch(tmp_path, '{"question": "青岚公路全长多少公里"}', line)
    code, _, err = run(capsys, "ask", "--batch", str(source), "--out", str(target))
    assert code == 1
    assert "第 2 行" in err
    assert "in.jsonl" in err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "ask", "--batch", "没有.jsonl")
    assert code == 1
    assert "没有.jsonl" in err


def test_a_target_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, _ = batch(tmp_path, '{"question": "青岚公路全长多少公里"}')
    code, _, err = run(capsys, "ask", "--batch", str(source), "--out", "没有的文件夹/out.jsonl")
    assert code == 1
    assert "out.jsonl" in err


# --- status --------------------------------------------------------------------------------------


def test_status_says_what_is_indexed_and_by_which_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "status")
    assert code == 0
    assert "5 期" in out
    assert "18 条" in out
    assert "2022-11-18 至 2025-03-07" in out
    assert "fake-bag-of-words" in out
    assert "BULLETIN_TODAY=2025-03-20" in out


def test_status_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "status", "--json")
    info = json.loads(out)
    assert (info["issues"], info["items"]) == (5, 18)
    assert info["embedding"]["model"] == "fake-bag-of-words"


def test_status_never_prints_the_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULLETIN_CHAT_API_KEY", "sk-geheim")
    _, out, _ = run(capsys, "status")
    assert "BULLETIN_CHAT_API_KEY" in out
    assert "geheim" not in out


def test_the_status_of_an_empty_archive_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = open_archive(tmp_path, [])
    monkeypatch.setattr(cli, "build_chain", lambda settings: empty)
    code, out, _ = run(capsys, "status")
    assert code == 0
    assert "python -m ingest" in out


# --- faults --------------------------------------------------------------------------------------


def test_a_misspelt_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BULLETIN_DATADIR", "x")
    code, _, err = run(capsys, "status")
    assert code == 1
    assert "BULLETIN_DATADIR" in err


def test_a_model_that_is_missing_is_one_line_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(settings: object) -> object:
        raise ModelError("本机没有句向量模型 x")

    monkeypatch.setattr(cli, "build_chain", fail)
    code, out, err = run(capsys, "ask", "技改投资")
    assert code == 1
    assert "本机没有句向量模型 x" in err
    assert "Traceback" not in out + err
