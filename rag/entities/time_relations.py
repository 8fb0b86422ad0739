"""What times named beside one another take from each other: 2023年和2024年一季度, 近三年一季度."""

from __future__ import annotations

import calendar
import re
from dataclasses import replace
from datetime import date

from rag.entities.numerals import NUMERAL, number
from rag.entities.time_mention import TimeMention, in_year, month_range
from rag.schema import Period

_VAGUE = re.compile(r"(?:最近|近|过去|这)[几些]?年")


def relate_times(mentions: list[TimeMention], text: str, question: bool) -> list[TimeMention]:
    """The times with what each takes from those beside it: a year, a part of one, its other end.

    `mentions` come in the order of the folded `text`, apart from one another; so do the results,
    of which several may stand at one place.
    """
    if question:
        mentions = _vague_as_named(mentions)
    mentions = _years_from_left(_join_ranges(mentions, text), "" if question else text)
    if question:
        mentions = _nearest_meant(_of_each_year(mentions), text)
    mentions = _same_time_before(mentions)
    mentions = _share_parts(mentions, text)
    # In a report 四季度 of the title has nothing to do with 明年 at its end.
    return _spread_parts(mentions) if question else mentions


def _vague_as_named(mentions: list[TimeMention]) -> list[TimeMention]:
    """近几年趋势（2022—2024年）: the years named say what the recent ones are."""
    named = [
        m for m in mentions if m.has_year and m.whole_years and not _VAGUE.match(m.period.words)
    ]
    if not named:
        return mentions
    return [
        replace(m, period=named[0].period, kind=named[0].kind)
        if _VAGUE.match(m.period.words)
        else m
        for m in mentions
    ]


def _years_from_left(mentions: list[TimeMention], report: str) -> list[TimeMention]:
    """本月（11月）: a bare part takes the year of the time named before it, in a report within the
    sentence."""
    result: list[TimeMention] = []
    named: TimeMention | None = None
    for mention in mentions:
        near = named and not re.search("[。！？]", report[named.end : mention.start])
        if not mention.has_year and named and near and not named.whole_years:
            shift = named.period.end.year - mention.period.end.year
            period = _moved(mention.period, shift)
            if mention.kind == "until":
                period = replace(period, start=mention.period.start)
            mention = replace(mention, period=period, has_year=True)
        result.append(mention)
        if mention.has_year and mention.kind != "until":
            named = mention
    return result


_ANY_YEAR = re.compile("[去今前明当同那该本]年|\\d年|[〇零一二三四五六七八九]年")


def _of_each_year(mentions: list[TimeMention]) -> list[TimeMention]:
    """2022年至2025年各年上半年: a bare part behind several years is that of each of them."""
    result: list[TimeMention] = []
    for mention in mentions:
        before = result[-1] if result else None
        several = (
            before and before.whole_years and before.period.start.year < before.period.end.year
        )
        if several and mention.kind == "range" and not _ANY_YEAR.search(mention.period.words):
            mention = replace(mention, has_year=False)
        result.append(mention)
    return result


_WHOLE_YEAR = re.compile("全年|整年")
_CLAUSES = re.compile("[，,；;。？?]")


def _nearest_meant(mentions: list[TimeMention], text: str) -> list[TimeMention]:
    """The times; a year that introduces a nearer one, or repeats it to compare, means that one.

    去年冬修截至11月底 speaks of one day; 2022年一季度、2023年一季度…，2023年比2022年多多少 of two quarters.
    """
    kept = []
    for i, mention in enumerate(mentions):
        following = mentions[i + 1] if i + 1 < len(mentions) else None
        year = mention.whole_years and mention.kind == "range"
        if year and not _WHOLE_YEAR.search(mention.period.words):
            last = mention.period.end.year
            introduces = (
                following is not None
                and following.kind == "until"
                and following.period.end.year == last
                and not _CLAUSES.search(text[mention.end : following.start])
            )
            compares = "比" in (text[mention.start - 1 : mention.start], text[mention.end :][:1])
            parts = [
                m
                for m in mentions[:i]
                if not m.whole_years and m.kind == "range" and m.period.end.year == last
            ]
            if introduces and following:
                mention = replace(mention, period=following.period, kind=following.kind)
            elif compares and parts:
                mention = replace(mention, period=parts[-1].period)
        kept.append(mention)
    return kept


