"""The whole path, through the commands: files → index → cited answers → a measured question set."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ROOT, SAMPLE_ISSUES, SAMPLES, new_data_folder, run_python

REAL_BULLETINS = ROOT.parent / "shared" / "bulletins"
TODAY = "2025-11-21"  # the day that the questions of samples/qa.jsonl are asked on
ANSWER_FIELDS = {
    *("id", "question", "outcome", "answer", "citations", "query", "retrieved", "engine"),
    *("checks", "timing_ms"),
}
CITATION_FIELDS = {
    *("number", "label", "year", "issue", "date", "section", "title", "departments"),
    *("quote", "source", "chunk_id", "start", "end"),
}


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(question: str, data_dir: Path) -> dict[str, Any]:
    done = run_python("-m", "rag", "ask", question, "--json", data_dir=data_dir, today=TODAY)
    answer: dict[str, Any] = json.loads(succeeded(done))
    return answer


def without_space(path: Path) -> str:
    return "".join(path.read_text("utf-8").split())


# --- the demo archive ----------------------------------------------------------------------------


def test_taking_the_same_files_in_again_changes_nothing(sample_archive: Path) -> None:
    done = run_python("-m", "ingest", *SAMPLE_ISSUES, "--json", data_dir=sample_archive)
    report = json.loads(succeeded(done))
    counts = {name: report[name] for name in ("added", "replaced", "unchanged", "failed")}
    assert counts == {"added": 0, "replaced": 0, "unchanged": 12, "failed": 0}


def test_status_counts_what_is_there(sample_archive: Path) -> None:
    status = json.loads(
        succeeded(run_python("-m", "rag", "status", "--json", data_dir=sample_archive))
    )
    # 2022: 10+10+10, 2023: 10+10+10, 2024: 10+9+9, 2025: 9+10+10
    assert (status["issues"], status["items"]) == (12, 30 + 30 + 28 + 29)
    assert (status["first"], status["last"]) == ("2022-03-11", "2025-10-31")
    assert status["settings"]["BULLETIN_DATA_DIR"] == str(sample_archive)


def test_figure_is_answered_with_a_quote_that_stands_in_the_file(sample_archive: Path) -> None:
    answer = ask("2024年一季度技改投资上报额是多少？", sample_archive)
    assert set(answer) >= ANSWER_FIELDS
    assert answer["outcome"] == "answered"
    assert "4938万元" in answer["answer"]
    assert "4187万元" not in answer["answer"]  # the year before
    assert answer["checks"]["figures"] == answer["checks"]["verified"] > 0
    (citation,) = answer["citations"]
    assert set(citation) == CITATION_FIELDS
    assert citation["label"] == "《云禾政务快报》2024年第18期（2024-04-26）【经济运行】科工局"
    assert f"[{citation['number']}]" in answer["answer"]
    assert citation["end"] - citation["start"] == len(citation["quote"])
    assert citation["quote"] in without_space(SAMPLES / "2024年第18期.txt")


def test_what_was_never_printed_is_not_found(sample_archive: Path) -> None:
    answer = ask("云禾县2024年GDP是多少", sample_archive)
    assert answer["outcome"] == "not_found"
    assert answer["citations"] == []
    assert "没有找到" in answer["answer"]


def test_many_questions_at_once_with_a_conversation_and_bad_ones(
    sample_archive: Path, tmp_path: Path
) -> None:
    asked = "2023年一季度技改投资上报额是多少？"
    rows = [
        {"id": "a", "question": asked},
        {
            "id": "b",
            "question": "那2024年呢",
            "history": [
                {"role": "user", "content": asked},
                {"role": "assistant", "content": "4187万元"},
            ],
        },
        {"id": "empty", "question": "  "},
        {"id": "long", "question": "长" * 100_000},
    ]
    questions, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    questions.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )
    succeeded(
        run_python(
            *("-m", "rag", "ask", "--batch", questions, "--out", answers),
            data_dir=sample_archive,
            today=TODAY,
        )
    )
    first, second, empty, long = map(json.loads, answers.read_text("utf-8").splitlines())
    assert [row["id"] for row in (first, second, empty, long)] == ["a", "b", "empty", "long"]
    assert "4187万元" in first["answer"]
    assert "4938万元" in second["answer"]
    for failed in (empty, long):
        assert failed["outcome"] == "error"
        assert re.search("[一-鿿]", failed["answer"])
        assert "没有找到" not in failed["answer"]  # a failure is never shown as a result
        assert len(failed["answer"]) < 200


def test_question_that_fails_ends_in_chinese_and_with_status_one(sample_archive: Path) -> None:
    done = run_python("-m", "rag", "ask", "", data_dir=sample_archive)
    assert done.returncode == 1
    assert "问题是空的" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_evaluation_prints_both_parts_and_writes_its_files(
    sample_archive: Path, tmp_path: Path
) -> None:
    rows = [json.loads(line) for line in (SAMPLES / "qa.jsonl").read_text("utf-8").splitlines()]
    chosen = [
        row
        for split in ("dev", "test")
        for kind in ("number", "unanswerable_ood")
        for row in [r for r in rows if (r["split"], r["type"]) == (split, kind)][:2]
    ]
    assert len(chosen) == 2 * 2 * 2
    qa, out = tmp_path / "qa.jsonl", tmp_path / "results"
    qa.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in chosen), "utf-8")
    table = succeeded(
        run_python(
            *("-m", "rag", "evaluate", qa, "--out", out), data_dir=sample_archive, today=TODAY
        )
    )
    assert "dev" in table
    assert "test" in table
    assert json.loads((out / "results.json").read_text("utf-8"))
    predictions = (out / "predictions.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["id"] for line in predictions} == {row["id"] for row in chosen}


# --- bad files -----------------------------------------------------------------------------------


def test_bad_files_are_named_and_the_others_are_taken_in(
    tmp_path: Path, model_folder: Path
) -> None:
    inbox = tmp_path / "收件"
    inbox.mkdir()
    (inbox / "2024年第18期.txt").write_bytes((SAMPLES / "2024年第18期.txt").read_bytes())
    (inbox / "空的.txt").write_bytes(b"")
    (inbox / "会议通知.txt").write_text("各科室：定于周五下午开会，请准时参加。\n", "utf-8")
    (inbox / "乱码.txt").write_bytes(bytes(range(256)) * 40)
    data = new_data_folder(tmp_path / "data", model_folder)

    done = run_python("-m", "ingest", inbox, data_dir=data)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in ("空的.txt", "会议通知.txt", "乱码.txt"):
        assert re.search(rf"{name}：.*[一-鿿]", done.stdout + done.stderr), name

    status = json.loads(succeeded(run_python("-m", "rag", "status", "--json", data_dir=data)))
    assert (status["issues"], status["items"]) == (1, 9)


def test_question_to_an_empty_archive_says_how_to_fill_it(
    tmp_path: Path, model_folder: Path
) -> None:
    data = new_data_folder(tmp_path / "data", model_folder)
    done = run_python("-m", "rag", "ask", "技改投资多少", data_dir=data)
    assert done.returncode == 1
    assert "python -m ingest" in done.stdout + done.stderr


# --- the two real issues -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_archive(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    if not REAL_BULLETINS.is_dir():
        pytest.skip("the two real issues are not here")
    folder = new_data_folder(tmp_path_factory.mktemp("real") / "data", model_folder)
    report = json.loads(
        succeeded(run_python("-m", "ingest", REAL_BULLETINS, "--json", data_dir=folder))
    )
    assert [len(file["items"]) for file in report["files"]] == [8, 8]
    return folder


def test_real_figure_is_answered_from_its_item(real_archive: Path) -> None:
    answer = ask("2023年一季度技改投资上报额是多少？", real_archive)
    assert "5452万元" in answer["answer"]
    assert "54.8%" in answer["answer"]
    cited = {(c["year"], c["issue"], c["section"], *c["departments"]) for c in answer["citations"]}
    assert cited == {(2023, 18, "全力拼经济", "科工局")}


def test_real_archive_holds_no_gdp(real_archive: Path) -> None:
    answer = ask("延津县2024年GDP是多少", real_archive)
    assert answer["outcome"] == "not_found"
    assert "没有找到" in answer["answer"]
