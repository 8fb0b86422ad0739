"""Each fault is found and named with its remedy; what can be mended is."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rag.__main__ import main
from rag.accounts import Accounts
from rag.doctor import Finding, examine_data
from rag.doctor.index import check_index
from rag.doctor.machine import check_chat, check_folder, check_port, problem_of
from rag.embedding_model import DEFAULT_MODEL_NAME, MARKER_FILE
from rag.settings import Settings
from tests.fault_archive import (
    EMBEDDINGS,
    answers,
    garbage,
    mended,
    new_archive,
    open_chain,
    scramble,
    settings,
)


def found(data: Path) -> dict[str, Finding]:
    """What is not well, by check."""
    return {f.check: f for f in examine_data(settings(data), EMBEDDINGS) if f.state != "ok"}


def test_a_sound_folder_has_no_findings(data: Path) -> None:
    before = sorted((path, path.stat().st_mtime) for path in data.glob("*.sqlite3"))
    assert found(data) == {}
    assert mended(data) == {}
    assert sorted((path, path.stat().st_mtime) for path in data.glob("*.sqlite3")) == before


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    [finding] = examine_data(settings(tmp_path / "none"), EMBEDDINGS)
    assert (finding.state, "python -m ingest" in finding.remedy) == ("warning", True)


@pytest.mark.parametrize("name", ["files.sqlite3", "words.sqlite3", "catalog.sqlite3"])
@pytest.mark.parametrize("damage", [garbage, scramble])
def test_a_broken_database_that_can_be_made_again_is_taken_away(
    data: Path, name: str, damage: Callable[[Path], None]
) -> None:
    before = answers(open_chain(new_archive(data.parent / "whole")))
    damage(data / name)
    [fault] = [each for each in found(data).values() if each.state == "fault"]
    assert name in fault.message
    assert fault.remedy
    mended(data)
    assert not [each for each in found(data).values() if each.state == "fault"]
    assert answers(open_chain(data)) == before


def test_broken_conversations_are_kept_aside(data: Path) -> None:
    path = data / "conversations.sqlite3"
    path.write_bytes(b"readers' words, damaged" * 300)
    assert "备份" in found(data)["对话记录"].remedy
    assert "conversations.sqlite3.broken-1" in mended(data)["对话记录"]
    assert (data / "conversations.sqlite3.broken-1").exists()
    assert found(data) == {}


def test_a_catalogue_that_differs_from_the_index_is_made_anew(data: Path) -> None:
    with closing(sqlite3.connect(data / "catalog.sqlite3")) as database, database:
        database.execute("DELETE FROM chunks WHERE rowid = 1")
    assert found(data)["目录库"].message == "应有 3 条，实有 2 条"
    assert "3 条" in mended(data)["目录库"]
    assert found(data) == {}


def test_vectors_of_another_item_are_found(data: Path) -> None:
    """As after files of two copies were mixed."""
    [vectors] = (data / "catalog.index").glob("*.vectors")
    content = vectors.read_bytes()
    size = 4 * EMBEDDINGS.dimension
    rows = [content[at : at + size] for at in range(0, len(content), size)]
    vectors.write_bytes(b"".join([*rows[:1], rows[2], *rows[2:]]))
    assert "向量不对" in found(data)["索引"].message
    mended(data)
    assert found(data) == {}


def test_what_a_killed_backup_left_is_cleared_away(data: Path) -> None:
    (data / "restoring-x" / "chroma").mkdir(parents=True)
    assert "restoring-x" in found(data)["中断的操作"].message
    mended(data)
    assert found(data) == {}


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX files")
def test_accounts_that_others_can_read_are_closed(data: Path) -> None:
    Accounts(data / "accounts.json").add("张三", "长而难猜的密码一二三", "administrator")
    assert "账户" not in found(data)
    (data / "accounts.json").chmod(0o644)
    assert "chmod 600" in found(data)["账户"].remedy
    mended(data)
    assert (data / "accounts.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "content", "check", "words"),
    [
        ("accounts.json", "[{", "账户", "user add"),
        ("departments.toml", "应急管理局 = 应急局", "部门别名", "departments.toml"),
        ("feedback.jsonl", '{"id": 1}\n{"id": ', "读者评价", "跳过"),
    ],
)
def test_a_file_that_only_a_person_can_put_right_is_named(
    data: Path, name: str, content: str, check: str, words: str
) -> None:
    (data / name).write_text(content, encoding="utf-8")
    finding = found(data)[check]
    assert words in finding.remedy
    assert finding.mend is None


# --- the model -----------------------------------------------------------------------------------


def of_model(data: Path, model: str = "") -> Finding:
    only = Settings(data_dir=data, embedding_model=model, _env_file=None)  # type: ignore[call-arg]
    return next(check_index(only))


def test_a_half_written_default_model_can_be_made_again(tmp_path: Path) -> None:
    assert of_model(tmp_path).state == "warning"  # not made yet
    folder = tmp_path / "models" / DEFAULT_MODEL_NAME
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    for marker in (None, '{"files": {"config.json": [2, "0000"], "model.onnx": [9, "11"]}}'):
        if marker:
            (folder / MARKER_FILE).write_text(marker)
        finding = of_model(tmp_path)
        assert (finding.state, "重新生成" in finding.remedy) == ("fault", True)
        assert finding.mend is not None
    assert "model.onnx" in finding.message


def test_a_model_folder_that_is_missing_needs_a_person(tmp_path: Path) -> None:
    finding = of_model(tmp_path, "/没有/这里")
    assert (finding.state, finding.mend) == ("fault", None)
    assert "BULLETIN_EMBEDDING_MODEL" in finding.remedy


# --- the machine ---------------------------------------------------------------------------------


def installed(
    folder: Path, name: str, *, version: str = "1.0", record: bool = True
) -> Distribution:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if record:
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n{info.name}/METADATA,,\n")
    return Distribution.at(info)


def test_a_package_that_was_half_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("whole", "cut", "older"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    installed(tmp_path, "whole")
    installed(tmp_path, "older")
    installed(tmp_path, "unpacked", record=False)
    installed(tmp_path, "lost")
    said = {name: problem_of(Requirement(f"{name}>=1.0")) for name in ("whole", "lost", "unpacked")}
    assert said == {
        "whole": "",
        "lost": "lost 缺文件 lost/__init__.py",
        "unpacked": "unpacked 没有装完",
    }
    assert problem_of(Requirement("nowhere-to-be-found")) == "缺 nowhere-to-be-found"
    assert problem_of(Requirement("older>=2")) == "older 是 1.0，应为 >=2"


def test_a_data_folder_that_is_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    finding = check_folder(tmp_path / "data")
    assert (finding.state, "BULLETIN_DATA_DIR" in finding.remedy) == ("fault", True)


def test_a_disk_that_is_nearly_full_is_told_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    for free in (10 * 2**20, 2**30, 10 * 2**30):
        monkeypatch.setattr("rag.doctor.machine.shutil.disk_usage", lambda _, f=free: _Usage(f))
        states.append(check_folder(tmp_path).state)
    assert states == ["fault", "warning", "ok"]


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.fixture
def chat_server() -> Iterator[str]:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["Authorization"] == "Bearer right" else 401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def of_chat(url: str, key: str = "") -> list[Finding]:
    chosen = {"chat_model": "qwen", "chat_base_url": url, "chat_api_key": key}
    return list(check_chat(Settings(**chosen, _env_file=None)))  # type: ignore[call-arg,arg-type]


def test_the_chat_server_is_asked_once(chat_server: str) -> None:
    assert [f.state for f in of_chat(chat_server, "right")] == ["ok"]
    [wrong] = of_chat(chat_server, "wrong")
    assert "BULLETIN_CHAT_API_KEY" in wrong.remedy
    [away] = of_chat("http://127.0.0.1:1/v1")
    assert (away.state, "BULLETIN_CHAT_BASE_URL" in away.remedy) == ("warning", True)
    assert list(check_chat(Settings(_env_file=None))) == []  # type: ignore[call-arg]


def test_a_free_port_is_well() -> None:
    assert check_port(0).state == "ok"


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """python -m rag, with an empty data folder and no model."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BULLETIN_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("BULLETIN_EMBEDDING_MODEL", "/没有/这里")
    monkeypatch.setattr("rag.doctor.requires", lambda name: [], raising=False)
    monkeypatch.setattr("rag.doctor.machine.requires", lambda name: [])

    def run(*words: str) -> tuple[int, str]:
        status = main(words)
        return status, capsys.readouterr().out

    return run


