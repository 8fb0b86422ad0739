"""An item taken apart: sentences, clauses, figures, and the time each clause speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from rag.entities.figures import Figure, find_figures
from rag.entities.issues import find_issues
from rag.entities.time_mention import EARLIEST, TimeMention
from rag.entities.times import find_times
from rag.schema import Chunk, Period
from rag.text import Located, Span, overlap, split_clauses, split_sentences


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between commas. `time` is the period it speaks of, None when it names none."""

    span: Span
    time: Period | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    span: Span
    clauses: tuple[Clause, ...]

    @property
    def times(self) -> tuple[Period, ...]:
        return tuple(dict.fromkeys(c.time for c in self.clauses if c.time))


@dataclass(frozen=True, slots=True)
class ItemReading:
    """A chunk with its sentences; the title is the first one when it ends inside the text."""

    chunk: Chunk
    title: Span
    sentences: tuple[Sentence, ...]
    title_times: tuple[Period, ...] = ()


# 增长7.6%，比上半年加快0.2个百分点: what the figure is set beside, no time of its own.
_BASE = re.compile("(?:(?<![占对])比|较)$")
_OWN = re.compile(r"的?\s*\d")  # 比2023年的10.6万吨增加0.7万吨
# 2019年以前建成的农田: says which ones, not when.
_BEFORE_YEAR = re.compile("年(?:以前|之前|前)$")


@lru_cache(maxsize=8192)
def read_item(chunk: Chunk) -> ItemReading:
    """Take a chunk's text apart; cached, since the same items come back question after question."""
    text = chunk.text
    named = find_times(text, chunk.published)
    issues = find_issues(text, chunk.published)
    mentions: list[Located] = [*named, *issues]
    times = [
        t
        for t in named
        # 更正2024年第5期 names an issue, no time.
        if not _BEFORE_YEAR.search(t.period.words)
        and not any(overlap(t, i) for i in issues)
        and not (_BASE.search(text[: t.start]) and not _OWN.match(text, t.end))
        and not _names_occasion(text, t, named)
    ]
    figures = [f for f in find_figures(text) if not any(overlap(f, m) for m in mentions)]
    title_end = len(chunk.title) if chunk.title and text.startswith(chunk.title) else 0
    if title_end and text[title_end : title_end + 1] == "。":
        title_end += 1
    bounds = _sentence_spans(text, title_end)
    return ItemReading(
        chunk,
        Span(0, title_end),
        _read_sentences(text, bounds, times, figures, chunk),
        tuple(t.period for t in times if t.end <= title_end),
    )


def _names_occasion(text: str, mention: TimeMention, named: Sequence[TimeMention]) -> bool:
    """Whether a year is part of the name of what took place on a day told before it in the
    sentence: 4月9日召开2025年首次银企对接会 speaks of that day."""
    days = (mention.period.end - mention.period.start).days
    if days < _YEAR_DAYS or not _HELD.search(text[: mention.start]):
        return False
    return any(
        other.end <= mention.start
        and "。" not in text[other.end : mention.start]
        and mention.period.contains(other.period.start)
        and (other.period.end - other.period.start).days < days
        for other in named
    )


_HELD = re.compile("(?:召开|举办|举行|组织|开展|启动|印发)了?(?:全县|全镇|县)?$")
_YEAR_DAYS = 364


def _sentence_spans(text: str, title_end: int) -> list[Span]:
    spans = []
    for span in split_sentences(text):
        if span.start < title_end < span.end and text[title_end : span.end].strip("。 "):
            body = title_end
            while body < span.end and text[body] in " 。":
                body += 1
            spans += [Span(span.start, title_end), Span(body, span.end)]
        else:
            spans.append(span)
    return spans


# 其中第一产业…, 从产业看…: still speaks of the time of the sentence before.
_GOES_ON = re.compile(r"其中|[从分按][^，。]{1,6}[看分][，,]")
# A growth is over some time: that of the sentence before where none is named.
_GROWTH = re.compile("同比|(?:增长|下降|上涨|增幅|增速)[^，。]{0,4}\\d")
_MONTH = timedelta(days=27)


def _read_sentences(
    text: str,
    spans: Sequence[Span],
    times: list[TimeMention],
    figures: list[Figure],
    chunk: Chunk,
) -> tuple[Sentence, ...]:
    sentences: list[Sentence] = []
    for span in spans:
        before = sentences[-1].times[-1] if sentences and sentences[-1].times else None
        inherited = before if _GOES_ON.match(span.of(text)) else None
        bare = not any(span.start <= t.start < span.end for t in times)
        long = before is not None and before.end - before.start > _MONTH
        if bare and long and _GROWTH.search(span.of(text)):
            inherited = before
        sentences.append(_read_sentence(text, span, times, figures, chunk, inherited))
    return tuple(sentences)


