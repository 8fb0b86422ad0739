from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.entities.numerals import chinese_value, number, year_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18", 18),
        ("１８", 18),
        ("十八", 18),
        ("一八", 18),
        ("十", 10),
        ("二十", 20),
        ("一百零五", 105),
        ("二〇二三", 2023),
        ("二零二三", 2023),
        ("二○二三", 2023),
        ("三千二百", 3200),
    ],
)
def test_a_number_in_any_spelling(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "期", "abc", "甲"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "year"), [("2023", 2023), ("23", 2023), ("二〇二三", 2023), ("二三", 2023)]
)
def test_a_year_with_two_or_four_digits(text: str, year: int) -> None:
    assert year_value(text) == year


@pytest.mark.parametrize("text", ["5452", "1949", "180", "年"])
def test_what_is_no_year_of_a_bulletin(text: str) -> None:
    assert year_value(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("三千二百", "3200"), ("一点五", "1.5"), ("两", "2"), ("十二", "12")]
)
def test_the_value_of_chinese_numerals(text: str, value: str) -> None:
    assert chinese_value(text) == Decimal(value)


def test_a_lone_scale_has_no_value() -> None:
    assert chinese_value("余") is None


@given(st.text(max_size=8))
def test_no_text_raises(text: str) -> None:
    number(text)
    year_value(text)
    chinese_value(text)


@given(st.integers(0, 9999))
def test_arabic_digits_stand_for_themselves(value: int) -> None:
    assert number(str(value)) == value


@pytest.mark.parametrize("word", ["一亿一", "十亿一", "百十一", "一十零"])
def test_what_the_numeral_library_stumbles_over_has_no_value(word: str) -> None:
    assert chinese_value(word) is None
    assert number(word) is None
