"""A reader's conversations: the list, their export, and verdicts on answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup

from page.conversation import messages_before
from page.conversation_store import Listed
from page.desk import Desk
from page.export import as_docx, as_markdown, document, file_name
from page.visitor import reader_of
from rag.answer_json import answer_to_json
from rag.errors import QuestionError
from rag.feedback import REASONS, Feedback
from rag.text import encodable

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GONE = "这段对话已不在，可能已被删除。"


def record_routes(desk: Desk) -> APIRouter:
    """The list of conversations, one as a file, its deletion, and verdicts."""
    router = APIRouter(prefix="/desk")

    @router.get("/conversations")
    def listed(request: Request) -> HTMLResponse:
        return HTMLResponse(str(list_html(desk.conversations.listed(reader_of(request)))))

    @router.get("/conversations/{id}.{suffix}")
    def exported(id: str, suffix: str, request: Request) -> Response:
        talk = desk.conversations.load(reader_of(request), id)
        if talk is None or suffix not in ("docx", "md"):
            raise QuestionError(GONE)
        paper = document(talk, desk.today())
        content = as_docx(paper) if suffix == "docx" else as_markdown(paper).encode()
        return attachment(
            content,
            file_name(paper, suffix),
            _WORD if suffix == "docx" else "text/markdown; charset=utf-8",
        )

    @router.delete("/conversations/{id}")
    def deleted(id: str, request: Request) -> HTMLResponse:
        desk.conversations.delete(reader_of(request), id)
        return listed(request)

    @router.get("/names/{kind}")
    def names(kind: str) -> JSONResponse:
        archive = desk.engine.archive()
        counted = archive.departments() if kind == "department" else archive.sections()
        return JSONResponse([name for name, _ in counted])

    @router.post("/feedback")
    async def judged(request: Request) -> JSONResponse:
        try:
            data = dict(await request.json())
            turn = int(data.get("turn", -1))
        except (ValueError, TypeError, OverflowError) as error:
            raise QuestionError("评价没有读懂，请刷新页面后再试。") from error
        reader = reader_of(request)
        talk = desk.conversations.load(reader, encodable(str(data.get("talk"))))
        if talk is None or not 0 <= turn < len(talk.exchanges):
            raise QuestionError(GONE)
        exchange = talk.exchanges[turn]
        if exchange.answer is None:
            raise QuestionError("这个问题还没有回答。")
        reason = str(data.get("reason", ""))
        desk.feedback.add(
            Feedback(
                id=f"{talk.id}-{turn}",
                time=datetime.now().isoformat(timespec="seconds"),
                reader=reader,
                helpful=bool(data.get("helpful")),
                question=exchange.question,
                answer=answer_to_json(exchange.answer, None, 0),
                history=() if exchange.alone else tuple(messages_before(talk, turn)),
                reason=reason if reason in REASONS else "",
                correct=encodable(str(data.get("correct", "")))[:500].strip(),
            )
        )
        return JSONResponse({"said": "已记下，谢谢"})

    return router


def attachment(content: bytes, name: str, kind: str) -> Response:
    """A file to be saved under a name that may be Chinese."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, media_type=kind, headers={"content-disposition": disposition})


def list_html(listed: Sequence[Listed]) -> Markup:
    """The conversations as a list with what can be done with each."""
    if not listed:
        return Markup('<p class="none">还没有对话。</p>')
    rows = Markup("").join(
        Markup(
            '<li><button type="button" class="name" data-reopen="{0}">{1}</button>'
            '<span class="when">{2}，{3}个问题</span><span class="does">'
            '<a href="desk/conversations/{0}.docx" download>Word</a>'
            '<a href="desk/conversations/{0}.md" download>Markdown</a>'
            '<button type="button" class="quiet" data-forget="{0}" aria-label="删除“{1}”">删除'
            "</button></span></li>"
        ).format(each.id, each.title[:60], f"{each.changed:%Y-%m-%d %H:%M}", each.questions)
        for each in listed
    )
    return Markup('<ul class="records">{}</ul>').format(rows)
