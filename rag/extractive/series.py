"""The history of one indicator: its figure of every issue, in date order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import rjieba

from rag.extractive.arithmetic import Row
from rag.extractive.fact import Fact, header_words
from rag.extractive.indicator import SAME_LABEL, accepted, alike, nearest_to, same_matter
from rag.extractive.matching import presence
from rag.extractive.reading import read_item
from rag.extractive.wording import say_spoken
from rag.schema import Hit, Intent, ParsedQuery, Period
from rag.text import fold

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

TREND_ITEMS = 40
_EACH = re.compile("[每各]年")
_EDITIONS = re.compile("(?<!第)[两二三四五六几各历每]届")  # of each of which one item tells
_EDITION = re.compile("第[一二三四五六七八九十\\d]{1,3}届|首届")
INDICATORS = 4  # tried as the one whose history is asked for
# The share of the question by which an item may hold less than another one of the same issue.
ANOTHER_MATTER = 0.25
HELD = 0.5  # presence of a word in an item that holds it, in whatever form


def series_of_each(engine: ExtractiveEngine, query: ParsedQuery) -> tuple[list[Row], list[Hit]]:
    """The lines of every office named, those of each office in date order."""
    rows: list[Row] = []
    hits: list[Hit] = []
    for name in query.filters.departments:
        part = replace(query, filters=replace(query.filters, departments=(name,)))
        found = engine.hits(part, TREND_ITEMS)
        lines = series(engine, part, found) or [Row("", None)]
        rows += [Row(f"{name}{row.name}", row.fact) for row in lines]
        hits += found
    return rows, hits


def series(engine: ExtractiveEngine, query: ParsedQuery, hits: Sequence[Hit]) -> list[Row]:
    """The best fact of every item about the same indicator, in date order.

    A span of years takes what was printed in it as well as what speaks of it.
    """
    # 每年多少艘: of one item, what it prints for its year.
    alone = _EACH.sub("", query.standalone)
    figure = replace(query, intent=Intent.FIGURE, order="", standalone=alone)
    span = query.periods[0] if len(query.periods) == 1 else None
    if span and span.end.year > span.start.year:
        figure = replace(figure, periods=())
    tried: list[list[Row]] = []
    for best in accepted(engine, figure, hits)[:INDICATORS]:
        tried.append(_rows_of(engine, figure, query, hits, best, span))
        if len(tried[-1]) > 1:
            return tried[-1]  # what was printed once only has no history
    return tried[0] if tried else []


def _rows_of(
    engine: ExtractiveEngine,
    figure: ParsedQuery,
    query: ParsedQuery,
    hits: Sequence[Hit],
    best: Fact,
    span: Period | None,
) -> list[Row]:
    """The lines of the indicator that `best` has."""
    # What no dictionary has is a name (棠白 of 棠白公路).
    names = [t for t in query.terms if len(t) > 1 and not rjieba.has_word(t)]
    facts = []
    for hit in hits:
        fact = nearest_to(accepted(engine, figure, [hit]), best)
        if fact is None or alike(fact, best) < SAME_LABEL:
            continue
        spoken = fact.spoken or Period(fact.chunk.published, fact.chunk.published)
        other = any(name in best.chunk.text and name not in fact.chunk.text for name in names)
        if other and not same_matter(fact, best, several=True):
            continue  # another project's 累计完成投资
        told = (spoken, *read_item(fact.chunk).title_times)
        if span and not (span.contains(fact.chunk.published) or any(map(span.overlaps, told))):
            continue
        facts.append(fact)
    facts = [
        fact
        for fact in facts
        if not _lesser(fact, facts) and not _another(engine, query, fact, best)
    ]
    if _EDITIONS.search(query.standalone):
        editions = [f for f in facts if _EDITION.search(fold(f.chunk.text))]
        facts = editions if len(editions) > 1 else facts
    facts.sort(key=lambda f: f.spoken.end if f.spoken else f.chunk.published)
    return [Row(say_spoken(f.spoken, f.chunk), f) for f in facts]


def _lesser(fact: Fact, facts: Sequence[Fact]) -> bool:
    """Whether another item of the same issue holds clearly more of the question: 提供岗位 of a
    signing ceremony beside that of the 春风行动 asked about."""
    return any(
        other.chunk.issue == fact.chunk.issue and other.item > fact.item + ANOTHER_MATTER
        for other in facts
    )


def _another(engine: ExtractiveEngine, query: ParsedQuery, fact: Fact, best: Fact) -> bool:
    """Whether a fact of other offices is of another thing: its item lacks the weightiest thing that
    the question names and the best fact's item prints (总产值 of a park for 春茶产值)."""
    if set(fact.chunk.departments) & set(best.chunk.departments):
        return False
    things_named = [t for t in engine.terms(query.terms) if t.seen and (t.noun or t.proper)]
    key = max(things_named, key=lambda term: term.weight, default=None)
    if key is None or presence(key, fold(best.chunk.text).lower()) < HELD:
        return False
    return presence(key, fold(fact.chunk.text + header_words(fact.chunk)).lower()) < HELD
