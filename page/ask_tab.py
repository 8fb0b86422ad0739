"""The 问答 tab: a conversation with the sources beside each answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from page.conversation import Conversation, Exchange
from page.engine import UNEXPECTED, Engine
from page.examples import example_questions
from page.render import (
    empty_index_html,
    exchange_html,
    masthead_html,
    not_ready_html,
    welcome_html,
)
from page.running import Run, Runs, until_stopped
from page.sources import cited_sources
from rag.errors import BulletinError

log = logging.getLogger(__name__)

# Extractive answers take the processor, chat answers wait for a server.
CONCURRENT_QUESTIONS = 8
_BRING_INTO_VIEW = "() => window.bulletinPage.followAnswer()"

Update = Any


def build_ask_tab(page: gr.Blocks, engine: Engine, head: gr.HTML, bridge: gr.HTML) -> None:
    """Lay out the tab inside `page`; `bridge` submits a question when one is clicked."""
    conversation = gr.State(Conversation())
    runs = Runs()
    with gr.Column(elem_id="talk"):
        welcome = gr.HTML("", elem_id="welcome", apply_default_css=False)
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
        fresh = gr.Button("新对话", elem_id="fresh", size="sm", scale=0, min_width=88)

    def ask(
        words: str, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> Iterator[tuple[Update, Update, Update, Update, Conversation]]:
        asked = _asked(words, event)
        if not asked:
            gr.Warning("请先输入问题。", title="提示", duration=4)
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), talk
            return
        talk = talk.asking(asked)
        tab = str(request.session_hash)
        run = runs.begin(tab)
        try:
            box = gr.update(value="", submit_btn=False, stop_btn="停止")
            yield box, "", _earlier_html(engine, talk), str(_exchange(engine, talk.last)), talk
            for step in progress(engine, talk, run):
                talk = step
                yield gr.skip(), gr.skip(), gr.skip(), str(_exchange(engine, talk.last)), talk
            box = gr.update(submit_btn="提问", stop_btn=False)
            yield box, gr.skip(), gr.skip(), gr.skip(), talk
        finally:
            runs.end(tab, run)

    def stop(request: gr.Request) -> None:
        runs.stop(str(request.session_hash))

    def start_anew(
        request: gr.Request,
    ) -> tuple[Update, Update, Update, Update, Conversation]:
        # Otherwise the last words of the old answer could arrive after the page was cleared.
        runs.stop(str(request.session_hash), wait=True)
        box = gr.update(value="", submit_btn="提问", stop_btn=False)
        return box, str(opening_html(engine)), "", "", Conversation()

    def open_page(talk: Conversation) -> Iterator[tuple[Update, Update]]:
        yield str(masthead_html(None, loading=engine.loading)), gr.skip()
        if talk.exchanges:
            return
        opening = str(opening_html(engine))
        yield str(_head_html(engine)), opening

    gr.on(
        [question.submit, bridge.submit],
        ask,
        [question, conversation],
        [question, welcome, earlier, current, conversation],
        show_progress="hidden",
        concurrency_limit=CONCURRENT_QUESTIONS,
        trigger_mode="once",
        api_visibility="private",
    )
    gr.on([question.submit, bridge.submit], None, js=_BRING_INTO_VIEW, api_visibility="private")
    question.stop(stop, queue=False, show_progress="hidden", api_visibility="private")
    fresh.click(
        start_anew,
        None,
        [question, welcome, earlier, current, conversation],
        show_progress="hidden",
        api_visibility="private",
    )
    page.load(
        open_page,
        conversation,
        [head, welcome],
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )


def _asked(words: str, event: gr.EventData) -> str:
    data = event._data
    if isinstance(data, dict) and isinstance(data.get("question"), str):
        return str(data["question"]).strip()
    return (words or "").strip()


def progress(engine: Engine, talk: Conversation, run: Run) -> Iterator[Conversation]:
    """The conversation as its last question is answered; ends finished, failed or stopped."""
    question, history = talk.last.question, talk.history()
    try:
        for answer in until_stopped(lambda: engine.stream(question, history), run):
            talk = talk.answering(answer)
            yield talk
        yield talk.stopped() if run.stopped else talk.finished()
    except BulletinError as error:
        yield talk.failed(str(error))
    except Exception:
        log.exception("回答问题时出错")
        yield talk.failed(UNEXPECTED)


def _exchange(engine: Engine, exchange: Exchange) -> Markup:
    if exchange.answer is None:
        return exchange_html(exchange, ())
    try:
        return exchange_html(exchange, cited_sources(exchange.answer, engine.archive()))
    except Exception:
        log.exception("显示回答时出错")
        failed = replace(exchange, failure=UNEXPECTED, running=False)
        return exchange_html(failed, ())


def _earlier_html(engine: Engine, talk: Conversation) -> str:
    return str(Markup("").join(_exchange(engine, exchange) for exchange in talk.earlier))


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


def _head_html(engine: Engine) -> Markup:
    try:
        return masthead_html(engine.holdings())
    except Exception:
        return masthead_html(None)
