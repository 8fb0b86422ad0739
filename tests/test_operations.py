"""The page as a service: figures for monitoring, and how it stops."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from page_fake import FakeChain
from starlette.testclient import TestClient

from page.crowd import BusyError, Crowd
from page.desk import Desk, build_desk
from page.server import desk_server
from page.telemetry import Telemetry
from rag.errors import SettingsError
from rag.settings import Settings, load_settings
from tests.commands import ROOT, SAMPLE_ISSUES

FIGURE = "2023年一季度技改投资上报额是多少？"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    chosen = Settings(data_dir=tmp_path, today=date(2025, 11, 21), _env_file=None)  # type: ignore[call-arg]
    desk = build_desk(chosen, lambda: FakeChain())
    desk.engine.load()
    return desk


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def samples(client: TestClient) -> dict[str, float]:
    """Every sample of /metrics by name and labels."""
    text = client.get("/metrics").text
    lines = [line.rpartition(" ") for line in text.splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, _, value in lines}


def ask(desk: Desk, question: str) -> Any:
    return list(desk.ask("", question, [], "page"))[-1]


# --- /metrics ------------------------------------------------------------------------------------


def test_questions_are_counted_by_outcome_and_timed(desk: Desk, client: TestClient) -> None:
    answer = ask(desk, FIGURE)
    ask(desk, FIGURE)
    ask(desk, "云禾县2024年GDP是多少")
    with pytest.raises(RuntimeError):
        ask(desk, "崩溃")
    leaving = desk.ask("", FIGURE, [], "api")
    next(leaving)
    leaving.close()
    seen = samples(client)
    counted = {
        re.sub(r'.*outcome="(\w+)".*way="(\w+)".*', r"\1 \2", name): value
        for name, value in seen.items()
        if name.startswith("bulletin_questions_total")
    }
    assert counted == {
        "answered page": 2,
        "not_found page": 1,
        "error page": 1,
        "stopped api": 1,
    }
    assert seen['bulletin_answer_seconds_count{way="page"}'] == 4
    assert seen['bulletin_answer_seconds_bucket{le="+Inf",way="api"}'] == 1
    assert seen["bulletin_figures_total"] == 2 * answer.checks.figures > 0
    assert seen["bulletin_figures_verified_total"] == 2 * answer.checks.verified > 0


def test_what_is_under_way_and_how_much_is_indexed_is_as_of_now(
    desk: Desk, client: TestClient
) -> None:
    answers = desk.ask("", FIGURE, [], "page")
    next(answers)
    assert samples(client)["bulletin_questions_in_progress"] == 1
    answers.close()
    seen = samples(client)
    assert seen["bulletin_questions_in_progress"] == 0
    holdings = desk.engine.holdings()
    assert holdings is not None
    assert (seen["bulletin_index_issues"], seen["bulletin_index_items"]) == (
        holdings.issues,
        holdings.items,
    )
    assert seen["bulletin_ready"] == 1


def test_the_queue_is_shown_and_a_full_one_is_an_outcome_of_its_own(desk: Desk) -> None:
    full = replace(desk, crowd=Crowd(at_once=1, most_waiting=0))
    client = TestClient(desk_server(full))
    under_way = full.ask("", FIGURE, [], "page")
    next(under_way)
    with pytest.raises(BusyError):
        ask(full, FIGURE)
    under_way.close()
    seen = samples(client)
    assert seen["bulletin_questions_waiting"] == 0
    assert seen['bulletin_questions_total{engine="",outcome="busy",way="page"}'] == 1
    assert b"bulletin_questions_waiting 3.0" in Telemetry(lambda: None, lambda: 3).text()


def test_while_it_loads_the_page_is_not_ready() -> None:
    assert b"bulletin_ready 0.0" in Telemetry(lambda: None).text()


def test_no_question_is_in_the_figures(desk: Desk, client: TestClient) -> None:
    ask(desk, FIGURE)
    assert "技改" not in client.get("/metrics").text
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=")


# --- the end -------------------------------------------------------------------------------------

# The page over a fake chain, as app.py runs it.
SERVED = """
import sys
sys.path[:0] = [{tests!r}]
from page_fake import FakeChain
import app
app._build = lambda settings: FakeChain()
sys.exit(app.main(["--port", sys.argv[1]]))
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
    raise AssertionError(f"{url} never answered")


