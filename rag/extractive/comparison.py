"""Comparisons and trends: the same figure from several periods, departments or issues, in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import rjieba
from rapidfuzz import fuzz

from rag.citations import CitationBook
from rag.entities.time_mention import EARLIEST
from rag.extractive import corrections, things
from rag.extractive.arithmetic import (
    Known,
    Row,
    extremes,
    no_total,
    of_a_part,
    otherwise,
    total,
)
from rag.extractive.fact import Fact, header_words
from rag.extractive.facts import in_time
from rag.extractive.figure_facts import own_words
from rag.extractive.listing import item_head
from rag.extractive.matching import presence
from rag.extractive.reading import read_item
from rag.extractive.refusal import reject
from rag.extractive.wording import say_spoken
from rag.query.reader import Reading
from rag.query.vocabulary import WHOLE_COUNTY
from rag.schema import Answer, Hit, Intent, ParsedQuery, Period
from rag.text import fold

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

TREND_ITEMS = 40
# Labels of the same indicator, figures taken out, are nearly the same words.
SAME_LABEL = 55
_LABEL_END = 7  # characters
SAME_WORDS = 0.004  # of a score, for each point of rapidfuzz ratio between two labels
INDICATORS = 4  # tried as the one whose history is asked for
# The share of the question by which an item may hold less than another one of the same time.
ANOTHER_MATTER = 0.25
_FROM_TO = re.compile("从.*[到至]")
HELD = 0.5  # presence of a word in an item that holds it, in whatever form
ANCHORS = 4  # of a line's figures, those that may be the indicator compared


def compare(engine: ExtractiveEngine, reading: Reading) -> Answer | None:
    """The table, or None when the question holds nothing to compare."""
    query = _from_to(reading.query)
    parts = things.paired(reading) or things.compared(query)
    years = _spans_years(query)
    if query.intent is Intent.SUM and len(query.filters.departments) >= 2 and years:
        rows, hits = _series_of_each(engine, query)
    elif len(parts) >= 2:
        found = [
            _of_thing(query, name, _hits_of(engine, name, part, query)) for name, part in parts
        ]
        hits = [hit for each in found for hit in each]
        facts = [_accepted(engine, part, own) for (_, part), own in zip(parts, found, strict=True)]
        anchor = _common(facts)
        rows = [
            Row(name, _nearest(own, anchor)) for (name, _), own in zip(parts, facts, strict=True)
        ]
        rows = _each_once(
            [
                row if row.fact else _again(engine, row, part, own, anchor)
                for row, (_, part), own in zip(rows, parts, found, strict=True)
            ]
        )
    else:
        hits = engine.hits(query, TREND_ITEMS)
        rows = _series(engine, query, hits)
    if sum(row.fact is not None for row in rows) < (1 if len(parts) >= 2 else 2):
        return None
    return _compose(engine, query, rows, hits)


def _from_to(query: ParsedQuery) -> ParsedQuery:
    """The question with one period for two that are the ends of one (从2023年度说到2025年度)."""
    if query.intent is not Intent.TREND or len(query.periods) != 2:
        return query
    first, last = query.periods
    if first.end >= last.start or not _FROM_TO.search(query.standalone):
        return query
    return replace(query, periods=(Period(first.start, last.end),))


def _of_thing(query: ParsedQuery, name: str, hits: Sequence[Hit]) -> list[Hit]:
    """The items that print the thing's name, in the title before others, where any does:
    柳双公路 is no 柳石公路."""
    names = things.pair(query)
    if name not in names:
        return list(hits)
    others = [other for other in names if other != name]
    titled = [h for h in hits if name in fold(h.chunk.title)]
    alone = [h for h in titled if not any(other in fold(h.chunk.title) for other in others)]
    told = alone or titled or [h for h in hits if name in fold(h.chunk.text)]
    return told or [h for h in hits if not any(o in fold(h.chunk.text) for o in others)]


def _spans_years(query: ParsedQuery) -> bool:
    return not query.periods or any(p.end.year > p.start.year for p in query.periods)


def _series_of_each(engine: ExtractiveEngine, query: ParsedQuery) -> tuple[list[Row], list[Hit]]:
    """The lines of every office named, those of each office in date order."""
    rows: list[Row] = []
    hits: list[Hit] = []
    for name in query.filters.departments:
        part = replace(query, filters=replace(query.filters, departments=(name,)))
        found = engine.hits(part, TREND_ITEMS)
        series = _series(engine, part, found) or [Row("", None)]
        rows += [Row(f"{name}{row.name}", row.fact) for row in series]
        hits += found
    return rows, hits


def _each_once(rows: Sequence[Row]) -> list[Row]:
    """The lines without a figure that an earlier line has: two things don't share one."""
    seen: set[tuple[str, int]] = set()
    kept = []
    for row in rows:
        place = (row.fact.chunk.id, row.fact.figure.start) if row.fact and row.fact.figure else None
        kept.append(Row(row.name, None) if place in seen else row)
        if place:
            seen.add(place)
    return kept


