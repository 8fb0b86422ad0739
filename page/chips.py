"""What was understood of a question, part by part, and the question with one part changed.

A part is changed in the words of the question itself, so that the reader sees what is asked, and
so that the changed question means the same to every engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from rag.entities.issues import find_issues
from rag.entities.times import find_times
from rag.extractive.wording import say_period
from rag.schema import IssueRef, ParsedQuery, Period
from rag.text import Span, fold

Names = Callable[[str], Iterable[str]]

# What is left dangling where a part was taken out: 的, commas, 在…中.
_DANGLING = re.compile(r"^[的，、,；;\s]+|(?<=[，。；、])[的，、]+|[，、]+(?=[？?。]|$)")


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of what was understood. `spans` is where the standalone question names it."""

    kind: str
    words: str
    spans: tuple[Span, ...] = ()


def chips_of(query: ParsedQuery, today: date, names: Names) -> list[Chip]:
    """The parts in the order shown: time, issues, departments, sections.

    `names` gives the other names of a department.
    """
    text = query.standalone
    chips = [
        Chip("时间", say_period(period), _time_spans(text, period, today))
        for period in query.periods
    ]
    chips += [
        Chip("期号", issue.label, _issue_spans(text, issue, today))
        for issue in query.filters.issues
    ]
    for department in query.filters.departments:
        chips.append(Chip("部门", department, _name_spans(text, [department, *names(department)])))
    chips += [Chip("栏目", name, _name_spans(text, [name])) for name in query.filters.sections]
    return chips


def asked_anew(query: ParsedQuery, chip: Chip, words: str) -> str:
    """The standalone question with the words in place of the chip; no words take it out.

    A part that the question does not name (it came from the conversation) is put in front.
    """
    words = words.strip()
    text = query.standalone
    if not chip.spans:
        return f"{words}，{text}" if words else text
    for i, span in reversed(list(enumerate(chip.spans))):
        text = text[: span.start] + (words if i == 0 else "") + text[span.end :]
    return text if words else _DANGLING.sub("", text)


def _time_spans(text: str, period: Period, today: date) -> tuple[Span, ...]:
    return tuple(
        Span(mention.start, mention.end)
        for mention in find_times(text, today)
        if (mention.period.start, mention.period.end) == (period.start, period.end)
    )


def _issue_spans(text: str, issue: IssueRef, today: date) -> tuple[Span, ...]:
    mentions = find_issues(text, today)
    return tuple(
        Span(mention.start, mention.end)
        for mention in mentions
        if (mention.number == issue.number and mention.year in (None, issue.year))
        or (mention.relative and len(mentions) == 1)
    )


def _name_spans(text: str, names: Iterable[str]) -> tuple[Span, ...]:
    """Where the longest of the names stands, with the 县 or 【】 around it."""
    folded = fold(text)
    for name in sorted(set(names), key=len, reverse=True):
        pattern = rf"(?:我县|本县|全县|县)?[【“]?{re.escape(fold(name))}[】”]?(?:栏目)?"
        spans = tuple(Span(m.start(), m.end()) for m in re.finditer(pattern, folded))
        if spans:
            return spans
    return ()
