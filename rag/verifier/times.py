"""Times that a sentence names, against those that its sources print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rag.entities.times import find_times
from rag.schema import Chunk, Period
from rag.verifier.passage import Passage

_OF_REPORT = re.compile(r"快报|第\s*\d+\s*期|[刊登]载|印发|报道")


def same_time(claimed: Period, spoken: Sequence[Period], chunk: Chunk) -> bool:
    """Whether a figure of these printed times, none for that of the issue, is one of this time."""
    if not spoken:
        return _of_issue(claimed, chunk)
    return any(_equal(claimed, period) for period in spoken)


def _equal(claimed: Period, printed: Period) -> bool:
    """The same days or the same words: a bare 一季度 means what it means in its item."""
    same_words = bool(claimed.words) and claimed.words == printed.words
    return same_words or (claimed.start, claimed.end) == (printed.start, printed.end)


def _of_issue(period: Period, chunk: Chunk) -> bool:
    """The year of the issue, or the time up to its day; the day itself is that of no event."""
    day = chunk.published
    if period.end == day:
        return period.start < day
    return (period.start, period.end) == (date(day.year, 1, 1), date(day.year, 12, 31))


def full_years(sentence: str, published: date) -> str:
    """The sentence with 2025年 for 25年, which reads like a duration."""
    text = sentence
    for mention in reversed(find_times(sentence, published)):
        year = re.match(r"\d\d(?!\d)", sentence[mention.start :])
        if year and mention.period.start.year == 2000 + int(year.group()):
            text = f"{text[: mention.start]}20{text[mention.start :]}"
    return text


def unsupported_times(sentence: str, cited: Sequence[Passage]) -> list[str]:
    """The times named in the sentence that no cited sentence and no date of an issue gives."""
    best: list[str] | None = None
    of_report = bool(_OF_REPORT.search(sentence))
    for passage in cited:
        missing = []
        for mention in find_times(sentence, passage.chunk.published):
            if mention.kind == "now":
                continue
            if not any(_names_time(mention.period, other, of_report) for other in cited):
                missing.append(f"时间“{sentence[mention.start : mention.end]}”")
        if best is None or len(missing) < len(best):
            best = missing
    return best or []


def _names_time(period: Period, passage: Passage, of_report: bool) -> bool:
    chunk, span = passage.chunk, passage.span
    printed = [
        mention.period
        for mention in find_times(chunk.text, chunk.published)
        if span.start <= mention.start < span.end and mention.kind != "now"
    ]
    if of_report and period.start == period.end == chunk.published:
        return True
    if not printed:
        return _of_issue(period, chunk)
    return any(_equal(period, other) or _year_of(period, other) for other in printed)


def _year_of(period: Period, other: Period) -> bool:
    """2022年 for what the text dates within 2022."""
    year = period.start.year
    whole = (period.start, period.end) == (date(year, 1, 1), date(year, 12, 31))
    return whole and other.start.year == other.end.year == year