def _hits_of(
    engine: ExtractiveEngine, name: str, part: ParsedQuery, query: ParsedQuery
) -> list[Hit]:
    """What is found for one line; the office set beside the whole county doesn't speak for it."""
    found = engine.hits(part)
    if name != WHOLE_COUNTY:
        return found
    own = set(query.filters.departments)
    return [hit for hit in found if not own & set(hit.chunk.departments)]


def label_of(fact: Fact) -> str:
    """The words of a figure's clause without digits, for telling indicators apart."""
    words = fact.clause.span.of(fact.chunk.text) if fact.clause else ""
    if fact.figure:
        words = words.replace(fact.figure.text, "")
    return re.sub(r"[\d.,%]+|[余多约近达到了为]", "", words)


def _alike(a: Fact, b: Fact) -> float:
    """How alike two labels are, 0..100, or as much of them as the shorter one has: places in front
    (首批在青石镇、桐花镇建成幸福食堂) are no part of the indicator."""
    first, second = label_of(a), label_of(b)
    size = min(len(first), len(second))
    ends = fuzz.ratio(first[-size:], second[-size:]) if size >= _LABEL_END else 0.0
    return float(max(fuzz.ratio(first, second), ends))


def same_indicator(a: Fact, b: Fact) -> bool:
    """Whether two figures carry the same label."""
    if a.figure is None or b.figure is None or a.figure.family != b.figure.family:
        return False
    return _alike(a, b) >= SAME_LABEL


def _accepted(engine: ExtractiveEngine, query: ParsedQuery, hits: Sequence[Hit]) -> list[Fact]:
    """The figures that answer the question, best first."""
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    facts = [fact for fact in engine.facts(query, hits) if fact.figure]
    accepted = [fact for fact in facts if not reject(query, fact, terms, focus)]
    if accepted or not facts or engine.reject(query, facts[0], terms, focus):
        return accepted
    return facts[:1]  # the answer model, slower than the rest, says that it does


def _fit(fact: Fact, anchor: Fact) -> float:
    return fact.score + SAME_WORDS * float(fuzz.ratio(_own_label(fact), _own_label(anchor)))


def _own_label(fact: Fact) -> str:
    """交办的39件重复信访件化解35件: the words of this figure, not of the one beside it."""
    words = own_words(fact)
    if fact.figure:
        words = words.replace(fold(fact.figure.text), "")  # 总投资 beside 完成投资, whatever unit
    return re.sub(r"[\d.,%]+|[余多约近达到了为现已]", "", words)


def _nearest(facts: Sequence[Fact], anchor: Fact | None) -> Fact | None:
    """The best figure of the indicator that `anchor` has; the best one of all without one."""
    if anchor is None or anchor.figure is None:
        return facts[0] if facts else None
    family = anchor.figure.family
    alike = [f for f in facts if f.figure and f.figure.family == family]
    return max(alike, key=lambda f: _fit(f, anchor), default=None)


