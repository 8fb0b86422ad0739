"""What is odd about the archive as a whole: missing numbers, dates out of order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

from rag.schema import IssueRef, ParseWarning


def review_archive(issues: Iterable[tuple[IssueRef, date]]) -> tuple[ParseWarning, ...]:
    """Warnings by series, year and sequence (the regular one, 增刊, 专刊)."""
    sequences: dict[tuple[str, int, str], list[tuple[int, date]]] = defaultdict(list)
    for issue, published in issues:
        sequences[issue.series, issue.year, issue.edition].append((issue.number, published))
    return tuple(
        warning
        for (series, year, edition), dated in sorted(sequences.items())
        for warning in _review(
            f"{f'《{series}》' if series else ''}{year}年{edition}", sorted(dated)
        )
    )


def _review(name: str, dated: list[tuple[int, date]]) -> Iterator[ParseWarning]:
    # A single issue says nothing about what else there should be.
    if len(dated) < 2:
        return
    missing = list(_missing([number for number, _ in dated]))
    if missing:
        yield ParseWarning("missing-issue", f"{name}缺第{'、'.join(missing)}期")
    for (number, day), (next_number, next_day) in pairwise(dated):
        if next_day < day:
            yield ParseWarning(
                "date-order",
                f"{name}第{next_number}期的日期{next_day.isoformat()}"
                f"早于第{number}期的{day.isoformat()}",
            )


def _missing(numbers: list[int]) -> Iterator[str]:
    """The gaps from 1 on, as 3 or 5—9."""
    for before, after in pairwise([0, *numbers]):
        if after - before == 2:
            yield str(before + 1)
        elif after - before > 2:
            yield f"{before + 1}—{after - 1}"
