"""Comparisons and trends: the same figure from several periods, departments or issues, in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import rjieba
from rapidfuzz import fuzz

from rag.citations import CitationBook
from rag.entities.figures import Figure
from rag.entities.time_mention import EARLIEST
from rag.extractive import corrections, ordinals
from rag.extractive.facts import Fact, in_time, own_words
from rag.extractive.listing import item_head
from rag.extractive.reading import read_item
from rag.extractive.refusal import reject
from rag.extractive.wording import say_period, say_spoken
from rag.query.reader import Reading
from rag.query.vocabulary import WHOLE_COUNTY
from rag.schema import Answer, Hit, Intent, ParsedQuery, Period

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

TREND_ITEMS = 40
# Labels of the same indicator, figures taken out, are nearly the same words.
SAME_LABEL = 55
_LABEL_END = 7  # characters
SAME_WORDS = 0.002  # of a score, for each point of rapidfuzz ratio between two labels
PART = 0.8  # the fit of a figure that is of a part of the time asked about
INDICATORS = 4  # tried as the one whose history is asked for
ANCHORS = 4  # of a line's figures, those that may be the indicator compared


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what it is for, and the fact, None when there is none."""

    name: str
    fact: Fact | None


def compare(engine: ExtractiveEngine, reading: Reading) -> Answer | None:
    """The table, or None when the question holds nothing to compare."""
    query = reading.query
    parts = _parts(query)
    if len(parts) >= 2:
        found = [_hits_of(engine, name, part, query) for name, part in parts]
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


def _parts(query: ParsedQuery) -> list[tuple[str, ParsedQuery]]:
    figure = replace(query, intent=Intent.FIGURE, order="")
    if len(query.periods) >= 2:
        return [(say_period(p), replace(figure, periods=(p,))) for p in query.periods]
    if len(query.filters.issues) >= 2:
        return [
            (
                f"{i.year}年第{i.number}期",
                replace(figure, filters=replace(query.filters, issues=(i,))),
            )
            for i in query.filters.issues
        ]
    if len(query.filters.departments) >= 2:
        return [
            (name, replace(figure, filters=replace(query.filters, departments=(name,))))
            for name in query.filters.departments
        ]
    if query.filters.departments and WHOLE_COUNTY in query.standalone:
        whole = replace(figure, filters=replace(query.filters, departments=()))
        return [(WHOLE_COUNTY, whole), (query.filters.departments[0], figure)]
    return _things(query)


# 恒禾二期和禾澜高速，哪个总投资大
_PAIR = re.compile(
    r"^([^，,。？?和与跟、]{2,14})(?:和|与|跟|同|、)([^，,。？?和与跟]{2,14}?)(?:这?两[条个家座届所项处]|相比|比较|比|的|，|,|哪|谁)"
)


def _things(query: ParsedQuery) -> list[tuple[str, ParsedQuery]]:
    """The question put to each of the things named in it (一期二期, 第七、八届, 甲和乙); none when it
    names no two things."""
    if named := ordinals.stages(query.standalone) or ordinals.enumerated(query.standalone):
        written, names = named
        others = tuple(t for t in query.terms if t not in written)
        return [
            (
                name,
                replace(
                    query,
                    intent=Intent.FIGURE,
                    order="",
                    terms=(*others, name),
                    standalone=query.standalone.replace(written, name),
                ),
            )
            for name in names
        ]
    pair = _PAIR.search(query.standalone)
    if pair is None:
        return []
    rest = query.standalone[pair.end(2) :]
    parts = []
    for name, other in ((pair[1], pair[2]), (pair[2], pair[1])):
        terms = tuple(t for t in query.terms if t not in other or t in name)
        if terms == query.terms:
            return []
        parts.append(
            (
                name,
                replace(query, intent=Intent.FIGURE, order="", terms=terms, standalone=name + rest),
            )
        )
    return parts


def label_of(fact: Fact) -> str:
    """The words of a figure's clause without digits, for telling indicators apart."""
    words = fact.clause.span.of(fact.chunk.text) if fact.clause else ""
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
    return [
        fact
        for fact in engine.facts(query, hits)
        if fact.figure and not reject(query, fact, terms, focus)
    ]


def _fit(fact: Fact, anchor: Fact) -> float:
    return fact.score + SAME_WORDS * float(fuzz.ratio(_own_label(fact), _own_label(anchor)))


def _own_label(fact: Fact) -> str:
    """交办的39件重复信访件化解35件: the words of this figure, not of the one beside it."""
    return re.sub(r"[\d.,%]+|[余多约近达到了为现已]", "", own_words(fact))


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
    facts.sort(key=lambda f: f.spoken.end if f.spoken else f.chunk.published)
    return [Row(say_spoken(f.spoken, f.chunk), f) for f in facts]


def _compose(
    engine: ExtractiveEngine, query: ParsedQuery, rows: Sequence[Row], hits: Sequence[Hit]
) -> Answer:
    book = CitationBook()
    lines = []
    known: list[tuple[str, Figure, int]] = []
    for row in rows:
        if row.fact is None or row.fact.figure is None:
            lines.append(f"{row.name}：没有找到")
            continue
        fact, figure = row.fact, row.fact.figure
        number = book.cite(fact.chunk, fact.sentence.span)
        known.append((row.name, figure, number))
        quote = fact.sentence.span.of(fact.chunk.text)
        printed = f"{item_head(fact.chunk)}：{quote}[{number}]"
        time = say_spoken(fact.spoken, fact.chunk)
        if correction := corrections.find(engine, fact):
            known.pop()
            line = _corrected(row, correction, printed, time, book, known)
        else:
            line = f"{row.name}：{figure.text}（{time}）[{number}]　{printed}"
        lines.append(line)
    if query.intent is Intent.SUM:
        lines += _no_total(query.standalone, rows) or [*_total(known), *_of_a_part(rows)]
    else:
        lines = [*_otherwise(query.standalone, known), *lines, *_arithmetic(known)]
    return engine.finish(query, lines, book, hits)