def _same_time_before(mentions: list[TimeMention]) -> list[TimeMention]:
    """去年同期 after 今年前三季度 is the first three quarters of last year."""
    result: list[TimeMention] = []
    for mention in mentions:
        if mention.period.words.endswith("同期") and result:
            named = result[-1].period
            shift = mention.period.start.year - named.start.year
            mention = replace(mention, period=_moved(named, shift or -1), kind=result[-1].kind)
        result.append(mention)
    return result


def _moved(period: Period, years: int) -> Period:
    start, end = (in_year(day, day.year + years) for day in (period.start, period.end))
    return Period(start, end, period.words)


_TO = re.compile(r"\s*[-—–~～至到]+\s*")
_TO_DAY = re.compile(rf"\s*[-—–~～至到]+\s*({NUMERAL})[日号]")


def _join_ranges(mentions: list[TimeMention], text: str) -> list[TimeMention]:
    """2024年3月至2025年2月 and 3月1日至15日 are one time."""
    joined: list[TimeMention] = []
    for mention in mentions:
        last = joined[-1] if joined else None
        if last and _from_its_beginning(last, mention, text):
            end = in_year(mention.period.end, last.period.end.year)
            joined[-1] = _joined(last, mention.end, end, text)
            continue
        if (
            last
            and last.kind == mention.kind == "range"
            and not last.whole_years
            and last.period.start <= mention.period.end
            and _TO.fullmatch(text[last.end : mention.start])
        ):
            joined[-1] = _joined(last, mention.end, mention.period.end, text)
            continue
        joined.append(mention)
        start = mention.period.start
        if start == mention.period.end and (to := _TO_DAY.match(text, mention.end)):
            day = number(to[1]) or 0
            if start.day <= day <= calendar.monthrange(start.year, start.month)[1]:
                joined[-1] = _joined(mention, to.end(), start.replace(day=day), text)
    return joined


def _from_its_beginning(year: TimeMention, part: TimeMention, text: str) -> bool:
    """2024年到9月底: the year from its beginning."""
    one = year.whole_years and year.period.start.year == year.period.end.year
    bare = part.kind == "range" and not _ANY_YEAR.search(part.period.words)
    return one and bare and bool(re.fullmatch("[到至]", text[year.end : part.start]))


def _joined(mention: TimeMention, end: int, last_day: date, text: str) -> TimeMention:
    period = Period(mention.period.start, last_day, text[mention.start : end])
    return TimeMention(mention.start, end, period, mention.has_year)


def _spread_parts(mentions: list[TimeMention]) -> list[TimeMention]:
    """技改一季度2024年比2023年: a part named once, before or after whole years, belongs to each.

    近三年一季度 likewise gives the first quarter of each of the years.
    """
    bare = [m for m in mentions if not m.has_year and m.kind == "range"]
    years = [m for m in mentions if m.has_year and m.kind in ("range", "since") and m.whole_years]
    if len(bare) != 1 or not years:
        return mentions
    part = bare[0].period
    if part.start.year != part.end.year:
        return mentions
    spread = []
    for mention in years:
        for year in range(mention.period.start.year, mention.period.end.year + 1):
            start, end = month_range(year, part.start.month, part.end.month)
            if part.start == part.end:
                start = end = in_year(part.start, year)
            words = f"{year}年{part.words}"
            spread.append(
                TimeMention(mention.start, mention.end, Period(start, end, words), True, "range")
            )
    # Kept as a mention without a period of its own, so that its words are not read as terms.
    kept = [m for m in mentions if m not in years and m is not bare[0]]
    first = spread[0]
    cover = TimeMention(bare[0].start, bare[0].end, first.period, True, "range")
    return sorted([*kept, *spread, cover], key=lambda m: m.start)


_JOIN = re.compile(r"\s*(?:和|与|跟|同|及|以及|、|，|,|比|较|相比|到|至|—|-|还是|或)\s*")


def _share_parts(mentions: list[TimeMention], text: str) -> list[TimeMention]:
    """2023年和2024年一季度 means two first quarters: a bare year takes the part of the next."""
    result = list(mentions)
    for i in range(len(result) - 2, -1, -1):
        this, following = result[i], result[i + 1]
        if this.kind != "range" or following.kind != "range":
            continue
        if not _JOIN.fullmatch(text[this.end : following.start]):
            continue
        a, b = this.period, following.period
        whole = this.whole_years and a.start.year == a.end.year
        part = (b.start.month, b.start.day, b.end.month) != (1, 1, 12)
        if whole and part and b.start.year == b.end.year and a.start.year != b.start.year:
            start, end = month_range(a.start.year, b.start.month, b.end.month)
            result[i] = TimeMention(
                this.start, this.end, Period(start, end, a.words), this.has_year, this.kind
            )
    return result