def environment(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")}
    return {
        **kept,
        "BULLETIN_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "OMP_WAIT_POLICY": "passive",
    }


def test_sigterm_lets_the_answer_under_way_end_and_takes_no_other(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED.format(tests=str(ROOT / "tests")), str(port)],
        cwd=tmp_path,
        env=environment(tmp_path / "data"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(f"{url}/health", process)
        given: list[str] = []

        def complete(question: str) -> None:
            body = {"messages": [{"role": "user", "content": question}]}
            request = urllib.request.Request(
                f"{url}/v1/chat/completions",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                given.append(json.load(answer)["choices"][0]["message"]["content"])

        thread = threading.Thread(target=complete, args=("慢慢说技改投资上报额",))
        thread.start()
        for _ in range(600):
            with urllib.request.urlopen(f"{url}/metrics", timeout=30) as text:
                if b"bulletin_questions_in_progress 1.0" in text.read():
                    break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        thread.join()
        assert process.wait(60) == 0
    finally:
        process.kill()
    assert given
    assert given[0].startswith("5452万元")
    assert "Traceback" not in process.communicate()[1]
    logged = (tmp_path / "data" / "logs" / "page.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line)["event"] for line in logged]
    assert events[0] == "started"
    assert "answered" in events
    assert events[-1] == "stopped"


def test_a_page_that_is_stopping_says_so(desk: Desk, client: TestClient) -> None:
    desk.closing.set()
    body = {"messages": [{"role": "user", "content": FIGURE}]}
    answer = client.post("/v1/chat/completions", json=body)
    assert (answer.status_code, "正在停止" in answer.text) == (503, True)


# --- settings ------------------------------------------------------------------------------------


@pytest.fixture
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BULLETIN_{name.upper()}", raising=False)
    return


@pytest.mark.usefixtures("_bare")
def test_a_settings_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BULLETIN_CHAT_MODEL=qwen3\n", encoding="utf-8-sig")
    assert load_settings({}).chat_model == "qwen3"


@pytest.mark.usefixtures("_bare")
def test_a_settings_file_in_another_encoding_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BULLETIN_DATA_DIR=快报数据\n", encoding="gb18030")
    with pytest.raises(SettingsError, match=r"\.env.*UTF-8"):
        load_settings({})


# --- the real thing ------------------------------------------------------------------------------


@pytest.mark.long
def test_make_run_twice_is_harmless(tmp_path: Path, model_folder: Path) -> None:
    """Real pages over the real samples: the first serves, the second points to it."""
    for name in ("rag", "ingest", "page", "prompts", "samples", "app.py", "Makefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    own = tmp_path / ".venv"
    own.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (own / name).symlink_to(Path(sys.prefix) / name)
    for name in ("made.stamp", "run.stamp"):
        (own / name).touch()
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(model_folder.parent, target_is_directory=True)
    port = free_port()
    command = ["make", "run", f"PORT={port}"]
    variables = environment(data) | {"PYTHONPATH": str(tmp_path)}

    first = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/metrics", first)
        second = subprocess.run(
            command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert second.returncode == 0, second.stderr
        assert f"页面已经在运行：http://127.0.0.1:{port}/" in second.stdout
        assert "先装入" not in second.stdout  # the samples are there
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
            assert json.load(answer)["issues"] == len(SAMPLE_ISSUES)
    finally:
        os.killpg(first.pid, signal.SIGTERM)
        first.communicate(timeout=60)
