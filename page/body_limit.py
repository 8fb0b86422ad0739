"""How much a request may bring: small ones are held in memory, uploads are counted as they come."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import SourceError

# A question has 2,000 characters; a chat front end sends all that was said before with it.
LARGEST_REQUEST = 4 * 2**20
# Refused before they are read to the end; only administrators get as far.
UPLOADS = {"/desk/import": 200 * 2**20, "/desk/evaluate/sets": 21 * 2**20}


class BodyLimit:
    """ASGI middleware: answers 413 instead of reading more than it should."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        most = UPLOADS.get(scope["path"], LARGEST_REQUEST)
        if _said_length(scope) > most:
            await _refusal(most)(scope, receive, send)
        elif scope["path"] in UPLOADS:
            await self._app(scope, _counted(receive, most), send)
        elif (body := await _whole(receive, most)) is None:
            await _refusal(most)(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


def _said_length(scope: Scope) -> int:
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() else 0


async def _whole(receive: Receive, most: int) -> bytes | None:
    """The body; None when there is more of it. The length need not be said beforehand."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > most:
            return None
        more = message.get("more_body", False)
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _counted(receive: Receive, most: int) -> Receive:
    come = 0

    async def count() -> Message:
        nonlocal come
        message = await receive()
        come += len(message.get("body", b""))
        if come > most:
            raise SourceError(_words(most))
        return message

    return count


def _words(most: int) -> str:
    return f"一次发送的内容超过{most // 2**20} MB，请分几次。"


def _refusal(most: int) -> JSONResponse:
    return JSONResponse({"error": {"message": f"请求太大：{_words(most)}"}}, 413)
