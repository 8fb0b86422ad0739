"""A time named in a text."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag.schema import Period

# The start of 截至2024年底: older than any archive.
EARLIEST = date(1950, 1, 1)

TimeKind = Literal["range", "since", "until", "now"]


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time named in a text. `has_year` is False for a bare 一季度 or 4月."""

    start: int
    end: int
    period: Period
    has_year: bool
    kind: TimeKind = "range"

    @property
    def whole_years(self) -> bool:
        """Whether it is one calendar year, several, or those since one."""
        start, end = self.period.start, self.period.end
        if self.kind == "since":
            return (start.month, start.day) == (1, 1) and end.year > start.year
        return (start.month, start.day, end.month, end.day) == (1, 1, 12, 31)


def month_range(year: int, first: int, last: int) -> tuple[date, date]:
    """The first and the last day of a stretch of months."""
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def in_year(day: date, year: int) -> date:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    last = calendar.monthrange(year, day.month)[1]
    return date(year, day.month, min(day.day, last))
