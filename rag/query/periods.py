"""What the times named in a question limit: the days told of, or the day of printing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from rag.entities.time_mention import TimeMention, in_year
from rag.schema import Period

# 2024年4月报的, 2024年7月应急管理局那条, 2023年8月报道时: the issue's own date.
_PRINTED = re.compile(
    r"^份?的?(?:那期|那一期|这期|快报|简报)?[里上中]?(?:(?:说|登|报|写|提|讲|公布|通报|刊登|刊发|报道|印发)(?:到|过)?(?:的|时)|通报(?!批评|会)|刊[登载]|登载|[一-龥]{0,8}那[条期篇])"
)
# 2023、2024、2025这三年: the years named before it
_SUMS_UP = re.compile("[这那][两二三四五六七八九十几]年")
_MONTH, _YEAR = timedelta(days=31), timedelta(days=364)


def printing_time(
    times: Sequence[TimeMention], text: str
) -> tuple[Period | None, tuple[TimeMention, ...]]:
    """The date of printing when a time is said to be that, and the times that remain: 今年以来
    beside it is counted from that issue and fixes nothing."""
    printed = [mention for mention in times if _of_printing(mention, text)]
    if len(printed) == 1:  # of two (4月那期和11月那期) the figures are compared
        mention = printed[0]
        rest = (t for t in times if t is not mention and not re.match("今|本年", t.period.words))
        period = mention.period
        if period.words.endswith(("底", "末")):  # 7月底报的: printed about that day
            about = timedelta(days=35 if period.end.month == 12 else 15)  # 年底 is a long time
            period = Period(period.end - about, period.end + about, period.words)
        return period, tuple(rest)
    return None, tuple(times)


def _of_printing(mention: TimeMention, text: str) -> bool:
    # 一季度报的: what is told of a quarter is printed after it.
    part = _MONTH < mention.period.end - mention.period.start < _YEAR
    if part or not mention.has_year or mention.kind != "range":
        return False
    if mention.period.words.endswith("年度"):
        return False  # 启动2025年度医保缴费的那篇 was printed the year before
    return bool(_PRINTED.match(text[mention.end :]))


def asked_periods(
    times: Sequence[TimeMention], first_year: int | None
) -> tuple[tuple[Period, ...], bool]:
    """The periods asked about, and whether one had no year: it then stands for that part of every
    year from the archive's first on."""
    periods: list[Period] = []
    open_year = False
    for index, mention in enumerate(times):
        period = mention.period
        if index and _SUMS_UP.match(period.words) and mention.start <= times[index - 1].end + 1:
            continue
        if mention.has_year or first_year is None or mention.kind != "range":
            periods.append(period)
            continue
        open_year = True
        span = period.end.year - period.start.year
        for year in range(period.start.year, first_year - 1, -1):
            start = in_year(period.start, year)
            end_year = year + span
            end = (
                date(end_year, period.end.month + 1, 1) - timedelta(days=1)
                if period.start.day == 1 and period.end.day >= 28 and period.end.month < 12
                else in_year(period.end, end_year)
            )
            periods.append(Period(start, end, period.words))
    return tuple(dict.fromkeys(periods)), open_year
