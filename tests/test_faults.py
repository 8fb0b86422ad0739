"""What the machine may do to the product, and what is left of it afterwards."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import app
from ingest.indexer import ingest_paths
from ingest.removal import remove_issue
from rag.catalog import Catalog
from rag.doctor import Finding, examine_data
from rag.doctor.machine import check_port
from rag.errors import (
    BulletinError,
    DiskError,
    IndexBrokenError,
    IndexMismatchError,
    ModelError,
    StoreError,
)
from rag.faults import named_fault, naming_faults
from rag.settings import Settings
from tests.commands import ROOT, run_python
from tests.fakes import FakeEmbeddings, bulletin_text
from tests.fault_archive import (
    EMBEDDINGS,
    FLOODS,
    QUESTIONS,
    TECHNOLOGY,
    answers,
    delete,
    empty,
    garbage,
    mended,
    new_archive,
    open_chain,
    scramble,
    settings,
    truncate,
    write_issues,
)

Break = Callable[[Path], None]


def checks(data_dir: Path) -> Iterator[Finding]:
    return examine_data(settings(data_dir), EMBEDDINGS)


def faults(data_dir: Path) -> dict[str, str]:
    """What the doctor finds wrong, with the remedy, by check."""
    return {
        each.check: f"{each.message}；{each.remedy}"
        for each in checks(data_dir)
        if each.state == "fault"
    }


# --- kill -9 while answering ---------------------------------------------------------------------


def ask_forever(data_dir: Path, started: object) -> None:
    chain = open_chain(data_dir)
    started.set()  # type: ignore[attr-defined]
    while True:
        for question in QUESTIONS:
            chain.invoke(question)


def test_kill_9_while_answering_changes_no_answer(data: Path) -> None:
    before = answers(open_chain(data))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_faults"])
    chance = random.Random(20230421)
    for _ in range(6):
        started = context.Event()
        process = context.Process(target=ask_forever, args=(data, started))
        process.start()
        assert started.wait(120)
        time.sleep(chance.uniform(0.0, 0.2))
        process.kill()
        process.join()
        assert answers(open_chain(data)) == before
    assert faults(data) == {}


# --- the catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [delete, truncate, scramble, garbage, empty])
def test_a_broken_catalogue_is_made_anew_while_questions_are_asked(
    data: Path, damage: Break
) -> None:
    chain = open_chain(data)
    before = answers(chain)
    damage(data / "catalog.sqlite3")
    assert answers(open_chain(data)) == before  # after a restart
    assert answers(chain) == before  # in the process that had it open


def test_lost_search_arrays_are_made_anew(data: Path) -> None:
    before = answers(open_chain(data))
    shutil.rmtree(data / "catalog.index")
    assert answers(open_chain(data)) == before


# --- the index -----------------------------------------------------------------------------------


def break_vectors(database: Path) -> None:
    files = [path for path in database.parent.glob("*/*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(b"xx")


def lose_vectors(database: Path) -> None:
    for folder in database.parent.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


def lose_folder(database: Path) -> None:
    shutil.rmtree(database.parent)


DAMAGES = [delete, truncate, scramble, garbage, empty, lose_folder]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_index_is_named_with_both_remedies_and_costs_no_text(
    data: Path, damage: Break
) -> None:
    damage(data / "chroma" / "chroma.sqlite3")
    with pytest.raises(IndexBrokenError) as told:
        open_chain(data)
    for words in (str(data / "chroma"), "doctor --repair", "python -m ingest", "--rebuild"):
        assert words in str(told.value)
    with closing(Catalog(data / "catalog.sqlite3")) as catalog:
        assert catalog.count() == 2 + 1


@pytest.mark.parametrize("damage", [*DAMAGES, break_vectors, lose_vectors])
def test_the_doctor_makes_a_broken_index_anew_from_the_catalogue(
    data: Path, tmp_path: Path, damage: Break
) -> None:
    before = answers(open_chain(new_archive(tmp_path / "whole")))
    damage(data / "chroma" / "chroma.sqlite3")
    assert "--repair" in faults(data)["索引"]
    assert "从目录库重建 2 期" in mended(data)["索引"]
    assert faults(data) == {}
    assert answers(open_chain(data)) == before


def test_lost_vectors_are_not_taken_for_an_empty_result(data: Path) -> None:
    """Chroma 1.5.9 without its vector files finds nothing and reports nothing."""
    lose_vectors(data / "chroma" / "chroma.sqlite3")
    shutil.rmtree(data / "catalog.index")
    with pytest.raises(StoreError, match=r"doctor --repair"):
        open_chain(data)
    assert "从目录库重建 2 期" in mended(data)["索引"]
    assert "5452万元" in answers(open_chain(data))[0][0]


def test_an_ingest_into_a_lost_index_is_refused_unless_it_rebuilds(
    data: Path, tmp_path: Path
) -> None:
    folder = write_issues(tmp_path / "files")
    shutil.rmtree(data / "chroma")
    with pytest.raises(IndexBrokenError, match="--rebuild"):
        ingest_paths([folder], settings(data), embeddings=EMBEDDINGS)
    with pytest.raises(IndexBrokenError, match="--rebuild"):
        remove_issue("2023-18", settings(data), embeddings=EMBEDDINGS)


@pytest.mark.parametrize("damage", [lose_folder, garbage, break_vectors])
def test_a_rebuild_of_a_broken_index_keeps_the_issues_whose_file_is_not_given(
    data: Path, tmp_path: Path, damage: Break
) -> None:
    folder = write_issues(tmp_path / "files")
    damage(data / "chroma" / "chroma.sqlite3")
    report = ingest_paths(
        [folder / "第18期.txt"], settings(data), embeddings=EMBEDDINGS, rebuild=True
    )
    assert (report.ok, report.kept) == (True, 1)
    assert [text for text, _ in answers(open_chain(data))][1].startswith("19.46亿元")


def test_a_catalogue_and_an_index_both_broken_need_the_files(data: Path, tmp_path: Path) -> None:
    folder = write_issues(tmp_path / "files")
    garbage(data / "chroma" / "chroma.sqlite3")
    garbage(data / "catalog.sqlite3")
    assert "restore" in faults(data)["索引"]
    assert "--rebuild" in faults(data)["索引"]
    assert ingest_paths([folder], settings(data), embeddings=EMBEDDINGS, rebuild=True).ok
    assert faults(data) == {}


# --- the disk ------------------------------------------------------------------------------------


def can_mount() -> bool:
    """Whether a small disk can be made for a test without being asked for a password."""
    try:
        done = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


SMALL_DISK = """
import json, shutil, subprocess, sys
from pathlib import Path
from ingest.indexer import ingest_paths
from rag.catalog import Catalog
from rag.errors import DiskError
from rag.schema import Filters, IssueRef
from rag.vector_store import VectorStore
from tests.fakes import bulletin_text
from tests.fault_archive import EMBEDDINGS, TECHNOLOGY, answers, open_chain, settings