def test_the_doctor_prints_a_line_a_check_and_the_remedy_below(
    command: Callable[..., tuple[int, str]],
) -> None:
    status, shown = command("doctor", "--port", "0")
    assert status == 1
    assert "✓ 中断的操作：没有" in shown
    assert "✗ 句向量模型：本机没有句向量模型 /没有/这里" in shown
    assert "\n  办法：改正 BULLETIN_EMBEDDING_MODEL" in shown
    assert shown.endswith("发现 1 个毛病\n")


def test_the_doctor_mends_what_it_can_and_says_what_is_left(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "data" / "words.sqlite3").write_bytes(b"broken" * 1000)
    status, shown = command("doctor", "--repair", "--json", "--port", "0")
    rows = {row["check"]: row for row in json.loads(shown)}
    assert status == 1
    assert "词向量" not in rows  # taken away, so nothing is left to check
    assert rows["句向量模型"]["can_repair"] is False
    assert rows["数据格式"]["repaired"] == "已升级到格式 1"


def test_backup_and_restore_say_what_they_did(
    command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "data" / "feedback.jsonl").write_text("{}\n")
    status, shown = command("backup", "b.tar.gz")
    assert (status, "已备份到 b.tar.gz（2 个文件" in shown) == (0, True)
    status, shown = command("restore", "b.tar.gz")
    assert (status, "原来的数据在 data/before-restore-" in shown) == (0, True)
    assert command("restore", "none.tar.gz")[0] == 1
