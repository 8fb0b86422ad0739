from __future__ import annotations

from pathlib import Path

import pytest

from rag.extractive import lists
from rag.schema import Answer
from tests.archive import archive_issues, ask, ask_chain, cited, open_archive, texts

ALL = {(c.issue.year, c.issue.number, c.ordinal) for _, chunks in archive_issues() for c in chunks}
LISTS = [
    ("应急管理局2024年做了哪些工作", {(2024, 9, 3), (2024, 26, 4)}),
    ("应急局都报过哪些信息", {(2023, 9, 3), (2024, 9, 3), (2024, 26, 4)}),
    ("2024年上半年应急管理局的工作", {(2024, 9, 3)}),
    ("【安全生产】栏目有哪些信息", {(2022, 31, 2), (2023, 9, 4), (2024, 26, 4), (2025, 5, 4)}),
    ("2023年【安全生产】栏目登了哪些信息", {(2023, 9, 4)}),
    ("民生实事栏目的信息", {(2024, 9, 2), (2025, 5, 2)}),
    ("住建局报过什么", {(2022, 31, 1), (2024, 26, 3)}),
    ("2023年第9期全力拼经济栏目有哪些信息", {(2023, 9, 1), (2023, 9, 2)}),
    ("自然资源局有哪些工作", {(2024, 26, 2)}),
    ("2024年3月至2025年4月应急管理局有哪些工作", {(2024, 9, 3), (2024, 26, 4)}),
]


def shown_count(answer: Answer) -> str:
    return answer.text.splitlines()[0]


@pytest.mark.parametrize(("question", "places"), LISTS, ids=[q for q, _ in LISTS])
def test_a_list_is_complete_and_holds_nothing_else(
    question: str, places: set[tuple[int, int, int]]
) -> None:
    assert cited(ask(question)) == places


@pytest.mark.parametrize(("question", "places"), LISTS[:6], ids=[q for q, _ in LISTS[:6]])
def test_a_list_says_how_many_there_are(question: str, places: set[tuple[int, int, int]]) -> None:
    if len(places) > 1:
        assert f"共 {len(places)} 条" in ask(question).text


def test_a_list_is_in_the_order_of_the_dates() -> None:
    text = ask("安全生产栏目有哪些信息").text
    names = ["石桥镇", "东关街道", "应急管理局", "消防救援大队"]
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)


def test_a_list_says_what_was_searched() -> None:
    text = ask("应急管理局2024年做了哪些工作").text
    assert "2024年" in text
    assert "部门：应急管理局" in text


def test_every_line_of_a_list_quotes_its_item() -> None:
    stored = texts()
    answer = ask("安全生产栏目有哪些信息")
    assert len({citation.chunk_id for citation in answer.citations}) == 4
    for citation in answer.citations:
        assert citation.quote in answer.text
        assert stored[citation.chunk_id][citation.start : citation.end] == citation.quote


def test_a_list_under_limits_that_nothing_meets_is_a_refusal() -> None:
    answer = ask("2023年卫健委做了哪些工作")
    assert answer.outcome == "not_found"
    assert not answer.citations


# --- counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("应急管理局上过几次快报", 3),
        ("2024年【安全生产】登了多少条", 1),
        ("科工局报了多少条信息", 2),
        ("2024年第26期有多少条信息", 4),
        ("2024年一共登了多少条信息", 4 + 4),
    ],
)
def test_a_count_of_items(question: str, count: int) -> None:
    assert f"{count} 条" in shown_count(ask(question))


@pytest.mark.parametrize(
    "question", ["2024年一共出了几期快报", "2024年出了多少期快报", "2024年快报出了几期"]
)
def test_a_count_of_issues_counts_issues(question: str) -> None:
    answer = ask(question)
    assert "2 期" in shown_count(answer)
    assert "8 条" not in shown_count(answer).split("（")[0]


def test_towns_asked_for_are_towns() -> None:
    text = ask("有哪些乡镇上过快报").text
    assert all(name in text for name in ("石桥镇", "北塬乡", "柳河镇"))
    assert "卫健委" not in text


def test_offices_asked_for_are_named_once() -> None:
    text = ask("2024年第26期有哪些单位的信息").text
    for name in ("柳河镇", "农业农村局", "自然资源局", "住建城管局", "应急管理局"):
        assert name in text


# --- digests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "2024年第26期的要点",
        "24年26期快报都有什么内容",
        "总结一下2024年第26期",
        "第26期主要内容是什么",
    ],
)
def test_a_digest_of_an_issue_goes_through_all_its_items(question: str) -> None:
    answer = ask(question)
    assert cited(answer) == {(2024, 26, n) for n in (1, 2, 3, 4)}


def test_what_an_issue_says_is_a_digest_by_section() -> None:
    assert ask("第26期讲了什么").text.splitlines()[1] == "【乡村振兴】"


def test_a_digest_of_an_issue_goes_by_section() -> None:
    lines = ask("2024年第26期的要点").text.splitlines()
    heads = [line for line in lines if line.startswith("【") and line.endswith("】")]
    assert heads == ["【乡村振兴】", "【城市建设】", "【安全生产】"]


@pytest.mark.parametrize("question", ["最新一期的要点", "最近一期快报讲了些什么"])
def test_a_digest_of_the_latest_issue(question: str) -> None:
    assert cited(ask(question)) == {(2025, 5, n) for n in (1, 2, 3, 4)}


def test_a_number_that_two_years_have_is_answered_for_both_by_name() -> None:
    answer = ask("第9期的要点")
    assert {year for year, *_ in cited(answer)} == {2023, 2024}
    assert "2023年第9期" in answer.text
    assert "2024年第9期" in answer.text


def test_the_issue_before_the_latest() -> None:
    assert {place[:2] for place in cited(ask("上一期的主要内容"))} == {(2024, 26)}


def test_a_digest_of_an_office_in_a_year() -> None:
    assert cited(ask("总结2024年应急管理局的工作")) == {(2024, 9, 3), (2024, 26, 4)}


def test_a_topic_is_followed_through_the_years() -> None:
    assert cited(ask("历年防汛物资点验有哪些报道")) == {(2023, 9, 3), (2024, 9, 3)}


def test_a_list_of_hundreds_says_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_LISTED", 3)
    answer = ask_chain(open_archive(tmp_path), "2024年第26期有哪些内容")
    lines = answer.text.split("\n")
    assert lines[0].startswith("共 4 条")
    assert "只列出前 3 条，其余 1 条没有列出" in lines[-1]
    assert len({c.chunk_id for c in answer.citations}) == 3
