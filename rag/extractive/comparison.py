"""Comparisons and trends: the same figure from several periods, departments or issues, in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.entities import ordinals
from rag.entities.time_mention import EARLIEST
from rag.extractive import corrections, things
from rag.extractive.arithmetic import (
    Known,
    Row,
    counted_once,
    extremes,
    lacking_years,
    no_total,
    of_a_part,
    otherwise,
    total,
    uneven,
)
from rag.extractive.fact import Fact
from rag.extractive.facts import in_time
from rag.extractive.indicator import (
    accepted,
    common_anchor,
    nearest_to,
    place_of,
    same_indicator,
)
from rag.extractive.listing import coordinates, item_head
from rag.extractive.series import TREND_ITEMS, series, series_of_each
from rag.extractive.wording import say_spoken
from rag.query.quantities import asked_unit
from rag.query.reader import Reading
from rag.query.vocabulary import WHOLE_COUNTY
from rag.schema import Answer, Hit, Intent, ParsedQuery, Period
from rag.text import fold

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

_FROM_TO = re.compile("从.*[到至]")


def compare(engine: ExtractiveEngine, reading: Reading) -> Answer | None:
    """The table, one for each quantity asked for, or None when the question holds nothing to
    compare."""
    query = _from_to(reading.query)
    book = CitationBook()
    tables = _of_each(engine, reading, query)
    if any(table for _, table in tables):
        lines: list[str] = []
        hits: list[Hit] = []
        for name, table in tables:
            if table is None:
                lines.append(f"{name}：没有找到可以比的数字")
                continue
            part, rows, found = table
            lines += [f"{name}：", *_compose(engine, part, rows, book)]
            hits = hits or found
        return engine.finish(query, lines, book, hits)
    table = _table(engine, replace(reading, query=query))
    if table is None:
        return None
    return engine.finish(query, _compose(engine, query, table[1], book), book, table[2])


_Table = tuple[ParsedQuery, list[Row], list[Hit]]


def _of_each(
    engine: ExtractiveEngine, reading: Reading, query: ParsedQuery
) -> list[tuple[str, _Table | None]]:
    """The table of each quantity asked for, None where it isn't printed: one figure is of one
    quantity, and one of no known unit has to stand by the quantity's name."""
    tables: list[tuple[str, _Table | None]] = []
    taken: set[tuple[str, int]] = set()
    for name, part in _quantities(engine, query):
        table = _table(engine, replace(reading, query=part))
        if table:
            query_of_it, rows, hits = table
            named = NAMED if not part.unit else 0.0
            rows = [
                Row(row.name, row.fact if _is_own(row.fact, taken, named) else None) for row in rows
            ]
            taken |= {place_of(row.fact) for row in rows if row.fact}
            table = (query_of_it, rows, hits) if any(row.fact for row in rows) else None
        tables.append((name, table))
    return tables


HARDLY = 0.3  # of a quantity's name: 专项债券资金 is no 旅游收入, however like its clause
NAMED = 0.6  # of a quantity's name, in its figure's clause or sentence


def _is_own(fact: Fact | None, taken: set[tuple[str, int]], named: float) -> bool:
    return fact is not None and place_of(fact) not in taken and fact.focus >= named


def _quantities(engine: ExtractiveEngine, query: ParsedQuery) -> list[tuple[str, ParsedQuery]]:
    """(name, question) of each quantity of several (参展企业和签约额各差多少); none where one is
    asked for, or where what stands side by side are the things compared."""
    sides = len(query.periods) > 1 or ordinals.enumerated(query.standalone) is not None
    if query.intent is Intent.SUM or not (sides or query.intent is Intent.TREND):
        return []
    terms = engine.terms(query.terms)
    topics = [tuple(t.word for t in topic) for topic in coordinates(query.standalone, terms)]
    named = "".join(name for name, _ in things.compared(query)) if sides else ""
    if not 2 <= len(topics) <= MOST_QUANTITIES or any(w in named for t in topics for w in t):
        return []
    parts = []
    for words in topics:
        others = {word for topic in topics for word in topic} - {*words}
        if not _GROWTH.isdisjoint(words):
            others = set()  # GDP和增速: of the same thing
        own = tuple(t for t in query.terms if t not in others)
        part = replace(query, terms=own, focus=words, unit=asked_unit("".join(words)))
        parts.append((_as_written("".join(words), query.standalone), part))
    return parts


def _as_written(name: str, question: str) -> str:
    """PM2.5 for pm2.5."""
    written = re.search(re.escape(name), question, re.IGNORECASE)
    return written.group() if written else name


MOST_QUANTITIES = 3
_GROWTH = frozenset(["增速", "增幅", "涨幅", "降幅", "增长率"])


