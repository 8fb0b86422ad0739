from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.schema import Intent
from tests.archive import TODAY, read, reader


def dates(question: str, today: date = TODAY) -> set[tuple[date, date]]:
    return {(p.start, p.end) for p in read(question, today=today).query.periods}


def issues(question: str) -> list[tuple[int, int]]:
    return [(i.year, i.number) for i in read(question).query.filters.issues]


def span(*days: tuple[int, int, int]) -> tuple[date, date]:
    return date(*days[0]), date(*days[-1])


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("2023年一季度技改投资完成多少", (2023, 1, 1), (2023, 3, 31)),
        ("23年1季度技改投资完成多少", (2023, 1, 1), (2023, 3, 31)),
        ("２０２３年一季度技改投资完成多少", (2023, 1, 1), (2023, 3, 31)),
        ("去年一季度技改投资完成多少", (2024, 1, 1), (2024, 3, 31)),
        ("前年一季度技改投资完成多少", (2023, 1, 1), (2023, 3, 31)),
        ("2024年上半年应急管理局做了什么", (2024, 1, 1), (2024, 6, 30)),
        ("2024年9月检查了多少危化企业", (2024, 9, 1), (2024, 9, 30)),
        ("2023年以来的安全生产信息", (2023, 1, 1), (2025, 3, 20)),
        ("2024年3月至2025年2月有哪些安全生产信息", (2024, 3, 1), (2025, 2, 28)),
    ],
)
def test_the_time_asked_about(
    question: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    assert dates(question) == {span(start, end)}


def test_the_same_words_mean_another_time_on_another_day() -> None:
    question = "去年一季度技改投资完成多少"
    assert dates(question, date(2024, 6, 1)) == {span((2023, 1, 1), (2023, 3, 31))}


def test_two_times_are_compared() -> None:
    reading = read("2024年一季度比2023年一季度技改投资多多少")
    assert reading.query.intent is Intent.COMPARE
    assert {p.start for p in reading.query.periods} == {date(2024, 1, 1), date(2023, 1, 1)}


@pytest.mark.parametrize(
    "question", ["青岚公路总投资是多少", "安全生产栏目有哪些信息", "投资2034万元的项目"]
)
def test_no_time_named_is_no_limit(question: str) -> None:
    assert dates(question) == set()


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("最近一次防汛点验发现几处问题", "latest"),
        ("最新的技改投资数据", "latest"),
        ("最早一次登防汛物资点验", "earliest"),
        ("技改投资完成多少", ""),
    ],
)
def test_the_latest_or_the_earliest(question: str, order: str) -> None:
    assert read(question).query.order == order


# --- issues --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("2024年第9期有哪些内容", [(2024, 9)]),
        ("24年26期安全生产登了谁", [(2024, 26)]),
        ("去年第9期是哪天出的", [(2024, 9)]),
        ("第26期的责任编辑", [(2024, 26)]),
        ("第三十一期登了什么", [(2022, 31)]),
        ("2023年第9期和2024年第9期有什么不同", [(2023, 9), (2024, 9)]),
    ],
)
def test_the_issues_asked_about(question: str, expected: list[tuple[int, int]]) -> None:
    assert sorted(issues(question)) == expected


def test_a_number_that_several_years_have_means_each_of_them_and_says_so() -> None:
    reading = read("第9期谁签发的")
    assert sorted(i.year for i in reading.query.filters.issues) == [2023, 2024]


def test_a_number_takes_the_year_named_elsewhere_in_the_question() -> None:
    assert issues("2023年的快报中第9期谁签发的") == [(2023, 9)]


@pytest.mark.parametrize(
    "question", ["最新一期讲了什么", "最近一期快报的要点", "最新的一期是谁签发的"]
)
def test_the_latest_issue(question: str) -> None:
    assert issues(question) == [(2025, 5)]


def test_the_first_issue() -> None:
    assert issues("最早的一期是哪天出的") == [(2022, 31)]


