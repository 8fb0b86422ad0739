"""How a figure of one topic went on over time, from issue to issue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz

from page.archive import Archive
from page.facts import Fact, find_facts
from rag.schema import Chunk, Filters
from rag.text import fold, search_tokens

# 技改投资上报额 and 完成技改投资 are one thing, 完成投资 and 完成产值 (75) are two.
_SAME_LABEL = 80.0
MOST_SERIES = 6


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of a topic, its facts in the order of the time they speak of."""

    label: str
    facts: tuple[Fact, ...]


def day_of(fact: Fact) -> date:
    """The day that a figure is as of: the end of its time, or the issue's date."""
    return min(fact.time.end, fact.chunk.published) if fact.time else fact.chunk.published


def kind_of(fact: Fact) -> str:
    """Figures of one kind follow on one another: first quarters, whole years, levels reached.

    The first quarter's figure and the first half's are not steps of one line.
    """
    time = fact.time
    if time is None or time.end >= fact.chunk.published:
        return "level"
    return f"{time.start:%m%d}-{time.end:%m%d}-{time.end.year - time.start.year}"


def topic_series(archive: Archive, words: str) -> list[Series]:
    """The quantities printed of a topic at two times or more, those with most figures first."""
    groups: list[list[Fact]] = []
    found = find_facts(archive, words, Filters()) if words.strip() else []
    # Another project's 完成投资 is no step of this one's line.
    for fact in (fact for fact in found if _is_about(fact.chunk, words)):
        for group in groups:
            if _same(group[0], fact):
                group.append(fact)
                break
        else:
            groups.append([fact])
    series = [Series(group[0].label, _ordered(group)) for group in groups]
    several = [each for each in series if len({day_of(fact) for fact in each.facts}) > 1]
    return sorted(several, key=lambda each: -len(each.facts))[:MOST_SERIES]


def _is_about(chunk: Chunk, words: str) -> bool:
    """Whether the item holds each of the words, whole or in its parts."""
    text = fold(f"{chunk.title} {chunk.text}").lower()
    return all(
        word in text or all(token in text for token in search_tokens(word))
        for word in fold(words).lower().split()
    )


def _same(a: Fact, b: Fact) -> bool:
    return a.figure.family == b.figure.family and fuzz.ratio(a.label, b.label) >= _SAME_LABEL


def _ordered(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """By day, a figure printed twice for one time only once, as the later issue has it."""
    latest: dict[tuple[date, str], Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.chunk.published):
        latest[day_of(fact), kind_of(fact)] = fact
    return tuple(latest[key] for key in sorted(latest))
