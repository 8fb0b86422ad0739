from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.entities.issues import find_issues

TODAY = date(2025, 3, 20)


def issues(text: str) -> list[tuple[int | None, int | None]]:
    return [(m.year, m.number) for m in find_issues(text, TODAY) if not m.relative]


def relative(text: str) -> list[str]:
    return [m.relative for m in find_issues(text, TODAY) if m.relative]


@pytest.mark.parametrize(
    "text",
    [
        "2023年第18期",
        "2023年18期",
        "23年第18期",
        "23年18期",
        "2023年的第18期",
        "2023年第十八期",
        "二〇二三年第18期",
        "2023年第 18 期",
        "２０２３年第１８期",
        "2023-18期",
        "2023年政务快报第18期",
        "2023年《岚水政务快报》第18期",
        "《岚水政务快报》2023年第18期",
        "2023年第018期",
    ],
)
def test_an_issue_with_its_year(text: str) -> None:
    assert issues(f"{text}的责任编辑是谁") == [(2023, 18)]


@pytest.mark.parametrize("text", ["第18期", "第十八期", "第 18 期", "18期快报", "第１８期"])
def test_an_issue_without_year(text: str) -> None:
    assert issues(f"{text}讲了什么") == [(None, 18)]


@pytest.mark.parametrize(("word", "year"), [("今年", 2025), ("去年", 2024), ("前年", 2023)])
def test_the_year_of_an_issue_counted_from_today(word: str, year: int) -> None:
    assert issues(f"{word}第9期是哪天出的") == [(year, 9)]


@pytest.mark.parametrize(
    "text",
    ["第9期和第12期有什么不同", "第9、12期的要点", "第9期、第12期的要点", "对比第9期与第12期"],
)
def test_two_issues(text: str) -> None:
    assert issues(text) == [(None, 9), (None, 12)]


def test_a_year_named_once_for_two_issues_stands_before_both() -> None:
    assert issues("2023年第9、12期的要点") == [(2023, 9), (2023, 12)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("上一期讲了什么", "previous"),
        ("上期的责任编辑", "previous"),
        ("下一期呢", "next"),
        ("这一期有哪些栏目", "this"),
        ("最新一期的要点", "latest"),
        ("最近一期讲了什么", "latest"),
        ("最新的那一期", "latest"),
        ("最早一期是哪天出的", "first"),
    ],
)
def test_an_issue_named_by_its_place(text: str, kind: str) -> None:
    assert relative(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "二期工程何时开工",
        "一期项目总投资",
        "2期工程",
        "分两期建设",
        "活动期间接待游客",
        "开展培训3期",
        "发布《病虫害简报》2期，张贴挂图900余张",
        "过期食品",
        "汛期值班",
        "在第二期工程中",
        "举办第3期培训班",
        "总第350期",
    ],
)
def test_what_is_no_issue_of_the_bulletin(text: str) -> None:
    assert issues(text) == []
    assert relative(text) == []


@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(
            st.sampled_from(
                ["第", "18", "十", "期", "2023年", "、", "上", "一", " ", "增刊", "０", "快报"]
            )
        ).map("".join),
    )
)
def test_any_text_gives_references_inside_it(text: str) -> None:
    for mention in find_issues(text, TODAY):
        assert 0 <= mention.start < mention.end <= len(text)
        assert (mention.number is None) == bool(mention.relative)


def test_a_province_prints_thousands_a_year() -> None:
    assert issues("2023年第8573期要点") == [(2023, 8573)]
    assert issues("2023期要点") == []
