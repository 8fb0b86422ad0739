from __future__ import annotations

import json
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.indexer import ingest_paths
from rag.backup import CONTENTS, make_backup, restore_backup
from rag.data_folder import FORMAT, FORMAT_FILE, format_of, ingest_lock, migrate, prepare
from rag.doctor import examine_data
from rag.errors import BackupError, StoreError
from tests.fakes import bulletin_text
from tests.fault_archive import (
    EMBEDDINGS,
    TECHNOLOGY,
    answers,
    garbage,
    open_chain,
    scramble,
    settings,
    truncate,
)


@pytest.fixture
def backup(data: Path, tmp_path: Path) -> Path:
    (data / "feedback.jsonl").write_text('{"id": "1"}\n', encoding="utf-8")
    make_backup(data, tmp_path / "备份" / "快报.tar.gz")
    return tmp_path / "备份" / "快报.tar.gz"


def revise(data: Path, tmp_path: Path) -> None:
    """Issue 18 with another figure, and an issue more."""
    new = (*TECHNOLOGY[:2], TECHNOLOGY[2].replace("5452万元", "9999万元"))
    homes = ("城乡建设", "住建局", "县住建局推进老旧小区改造 已有12个小区完工。")
    for number, items in ((18, [new]), (20, [homes])):
        file = tmp_path / f"{number}.txt"
        file.write_text(bulletin_text(number, items, day="5月20日"), encoding="utf-8")
        assert ingest_paths([file], settings(data), embeddings=EMBEDDINGS).ok


def test_a_backup_restores_to_the_same_answers_on_another_machine(
    data: Path, backup: Path, tmp_path: Path
) -> None:
    told, aside = restore_backup(backup, tmp_path / "new")
    assert (told.format, aside) == (FORMAT, None)
    assert answers(open_chain(tmp_path / "new")) == answers(open_chain(data))
    assert (tmp_path / "new" / "feedback.jsonl").read_text() == '{"id": "1"}\n'
    found = examine_data(settings(tmp_path / "new"), EMBEDDINGS)
    assert [each.message for each in found if each.state == "fault"] == []


def test_a_backup_made_while_questions_are_asked_and_an_ingest_waits(
    data: Path, tmp_path: Path
) -> None:
    chain = open_chain(data)
    before = answers(chain)
    ended, problems = threading.Event(), []

    def ask() -> None:
        while not ended.is_set():
            if answers(chain)[1] != before[1]:
                problems.append("another answer")

    def ingest() -> None:
        for _ in range(3):
            revise(data, tmp_path)

    threads = [threading.Thread(target=work) for work in (ask, ingest)]
    for thread in threads:
        thread.start()
    for number in range(3):
        make_backup(data, tmp_path / f"{number}.tar.gz")
    threads[1].join()
    ended.set()
    threads[0].join()
    assert problems == []
    for number in range(3):
        restored = tmp_path / f"restored-{number}"
        restore_backup(tmp_path / f"{number}.tar.gz", restored)
        found = list(examine_data(settings(restored), EMBEDDINGS))
        assert [each.message for each in found if each.state == "fault"] == []
        assert answers(open_chain(restored))[1] == before[1]


def test_a_restore_puts_what_was_there_aside_and_a_running_page_goes_on_with_it(
    data: Path, backup: Path, tmp_path: Path
) -> None:
    page = open_chain(data)
    before = answers(page)
    revise(data, tmp_path)
    assert "9999万元" in answers(page)[0][0]
    _, aside = restore_backup(backup, data)
    assert answers(page) == before
    assert answers(open_chain(data)) == before
    assert aside is not None
    assert (aside / "chroma" / "chroma.sqlite3").exists()
    assert not list(data.glob("restoring-*"))


