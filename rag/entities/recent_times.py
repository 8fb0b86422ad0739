"""Times counted back from today: 近三年, 最近两个月, 上季度, 昨天."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from rag.entities.numerals import number
from rag.entities.time_mention import TimeMention, month_range
from rag.schema import Period

_RECENT = re.compile(
    r"(?:最近|近|过去|这)(?P<n>[一二三四五六七八九十两几半些]|\d+)?(?P<unit>年|个月|个季度|周|天)(?:来|间|内)?"
)
_RELATIVE = re.compile(
    r"上个?月|本月|这个月|上个?季度|本季度|这个?季度|当月|上周|本周|昨天|今天|年初以来|年内"
)

# 晚了近两个月, 历时近三年: how long, not when.
_LASTED = re.compile(
    r"(?:晚|早|提前|推迟|延[后期长误]|缩短|压缩|滞后|逾期|用|花|耗时|历时|持续|长达|超过?|相隔|间隔)了?$"
)
_LONGEST = 40_000  # 近9999999天 reaches back before the first year that a date can have


def recent_times(text: str, today: date, question: bool) -> list[TimeMention]:
    """近三年, 最近半年, 上个月, 本周 in a folded text."""
    mentions = []
    for m in _RECENT.finditer(text):
        if _LASTED.search(text[: m.start()]):
            continue
        word = m["n"] or ""
        # 近年来 is as vague as 近几年.
        vague = 5 if m["unit"] == "年" else 1
        count = {"两": 2, "几": 5, "些": 5, "": vague}.get(word) or number(word) or 1
        count = min(count, _LONGEST)
        bare = not word and m["unit"] == "年" and not m.group().endswith(("来", "内", "间"))
        if bare and not (question and m.group().startswith("近")):
            continue
        if m["unit"] == "年" and (word == "半" or count == 1):
            start = _months_before(today, 6 if word == "半" else 12)
        elif m["unit"] == "年":
            start = date(max(today.year - count + 1, 1990), 1, 1)
        elif m["unit"] == "天":
            start = today - timedelta(days=count)
        elif m["unit"] == "周":
            start = today - timedelta(weeks=count)
        else:
            months = count * (3 if m["unit"] == "个季度" else 1)
            index = today.year * 12 + today.month - 1 - months
            start = date(max(index // 12, 1), index % 12 + 1, 1)
        mentions.append(
            TimeMention(m.start(), m.end(), Period(start, today, m.group()), True, "since")
        )
    for m in _RELATIVE.finditer(text):
        mentions.append(TimeMention(m.start(), m.end(), _relative_period(m.group(), today), True))
    return mentions


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _relative_period(word: str, today: date) -> Period:
    if word.startswith("年"):
        return Period(date(today.year, 1, 1), today, word)
    if "周" in word:
        monday = today - timedelta(days=today.weekday() + (7 if word[0] == "上" else 0))
        return Period(monday, monday + timedelta(days=6), word)
    if word.endswith("天"):
        day = today - timedelta(days=1 if word[0] == "昨" else 0)
        return Period(day, day, word)
    size = 3 if "季度" in word else 1
    index = (today.year * 12 + today.month - 1) // size * size
    if word.startswith("上"):
        index -= size
    year, month = divmod(index, 12)
    start, _ = month_range(year, month + 1, month + 1)
    _, end = month_range(year, month + size, month + size)
    return Period(start, end, word)
