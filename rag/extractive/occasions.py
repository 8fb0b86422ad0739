"""Holidays and seasons: whether a fact is of the one that the question names."""

from __future__ import annotations

import re
from datetime import date, timedelta

from rag.extractive.fact import Fact
from rag.schema import Period
from rag.text import fold

_HOLIDAY = re.compile("(?:元旦|春节|元宵|清明|五一|端午|中秋|国庆|寒假|暑假|小长假)(?!前|后)")


def lacks_holiday(question: str, fact: Fact) -> str:
    """The holiday that the question names and the fact's sentence and title don't, nor the whole
    item as its only one."""
    words = fold(fact.sentence.span.of(fact.chunk.text) + fact.chunk.title)
    asked = [str(name) for name in _HOLIDAY.findall(question)]
    if set(_HOLIDAY.findall(fold(fact.chunk.text))) == set(asked):
        return ""
    if not asked or any(
        re.search(_HOLIDAY_WORDS.get(name, name), words) or _on_holiday(name, fact, words)
        for name in asked
    ):
        return ""
    return asked[0]


_HOLIDAY_WORDS = {
    "春节": "春节|新春|正月|除夕|过年|年味",
    "五一": "五一|劳动节",
    "国庆": "国庆|双节",
}
# Those that come at the same day of every year.
_FIRST_DAY = {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1)}


# By the month of printing; nothing else tells the summer's items from the winter's.
_SCHOOL_HOLIDAYS = {"暑假": range(6, 10), "寒假": range(1, 4)}


def _on_holiday(name: str, fact: Fact, words: str) -> bool:
    """Whether the sentence speaks of days (10月1日至8日) that hold the holiday's first, or of the
    holiday just over."""
    published = fact.chunk.published
    if name in _SCHOOL_HOLIDAYS:
        return published.month in _SCHOOL_HOLIDAYS[name]
    if name not in _FIRST_DAY:
        return False
    since = published - date(published.year, *_FIRST_DAY[name])
    if re.search("假日|假期|节日|长假|节假日", words) and timedelta(0) < since < timedelta(days=25):
        return True
    return any(
        time.contains(date(time.end.year, *_FIRST_DAY[name]))
        and time.end - time.start < timedelta(days=16)
        for time in fact.sentence.times
    )


_SEASON = re.compile("[春夏秋冬](?=季|天|$|[^一-龥])")
_MONTHS = {"春": (1, 6), "夏": (5, 9), "秋": (8, 12), "冬": (10, 16)}  # generous; 13 is January


def other_season(question: str, fact: Fact) -> str:
    """The season that the question names, where the item doesn't print it and the sentence speaks
    of days well out of it: autumn's figures for 今年春季."""
    asked = set(_SEASON.findall(question))
    printed = set(_SEASON.findall(fold(fact.chunk.text)))
    if len(asked) != 1 or asked & printed:
        return ""
    season = asked.pop()
    first, last = _MONTHS[season]
    days = fact.sentence.times
    outside = days and not any(
        first <= month + year <= last
        for time in days
        for month in range(time.start.month, time.start.month + _months(time) + 1)
        for year in (0, 12)
    )
    return f"{season}季" if outside else ""


def _months(time: Period) -> int:
    return (time.end.year - time.start.year) * 12 + time.end.month - time.start.month