def _common(rows: Sequence[Sequence[Fact]]) -> Fact | None:
    """The figure whose indicator all lines have best: 平均亩产 beside 平均亩产, not beside the
    实打亩产 of one field."""

    def total(anchor: Fact) -> float:
        found = [_nearest(facts, anchor) for facts in rows]
        return sum(_fit(fact, anchor) for fact in found if fact)

    return max((f for facts in rows for f in facts[:ANCHORS]), key=total, default=None)


def _again(
    engine: ExtractiveEngine, row: Row, query: ParsedQuery, hits: Sequence[Hit], anchor: Fact | None
) -> Row:
    """A line that stayed empty, filled where its time or office prints the very indicator that
    another line has, however little else of the question."""
    state = query.periods and query.periods[0].start == EARLIEST  # 截至2024年底: of that day alone
    if anchor is None or query.filters.departments or state:
        return row
    found = in_time(query, engine.facts(query, hits))
    alike = [fact for fact in found if fact.figure and same_indicator(fact, anchor)]
    return Row(row.name, alike[0] if alike else None)


def _series(engine: ExtractiveEngine, query: ParsedQuery, hits: Sequence[Hit]) -> list[Row]:
    """The best fact of every item about the same indicator, in date order.

    A span of years takes what was printed in it as well as what speaks of it.
    """
    figure = replace(query, intent=Intent.FIGURE, order="")
    span = query.periods[0] if len(query.periods) == 1 else None
    if span and span.end.year > span.start.year:
        figure = replace(figure, periods=())
    tried: list[list[Row]] = []
    for best in _accepted(engine, figure, hits)[:INDICATORS]:
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
        fact = _nearest(_accepted(engine, figure, [hit]), best)
        if fact is None or _alike(fact, best) < SAME_LABEL:
            continue
        spoken = fact.spoken or Period(fact.chunk.published, fact.chunk.published)
        if any(name in best.chunk.text and name not in fact.chunk.text for name in names):
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


def _compose(
    engine: ExtractiveEngine, query: ParsedQuery, rows: Sequence[Row], hits: Sequence[Hit]
) -> Answer:
    book = CitationBook()
    lines = []
    known: list[Known] = []
    for row in rows:
        if row.fact is None or row.fact.figure is None:
            lines.append(f"{row.name}：没有找到")
            continue
        fact, figure = row.fact, row.fact.figure
        number = book.cite(fact.chunk, fact.sentence.span)
        quote = fact.sentence.span.of(fact.chunk.text)
        printed = f"{item_head(fact.chunk)}：{quote}[{number}]"
        time = say_spoken(fact.spoken, fact.chunk)
        if correction := corrections.find(engine, fact):
            line, right = _corrected(row.name, correction, printed, time, book)
            known += right
        else:
            line = f"{row.name}：{figure.text}（{time}）[{number}]　{printed}"
            known.append(Known(row.name, figure, number))
        lines.append(line)
    if query.intent is Intent.SUM:
        lines += no_total(query.standalone, rows) or [*total(known), *of_a_part(rows)]
    else:
        lines = [*otherwise(query.standalone, known), *lines, *extremes(known)]
    return engine.finish(query, lines, book, hits)


def _corrected(
    name: str, correction: corrections.Correction, printed: str, time: str, book: CitationBook
) -> tuple[str, list[Known]]:
    """The line of a figure that a later issue corrects, and the right one where it is printed."""
    span = correction.sentence.span
    number = book.cite(correction.chunk, span)
    says = f"{item_head(correction.chunk)}：{span.of(correction.chunk.text)}[{number}]"
    lead = "后续期已更正"
    right = []
    if correction.figure:
        right = [Known(name, correction.figure, number)]
        lead = f"{correction.figure.text}（{time}，已更正）[{number}]"
    return f"{name}：{lead}　{says}　更正前的原文，{printed}", right
