"""A chat server on loopback that speaks the OpenAI protocol and does what a script says."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# A reply as a function of the request, or always the same.
Script = Callable[[dict[str, Any]], "Reply"]


@dataclass(frozen=True)
class Reply:
    """What the server does with one request.

    `text` is streamed in pieces of `piece` characters. `cut` breaks the connection after so many
    pieces, `hang` keeps it open without a word until the server closes, `endless` repeats the
    text for ever, `raw` is sent in place of a well-formed reply.
    """

    text: str = ""
    status: int = 200
    piece: int = 4
    cut: int | None = None
    hang: bool = False
    endless: bool = False
    raw: str | None = None
    usage: tuple[int, int] | None = None
    pause: float = 0.0


@dataclass
class ChatServer:
    """The address, and the requests received: (headers with names in small letters, body)."""

    url: str
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def prompts(self) -> list[str]:
        """The last message of each request."""
        return [body["messages"][-1]["content"] for _, body in self.requests]


@contextmanager
def chat_server(*replies: Reply | Script) -> Iterator[ChatServer]:
    """Serve the replies in order, the last one again and again."""
    script = list(replies) or [Reply()]
    closing = threading.Event()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                served.requests.append((headers, body))
                step = script[min(len(served.requests), len(script)) - 1]
            reply = step if isinstance(step, Reply) else step(body)
            try:
                self._answer(reply, body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, reply: Reply, body: dict[str, Any]) -> None:
            if reply.hang:
                closing.wait(30)
                self.close_connection = True
                return
            if reply.status != 200 or reply.raw is not None:
                content = reply.raw
                if content is None:
                    # A careless server repeats what it was sent.
                    said = f"error; {self.headers.get('Authorization', '')}"
                    content = json.dumps({"error": {"message": said}})
                self._head(reply.status, "application/json", len(content.encode()))
                self.wfile.write(content.encode())
            elif body.get("stream"):
                self._stream(reply)
            else:
                message = {"role": "assistant", "content": reply.text}
                content = json.dumps(
                    {
                        **_frame(),
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    }
                )
                self._head(200, "application/json", len(content.encode()))
                self.wfile.write(content.encode())

        def _stream(self, reply: Reply) -> None:
            self._head(200, "text/event-stream", None)
            self._event({"role": "assistant", "content": ""})
            pieces = re.findall(rf"(?s).{{1,{reply.piece}}}", reply.text)
            sent = 0
            while True:
                for piece in pieces:
                    if reply.cut is not None and sent >= reply.cut:
                        self.connection.shutdown(socket.SHUT_RDWR)
                        self.close_connection = True
                        return
                    self._event({"content": piece})
                    sent += 1
                    time.sleep(reply.pause)
                if not reply.endless or closing.is_set():
                    break
            self._event({}, finish="stop")
            if reply.usage:
                prompt, own = reply.usage
                counted = {
                    "prompt_tokens": prompt,
                    "completion_tokens": own,
                    "total_tokens": prompt + own,
                }
                self._line(json.dumps({**_frame(), "choices": [], "usage": counted}))
            self._line("[DONE]")
            self.wfile.write(b"0\r\n\r\n")

        def _event(self, delta: dict[str, str], finish: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            self._line(json.dumps({**_frame(), "choices": [choice]}))

        def _line(self, data: str) -> None:
            event = f"data: {data}\n\n".encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()

        def _head(self, status: int, kind: str, length: int | None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if length is None:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = ChatServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _frame() -> dict[str, Any]:
    return {"id": "chat-1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
