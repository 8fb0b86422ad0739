from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer_json import answer_to_json
from rag.chain import LONGEST_QUESTION, BulletinChain
from rag.errors import StoreError
from rag.schema import Chunk, IssueRef
from tests.archive import MemoryStore, archive_issues, ask, chain, open_archive, texts


@pytest.fixture
def own(tmp_path: Path) -> BulletinChain:
    """A chain of one's own, to change what is behind it."""
    return open_archive(tmp_path)


# --- input ---------------------------------------------------------------------------------------


def test_a_plain_string_is_a_question() -> None:
    assert "38.6公里" in chain().invoke("青岚公路全长多少公里").text


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "　"])
def test_an_empty_question_is_an_error_that_says_so(question: str) -> None:
    answer = ask(question)
    assert answer.outcome == "error"
    assert "空" in answer.error


def test_a_question_far_too_long_is_an_error_that_names_the_limit() -> None:
    answer = ask("技改投资" * LONGEST_QUESTION)
    assert answer.outcome == "error"
    assert str(LONGEST_QUESTION) in answer.error
    assert len(answer.question) < LONGEST_QUESTION


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        {},
        {"frage": "x"},
        {"question": 3},
        {"question": "技改", "history": ["x"]},
        {"question": "技改", "history": [{"role": "system", "content": "x"}]},
    ],
)
def test_input_of_another_form_is_an_error_not_an_exception(value: Any) -> None:
    answer = chain().invoke(value)
    assert answer.outcome == "error"
    assert answer.error


@pytest.mark.parametrize("history", [None, [], [{"role": "user", "content": ""}]])
def test_no_history_is_fine(history: Any) -> None:
    answer = chain().invoke({"question": "青岚公路全长多少公里", "history": history})
    assert "38.6公里" in answer.text


def test_a_very_long_history_is_no_obstacle() -> None:
    turns = ["第三实验小学占地多少亩", "42亩[1]"] * 100
    assert "38.6公里" in ask("青岚公路全长多少公里", *turns).text


# --- answers -------------------------------------------------------------------------------------


def test_the_question_is_kept_as_typed() -> None:
    assert ask("２０２３年一季度技改投資？").question == "２０２３年一季度技改投資？"


def test_the_same_question_has_the_same_answer() -> None:
    assert ask("技改投资同比增长多少") == ask("技改投资同比增长多少")


def test_streaming_ends_with_the_answer_of_invoke() -> None:
    question = {"question": "青岚公路全长多少公里", "history": []}
    assert list(chain().stream(question))[-1] == chain().invoke(question)


def test_a_batch_gives_one_answer_a_question_in_order() -> None:
    answers = chain().batch(["青岚公路全长多少公里", "第三实验小学占地多少亩"])
    assert "38.6公里" in answers[0].text
    assert "42亩" in answers[1].text


def test_today_comes_from_the_settings(own: BulletinChain) -> None:
    question = "去年一季度技改投资是多少"
    assert "4110万元" in own.invoke(question).text
    own.settings = own.settings.model_copy(update={"today": date(2024, 6, 1)})
    assert "3280万元" in own.invoke(question).text


def test_an_answer_is_a_line_of_json() -> None:
    row = answer_to_json(ask("2023年一季度技改投资完成多少"), "7", 12.34)
    assert json.loads(json.dumps(row, ensure_ascii=False)) == row
    assert (row["id"], row["outcome"], row["engine"]) == ("7", "answered", "extractive")
    assert row["query"]["dates"] == [["2023-01-01", "2023-03-31"]]
    assert row["citations"][0]["date"] == "2023-04-14"


WORDS = """
2023年 去年 一季度 第9期 第99期 应急局 柳河镇 技改投资 青岚公路 多少 多少亩 比 和 吗 呢 ？ 哪些 谁 哪里 为什么 怎么
【安全生产】 9999万元 責任編輯 要点 几条 历年 最新 [1] 《 % ' " NULL
"""
QUESTIONS = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=6).map("".join)


@settings(max_examples=60, deadline=None)
@given(QUESTIONS)
def test_any_question_has_an_outcome_and_true_quotes(question: str) -> None:
    stored, answer = texts(), ask(question)
    assert answer.outcome in ("answered", "not_found", "out_of_scope")
    assert answer.text
    assert (answer.outcome != "answered") or answer.citations
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        assert citation.quote == stored[citation.chunk_id][citation.start : citation.end] != ""


# --- what is behind it ---------------------------------------------------------------------------


def test_an_empty_archive_says_how_to_fill_it(tmp_path: Path) -> None:
    answer = open_archive(tmp_path, []).invoke("技改投资多少")
    assert answer.outcome == "error"
    assert "python -m ingest" in answer.error


def newer(text: str) -> Chunk:
    chunk = archive_issues()[1][1][0]
    issue = replace(chunk.issue, year=2025, number=11)
    return replace(
        chunk,
        id=f"{issue.key}-01",
        issue=issue,
        published=date(2025, 6, 6),
        text=f"{chunk.title} {text}",
        departments=("商务局",),
        printed=("商务局",),
        source="2025年第11期.txt",
    )


def test_an_issue_taken_in_meanwhile_is_found_with_its_names(own: BulletinChain) -> None:
    assert own.invoke("商务局做了哪些工作").outcome == "not_found"
    chunk = newer("今年以来，新培育网络直播企业23家。")
    record = replace(
        archive_issues()[1][0],
        issue=chunk.issue,
        published=chunk.published,
        text=chunk.text,
        chunk_ids=(chunk.id,),
    )
    store = own.store
    assert isinstance(store, MemoryStore)
    store.add(record, [chunk])
    answer = own.invoke("商务局培育了多少家网络直播企业")
    assert "23家" in answer.text
    assert answer.query.filters.departments == ("商务局",)
    assert answer.citations[0].issue == IssueRef(2025, 11, "", "岚水政务快报")


def broken(own: BulletinChain, error: Exception, monkeypatch: pytest.MonkeyPatch) -> BulletinChain:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(own.catalog, "nearest", fail)
    return own


def test_a_fault_of_the_stores_is_an_error_never_a_not_found(
    own: BulletinChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = broken(own, StoreError("索引 data/ 读不出来"), monkeypatch).invoke(
        "青岚公路全长多少公里"
    )
    assert answer.outcome == "error"
    assert "索引 data/ 读不出来" in answer.error


def test_a_fault_of_the_program_is_an_error_without_its_inner_words(
    own: BulletinChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = broken(own, ZeroDivisionError("division by zero"), monkeypatch).invoke(
        "青岚公路全长多少公里"
    )
    assert answer.outcome == "error"
    assert "division" not in answer.error
    assert "没有找到" in answer.error  # … 这不是“没有找到”
