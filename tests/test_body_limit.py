"""Requests that are larger than they should be are refused before they are read to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from page import body_limit
from page.body_limit import BodyLimit


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of what arrived."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(body_limit, "LARGEST_REQUEST", 100)
    monkeypatch.setattr(body_limit, "UPLOADS", {"/up": 1000})
    return TestClient(BodyLimit(echo))


def in_pieces(size: int) -> Iterator[bytes]:
    """Sent without a length."""
    for _ in range(size):
        yield b"x"


def test_what_is_within_the_limit_arrives_whole(client: TestClient) -> None:
    assert client.post("/", content=b"x" * 100).text == "100"
    assert client.post("/", content=in_pieces(100)).text == "100"
    assert client.post("/up", content=in_pieces(1000)).text == "1000"
    assert client.post("/").text == "0"


def test_what_is_larger_is_refused_in_chinese(client: TestClient) -> None:
    for sent in (b"x" * 101, in_pieces(101)):
        answer = client.post("/", content=sent)
        assert answer.status_code == 413
        assert "请求太大" in answer.json()["error"]["message"]
    assert client.post("/up", content=b"x" * 1001).status_code == 413


def test_an_upload_without_a_length_is_broken_off(client: TestClient) -> None:
    with pytest.raises(Exception, match="请分几次"):
        client.post("/up", content=in_pieces(1001))


def test_a_length_that_is_no_number_is_passed_over(client: TestClient) -> None:
    assert client.post("/", content=b"x", headers={"content-length": "-1"}).text == "1"