def test_a_backup_waits_for_the_ingest_under_way(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    thread = threading.Thread(target=lambda: make_backup(data, file))
    with ingest_lock(data):
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert not file.exists()
    thread.join()
    assert file.exists()


def test_what_can_be_made_again_and_what_is_of_the_moment_is_left_out(
    data: Path, tmp_path: Path
) -> None:
    for name in ("models/m/model.onnx", "logs/page.jsonl", "page/x", "chroma.broken-1/x"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("x")
    told = make_backup(data, tmp_path / "b.tar.gz")
    tops = {name.split("/")[0] for name in told.files}
    assert tops == {"chroma", "chroma.stamp", "files.sqlite3", FORMAT_FILE, "words.sqlite3"}
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0  # accounts are in it


def repacked(backup: Path, change: Callable[[Path], None]) -> Path:
    """The backup with its files changed."""
    folder = backup.parent / "unpacked"
    with tarfile.open(backup) as archive:
        archive.extractall(folder, filter="data")
    change(folder)
    with tarfile.open(backup, "w:gz") as archive:
        archive.add(folder, ".")
    return backup


def from_the_future(folder: Path) -> None:
    told = json.loads((folder / CONTENTS).read_text())
    (folder / CONTENTS).write_text(json.dumps({**told, "format": FORMAT + 1}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (truncate, "没有写完"),
        (garbage, "不是本程序的备份"),
        (lambda file: repacked(file, lambda f: (f / "feedback.jsonl").write_text("y")), "已损坏"),
        (lambda file: repacked(file, lambda f: (f / "feedback.jsonl").unlink()), "已损坏"),
        (lambda file: repacked(file, lambda f: (f / CONTENTS).unlink()), "不是本程序的备份"),
        (lambda file: repacked(file, from_the_future), "升级"),
        (lambda file: file.unlink(), "没有备份文件"),
    ],
)
def test_a_backup_that_is_not_whole_changes_nothing(
    data: Path, backup: Path, change: Callable[[Path], object], words: str
) -> None:
    before = answers(open_chain(data))
    there = sorted(path.name for path in data.iterdir())
    change(backup)
    with pytest.raises(BackupError, match=words):
        restore_backup(backup, data)
    assert sorted(path.name for path in data.iterdir()) == there
    assert answers(open_chain(data)) == before


def test_a_database_that_cannot_be_read_fails_the_backup_and_is_named(
    data: Path, tmp_path: Path
) -> None:
    scramble(data / "words.sqlite3")
    with pytest.raises(BackupError, match=r"words\.sqlite3.*doctor"):
        make_backup(data, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("b.tar.gz*"))


def test_a_backup_that_cannot_be_written_names_the_file(data: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file")
    with pytest.raises(BackupError, match=r"b\.tar\.gz"):
        make_backup(data, tmp_path / "x" / "b.tar.gz")
    with pytest.raises(BackupError, match="是文件夹"):
        make_backup(data, tmp_path)
    with pytest.raises(BackupError, match="没有数据目录"):
        make_backup(tmp_path / "none", tmp_path / "b.tar.gz")


# --- the format of the folder --------------------------------------------------------------------


def test_a_folder_from_before_formats_is_brought_up_to_date(data: Path) -> None:
    (data / FORMAT_FILE).unlink()
    before = answers(open_chain(data))
    assert format_of(data) == FORMAT
    assert before == answers(open_chain(data))


def test_a_folder_of_a_newer_program_is_refused_untouched(data: Path, tmp_path: Path) -> None:
    newer = json.dumps({"format": FORMAT + 1, "program": "9.0"})
    (data / FORMAT_FILE).write_text(newer)
    for use in (
        lambda: prepare(data),
        lambda: open_chain(data),
        lambda: ingest_paths([tmp_path], settings(data), embeddings=EMBEDDINGS),
        lambda: make_backup(data, tmp_path / "b.tar.gz"),
    ):
        with pytest.raises(StoreError, match=r"更新的版本.*升级"):
            use()
    [fault] = [f for f in examine_data(settings(data), EMBEDDINGS) if f.state == "fault"]
    assert (fault.check, fault.mend) == ("数据格式", None)
    assert (data / FORMAT_FILE).read_text() == newer


def test_steps_between_formats_are_noted_one_by_one(tmp_path: Path) -> None:
    done: list[int] = []

    def step(number: int, works: bool = True) -> Callable[[Path], None]:
        def run(data_dir: Path) -> None:
            assert data_dir == tmp_path
            done.append(number)
            if not works:
                raise OSError("power cut")

        return run

    with pytest.raises(OSError, match="power cut"):
        migrate(tmp_path, {0: step(0), 1: step(1, works=False)}, to=2)
    assert format_of(tmp_path) == 1
    migrate(tmp_path, {0: step(0), 1: step(1)}, to=2)
    assert (done, format_of(tmp_path)) == ([0, 1, 1], 2)
