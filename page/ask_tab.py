"""The 问答 tab: a conversation with the sources beside each answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from page.chips import asked_anew
from page.conversation import Conversation
from page.desk import Desk
from page.engine import UNEXPECTED, Engine, EngineName
from page.evaluating import ENGINE_NAMES
from page.examples import example_questions
from page.opening import (
    empty_index_html,
    loading_html,
    masthead_html,
    not_ready_html,
    welcome_html,
)
from page.render import Setting, exchange_html
from page.running import Run, Runs, until_stopped
from page.sources import cited_sources
from rag.errors import BulletinError
from rag.schema import Answer

log = logging.getLogger(__name__)

_BRING_INTO_VIEW = "() => window.bulletinPage.followAnswer()"

Update = Any
Ask = Callable[[str, list[dict[str, str]]], Iterator[Answer]]


def build_ask_tab(page: gr.Blocks, desk: Desk, head: gr.HTML, bridge: gr.HTML) -> None:
    """Lay out the tab inside `page`; `bridge` reports what is clicked in the HTML."""
    engine = desk.engine
    conversation = gr.State(Conversation())
    runs = Runs()
    with gr.Column(elem_id="talk"):
        welcome = gr.HTML(str(loading_html()), elem_id="welcome", apply_default_css=False)
        earlier = gr.HTML("", elem_id="earlier", apply_default_css=False)
        current = gr.HTML("", elem_id="current", apply_default_css=False)
    with gr.Row(elem_id="dock"):
        question = gr.Textbox(
            label="问题",
            show_label=False,
            placeholder="输入问题，按回车提问",
            lines=1,
            max_lines=6,
            submit_btn="提问",
            container=False,
            autofocus=True,
            elem_id="question",
            scale=1,
        )
        fresh = gr.Button("新对话", elem_id="fresh", size="sm", scale=0, min_width=80)
        records = gr.Button("记录与导出", elem_id="records", size="sm", scale=0, min_width=104)
        engine_choice = _engine_choice(desk)
    shown = [question, welcome, earlier, current, conversation]

    def converse(
        words: str,
        talk: Conversation,
        answered_by: EngineName | None,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Update, Update, Update, Update, Conversation]]:
        begun = begin(talk, desk, words, event._data)
        if begun is None:
            gr.Warning("请先输入问题。", title="提示", duration=4)
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), talk
            return
        talk, reader = begun, _reader(request)
        tab = str(request.session_hash)
        run = runs.begin(tab)
        try:
            box = gr.update(value="", submit_btn=False, stop_btn="停止")
            yield box, "", _earlier_html(desk, talk), _current_html(desk, talk), talk

            def stream(asked: str, history: list[dict[str, str]]) -> Iterator[Answer]:
                return desk.ask(reader, asked, history, "page", answered_by)

            for step in progress(stream, talk, run):
                talk = step
                if not talk.last.running:
                    _keep(desk, reader, talk)
                yield gr.skip(), gr.skip(), gr.skip(), _current_html(desk, talk), talk
            box = gr.update(submit_btn="提问", stop_btn=False)
            yield box, gr.skip(), gr.skip(), gr.skip(), talk
        finally:
            runs.end(tab, run)

    def stop(request: gr.Request) -> None:
        runs.stop(str(request.session_hash))

    def start_anew(request: gr.Request) -> tuple[Update, Update, Update, Update, Conversation]:
        # Otherwise the last words of the old answer could arrive after the page was cleared.
        runs.stop(str(request.session_hash), wait=True)
        box = gr.update(submit_btn="提问", stop_btn=False)
        return box, str(opening_html(engine)), "", "", Conversation()

    def reopen(
        talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> tuple[Update, Update, Update, Update, Conversation]:
        runs.stop(str(request.session_hash), wait=True)
        data = event._data if isinstance(event._data, dict) else {}
        found = desk.conversations.load(_reader(request), str(data.get("id")))
        if found is None or not found.exchanges:
            gr.Warning("这段对话已经打不开了。", title="提示", duration=4)
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), talk
        box = gr.update(submit_btn="提问", stop_btn=False)
        return box, "", _earlier_html(desk, found), _current_html(desk, found), found

    def open_page(talk: Conversation, request: gr.Request) -> Iterator[tuple[Update, Update]]:
        reader = _reader(request)
        yield str(masthead_html(None, engine.loading, reader)), gr.skip()
        if talk.exchanges:
            return
        opening = str(opening_html(engine))
        yield str(_head_html(engine, reader)), opening

    gr.on(
        [question.submit, bridge.submit],
        converse,
        [question, conversation, engine_choice],
        shown,
        show_progress="hidden",
        concurrency_limit=None,
        trigger_mode="once",
        api_visibility="private",
    )
    gr.on([question.submit, bridge.submit], None, js=_BRING_INTO_VIEW, api_visibility="private")
    question.stop(stop, queue=False, show_progress="hidden", api_visibility="private")
    fresh.click(start_anew, None, shown, show_progress="hidden", api_visibility="private")
    records.click(None, js="() => window.bulletinPage.openRecords()", api_visibility="private")
    bridge.select(reopen, conversation, shown, show_progress="hidden", api_visibility="private")
    page.load(
        open_page,
        conversation,
        [head, welcome],
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def _engine_choice(desk: Desk) -> gr.Radio | gr.State:
    """How the next question is answered; without a chat model there is nothing to choose."""
    if not desk.settings.chat_model:
        return gr.State(None)
    return gr.Radio(
        [(name, key) for key, name in ENGINE_NAMES.items()],
        value="chat",
        label="回答方式",
        show_label=False,
        container=False,
        elem_id="answered-by",
        scale=0,
        min_width=172,
    )


def _reader(request: gr.Request) -> str:
    return str(getattr(request, "username", None) or "")


def begin(talk: Conversation, desk: Desk, words: str, data: object) -> Conversation | None:
    """The conversation with the next question asked; None when there is nothing to ask.

    `data` is what a click in the HTML says: {"question"}, with "replace" to ask it in place of
    the last one, or {"turn", "chip", "words"} to ask a question with one part changed. Without
    it the words typed are asked.
    """
    if not isinstance(data, Mapping):
        typed = (words or "").strip()
        return talk.asking(typed) if typed else None
    if "chip" in data:
        return _with_changed_chip(talk, desk, data)
    asked = data.get("question")
    asked = asked.strip() if isinstance(asked, str) else (words or "").strip()
    if data.get("replace") and talk.exchanges:
        alone = talk.last.alone and asked in ("", talk.last.question)
        return talk.without_last().asking(asked or talk.last.question, alone)
    return talk.asking(asked) if asked else None


def _with_changed_chip(
    talk: Conversation, desk: Desk, data: Mapping[str, Any]
) -> Conversation | None:
    try:
        answer = talk.exchanges[int(data["turn"])].answer
        assert answer is not None
        chip = desk.chips(answer.query)[int(data["chip"])]
    except (LookupError, TypeError, ValueError, AssertionError):
        return None
    asked = asked_anew(answer.query, chip, str(data.get("words", ""))).strip()
    # Not a follow-up: the conversation would fill in again what was just taken out.
    return talk.asking(asked, alone=True) if asked else None


def _keep(desk: Desk, reader: str, talk: Conversation) -> None:
    try:
        desk.conversations.save(reader, talk)
    except Exception:
        log.exception("对话没有保存成功")


def progress(stream: Ask, talk: Conversation, run: Run) -> Iterator[Conversation]:
    """The conversation as its last question is answered; ends finished, failed or stopped."""
    question, history = talk.last.question, talk.history()
    try:
        for answer in until_stopped(lambda: stream(question, history), run):
            talk = talk.answering(answer)
            yield talk
        yield talk.stopped() if run.stopped else talk.finished()
    except BulletinError as error:
        yield talk.failed(str(error))
    except Exception:
        log.exception("回答问题时出错")
        yield talk.failed(UNEXPECTED)


def turn_html(desk: Desk, talk: Conversation, turn: int) -> Markup:
    """One exchange of a conversation with everything that surrounds it."""
    exchange = talk.exchanges[turn]
    place = Setting(talk=talk.id, turn=turn, last=turn == len(talk.exchanges) - 1)
    if exchange.answer is None:
        return exchange_html(exchange, place)
    try:
        answer, archive = exchange.answer, desk.engine.archive()
        holdings = desk.engine.holdings()
        return exchange_html(
            exchange,
            replace(
                place,
                sources=cited_sources(answer, archive),
                chips=desk.chips(answer.query),
                until=holdings.last if holdings else None,
            ),
        )
    except Exception:
        log.exception("显示回答时出错")
        return exchange_html(replace(exchange, failure=UNEXPECTED, running=False), place)


def _current_html(desk: Desk, talk: Conversation) -> str:
    return str(turn_html(desk, talk, len(talk.exchanges) - 1))


def _earlier_html(desk: Desk, talk: Conversation) -> str:
    turns = range(len(talk.exchanges) - 1)
    return str(Markup("").join(turn_html(desk, talk, turn) for turn in turns))


def opening_html(engine: Engine) -> Markup:
    """What an empty conversation shows: examples, or what is to be done first."""
    try:
        if engine.holdings() is None:
            return empty_index_html()
        return welcome_html(example_questions(engine.archive()))
    except BulletinError as error:
        return not_ready_html(str(error))
    except Exception:
        log.exception("打开页面时出错")
        return not_ready_html(UNEXPECTED)


def _head_html(engine: Engine, reader: str) -> Markup:
    try:
        return masthead_html(engine.holdings(), reader=reader)
    except Exception:
        return masthead_html(None, reader=reader)
