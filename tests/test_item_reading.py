from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.extractive.reading import ItemReading, read_item, time_match
from rag.schema import Period
from tests.archive import archive_issues, chunk_of

TECH = chunk_of(2023, 9, 1)  # 14 April 2023
YEAR_2023 = Period(date(2023, 1, 1), date(2023, 12, 31))
FIRST_QUARTER = Period(date(2023, 1, 1), date(2023, 3, 31))
FIRST_HALF = Period(date(2023, 1, 1), date(2023, 6, 30))


def times(reading: ItemReading) -> dict[str, tuple[date, date] | None]:
    """The time that each figure of an item speaks of."""
    return {
        figure.text: clause.time and (clause.time.start, clause.time.end)
        for sentence in reading.sentences
        for clause in sentence.clauses
        for figure in clause.figures
    }


def reading_of(body: str, published: date = date(2023, 4, 21)) -> ItemReading:
    return read_item(replace(TECH, text=f"{TECH.title} {body}", published=published))


def test_title_and_sentences_are_told_apart() -> None:
    reading = read_item(TECH)
    assert reading.title.of(TECH.text) == "县科工局推进企业技术改造"
    assert [s.span.of(TECH.text)[:6] for s in reading.sentences[-2:]] == [
        "建立技改项目",
        "一季度，全县",
    ]


def test_a_title_without_a_space_behind_it_is_still_the_title() -> None:
    chunk = replace(TECH, text=f"{TECH.title}建立技改项目库。")
    assert read_item(chunk).sentences[-1].span.of(chunk.text) == "建立技改项目库。"


def test_a_figure_has_the_time_named_before_it() -> None:
    assert times(read_item(TECH)) == {
        "3280万元": (date(2023, 1, 1), date(2023, 3, 31)),
        "21.5%": (date(2023, 1, 1), date(2023, 3, 31)),
    }


@pytest.mark.parametrize(
    ("body", "figure", "start", "end"),
    [
        ("2月份以来，共开展检查7次。", "7次", (2023, 2, 1), (2023, 4, 21)),
        ("目前，共出动技术人员100多人。", "100多人", (2023, 4, 21), (2023, 4, 21)),
        pytest.param("截至2022年底，累计盘活土地5105亩。", "5105亩", None, (2022, 12, 31)),
        ("2022年，完成5105亩土地处置。", "5105亩", (2022, 1, 1), (2022, 12, 31)),
        ("去年，全县植树30万棵。", "30万棵", (2022, 1, 1), (2022, 12, 31)),
        ("今年以来，新签约项目12个。", "12个", (2023, 1, 1), (2023, 4, 21)),
    ],
)
def test_the_time_a_figure_speaks_of(
    body: str, figure: str, start: tuple[int, int, int] | None, end: tuple[int, int, int]
) -> None:
    spoken = times(reading_of(body))[figure]
    assert spoken is not None
    assert spoken[1] == date(*end)
    assert start is None or spoken[0] == date(*start)


def test_two_years_in_one_sentence_keep_their_figures_apart() -> None:
    spoken = times(reading_of("2021年建成农田3万亩，2022年建成农田5万亩。"))
    assert spoken["3万亩"] == (date(2021, 1, 1), date(2021, 12, 31))
    assert spoken["5万亩"] == (date(2022, 1, 1), date(2022, 12, 31))


def test_a_figure_without_time_has_none() -> None:
    assert times(reading_of("发放明白纸2万份。")) == {"2万份": None}


def test_numbers_of_times_and_issues_are_no_figures_of_the_item() -> None:
    spoken = times(reading_of("2023年4月15日，据第9期快报，检查企业12家。"))
    assert set(spoken) == {"12家"}


def test_a_figure_that_looks_like_a_year_is_kept() -> None:
    assert "2034万元" in times(reading_of("一季度，完成投资2034万元。"))


def test_a_time_does_not_reach_into_the_next_sentence() -> None:
    spoken = times(reading_of("2021年，建成农田3万亩。发放明白纸2万份。"))
    assert spoken["2万份"] is None


# --- the time asked about ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (FIRST_QUARTER, FIRST_QUARTER),  # the very time
        (YEAR_2023, FIRST_QUARTER),  # part of the year asked about
        (YEAR_2023, None),  # the weeks before the issue of April
        (YEAR_2023, Period(date(2023, 2, 1), TECH.published)),
    ],
)
def test_a_figure_of_the_time_asked_about_fits(asked: Period, spoken: Period | None) -> None:
    assert time_match(asked, spoken, TECH, figure=True) > 0


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (FIRST_HALF, FIRST_QUARTER),  # a part is not the sum
        (FIRST_HALF, None),  # printed in April, before the half was over
        (FIRST_QUARTER, YEAR_2023),
        (Period(date(2022, 1, 1), date(2022, 12, 31)), FIRST_QUARTER),
        (Period(date(2022, 1, 1), date(2022, 12, 31)), None),
        (Period(date(2024, 1, 1), date(2024, 12, 31)), None),
        (YEAR_2023, Period(date(2022, 1, 1), date(2022, 12, 31))),
    ],
)
def test_a_figure_of_another_time_does_not_fit(asked: Period, spoken: Period | None) -> None:
    assert time_match(asked, spoken, TECH, figure=True) == 0


def test_the_very_time_fits_best() -> None:
    exact = time_match(FIRST_QUARTER, FIRST_QUARTER, TECH, figure=True)
    part = time_match(YEAR_2023, FIRST_QUARTER, TECH, figure=True)
    assert exact > part


# --- always --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chunk", [c for _, chunks in archive_issues() for c in chunks], ids=lambda chunk: chunk.id[-11:]
)
def test_sentences_and_clauses_lie_in_the_item_in_order(chunk) -> None:  # type: ignore[no-untyped-def]
    reading, end = read_item(chunk), 0
    for sentence in reading.sentences:
        assert end <= sentence.span.start < sentence.span.end <= len(chunk.text)
        end = sentence.span.end
        for clause in sentence.clauses:
            assert sentence.span.start <= clause.span.start < clause.span.end <= end


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_item_is_read(body: str, title: str) -> None:
    chunk = replace(TECH, text=f"{title} {body}", title=title)
    for sentence in read_item(chunk).sentences:
        assert 0 <= sentence.span.start < sentence.span.end <= len(chunk.text)
