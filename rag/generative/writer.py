"""Gets a reply from the chat model within a time limit, whatever the server does."""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rag.errors import ChatModelError

log = logging.getLogger(__name__)

Turns = Sequence[tuple[str, str]]  # (role, text)


class ChatModel(Protocol):
    """What is called of a LangChain chat model."""

    def stream(self, input: Any, config: Any = None) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the whole reply, for its first words, between two pieces; tries; first pause.

    A 1.5B model on two cores needs 15 s to read four items before its first word.
    """

    total: float = 180.0
    first: float = 120.0
    next: float = 30.0
    tries: int = 3
    pause: float = 1.0
    characters: int = 4000


@dataclass(slots=True)
class Cost:
    """What a reply cost; tokens are 0 where the server doesn't count them."""

    prompt_tokens: int = 0
    reply_tokens: int = 0
    characters: int = 0
    seconds: float = 0.0


_END = object()
_RETRYABLE = (408, 409, 429, 500, 502, 503, 504)


class ChatWriter:
    """Streams replies of a chat model. Every failure is a ChatModelError with the reason in
    Chinese; words of the server, which might repeat the key, are in neither error nor log."""

    def __init__(self, model: ChatModel, limits: Limits | None = None) -> None:
        self._model = model
        self._limits = limits or Limits()

    def write(self, turns: Turns, config: Any = None, cost: Cost | None = None) -> Iterator[str]:
        """The pieces of the reply as they come; `cost` is filled in meanwhile."""
        cost = cost or Cost()
        started = time.monotonic()
        deadline = started + self._limits.total
        try:
            for number in range(1, self._limits.tries + 1):
                try:
                    yield from self._try(turns, config, cost, deadline)
                    return
                except ChatModelError as error:
                    pause = self._limits.pause * 2 ** (number - 1)
                    again = number < self._limits.tries and time.monotonic() + pause < deadline
                    if not (error.retryable and again and not cost.characters):
                        raise
                    log.warning("%s，%.1f 秒后再试", error, pause)
                    time.sleep(pause)
        finally:
            cost.seconds = time.monotonic() - started

    def _try(self, turns: Turns, config: Any, cost: Cost, deadline: float) -> Iterator[str]:
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stop = threading.Event()
        # A server that keeps the connection open and says nothing can't be left from the thread
        # that reads it.
        threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._pump, list(turns), config, pieces, stop),
            name="chat-reply",
            daemon=True,
        ).start()
        try:
            while (piece := self._next(pieces, cost, deadline)) is not _END:
                if isinstance(piece, Exception):
                    raise _reason(piece, cut=cost.characters > 0) from None
                yield from self._words(piece, cost)
        finally:
            stop.set()
        if not cost.characters:
            raise ChatModelError("对话模型的回答是空的")

    def _pump(
        self,
        turns: Turns,
        config: Any,
        pieces: queue.SimpleQueue[Any],
        stop: threading.Event,
    ) -> None:
        try:
            for piece in self._model.stream(turns, config=config):
                if stop.is_set():
                    return
                pieces.put(piece)
            pieces.put(_END)
        except Exception as error:
            pieces.put(error)

    def _next(self, pieces: queue.SimpleQueue[Any], cost: Cost, deadline: float) -> Any:
        patience = self._limits.next if cost.characters else self._limits.first
        left = deadline - time.monotonic()
        try:
            return pieces.get(timeout=max(0.0, min(patience, left)))
        except queue.Empty:
            raise ChatModelError("对话模型没有在时限内回答") from None

    def _words(self, piece: Any, cost: Cost) -> Iterator[str]:
        usage = getattr(piece, "usage_metadata", None) or {}
        cost.prompt_tokens += usage.get("input_tokens", 0)
        cost.reply_tokens += usage.get("output_tokens", 0)
        content = piece.content
        if not isinstance(content, str):
            parts = [part if isinstance(part, str) else part.get("text", "") for part in content]
            content = "".join(parts)
        if content:
            cost.characters += len(content)
            if cost.characters > self._limits.characters:
                raise ChatModelError("对话模型的回答没完没了")
            yield content


def _reason(error: Exception, cut: bool) -> ChatModelError:
    """What went wrong, told from the kind of the error and the status, never from its words."""
    status = getattr(error, "status_code", None)
    log.warning("对话模型出错：%s %s", type(error).__name__, status or "")
    if cut:
        return ChatModelError("对话模型的回答中途断了")
    if status in (401, 403):
        return ChatModelError("对话模型服务不接受所设的密钥")
    if status == 404:
        return ChatModelError("对话模型服务没有所设的模型或地址")
    if status == 429:
        return ChatModelError("对话模型服务正忙", retryable=True)
    if status is not None:
        return ChatModelError(f"对话模型服务出错（{status}）", retryable=status in _RETRYABLE)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    unreachable = any("Connect" in kind or "Timeout" in kind or kind == "OSError" for kind in kinds)
    if unreachable:
        return ChatModelError("连不上对话模型服务", retryable=True)
    return ChatModelError("对话模型的回答无法读取", retryable=True)
