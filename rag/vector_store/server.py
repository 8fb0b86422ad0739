"""The connection to a Chroma server, which orders reads and writes itself.

A server that does not answer is left alone for a moment, so that questions asked meanwhile are
answered from what is here at once instead of waiting for it one by one; then it is tried again.

Chroma's own server checks no tokens (1.5.9: a server started with CHROMA_SERVER_AUTHN_PROVIDER
and credentials answers everyone). The token is sent for a reverse proxy that does.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

import chromadb
import httpx
from chromadb.api import ClientAPI
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from rag.errors import StoreError, StoreUnreachableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0  # the first query after a start loads the index: 2.7 s at 10,000 items
WRITE_SECONDS = 300.0
RETRY_SECONDS = 3.0
# A collection without rows; its metadata tell whether anyone has written: 1 ms a question instead
# of 250 ms and more for the versions of 1,000 issues.
STAMP = "stamp"
_WRITING = "writing"
log = logging.getLogger(__name__)


class ChromaServer:
    """A Chroma server, behind a reverse proxy or not; no request is made before the first use."""

    sync_threshold = 1000

    def __init__(self, url: str, token: str = "", read_seconds: float = READ_SECONDS) -> None:
        self._address = _checked(url)
        if not all("!" <= character <= "~" for character in token):
            raise StoreError("BULLETIN_CHROMA_TOKEN 只能由英文字母、数字和符号组成，中间没有空格")
        self._url = url
        self._read_seconds = read_seconds
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._lock = threading.Lock()
        self._clients: dict[float, ClientAPI] = {}
        self._retry_at = 0.0
        self._fault = ""

    @property
    def fault(self) -> str:
        """Why the server could not be used the last time; empty when it could."""
        return self._fault

    def epoch(self) -> str:
        """Stays the same while nobody writes."""
        with self.reading() as (_, epoch):
            return epoch

    def signature(self) -> str:
        """Nothing: a server is asked each time."""
        return ""

    @contextmanager
    def reading(self) -> Iterator[tuple[ClientAPI, str]]:
        with self._noting_faults():
            client = self._client(self._read_seconds)
            epoch = _epoch(client)
            self._note_recovery()
            yield client, epoch

    @contextmanager
    def writing(self, rows: int) -> Iterator[tuple[ClientAPI, str]]:
        with self._noting_faults():
            client = self._client(WRITE_SECONDS)
            # While it says so, readers look everything up anew. A writer that dies leaves it so,
            # which is slow but right, until the next one.
            _stamp(client, _WRITING)
            self._note_recovery()
            yield client, uuid.uuid4().hex
            _stamp(client, uuid.uuid4().hex)

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        if time.monotonic() < self._retry_at:
            raise StoreUnreachableError(self._fault)
        try:
            yield
        except httpx.TransportError as error:
            raise self._unreachable(_no_answer(error)) from error
        except _RefusedError as error:
            raise self._unreachable(str(error)) from error
        except ChromaError as error:
            raise StoreError(f"索引（{self._url}）读写失败：{error}") from error

    def _note_recovery(self) -> None:
        if self._fault:
            log.warning("Chroma 服务器 %s 已恢复", self._url)
            self._fault = ""

    def _unreachable(self, reason: str) -> StoreUnreachableError:
        if not self._fault:
            log.warning("Chroma 服务器 %s 用不了：%s", self._url, reason)
        self._fault = f"连不上 Chroma 服务器 {self._url}：{reason}；恢复后会自动重新连接，不用重启"
        self._retry_at = time.monotonic() + RETRY_SECONDS
        return StoreUnreachableError(self._fault)

    def _client(self, seconds: float) -> ClientAPI:
        """The client that waits so long for an answer."""
        with self._lock:
            if seconds not in self._clients:
                self._clients[seconds] = self._connected(seconds)
            return self._clients[seconds]

    def _connected(self, seconds: float) -> ClientAPI:
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        hooks = {"response": [_refuse]}
        base = f"{self._address.scheme}://{self._address.netloc}{self._address.path}"
        # Chroma's own first requests have no time limit and lose the reason of a refusal.
        with httpx.Client(headers=self._headers, timeout=timeout, event_hooks=hooks) as probe:
            probe.get(f"{base}/api/v2/auth/identity")
        try:
            client = chromadb.HttpClient(
                host=base,
                headers=dict(self._headers),
                settings=Settings(anonymized_telemetry=False),
            )
        except ValueError as error:
            raise _RefusedError(_no_answer(error)) from error
        # There is no setting for either.
        session: httpx.Client = client._server._session  # type: ignore[attr-defined]
        session.timeout = timeout
        session.event_hooks = hooks
        return client


class _RefusedError(Exception):
    """Something answered that is not a Chroma server willing to serve; the reason in Chinese."""


def _checked(url: str) -> SplitResult:
    """The parts of the address with its port, without a slash at the end."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 8000)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        raise StoreError(f"BULLETIN_CHROMA_URL 的值 {url} 不是地址，应形如 http://127.0.0.1:8000")
    if parts.username or parts.password:
        raise StoreError("BULLETIN_CHROMA_URL 里不要写密码，令牌请写在 BULLETIN_CHROMA_TOKEN")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts._replace(netloc=f"{host}:{port}", path=parts.path.rstrip("/"))


def _no_answer(error: Exception) -> str:
    return (
        f"没有回应（{error or type(error).__name__}），"
        "请检查它是否在运行、BULLETIN_CHROMA_URL 是否正确"
    )


def _refuse(response: httpx.Response) -> None:
    """Turn away what a proxy says in place of Chroma, whose own errors are JSON."""
    status = response.status_code
    if status in (401, 403):
        raise _RefusedError(f"它拒绝访问（{status}），请检查 BULLETIN_CHROMA_TOKEN")
    if status in (502, 503, 504):
        raise _RefusedError(f"它前面的代理说它没有回应（{status}），请检查它是否在运行")
    if status >= 300 and not response.headers.get("content-type", "").startswith(
        "application/json"
    ):
        raise _RefusedError(f"这个地址不是 Chroma 服务器（{status}），请检查 BULLETIN_CHROMA_URL")


def _epoch(client: ClientAPI) -> str:
    """The same while nobody writes, so that what was looked up need not be asked for again."""
    try:
        metadata = client.get_collection(STAMP, embedding_function=None).metadata or {}
    except NotFoundError:
        metadata = {}
    stamp = str(metadata.get(STAMP, _WRITING))
    return uuid.uuid4().hex if stamp == _WRITING else stamp


def _stamp(client: ClientAPI, value: str) -> None:
    collection = client.get_or_create_collection(STAMP, embedding_function=None)
    collection.modify(metadata={STAMP: value})