def test_an_issue_that_is_not_there_is_named() -> None:
    reading = read("2023年第10期讲了什么")
    assert not reading.query.filters.issues
    assert any("10" in label for label in reading.missing_issues)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "departments"),
    [
        ("应急管理局2024年做了哪些工作", ("应急管理局",)),
        ("应急局夜查了几家企业", ("应急管理局",)),
        ("环保局公布的优良天数", ("生态环境局",)),
        ("東關街道檢查了多少家門店", ("东关街道",)),
        ("柳河有多少座大棚", ("柳河镇",)),
        ("县科工局和县交通运输局的投资", ("科工局", "交通运输局")),
    ],
)
def test_the_offices_asked_about(question: str, departments: tuple[str, ...]) -> None:
    assert read(question).query.filters.departments == departments


def test_a_section_asked_about() -> None:
    query = read("2024年【安全生产】栏目有哪些信息").query
    assert query.filters.sections == ("安全生产",)


@pytest.mark.parametrize(
    "question",
    [
        "封丘县的技改投资是多少",
        "长垣市的防汛物资",
        "郑州市2024年优良天数",
        pytest.param("滑县的技改投资是多少"),
    ],
)
def test_another_county_or_city_is_noticed(question: str) -> None:
    assert read(question).elsewhere


@pytest.mark.parametrize(
    "question", ["岚水县的技改投资是多少", "我县技改投资", "全县优良天数", "超市检查了几家"]
)
def test_ones_own_county_is_not_elsewhere(question: str) -> None:
    assert read(question).elsewhere == ""


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("青岚公路累计完成投资多少", {"公路", "投资"}),
        ("麻烦帮我查一下柳河镇流转了多少亩土地", {"流转", "土地"}),
        ("请问老旧小区改造惠及多少居民呀", {"小区", "居民"}),
    ],
)
def test_the_content_words_are_what_evidence_must_hold(question: str, words: set[str]) -> None:
    assert words <= set(read(question).query.terms)


@pytest.mark.parametrize(
    "question",
    ["请问2023年第9期里科工局的技改投资是多少呢", "你好，帮我查查去年技改投资到底完成了多少啊"],
)
def test_polite_words_times_names_and_interrogatives_are_no_content(question: str) -> None:
    terms = "".join(read(question).query.terms)
    assert not any(
        word in terms for word in ("请", "帮", "查", "多少", "2023", "第9期", "科工局", "去年")
    )


def test_the_figure_that_a_question_asserts_is_its_claim() -> None:
    assert read("2023年一季度技改投资是9999万元吗").query.claims == ("9999万元",)


def test_times_and_issues_are_no_claims() -> None:
    assert read("2023年第9期4月14日登的技改投资是多少").query.claims == ()


def test_a_question_for_two_figures_has_two_parts() -> None:
    parts = read("第三实验小学占地多少亩，能容纳多少学生？").parts
    assert [unit for unit, _ in parts] == ["area", "people"]


def test_the_ordinal_of_a_name_belongs_to_it() -> None:
    assert "第五" in "".join(read("第五实验小学建在哪里").query.terms)


# --- always --------------------------------------------------------------------------------------

WORDS = (
    "2023年 去年 一季度 第9期 第 应急局 柳河 技改投资 多少 亩 比 和 吗 呢 ？ ， 哪些 谁 【安全生产】 【"
    " 9999万元 東關 PM2.5 的"
)
TYPED = st.lists(st.sampled_from(WORDS.split()), max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.one_of(TYPED, st.text(max_size=30)))
def test_any_question_is_read(question: str) -> None:
    reading = reader().read(question, TODAY)
    text = reading.query.standalone
    assert reading.query.question == question
    for mention in (*reading.times, *reading.issues, *reading.names):
        assert 0 <= mention.start <= mention.end <= len(text)
    assert all(term and not term.isspace() for term in reading.query.terms)
