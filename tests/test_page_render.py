"""What the page shows for an answer: everything escaped, quotes marked by offset only."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from page_fake import (
    APRIL,
    APRIL_RECORD,
    ATTACK,
    EVIL,
    NASTY_RECORD,
    ROAD,
    TECH,
    FakeArchive,
    FakeChain,
    evil_answer,
    figure_answer,
    masthead_answer,
    refusal,
)

import app
from page.ask_tab import opening_html, progress
from page.cards import answer_for_clipboard, quote_for_clipboard
from page.chips import chips_of
from page.conversation import Conversation, Exchange
from page.engine import Engine
from page.examples import example_questions
from page.issue_view import open_issue
from page.opening import empty_index_html
from page.render import Setting, answer_text, exchange_html, notice_html, shown_text
from page.running import Run, Runs, until_stopped
from page.sources import chunk_span, cited_sources, joined, marked
from rag.errors import BulletinError
from rag.schema import Answer
from rag.settings import Settings
from rag.text import Span

ARCHIVE = FakeArchive()


def shown(answer: Answer) -> str:
    """The HTML of a finished exchange."""
    exchange = Exchange(answer.question, answer, running=False)
    setting = Setting(
        sources=cited_sources(answer, ARCHIVE),
        chips=chips_of(answer.query, date(2025, 11, 21), lambda name: ()),
        until=date(2024, 1, 9),
    )
    return str(exchange_html(exchange, setting))


def test_marker_of_a_known_source_becomes_a_button() -> None:
    html = str(answer_text("上报额5452万元[1]，见[7]。", [1]))
    assert 'data-cite="1"' in html
    assert "[1]</button>，见[7]。" in html
    assert 'data-cite="7"' not in html


def test_markup_in_question_answer_notice_section_and_item_is_shown_as_text() -> None:
    html = shown(evil_answer(f"<b>问</b>{ATTACK}"))
    for forbidden in ("<script", "<img", "<b>问", "<b>安全", 'href="javascript'):
        assert forbidden not in html
    assert "&lt;script&gt;" in html
    assert "【&lt;b&gt;安全&lt;/b&gt;】" in html


def test_quotation_marks_cannot_end_an_attribute() -> None:
    source = replace(cited_sources(figure_answer(), ARCHIVE)[0], label='" onclick="alert(1)')
    answer = replace(figure_answer(), text='"><script>')
    html = str(exchange_html(Exchange("问", answer, running=False), Setting([source])))
    assert '" onclick="' not in html
    assert '"><script' not in html


def test_markdown_is_not_rendered() -> None:
    assert str(answer_text("**粗** [链接](http://example.com) # 题", [])) == (
        "<p>**粗** [链接](http://example.com) # 题</p>"
    )


def test_quote_is_marked_by_its_offsets() -> None:
    assert str(marked("投资5452万元，增长", [Span(2, 8)])) == "投资<mark>5452万元</mark>，增长"


def test_overlapping_quotes_become_one_mark() -> None:
    assert joined([Span(4, 8), Span(0, 2), Span(1, 5)], 10) == [Span(0, 8)]


def test_offsets_outside_the_text_are_cut_and_empty_ones_dropped() -> None:
    assert joined([Span(-3, 2), Span(5, 5), Span(8, 99)], 10) == [Span(0, 2), Span(8, 10)]


def test_quote_that_does_not_stand_at_its_offsets_is_never_marked() -> None:
    answer = figure_answer()
    false = replace(answer.citations[0], quote="一季度，我县技改投资上报额9999万元")
    source = cited_sources(replace(answer, citations=(false,)), ARCHIVE)[0]
    assert not source.intact
    html = shown(replace(answer, citations=(false,)))
    assert "<mark>" not in html
    assert "引文与库中原文不一致" in html


def test_source_of_a_chunk_that_is_not_in_the_evidence_is_read_from_the_archive() -> None:
    source = cited_sources(replace(figure_answer(), evidence=()), ARCHIVE)[0]
    assert source.intact
    assert source.text == TECH.text


def test_masthead_source_shows_its_line_only() -> None:
    html = shown(masthead_answer("谁编的"))
    assert "<mark>责任编辑：李勉</mark>" in html
    assert "麻彦伟" not in html


def test_two_quotes_of_one_source_share_a_card() -> None:
    answer = figure_answer()
    title = "县科工局加速技改助力企业转型升级"
    second = replace(answer.citations[0], quote=title, start=0, end=len(title))
    sources = cited_sources(replace(answer, citations=(answer.citations[0], second)), ARCHIVE)
    assert len(sources) == 1
    assert len(sources[0].spans) == 2


def test_refusal_offers_the_nearest_items_and_says_that_they_are_no_answer() -> None:
    html = shown(refusal("GDP"))
    assert "没有找到" in html
    assert "最接近的内容（不是答案）" in html
    assert ROAD.label.split("（")[0] in html
    assert "原文摘录" not in html


def test_nearest_items_shown_beside_a_refusal_are_not_listed_twice() -> None:
    listed = f"没有找到。\n最接近的条目：\n· {ROAD.label}：{ROAD.title}"
    assert shown_text(replace(refusal("GDP"), text=listed)) == "没有找到。"


def test_follow_up_shows_how_it_was_understood() -> None:
    answer = figure_answer("同比呢")
    query = replace(answer.query, standalone="2023年一季度技改投资同比增长多少")
    assert "2023年一季度技改投资同比增长多少" in shown(replace(answer, query=query))
    assert "理解为" not in shown(answer)


def test_error_is_not_shown_as_not_found() -> None:
    answer = replace(refusal("GDP"), error="索引无法读取，请联系管理员。", refusal="")
    html = shown(answer)
    assert "索引无法读取" in html
    assert "没有找到" not in html
    assert "最接近的内容" not in html


def test_understood_period_is_shown() -> None:
    assert ">2023年一季度</button>" in shown(figure_answer())


def test_figures_that_could_not_be_checked_are_counted() -> None:
    answer = figure_answer()
    assert "2个数字均与原文一致" in shown(answer)
    unsure = replace(answer, checks=replace(answer.checks, verified=1))
    assert "2个数字中有1个未能在原文中核对" in shown(unsure)


def test_very_long_question_is_cut_where_it_is_repeated() -> None:
    html = str(exchange_html(Exchange("长" * 100_000, failure="问题太长"), Setting()))
    assert "共100000个字" in html
    assert len(html) < 2_000


def test_copied_quote_carries_its_source() -> None:
    source = cited_sources(figure_answer(), ARCHIVE)[0]
    assert quote_for_clipboard(source) == (
        "“一季度，我县技改投资上报额5452万元，同比增速达到54.8%。”"
        "（来源：《延津政务快报》2023年第18期（2023年4月21日）“全力拼经济”栏，科工局）"
    )


def test_copied_answer_ends_with_its_numbered_sources() -> None:
    answer = figure_answer()
    lines = answer_for_clipboard(answer, cited_sources(answer, ARCHIVE)).split("\n")
    assert lines[0] == answer.text
    assert lines[-2] == "出处："
    assert lines[-1].startswith(
        "[1] 《延津政务快报》2023年第18期（2023年4月21日）“全力拼经济”栏，科工局：“"
    )


def test_whole_issue_marks_the_quote_inside_its_item() -> None:
    start = TECH.text.index("5452万元")
    html = str(open_issue(ARCHIVE, TECH.id, start, start + 6))
    assert html.count("<mark>") == 1
    assert '<p class="item cited">县科工局' in html
    assert "上报额<mark>5452万元</mark>，同比" in html
    assert "<h3>【全力拼经济】</h3>" in html
    assert '<p class="masthead">延津政务快报</p>' in html


def test_whole_issue_opened_by_its_key_marks_the_masthead_fact() -> None:
    start = APRIL_RECORD.text.index("责任编辑")
    html = str(open_issue(ARCHIVE, APRIL.key, start, start + 7))
    assert "<mark>责任编辑：李勉</mark>" in html


def test_whole_issue_escapes_the_bulletin() -> None:
    html = str(open_issue(ARCHIVE, EVIL.id, 0, 5))
    assert "<script" not in html
    assert "<img" not in html


def test_whole_issue_with_nonsense_offsets_marks_nothing() -> None:
    assert "<mark>" not in str(open_issue(ARCHIVE, TECH.id, 50, 3))


def test_issue_that_is_gone_is_said_to_be_gone() -> None:
    assert "已不在库中" in str(open_issue(ARCHIVE, "no-such-chunk", 0, 1))


def test_second_of_two_items_with_the_same_words_is_found_at_its_own_place() -> None:
    twin = replace(TECH, id="twin", ordinal=2)
    record = replace(APRIL_RECORD, text=f"{TECH.text}\n{TECH.text}")
    span = chunk_span(record, [TECH, twin], "twin")
    assert span == Span(len(TECH.text) + 1, 2 * len(TECH.text) + 1)


def test_examples_are_made_from_the_archive() -> None:
    questions = example_questions(ARCHIVE)
    assert "县交通运输局全力推进安罗高速项目建设，累计完成投资多少亿元？" in questions
    assert f"{NASTY_RECORD.issue.year}年第3期有哪些内容？" in questions
    assert example_questions(FakeArchive(empty=True)) == []


def test_history_holds_earlier_answers_and_no_failures() -> None:
    talk = Conversation().asking("甲").answering(figure_answer("甲")).finished()
    talk = talk.asking("乙").failed("程序内部出错").asking("丙")
    assert talk.history() == [
        {"role": "user", "content": "甲"},
        {"role": "assistant", "content": figure_answer("甲").text},
    ]


def test_question_asked_while_another_runs_stops_the_first() -> None:
    talk = Conversation().asking("甲").asking("乙")
    assert [exchange.stopped for exchange in talk.exchanges] == [True, False]
    assert [exchange.running for exchange in talk.exchanges] == [False, True]


def test_unexpected_error_reaches_the_reader_without_its_text() -> None:
    engine = Engine(FakeChain)
    engine.start()
    last = list(progress(engine.stream, Conversation().asking("崩溃"), Run()))[-1].last
    assert not last.running
    assert "程序内部出错" in last.failure
    assert "secret" not in last.failure


def test_stop_takes_effect_while_the_next_words_are_awaited() -> None:
    run, released = Run(), threading.Event()

    def words() -> Iterator[str]:
        yield "一"
        released.wait(30)
        yield "二"

    heard = until_stopped(words, run)
    assert next(heard) == "一"
    run.stop()
    assert list(heard) == []
    released.set()


def test_error_of_a_running_answer_is_raised_to_its_reader() -> None:
    def words() -> Iterator[str]:
        yield "一"
        raise BulletinError("断开")

    with pytest.raises(BulletinError, match="断开"):
        list(until_stopped(words, Run()))


def test_new_question_in_a_tab_stops_the_old_one_and_leaves_other_tabs_alone() -> None:
    runs = Runs()
    first, other = runs.begin("甲"), runs.begin("乙")
    second = runs.begin("甲")
    assert (first.stopped, second.stopped, other.stopped) == (True, False, False)
    runs.end("甲", first)
    runs.stop("甲")
    assert (second.stopped, other.stopped) == (True, False)


def test_empty_archive_names_the_command() -> None:
    engine = Engine(lambda: FakeChain(empty=True))
    engine.start()
    assert opening_html(engine) == empty_index_html()
    assert "python -m ingest" in str(opening_html(engine))
    last = list(progress(engine.stream, Conversation().asking("问"), Run()))[-1].last
    assert "python -m ingest" in last.failure


def test_chain_that_cannot_be_loaded_says_why() -> None:
    def build() -> FakeChain:
        raise BulletinError("模型文件夹不存在：请重新安装。")

    engine = Engine(build)
    engine.start()
    assert "模型文件夹不存在" in str(opening_html(engine))


def test_telemetry_is_off_before_the_libraries_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    app.prepare_environment(Settings(data_dir=tmp_path))
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["ANONYMIZED_TELEMETRY"] == "False"
    assert Path(os.environ["GRADIO_TEMP_DIR"]).is_relative_to(tmp_path)


def test_default_address_is_loopback() -> None:
    arguments = app.parse_arguments([])
    assert (arguments.host, arguments.port) == ("127.0.0.1", 7860)


def test_taken_port_gives_a_chinese_message() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BulletinError, match="--port"):
            app.take_port("127.0.0.1", port)


def test_only_addresses_of_this_machine_are_loopback() -> None:
    assert all(app.is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))
    assert not any(app.is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.5", "server"))


def test_first_example_is_asked_while_nobody_waits() -> None:
    chain = FakeChain()
    engine = Engine(lambda: chain)
    engine.load()
    assert [asked["question"] for asked in chain.asked] == example_questions(ARCHIVE)[:1]


def test_figure_that_stands_in_the_source_is_marked_as_checked() -> None:
    html = shown(figure_answer())
    assert '<span class="figure" title="与原文逐字一致">5452万元</span>' in html


def test_figure_that_is_part_of_a_longer_one_is_not_marked() -> None:
    html = str(answer_text("上报额452万元。[1]", [1], figure_answer().citations))
    assert 'class="figure"' not in html


def test_issue_named_in_a_notice_opens_with_a_click() -> None:
    html = str(notice_html("后续期有更新：《延津政务快报》2024年第3期。<b>"))
    assert f'data-open="{NASTY_RECORD.issue.key}"' in html
    assert "&lt;b&gt;" in html


def test_only_the_newest_question_can_be_changed_or_asked_again() -> None:
    exchange = Exchange("问", figure_answer(), running=False)
    assert "data-retry" in str(exchange_html(exchange, Setting(last=True)))
    assert "data-retry" not in str(exchange_html(exchange, Setting()))


def test_date_of_the_newest_issue_stands_under_the_answer() -> None:
    assert "数据截至2024年1月9日" in shown(figure_answer())
