from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag import logs
from rag.logs import HIDDEN, keep_out_of_log, start_logging
from rag.settings import Settings

log = logging.getLogger("page.test")
KEY = "sk-geheim-1234567890"


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler).__module__ == logs.__name__:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(before)


def begin(data_dir: Path) -> Path:
    chosen = {"data_dir": data_dir, "chat_api_key": KEY}
    start_logging(Settings(**chosen, _env_file=None), "page")  # type: ignore[call-arg,arg-type]
    return data_dir / "logs" / "page.jsonl"


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_event_is_one_line_of_json_with_its_fields(tmp_path: Path) -> None:
    path = begin(tmp_path)
    log.info("answered", extra={"ms": 12, "outcome": "not_found", "engine": None})
    [row] = rows(path)
    assert row.pop("time")
    assert row == {
        "level": "INFO",
        "logger": "page.test",
        "event": "answered",
        "ms": 12,
        "outcome": "not_found",
        "engine": None,
    }


def test_a_failure_keeps_its_trace(tmp_path: Path) -> None:
    path = begin(tmp_path)
    try:
        raise RuntimeError("断了")
    except RuntimeError:
        log.exception("回答问题时出错")
    [row] = rows(path)
    assert row["event"] == "回答问题时出错"
    assert "RuntimeError: 断了" in row["trace"]


@pytest.mark.parametrize(
    "words",
    [f"key {KEY}", "Authorization: Bearer abcdef123456", "sk-abcdefgh123456"],
)
def test_no_key_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    path = begin(tmp_path)
    log.error("refused: %s", words, extra={"password": "十个字符以上的密码", "api_key": "x"})
    try:
        raise ValueError(words)
    except ValueError:
        log.exception("failed")
    written = path.read_text("utf-8") + capsys.readouterr().err
    for secret in (KEY, "abcdef123456", "abcdefgh123456", "十个字符以上的密码"):
        assert secret not in written
    assert written.count(HIDDEN) >= 4


def test_no_question_is_written_though_an_error_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = begin(tmp_path)
    question = '张三\n为什么"被"处分？'
    keep_out_of_log(question)
    try:
        raise RuntimeError(f"cannot read {question!r}: {question}")
    except RuntimeError as error:
        log.exception("failed with %s", error, extra={"error": str(error), "all": [question]})
    written = path.read_text("utf-8") + capsys.readouterr().err
    assert "处分" not in written
    assert HIDDEN in written


def test_questions_are_forgotten_after_many_more(tmp_path: Path) -> None:
    keep_out_of_log("很久以前的问题")
    for number in range(300):
        keep_out_of_log(f"第{number}个问题")
    path = begin(tmp_path)
    log.warning("很久以前的问题、第299个问题")
    assert rows(path)[0]["event"] == f"很久以前的问题、{HIDDEN}"


def test_the_file_is_changed_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 2000)
    monkeypatch.setattr(logs, "KEPT", 2)
    path = begin(tmp_path)
    for number in range(100):
        log.info("answered", extra={"ms": number})
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["page.jsonl", "page.jsonl.1", "page.jsonl.2"]
    assert all(each.stat().st_size <= 2000 for each in path.parent.iterdir())


def test_starting_twice_writes_once(tmp_path: Path) -> None:
    begin(tmp_path)
    path = begin(tmp_path)
    log.info("once")
    assert len(rows(path)) == 1


def test_a_log_that_cannot_be_written_is_named_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file")
    begin(tmp_path)
    log.warning("still told")
    shown = capsys.readouterr().err
    assert "page.jsonl 写不了" in shown
    assert "still told" in shown