def _read_sentence(
    text: str,
    span: Span,
    times: list[TimeMention],
    figures: list[Figure],
    chunk: Chunk,
    current: Period | None,
) -> Sentence:
    clauses = []
    for part in split_clauses(span.of(text)):
        start, end = span.start + part.start, span.start + part.end
        named = [t for t in times if start <= t.start < end]
        spoken = current
        if named:
            spoken = _spoken(named[-1], chunk)
            # A day is the day of its own clause (1月18日，项目投产，年产值9亿元); a longer time
            # holds on to the end of the sentence.
            if spoken.start != spoken.end or named[-1].kind in ("now", "until"):
                current = spoken
        clauses.append(
            Clause(
                Span(start, end),
                spoken,
                tuple(f for f in figures if start <= f.start < end),
            )
        )
    return Sentence(span, tuple(clauses))


def _spoken(mention: TimeMention, chunk: Chunk) -> Period:
    if mention.kind == "now":
        return _now(chunk)
    if mention.kind == "until":  # 截至3月10日: the state of that day
        return Period(mention.period.end, mention.period.end, mention.period.words)
    return mention.period


def _now(chunk: Chunk) -> Period:
    return Period(chunk.published, chunk.published, "截至目前")


# An issue reports on the weeks before it: a figure without a time of its own in an issue of
# 5 April may be the first quarter's.
_LAG = timedelta(days=45)
_LONG_LAG = timedelta(days=75)  # results of a half year come out over two months
_WEEK = timedelta(days=7)
_FEW_DAYS = timedelta(days=8)


def time_match(asked: Period, spoken: Period | None, chunk: Chunk, figure: bool = False) -> float:
    """How well the time a clause speaks of fits the time asked about, 0 (another time) to 1.

    年初 is when an issue was printed as well. A clause without a time of its own speaks of the
    weeks before the issue's date. A figure is
    summed over its time, so that the first quarter's is no answer to the first half's; only a
    question about whole years takes a part of them, shown with its time.
    """
    if asked.words.endswith("年初") and asked.start <= chunk.published < asked.start + _LONG_LAG:
        return 0.9
    if figure and asked.start == EARLIEST:
        return _state_match(asked.end, spoken.end if spoken else chunk.published, spoken)
    if spoken is None or spoken.start == spoken.end:
        day = spoken.end if spoken else chunk.published
        if figure and day < asked.end - _WEEK and _part_of_year(asked):
            return 0.0  # what was printed on 2 August is not of the first three quarters
        if asked.contains(day):
            # What stood in the middle of 2025 is not 2025年全年.
            return 0.0 if figure and asked.words.endswith(_WHOLE_YEAR) and day.month < 12 else 0.9
        lag = _LONG_LAG if _part_of_year(asked) else _LAG
        return 0.4 if asked.end < day <= asked.end + lag else 0.0
    if (spoken.start, spoken.end) == (asked.start, asked.end):
        return 1.0
    years = (asked.start.month, asked.start.day) == (1, 1) and (
        (asked.end.month, asked.end.day) == (12, 31) or asked.end - asked.start > _A_YEAR
    )
    if asked.start <= spoken.start and spoken.end <= asked.end:
        if spoken.end == chunk.published and spoken.start == asked.start:
            return 0.95  # 今年以来 in the last issue of the year
        # 2025年全年 is not yet told by the first three quarters.
        whole = asked.words.endswith(_WHOLE_YEAR)
        if figure and not whole and spoken.end - spoken.start < _FEW_DAYS:
            # 10月16日至19日签约5个 for 10月: an event of that month
            return 0.75 if years else 0.6
        return 0.8 if (years and not whole) or not figure else 0.0
    if spoken.words.endswith("起") and asked.contains(spoken.start):
        return 0.8  # 自7月1日起 is of July, and of the second half
    if asked.words.endswith(("底", "末")) and spoken.end == asked.end:
        return 0.8  # 2024年底参保多少人: the figures of 2024 are those at its end
    if figure:
        # 2月份以来 in an issue of April answers for the time up to that issue.
        return 0.5 if spoken.end == chunk.published and asked.contains(spoken.end) else 0.0
    if spoken.start <= asked.start and asked.end <= spoken.end:
        return 0.6
    return 0.5 if spoken.overlaps(asked) else 0.0


def _state_match(asked: date, told: date, spoken: Period | None) -> float:
    """The fit of a figure to 截至2025年9月底: the nearer before that day the better; what a time
    of a year or longer ago was summed over is of another state."""
    if told > asked:
        return 0.4 if spoken is None and told - asked <= _LAG else 0.0
    if told == asked:
        return 1.0
    ago = asked - told
    fresh = 0.9 if spoken is None or spoken.start == spoken.end else 0.8
    return fresh if ago <= _LAG else fresh * _STALE if ago <= _HALF_YEAR else fresh * _STALE**2


_STALE = 0.8
_HALF_YEAR = timedelta(days=183)
_WHOLE_YEAR = ("全年", "整年")
_A_YEAR = timedelta(days=366)


def _part_of_year(asked: Period) -> bool:
    """Whether a period is a quarter, a half or the like, over which figures are summed."""
    span = asked.end - asked.start
    whole_months = asked.start.day == 1 and (asked.end + timedelta(days=1)).day == 1
    return whole_months and timedelta(days=80) < span < timedelta(days=340)
