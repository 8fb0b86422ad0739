"""Several machines on one Chroma server: real servers, pages and ingests, each a process."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.chain import SERVER_AWAY, BulletinChain, build_chain
from rag.errors import StoreError, StoreUnreachableError
from rag.settings import Settings
from rag.vector_store.server import RETRY_SECONDS, ChromaServer
from tests.commands import ROOT, SAMPLE_ISSUES, new_data_folder, run_python

TOKEN = "s3cret-token"
QUESTION = "2025年前三季度技改投资上报额是多少？"
FIGURE = "1.73亿元"
# Taken in last.
ANSWERING = next(path for path in SAMPLE_ISSUES if f"上报额{FIGURE}" in path.read_text("utf-8"))
OTHERS = [path for path in SAMPLE_ISSUES if path != ANSWERING][:1]
PATIENCE = 120.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Chroma:
    """`chroma run` on a folder, started and killed at will."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = Path(sys.executable).with_name("chroma")
        self.process = subprocess.Popen(
            [command, "run", "--path", self.folder, "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("chroma run does not listen")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def token_proxy(chroma: Chroma) -> Iterator[str]:
    """What deploy/nginx.conf does: pass on what carries the token, 401 for the rest."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._reply(401, b"<html>401</html>", "text/html")
                return
            upstream = http.client.HTTPConnection("127.0.0.1", chroma.port)
            try:
                upstream.request(
                    self.command, self.path, body, {"Content-Type": "application/json"}
                )
                answer = upstream.getresponse()
                kind = answer.headers.get("content-type", "")
                self._reply(answer.status, answer.read(), kind)
            except OSError:
                self._reply(502, b"<html>502</html>", "text/html")
            finally:
                upstream.close()

        do_GET = do_POST = do_PUT = do_DELETE = _pass_on

        def _reply(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A page that ended before it had read the reply is no fault of the proxy."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Page:
    """`python app.py` of another machine: a data folder of its own."""

    process: subprocess.Popen[str]
    url: str = ""

    def await_address(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                self.url = found[0]
                return
        raise AssertionError("the page did not start")

    def ask(self, question: str) -> tuple[str, dict[str, Any]]:
        """The answer with its sources, and its metadata."""
        body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
        request = urllib.request.Request(
            f"{self.url}v1/chat/completions", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            message = json.load(reply)["choices"][0]["message"]
        return message["content"], message["metadata"]

    def status(self) -> str:
        with urllib.request.urlopen(f"{self.url}desk/status", timeout=PATIENCE) as reply:
            return str(reply.read().decode())

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}health", timeout=PATIENCE) as reply:
            return dict(json.load(reply))


@dataclass
class Office:
    """One Chroma server behind a proxy that wants a token, two pages, and a machine to ingest."""

    chroma: Chroma
    url: str
    pages: list[Page]
    ingester: Path

    def ingest(self, *files: Path) -> subprocess.CompletedProcess[str]:
        return run_python(
            "-m",
            "ingest",
            *files,
            data_dir=self.ingester,
            chroma_url=self.url,
            chroma_token=TOKEN,
        )


def start_page(data_dir: Path, url: str) -> Page:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULLETIN_")}
    process = subprocess.Popen(
        [sys.executable, ROOT / "app.py", "--port", "0"],
        cwd=data_dir,
        env={
            **kept,
            "BULLETIN_DATA_DIR": str(data_dir),
            "BULLETIN_CHROMA_URL": url,
            "BULLETIN_CHROMA_TOKEN": TOKEN,
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return Page(process)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    machines = [new_data_folder(folder / name, model_folder) for name in ("north", "south", "desk")]
    chroma = Chroma(folder / "server")
    chroma.start()
    with token_proxy(chroma) as url:
        pages = [start_page(machine, url) for machine in machines[:2]]
        office = Office(chroma, url, pages, machines[2])
        try:
            done = office.ingest(*OTHERS)
            assert done.returncode == 0, done.stdout + done.stderr
            for page in pages:
                page.await_address()
            yield office
        finally:
            for page in pages:
                page.process.terminate()
            for page in pages:
                with suppress(subprocess.TimeoutExpired):
                    page.process.wait(10)
                page.process.kill()
            chroma.kill()


def test_each_page_takes_over_what_a_third_machine_takes_in(office: Office) -> None:
    before = [page.ask(QUESTION)[1]["outcome"] for page in office.pages]
    assert before == ["not_found", "not_found"]
    assert office.ingest(ANSWERING).returncode == 0
    for page in office.pages:
        text, about = page.ask(QUESTION)
        assert about["outcome"] == "answered"
        assert FIGURE in text
        assert about["notices"] == []


def test_pages_go_on_answering_while_the_server_is_away_and_come_back(office: Office) -> None:
    office.chroma.kill()
    try:
        text, about = office.pages[0].ask(QUESTION)
        assert FIGURE in text
        assert about["citations"][0]["issue"] == 44
        assert about["notices"] == [SERVER_AWAY]
        assert "连不上 Chroma 服务器" in office.pages[0].status()
        assert office.pages[0].health()["server_away"] is True

        refused = office.ingest(ANSWERING)
        assert refused.returncode == 1
        assert f"错误：连不上 Chroma 服务器 {office.url}" in refused.stderr
    finally:
        office.chroma.start()
    deadline = time.monotonic() + PATIENCE
    for page in office.pages:
        while (about := page.ask(QUESTION)[1])["notices"] and time.monotonic() < deadline:
            time.sleep(RETRY_SECONDS / 4)
        assert (about["outcome"], about["notices"]) == ("answered", [])
    assert "连不上" not in office.pages[0].status()
    assert office.pages[0].health()["server_away"] is False


def chain_on(url: str, data_dir: Path) -> BulletinChain:
    return build_chain(
        Settings(data_dir=data_dir, chroma_url=url, chroma_token=SecretStr(TOKEN))  # type: ignore[call-arg]
    )


def test_a_machine_that_starts_before_its_server_says_so_and_then_answers(
    office: Office, tmp_path: Path, model_folder: Path
) -> None:
    office.chroma.kill()
    try:
        chain = chain_on(office.url, new_data_folder(tmp_path / "new", model_folder))
        away = chain.invoke(QUESTION)
        assert away.outcome == "error"
        assert f"连不上 Chroma 服务器 {office.url}" in (away.error or "")
    finally:
        office.chroma.start()
    time.sleep(RETRY_SECONDS)
    back = chain.invoke(QUESTION)
    assert back.outcome != "error"
    assert back.notices == ()
    assert chain.catalog.span()[0] >= len(OTHERS)


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_token_that_the_proxy_refuses_is_named(office: Office, token: str) -> None:
    with (
        pytest.raises(StoreUnreachableError, match=r"401.*BULLETIN_CHROMA_TOKEN"),
        ChromaServer(office.url, token).reading(),
    ):
        pass


def test_what_was_looked_up_holds_until_somebody_writes(office: Office) -> None:
    reader, writer = (ChromaServer(office.url, TOKEN) for _ in range(2))

    def epoch() -> str:
        with reader.reading() as (_, epoch):
            return epoch

    first = epoch()
    assert epoch() == first
    with writer.writing(1):
        assert len({first, epoch(), epoch()}) == 3
    after = epoch()
    assert after != first
    assert epoch() == after


def test_after_a_writer_that_died_everything_is_looked_up_anew(office: Office) -> None:
    server = ChromaServer(office.url, TOKEN)
    with pytest.raises(KeyboardInterrupt), server.writing(1):
        raise KeyboardInterrupt
    with server.reading() as (_, first), server.reading() as (_, second):
        assert first != second
    with server.writing(1):
        pass
    with server.reading() as (_, first), server.reading() as (_, second):
        assert first == second


def test_a_server_that_accepts_and_says_nothing_is_given_up_and_left_alone() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = ChromaServer(f"http://127.0.0.1:{silent.getsockname()[1]}", read_seconds=0.2)
        with pytest.raises(StoreUnreachableError, match="没有回应"), server.reading():
            pass
        silent.close()
        # Not asked again yet: a refused connection would be another message.
        with pytest.raises(StoreUnreachableError, match="timed out"), server.reading():
            pass


def test_another_program_at_the_address_is_no_chroma_server() -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        server = ChromaServer(f"http://127.0.0.1:{other.server_address[1]}")
        with (
            pytest.raises(StoreUnreachableError, match=r"不是 Chroma 服务器（404）"),
            server.reading(),
        ):
            pass
        other.shutdown()


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host", "http://", "http://host:99999", "http://u:p@host"]
)
def test_an_address_that_cannot_be_one_is_refused_at_once(url: str) -> None:
    with pytest.raises(StoreError, match="BULLETIN_CHROMA_URL"):
        ChromaServer(url)


def test_a_token_that_no_header_can_carry_is_refused_at_once() -> None:
    with pytest.raises(StoreError, match="BULLETIN_CHROMA_TOKEN"):
        ChromaServer("http://127.0.0.1:8000", "令牌")
