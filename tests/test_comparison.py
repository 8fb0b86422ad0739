from __future__ import annotations

from datetime import date

import pytest

from rag.entities.figures import find_figures
from rag.extractive.arithmetic import Known, Row, extremes, no_total, total
from rag.extractive.fact import Fact
from rag.extractive.reading import Clause, Sentence
from rag.schema import Hit, Period
from rag.text import Span
from tests.archive import ask, chunk_of, cited, texts

TECH = {(2023, 9, 1), (2024, 9, 1)}
EQUIPMENT = {(2023, 9, 3), (2024, 9, 3)}


@pytest.mark.parametrize(
    "question",
    [
        "2024年一季度技改投资比2023年一季度多多少",
        "2023年和2024年一季度技改投资相比怎么样",
        "对比2023年一季度和2024年一季度的技改投资",
        pytest.param("去年一季度的技改投资比前年一季度多多少"),
        pytest.param("2023年第9期和2024年第9期的技改投资差多少"),
    ],
)
def test_both_figures_are_given_and_cited(question: str) -> None:
    answer = ask(question)
    assert cited(answer) == TECH
    assert "3280万元" in answer.text
    assert "4110万元" in answer.text


def test_the_difference_is_computed_and_marked_as_computed() -> None:
    text = ask("2024年一季度技改投资比2023年一季度多多少").text
    assert f"{4110 - 3280}万元" in text
    assert "计算" in text


def test_a_computed_figure_is_in_no_quote() -> None:
    answer = ask("2024年一季度技改投资比2023年一季度多多少")
    assert not any("830" in citation.quote for citation in answer.citations)


def test_each_figure_stands_beside_its_own_time() -> None:
    lines = ask("2024年一季度技改投资比2023年一季度多多少").text.splitlines()
    assert any(
        "2023年一季度" in line and "3280万元" in line and "4110" not in line for line in lines
    )
    assert any(
        "2024年一季度" in line and "4110万元" in line and "3280" not in line for line in lines
    )


@pytest.mark.parametrize(
    ("question", "year"),
    [
        ("2023年和2024年大型救援装备哪年多", "2024年"),
        ("2023年和2024年点验发现问题哪年多", "2023年"),
    ],
)
def test_which_is_more(question: str, year: str) -> None:
    text = ask(question).text
    high = next(line for line in text.splitlines() if "最高" in line)
    assert high.index(year) < high.index("最低")
    assert cited(ask(question)) == EQUIPMENT


def test_a_sum_is_computed_from_the_cited_figures() -> None:
    answer = ask("2023年一季度和2024年一季度技改投资一共多少")
    assert f"{3280 + 4110}万元" in answer.text
    assert "计算" in answer.text
    assert cited(answer) == TECH


@pytest.mark.parametrize(
    "question", ["技改投资历年变化", "技改投资这几年的趋势", "近三年技改投资走势"]
)
def test_a_trend_goes_by_date(question: str) -> None:
    answer = ask(question)
    assert cited(answer) == TECH
    assert answer.text.index("3280万元") < answer.text.index("4110万元")


def test_the_trend_of_one_indicator_holds_no_other() -> None:
    text = ask("技改投资历年变化").text
    assert "12.4亿元" not in text
    assert "860万元" not in text


def test_a_year_without_figure_is_said_to_have_none() -> None:
    answer = ask("2022年一季度和2023年一季度技改投资相比多了多少")
    assert "3280万元" in answer.text
    assert "没有找到" in answer.text
    assert cited(answer) == {(2023, 9, 1)}


def test_two_offices_are_compared() -> None:
    answer = ask("2023年科工局和交通运输局完成投资哪个多")
    assert "3280万元" in answer.text
    assert "6.2亿元" in answer.text


def test_nothing_to_compare_is_no_comparison() -> None:
    answer = ask("2021年和2022年元宵灯会游客哪年多")
    assert answer.outcome == "not_found"
    assert "5.8万" not in answer.text


def test_every_quote_of_a_comparison_stands_where_it_says() -> None:
    stored = texts()
    for citation in ask("技改投资历年变化").citations:
        assert stored[citation.chunk_id][citation.start : citation.end] == citation.quote


def test_a_sum_of_which_a_part_is_missing_is_none() -> None:
    answer = ask("2022年和2023年一季度技改投资合计多少")
    assert "3280万元" in answer.text
    assert "没有合计" in answer.text
    assert "程序计算" not in answer.text


def test_parts_of_the_years_asked_about_are_marked() -> None:
    assert "只是所问时间的一部分" in ask("2023年和2024年技改投资合计多少").text


def test_a_part_named_once_is_that_of_every_year() -> None:
    answer = ask("2023年和2024年技改投资一季度合计多少")
    assert "3280＋4110＝7390万元" in answer.text
    assert ask("2023年和2024年技改投资前三季度合计多少").outcome == "not_found"


def _row_until(month: int) -> Row:
    """A line whose figure is of January to a month, where the whole year was asked for."""
    time = Period(date(2024, 1, 1), date(2024, month, 28))
    clause = Clause(Span(0, 4), time, ())
    sentence = Sentence(Span(0, 4), (clause,))
    return Row(
        "2024年", Fact(Hit(chunk_of(2023, 9, 1), 1.0), sentence, clause, None, 1, 1, 1, 0.8, 1)
    )


def test_a_word_for_reporting_in_the_indicators_name_makes_no_sum_of_reports() -> None:
    uneven = [_row_until(3), _row_until(6)]
    assert no_total("2023年和2024年上报额合计多少", uneven)
    assert no_total("两年申报的项目合计多少", uneven)
    assert not no_total("两回报的合计多少", uneven)


def _known(*figures: str) -> list[Known]:
    return [Known(str(n), find_figures(text)[0], n) for n, text in enumerate(figures, 1)]


@pytest.mark.parametrize(
    ("figures", "difference"),
    [
        (("8640万元", "4.87亿元"), "4.87亿元－8640万元＝40060万元"),
        (("1.2万亩", "800亩"), "1.2万亩－800亩＝11200亩"),
        (("9%", "12.5%"), "12.5－9＝3.5个百分点"),
    ],
)
def test_figures_of_two_scales_are_brought_to_one(
    figures: tuple[str, str], difference: str
) -> None:
    assert difference in extremes(_known(*figures))[-1]


def test_figures_of_two_units_have_no_difference_and_no_sum() -> None:
    assert len(extremes(_known("3000米", "4.2公里"))) == 1
    assert total(_known("3000米", "4.2公里")) == []
    assert "2.5亿元＋600万元＝25600万元" in total(_known("2.5亿元", "600万元"))[0]
