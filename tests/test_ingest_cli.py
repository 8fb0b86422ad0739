from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.chain import build_chain
from rag.schema import Answer
from rag.settings import Settings
from rag.vector_store import VectorStore
from tests.fakes import bulletin_text

ROOT = Path(__file__).resolve().parent.parent
ROADS = (
    "全力拼经济",
    "交通运输局",
    "县交通运输局全力推进安罗高速项目建设 压实工作责任。累计完成投资19.46亿元，占总投资的52.15%。",
)
FLOODS = (
    "防汛备汛",
    "应急管理局",
    "县应急管理局扎实开展汛前装备物资点验 派出6个检查组对13个乡镇的防汛物资进行了点验。",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(data_dir: Path, model: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")}
    return {
        **kept,
        "BULLETIN_DATA_DIR": str(data_dir),
        "BULLETIN_EMBEDDING_MODEL": str(model),
        "PYTHONUTF8": "1",
        "OMP_WAIT_POLICY": "passive",
        "COLUMNS": "120",
    }


@pytest.fixture
def run(tmp_path: Path, model_folder: Path) -> Run:
    def run(*words: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ingest", *map(str, words)],
            cwd=ROOT,
            env={**environment(tmp_path / "data", model_folder), **extra},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "快报 2023"
    folder.mkdir()
    (folder / "第18期.txt").write_text(bulletin_text(18, [ROADS, FLOODS]), encoding="utf-8")
    (folder / "第19期.txt").write_text(
        bulletin_text(19, [FLOODS], day="5月6日"), encoding="gb18030"
    )
    return folder


def test_json_has_the_form_that_other_programs_rely_on(folder: Path, run: Run) -> None:
    (folder / "空.txt").write_bytes(b"")
    done = run(folder, "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    counts = {name: report[name] for name in ("added", "replaced", "unchanged", "duplicate")}
    assert counts == {"added": 2, "replaced": 0, "unchanged": 0, "duplicate": 0}
    assert report["failed"] == 1
    empty, first, second = report["files"]
    assert first["path"] == str(folder / "第18期.txt")
    assert first["error"] is None
    assert {name: first[name] for name in ("status", "series", "year", "issue", "date")} == {
        "status": "added",
        "series": "延津政务快报",
        "year": 2023,
        "issue": 18,
        "date": "2023-04-21",
    }
    assert first["footer"] == {
        "distribution": "",
        "editor": "李勉",
        "reviewer": "",
        "signer": "",
    }
    assert first["items"] == [
        {
            "section": "全力拼经济",
            "title": "县交通运输局全力推进安罗高速项目建设",
            "departments": ["交通运输局"],
            "body": "压实工作责任。累计完成投资19.46亿元，占总投资的52.15%。",
        },
        {
            "section": "防汛备汛",
            "title": "县应急管理局扎实开展汛前装备物资点验",
            "departments": ["应急管理局"],
            "body": "派出6个检查组对13个乡镇的防汛物资进行了点验。",
        },
    ]
    assert second["date"] == "2023-05-06"
    assert empty["status"] == "failed"
    assert "空.txt" in empty["error"]
    assert all(warning.keys() == {"code", "message", "line"} for warning in report["warnings"])

    (folder / "空.txt").unlink()
    again = json.loads(run(folder, "--json").stdout)
    assert again["unchanged"] == 2
    assert [row["items"] for row in again["files"]] == [first["items"], second["items"]]


def test_a_person_reads_a_table_and_what_changed(folder: Path, run: Run) -> None:
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert "2023年第18期" in done.stdout
    assert done.stdout.splitlines()[-1] == "新增 2 期，替换 0 期，未变 0 期，重复 0 期，失败 0 个"

    revised = (*ROADS[:2], ROADS[2].replace("19.46", "19.64"))
    (folder / "第18期.txt").write_text(bulletin_text(18, [revised]), encoding="utf-8")
    done = run(folder)
    assert "19.46亿元 → 19.64亿元" in "".join(done.stdout.split("\n"))
    assert "删去第2条“县应急管理局扎实开展汛前装备物资点验”" in "".join(done.stdout.split("\n"))


def test_remove(folder: Path, run: Run) -> None:
    run(folder)
    done = run("remove", "2023-19")
    assert (done.returncode, done.stdout) == (0, "已删去《延津政务快报》2023年第19期\n")
    done = run("remove", "2023-19")
    assert done.returncode == 1
    assert "库里没有2023年第19期" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["没有这个文件.txt"], "没有这个文件"),
        (["watch", "没有这个文件夹"], "没有这个文件夹"),
        (["remove", "十八"], "不是期号"),
    ],
)
def test_a_wrong_argument_is_told_in_chinese(run: Run, words: list[str], message: str) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_told_in_chinese(folder: Path, run: Run) -> None:
    done = run(folder, BULLETIN_CHROMA_URL="ftp://nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("错误：BULLETIN_CHROMA_URL")


def test_nothing_given_is_wrong_usage(run: Run) -> None:
    done = run()
    assert done.returncode == 2
    assert "python -m ingest" in done.stderr


def test_watch_takes_files_up_as_they_appear(
    folder: Path, tmp_path: Path, model_folder: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "ingest", "watch", str(folder)],
        cwd=ROOT,
        env=environment(tmp_path / "data", model_folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Started in the background, the tests may run with SIGINT ignored, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    try:
        line_with(process, "新增 2 期")
        (folder / "第20期.txt").write_text(
            bulletin_text(20, [FLOODS], day="5月16日"), encoding="utf-8"
        )
        line_with(process, "新增 1 期")
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已写入的各期保留" in errors


def line_with(process: subprocess.Popen[str], words: str) -> None:
    """Read on until a line holds the words; the end of the output is a failure."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words} not in {seen}")


def head(office: str, number: int) -> str:
    return f"县{office}全力推进第{number}批项目建设 压实工作责任，加强要素保障。截至目前，"


NEW_ISSUES = 50
QUESTIONS = 500


@pytest.mark.timeout(900)
def test_500_questions_while_50_issues_are_ingested_from_the_command_line(
    folder: Path, tmp_path: Path, run: Run, model_folder: Path
) -> None:
    """No error, no stale or half answer; each new issue answers as soon as it is committed."""
    assert run(folder).returncode == 0
    incoming = tmp_path / "新到"
    incoming.mkdir()
    for number in range(1, NEW_ISSUES + 1):
        items = [
            ("三农", "农业农村局", f"{head('农业农村局', number)}完成投资{1000 + number}万元。"),
            (
                "交通建设",
                "交通运输局",
                f"{head('交通运输局', number)}完成投资{3000 + number}万元。",
            ),
        ]
        text = bulletin_text(number, items, year=2024, day=f"{1 + number // 6}月{1 + number % 6}日")
        (incoming / f"{number:02d}.txt").write_text(text, encoding="utf-8")

    settings = Settings(
        data_dir=tmp_path / "data",
        embedding_model=str(model_folder),
        _env_file=None,  # type: ignore[call-arg]
    )
    chain = build_chain(settings)
    store = VectorStore.open(
        settings.data_dir, "", chain.embeddings.model_id, chain.embeddings.dimension
    )

    def ask(question: str) -> Answer:
        answer = chain.invoke({"question": question, "history": []})
        assert answer.outcome != "error", answer.error
        return answer

    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", str(incoming)],
        cwd=ROOT,
        env=environment(tmp_path / "data", model_folder),
        stdout=subprocess.DEVNULL,
    )
    asked = 0
    known = set(store.hashes())
    during = 0
    while asked < QUESTIONS or process.poll() is None:
        running = process.poll() is None
        assert "19.46亿元" in ask("安罗高速累计完成投资多少？").text
        asked += 1
        committed = set(store.hashes())
        for key in sorted(committed - known):
            number = int(key.rpartition("-")[2])
            assert f"{1000 + number}万元" in ask(f"2024年第{number}期农业农村局完成投资多少？").text
            assert f"{3000 + number}万元" in ask(f"2024年第{number}期交通运输局完成投资多少？").text
            asked += 2
            during += running
        known = committed
    assert process.wait() == 0
    assert len(known) == NEW_ISSUES + 2
    assert during > 0
    assert {len(chunks) for chunks in items_by_issue(store, known)} == {1, 2}


def items_by_issue(store: VectorStore, keys: set[str]) -> list[list[str]]:
    return [[chunk.id for chunk in store.chunks([key])] for key in keys]
