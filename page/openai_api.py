"""POST /v1/chat/completions and GET /v1/models, for chat front ends that speak OpenAI's protocol."""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from page.desk import Desk
from page.engine import UNEXPECTED
from page.visitor import reader_of
from rag.answer_json import answer_to_json
from rag.errors import BulletinError, QuestionError
from rag.schema import Answer

MODEL = "bulletin-qa"
LARGEST_BODY = 2**20


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the last question, what was said before, and whether to stream."""

    question: str
    history: list[dict[str, str]]
    stream: bool


def openai_routes(desk: Desk) -> APIRouter:
    """The two endpoints. The answer's citations are in the message's `metadata`."""
    router = APIRouter(prefix="/v1")

    @router.get("/models")
    def models() -> dict[str, Any]:
        card = {"id": MODEL, "object": "model", "created": 0, "owned_by": "local"}
        return {"object": "list", "data": [card]}

    @router.post("/chat/completions")
    async def completions(request: Request) -> Response:
        try:
            asked = read_request(await _body(request))
        except QuestionError as error:
            return _problem(str(error), 400)
        reader = reader_of(request)
        id, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        answers = desk.ask(reader, asked.question, asked.history, "chat")
        if asked.stream:
            lines = (f"data: {line}\n\n" for line in stream_lines(answers, id, created))
            return StreamingResponse(lines, media_type="text/event-stream")
        try:
            answer = await run_in_threadpool(_last, answers)
        except BulletinError as error:
            return _problem(str(error), 503)
        except Exception:
            return _problem(UNEXPECTED, 500)
        if answer.error:
            return _problem(answer.error, 400)
        return JSONResponse(whole_completion(answer, id, created))

    return router


async def _body(request: Request) -> object:
    content = await request.body()
    if len(content) > LARGEST_BODY:
        raise QuestionError("请求太长。")
    try:
        return json.loads(content)
    except ValueError as error:
        raise QuestionError("请求不是 JSON。") from error


def read_request(body: object) -> Asked:
    """What a request asks; QuestionError when it asks nothing."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        raise QuestionError("messages 应为非空的列表。")
    turns = [
        {"role": message["role"], "content": _text(message.get("content"))}
        for message in messages
        if isinstance(message, dict) and message.get("role") in ("user", "assistant")
    ]
    if not turns or turns[-1]["role"] != "user" or not turns[-1]["content"].strip():
        raise QuestionError("最后一条消息应为用户的问题。")
    assert isinstance(body, dict)
    return Asked(turns[-1]["content"], turns[:-1], bool(body.get("stream")))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts: Sequence[object] = content if isinstance(content, list) else ()
    return "".join(
        str(part.get("text", ""))
        for part in parts
        if isinstance(part, dict) and part.get("type") == "text"
    )


def _last(answers: Iterator[Answer]) -> Answer:
    given = deque(answers, maxlen=1)
    if not given:
        raise QuestionError("没有得到回答。")
    return given[0]


def sources_text(answer: Answer) -> str:
    """The numbered sources below an answer; front ends show the text alone."""
    if not answer.citations:
        return ""
    lines = [f"[{each.number}] {each.label}：“{each.quote}”" for each in answer.citations]
    return "\n\n来源：\n" + "\n".join(lines)


def metadata(answer: Answer) -> dict[str, Any]:
    """Outcome, citations and checks in the form of OUT.jsonl."""
    row = answer_to_json(answer, None, 0)
    return {
        key: row[key] for key in ("outcome", "citations", "query", "engine", "checks", "notices")
    }


def whole_completion(answer: Answer, id: str, created: int) -> dict[str, Any]:
    """The answer as one completion."""
    message = {
        "role": "assistant",
        "content": answer.text + sources_text(answer),
        "metadata": metadata(answer),
    }
    return {
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def stream_lines(answers: Iterator[Answer], id: str, created: int) -> Iterator[str]:
    """The answer piece by piece, as the data lines of server-sent events."""

    def piece(delta: dict[str, Any], end: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        head = {"id": id, "object": "chat.completion.chunk", "created": created, "model": MODEL}
        return json.dumps({**head, "choices": [choice]}, ensure_ascii=False)

    yield piece({"role": "assistant", "content": ""})
    sent = ""
    answer: Answer | None = None
    problem = ""
    try:
        for answer in answers:
            if answer.text.startswith(sent) and answer.text != sent:
                yield piece({"content": answer.text[len(sent) :]})
                sent = answer.text
    except BulletinError as error:
        problem = str(error)
    except Exception:
        problem = UNEXPECTED
    problem = problem or (answer.error if answer else "没有得到回答。")
    if problem:
        yield json.dumps(
            {"error": {"message": problem, "type": "server_error"}}, ensure_ascii=False
        )
        yield "[DONE]"
        return
    assert answer is not None
    if sent != answer.text:
        # What was sent cannot be taken back: the checked answer differs from the draft.
        yield piece({"content": f"\n\n以核对后的回答为准：\n{answer.text}"})
    yield piece({"content": sources_text(answer), "metadata": metadata(answer)})
    yield piece({}, "stop")
    yield "[DONE]"


def _problem(message: str, status: int) -> JSONResponse:
    kind = "invalid_request_error" if status == 400 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind}}, status)
