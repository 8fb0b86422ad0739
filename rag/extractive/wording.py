"""How periods, filters and items are put into words."""

from __future__ import annotations

import calendar
from datetime import date

from rag.entities.time_mention import EARLIEST
from rag.schema import Chunk, ParsedQuery, Period


def say_period(period: Period) -> str:
    """2023年, 2023年一季度, 2023年4月, 2023年1—9月, 截至2024-12-31, 2023-02-01至2023-04-21."""
    start, end = period.start, period.end
    if start == EARLIEST:
        return f"截至{end.isoformat()}"
    if start == end:
        return f"{start.year}年{start.month}月{start.day}日"
    last_day = calendar.monthrange(end.year, end.month)[1]
    if start.day == 1 and end.day == last_day:
        if start.year == end.year:
            months = (start.month, end.month)
            names = {
                (1, 12): "",
                (1, 6): "上半年",
                (7, 12): "下半年",
                (1, 3): "一季度",
                (4, 6): "二季度",
                (7, 9): "三季度",
                (10, 12): "四季度",
            }
            if months in names:
                return f"{start.year}年{names[months]}"
            if start.month == end.month:
                return f"{start.year}年{start.month}月"
            return f"{start.year}年{start.month}—{end.month}月"
        if start.month == 1 and end.month == 12:
            return f"{start.year}—{end.year}年"
    return f"{start.isoformat()}至{end.isoformat()}"


def say_spoken(spoken: Period | None, chunk: Chunk) -> str:
    """The time a figure speaks of; without one of its own, the date of the issue."""
    if spoken is None or spoken.start == spoken.end:
        return f"截至{say_day(spoken.end if spoken else chunk.published)}"
    if spoken.end == chunk.published:
        if (spoken.start.month, spoken.start.day) == (1, 1):
            return f"{spoken.start.year}年以来"
        return f"{spoken.start.year}年{spoken.start.month}月以来"
    return say_period(spoken)


def say_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def say_filters(query: ParsedQuery) -> str:
    """时间：2023年；部门：科工局 … ; nothing asked gives an empty string."""
    parts = []
    if query.periods:
        words = dict.fromkeys(say_period(p) for p in query.periods)
        parts.append("时间：" + "、".join(words))
    if query.filters.issues:
        parts.append(
            "期号：" + "、".join(f"{i.year}年第{i.number}期" for i in query.filters.issues)
        )
    if query.filters.departments:
        parts.append("部门：" + "、".join(query.filters.departments))
    if query.filters.sections:
        parts.append("栏目：" + "、".join(f"【{s}】" for s in query.filters.sections))
    return "；".join(parts)


def say_range(issues: int, first: date | None, last: date | None, items: int) -> str:
    """2022-03-04 至 2025-10-30 的 12 期、108 条"""
    if first is None or last is None:
        return "0 期"
    days = first.isoformat() if first == last else f"{first.isoformat()} 至 {last.isoformat()}"
    return f"{days} 的 {issues} 期、{items} 条"