def _table(engine: ExtractiveEngine, reading: Reading) -> _Table | None:
    """The question, the lines and what was found for one quantity; None when there is too little
    to compare."""
    query = reading.query
    table = _table_in_unit(engine, reading)
    if table or query.unit != "days" or query.intent is Intent.SUM:
        return table
    # 优良天数 may be printed as a share of the days.
    return _table_in_unit(engine, replace(reading, query=replace(query, unit="percent")))


def _table_in_unit(engine: ExtractiveEngine, reading: Reading) -> _Table | None:
    query = reading.query
    parts = things.paired(reading) or things.compared(query)
    years = _spans_years(query)
    if query.intent is Intent.SUM and len(query.filters.departments) >= 2 and years:
        rows, hits = series_of_each(engine, query)
    elif len(parts) >= 2:
        found = [
            _of_thing(query, name, _hits_of(engine, name, part, query)) for name, part in parts
        ]
        hits = [hit for each in found for hit in each]
        facts = [accepted(engine, part, own) for (_, part), own in zip(parts, found, strict=True)]
        facts = _without_others_best(facts)
        facts = _of_the_quantity(facts)
        anchor = common_anchor(facts)
        rows = [
            Row(name, nearest_to(own, anchor)) for (name, _), own in zip(parts, facts, strict=True)
        ]
        rows = _each_once(
            [
                row if row.fact else _again(engine, row, part, own, anchor)
                for row, (_, part), own in zip(rows, parts, found, strict=True)
            ]
        )
    else:
        hits = engine.hits(query, TREND_ITEMS)
        rows = series(engine, query, hits)
        if query.intent is Intent.SUM:
            rows = counted_once(rows)
    if sum(row.fact is not None for row in rows) < (1 if len(parts) >= 2 else 2):
        return None
    return query, rows, list(hits)


def _of_the_quantity(rows: Sequence[Sequence[Fact]]) -> list[list[Fact]]:
    """The facts of each line without those that neither name the quantity nor carry the label of
    the best one that does."""
    named = [row[0] for row in rows if row and row[0].focus >= NAMED]
    if not named:
        return [list(row) for row in rows]
    return [
        [f for f in row if f.focus >= HARDLY or any(same_indicator(f, best) for best in named)]
        for row in rows
    ]


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
    others = [things.key_word(query, other) for other in names if other != name]
    name = things.key_word(query, name)
    titled = [h for h in hits if name in fold(h.chunk.title)]
    alone = [h for h in titled if not any(other in fold(h.chunk.title) for other in others)]
    told = alone or titled or [h for h in hits if name in fold(h.chunk.text)]
    return told or [h for h in hits if not any(o in fold(h.chunk.text) for o in others)]


def _spans_years(query: ParsedQuery) -> bool:
    return not query.periods or any(p.end.year > p.start.year for p in query.periods)


def _without_others_best(rows: Sequence[Sequence[Fact]]) -> list[list[Fact]]:
    """The facts of each line without those that another line has for its best: 玉屏寨12.6万人次、
    千竹海15.4万人次 are one each."""
    best = [place_of(row[0]) if row else None for row in rows]
    return [
        [f for f in row if place_of(f) == own or place_of(f) not in best]
        for row, own in zip(rows, best, strict=True)
    ]


def _each_once(rows: Sequence[Row]) -> list[Row]:
    """The lines without a figure that an earlier line has: two things don't share one."""
    seen: set[tuple[str, int]] = set()
    kept = []
    for row in rows:
        place = place_of(row.fact) if row.fact else None
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


def _again(
    engine: ExtractiveEngine, row: Row, query: ParsedQuery, hits: Sequence[Hit], anchor: Fact | None
) -> Row:
    """A line that stayed empty, filled where its time or office prints the very indicator that
    another line has, however little else of the question."""
    state = query.periods and query.periods[0].start == EARLIEST  # 截至2024年底: of that day alone
    if anchor is None or query.filters.departments or state:
        return row
    found = in_time(query, engine.facts(query, hits))
    alike = [f for f in found if f.figure and f.focus >= HARDLY and same_indicator(f, anchor)]
    return Row(row.name, alike[0] if alike else None)


def _compose(
    engine: ExtractiveEngine, query: ParsedQuery, rows: Sequence[Row], book: CitationBook
) -> list[str]:
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
        left_out = lacking_years(query.periods, rows)
        lines += no_total(query.standalone, rows) or [*total(known), *left_out, *of_a_part(rows)]
    elif query.intent is Intent.COMPARE and uneven([row.fact for row in rows if row.fact]):
        lines.append("没有比较：各数字的时间段不同，见括号里的时间。")
    else:
        lines = [*otherwise(query.standalone, known), *lines, *extremes(known)]
    return lines


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