def _corrected(
    row: Row,
    correction: corrections.Correction,
    printed: str,
    time: str,
    book: CitationBook,
    known: list[tuple[str, Figure, int]],
) -> str:
    """The line of a figure that a later issue corrects; the right one goes to `known`."""
    span = correction.sentence.span
    number = book.cite(correction.chunk, span)
    says = f"{item_head(correction.chunk)}：{span.of(correction.chunk.text)}[{number}]"
    lead = "后续期已更正"
    if correction.figure:
        known.append((row.name, correction.figure, number))
        lead = f"{correction.figure.text}（{time}，已更正）[{number}]"
    return f"{row.name}：{lead}　{says}　更正前的原文，{printed}"


_AS_REPORTED = re.compile("[两三四五几每各][次回]|报")
_EVENT = timedelta(days=31)


def _no_total(question: str, rows: Sequence[Row]) -> list[str]:
    """Why the figures aren't added up; empty when they may be. The first half of one year and the
    first quarter of the next are no total, unless what was reported each time is asked for."""
    facts = [row.fact for row in rows if row.fact]
    if len(facts) < len(rows):
        return ["没有合计：有的数字没有找到。"]
    parts = [fact.spoken for fact in facts if fact.time <= PART and fact.spoken]
    spans = {(p.start.month, p.end.month) for p in parts if p.end - p.start > _EVENT}
    uneven = len(spans) > 1 or (spans and len(parts) < len(facts))
    if uneven and not _AS_REPORTED.search(question):
        return ["没有合计：各数字的时间段不同，见括号里的时间。"]
    return []


def _of_a_part(rows: Sequence[Row]) -> list[str]:
    """A remark that a figure added up is of a part of the time asked about."""
    partial = any(row.fact and row.fact.time <= PART for row in rows)
    return ["注意：有的数字只是所问时间的一部分，见括号里的时间。"] if partial else []


_MORE_THAN = re.compile(
    r"比[^，。？?]*?(?P<more>提高|增加|增长|上升|上涨|多|高|涨|升)了?(?:多少|几)"
    r"|比[^，。？?]*?(?P<less>下降|减少|降低|下滑|少|低|降|减)了?(?:多少|几)"
)


def _otherwise(question: str, known: Sequence[tuple[str, Figure, int]]) -> list[str]:
    """A line where the question takes for granted that the first is the larger one and it isn't,
    or reversed: 2025年比2024年提高了多少."""
    asked = _MORE_THAN.search(question)
    if asked is None or len(known) != 2 or known[0][1].family != known[1][1].family:
        return []
    (first, a, one), (second, b, two) = known
    if a.value == b.value or (a.value > b.value) == bool(asked["more"]):
        return []
    word = asked["more"] or asked["less"]
    really = "下降（减少）" if asked["more"] else "上升（增加）"
    return [f"没有{word}：{first}比{second}{really}。[{one}][{two}]"]


def _total(known: Sequence[tuple[str, Figure, int]]) -> list[str]:
    """The sum of figures of one family in the unit printed first, marked as computed."""
    values = [_printed(figure) for _, figure, _ in known]
    if len(known) < 2 or None in values or len({f.family for _, f, _ in known}) > 1:
        return []
    unit = _unit_words(known[0][1])
    if {_unit_words(f) for _, f, _ in known} != {unit}:
        return []
    numbers = [value for value in values if value is not None]
    total = sum(numbers, Decimal(0))
    return [f"合计：{total}{unit}（程序计算：{'＋'.join(map(str, numbers))}＝{total}{unit}）"]


def _unit_words(figure: Figure) -> str:
    return re.sub(r"^[\d.,]+|[余多]", "", "".join(figure.text.split()))


def _arithmetic(known: Sequence[tuple[str, Figure, int]]) -> list[str]:
    """The difference or the extremes, computed from the cited figures and marked as computed."""
    if len(known) < 2 or len({f.family for _, f, _ in known}) > 1:
        return []
    low = min(known, key=lambda k: k[1].value)
    high = max(known, key=lambda k: k[1].value)
    if low[1].value == high[1].value:
        return ["数值相同。"]
    lines = [f"最高：{high[0]} {high[1].text}[{high[2]}]；最低：{low[0]} {low[1].text}[{low[2]}]。"]
    if len(known) == 2 and known[0][1].unit == known[1][1].unit:
        first, last = known[0][1], known[1][1]
        printed = [_printed(first), _printed(last)]
        if None not in printed:
            a, b = printed[0], printed[1]
            assert a is not None
            assert b is not None
            unit = _unit_words(last)
            unit = "个百分点" if unit == "%" else unit
            big, small = max(a, b), min(a, b)
            lines.append(f"相差（程序计算：{big}－{small}＝{big - small}{unit}）")
    return lines


def _printed(figure: Figure) -> Decimal | None:
    match = re.match(r"[\d,]+(?:\.\d+)?", figure.text)
    return Decimal(match.group().replace(",", "")) if match else None