place = Path(sys.argv[1])
def disk(options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True)
disk("size=64m")
data = Path(shutil.copytree(sys.argv[2], place / "data"))
before = answers(open_chain(data))
said = []

def issue(number):
    file = place.parent / f"{number}.txt"
    many = [(*TECHNOLOGY[:2], f"{TECHNOLOGY[2]}第{n}件，第{number}期。" * 8) for n in range(200)]
    file.write_text(bulletin_text(number, many, day="6月1日"), encoding="utf-8")
    return file

def ingest(file):
    try:
        assert ingest_paths([file], settings(data), embeddings=EMBEDDINGS).ok
    except DiskError as error:
        said.append(str(error))
        return False
    return True

used = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
disk(f"remount,size={used + 700_000}")
taken = 0
while ingest(issue(30 + taken)):
    taken += 1
    assert taken < 20, "the disk never filled"
disk("remount,size=256m")
store = VectorStore.open(data, "", EMBEDDINGS.model_id, EMBEDDINGS.dimension)
stored = store.stored(list(store.versions()))
whole = all(len(i.chunks) == len(i.record.chunk_ids) for i in stored)
after_full = answers(open_chain(data)) == before and len(stored) == 2 + taken
again = ingest(issue(30 + taken))

closed = place.parent / "closed"
closed.mkdir()
subprocess.run(["mount", "--bind", str(place), str(closed)], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", str(closed)], check=True)
data = closed / "data"
try:
    open_chain(data)
except DiskError as error:
    said.append(str(error))
ingest(issue(99))
print(json.dumps([said, whole, after_full, again]))
"""


@pytest.mark.skipif(not can_mount(), reason="no small disk can be mounted here")
def test_a_full_disk_and_one_that_turns_read_only_leave_every_issue_as_it_was(
    tmp_path: Path, data: Path
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    script = tmp_path / "small_disk.py"
    script.write_text(SMALL_DISK, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BULLETIN_")}
    done = subprocess.run(
        [
            "unshare",
            "-rm",
            str(ROOT / ".venv" / "bin" / "python"),
            str(script),
            str(place),
            str(data),
        ],
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (full, read_only, also), whole, after_full, again = json.loads(done.stdout)
    assert "磁盘满了" in full
    assert str(place / "data") in full
    for said in (read_only, also):
        assert "不能写入" in said
        assert str(tmp_path / "closed" / "data") in said
    assert (whole, after_full, again) == (True, True, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘满了"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "磁盘满了"),
        (PermissionError(errno.EACCES, "Permission denied", "/数据/chroma.lock"), "不能写入"),
        (OSError(errno.EROFS, "Read-only file system"), "不能写入"),
    ],
)
def test_a_fault_of_the_disk_is_named_with_the_folder(error: OSError, words: str) -> None:
    with (
        pytest.raises(DiskError, match=f"数据目录 /数据 .*{words}|{words}.*数据目录 /数据"),
        naming_faults(Path("/数据")),
    ):
        raise StoreError("索引写不了") from error


def test_sqlite_says_in_its_own_way_that_the_disk_is_full(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite3")) as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(DiskError, match="磁盘满了"), naming_faults(tmp_path):
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")


def test_errors_that_are_not_the_machines_fault_pass() -> None:
    for error in (ModelError("模型坏了"), ValueError("x"), KeyError("x"), BulletinError("x")):
        assert named_fault(error, Path("data")) is None


# --- clock, model, port --------------------------------------------------------------------------


def test_a_clock_set_back_spoils_nothing_and_is_named(data: Path, tmp_path: Path) -> None:
    before = answers(open_chain(data))
    folder = write_issues(tmp_path / "files")
    next_year = time.time() + 365 * 86400
    for path in [*data.rglob("*"), *folder.iterdir()]:
        os.utime(path, (next_year, next_year))
    assert answers(open_chain(data)) == before
    revised = (*TECHNOLOGY[:2], TECHNOLOGY[2].replace("5452万元", "5453万元"))
    text = bulletin_text(18, (revised, FLOODS), day="4月21日")
    (folder / "第18期.txt").write_text(text, encoding="utf-8")  # “a year before” what is indexed
    report = ingest_paths([folder], settings(data), embeddings=EMBEDDINGS)
    assert [file.status.value for file in report.files] == ["replaced", "unchanged"]
    assert "5453万元" in answers(open_chain(data))[0][0]
    clock = next(found for found in checks(data) if found.check == "时钟")
    assert (clock.state, "BULLETIN_TODAY" in clock.remedy) == ("warning", True)


class LongerVectors(FakeEmbeddings):
    model_id = "another"
    dimension = 128


def test_a_model_of_another_dimension_is_refused_with_the_command(data: Path) -> None:
    from rag.chain import build_chain

    with pytest.raises(IndexMismatchError, match=r"BULLETIN_EMBEDDING_MODEL.*--rebuild"):
        build_chain(settings(data), LongerVectors())  # type: ignore[arg-type]
    assert len(answers(open_chain(data))) == len(QUESTIONS)


def test_a_model_folder_that_is_missing_names_the_variable(data: Path) -> None:
    done = run_python("-m", "rag", "ask", "技改投资", data_dir=data, embedding_model="/没有/这里")
    assert done.returncode == 1
    assert "BULLETIN_EMBEDDING_MODEL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def our_page() -> Iterator[int]:
    """Something that answers /health as the page does; gives its port."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(b'{"status": "loading", "version": "1"}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def start_page(
    data_dir: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BULLETIN_{name.upper()}", raising=False)
    monkeypatch.setenv("BULLETIN_DATA_DIR", str(data_dir))
    monkeypatch.chdir(data_dir)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # that of the tests stays
    status = app.main(["--port", str(port)])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def test_a_second_page_on_the_same_port_points_to_the_first(
    tmp_path: Path,
    our_page: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said = start_page(tmp_path, our_page, monkeypatch, capsys)
    assert (status, f"页面已经在运行：http://127.0.0.1:{our_page}/" in said) == (0, True)


def test_a_port_that_another_program_holds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr("rag.running_page.SECONDS", 0.2)
        status, said = start_page(tmp_path, port, monkeypatch, capsys)
        found = check_port(port)
    assert (status, "--port" in said, str(port) in said) == (1, True, True)
    assert (found.state, "--port" in found.remedy) == ("warning", True)


# --- an interrupted set-up -----------------------------------------------------------------------

# Stands for python3 and for the python of the virtual environment: notes what it was asked and
# dies as if the power went at the step named in DIE_AT.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in *"-m $DIE_AT"*) kill -9 $$;; esac
case "$*" in "-m venv --clear "*)
    for last; do :; done
    rm -rf "$last" && mkdir -p "$last/bin" && cp "$0" "$last/bin/python";;
*"rag status"*) echo '{"issues": 12, "items": 1}';;
esac
"""


@pytest.mark.parametrize("step", ["venv", "pip", "app"])
def test_a_set_up_that_was_killed_is_taken_up_again(tmp_path: Path, step: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    python, log = tmp_path / "python", tmp_path / "log"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    half = tmp_path / ".venv" / "bin"
    if step == "venv":
        half.mkdir(parents=True)
        (half / "python").write_text("half written")

    def make(die_at: str) -> int:
        log.write_text("")
        return subprocess.run(
            ["make", "run", f"PYTHON={python}"],
            cwd=tmp_path,
            env={**os.environ, "LOG": str(log), "DIE_AT": die_at},
            capture_output=True,
            check=False,
        ).returncode

    assert (make(step) == 0) is (step == "app")  # the page is no module
    assert make("nothing") == 0
    asked = log.read_text()
    assert ("-m venv" in asked) is (step == "venv")
    assert ("-m pip install" in asked) is (step != "app")
    assert "app.py --host 127.0.0.1" in asked
    assert make("nothing") == 0
    assert "-m pip" not in log.read_text()  # nothing is installed twice
