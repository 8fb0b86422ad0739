"""Answers of one fact: a figure with its label and time, a date, a place, an office, a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.entities.ordinals import other_ordinal
from rag.extractive import corrections
from rag.extractive.answer_line import fact_line
from rag.extractive.answer_type import opposite_direction
from rag.extractive.fact import Fact
from rag.extractive.facts import asks_towns, find_facts, has_cue, in_time
from rag.extractive.indicator import same_indicator, same_matter
from rag.extractive.matching import Term, coverage
from rag.extractive.occasions import lacks_holiday
from rag.extractive.office_places import names_place, stem, town
from rag.extractive.reading import read_item
from rag.extractive.refusal import (
    contradicted,
    of_stage,
    of_whole_county,
    quoted_elsewhere,
    reject,
    speaks_of_county,
)
from rag.extractive.several_figures import CLEAR, asks_more, leads, other_parts, rest_of_item
from rag.extractive.wording import say_spoken
from rag.query.masking import SEVERAL_TIMES
from rag.query.reader import Reading
from rag.schema import Answer, Chunk, Filters, Hit, Intent, ParsedQuery, Period
from rag.text import fold

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

MARGIN = 0.1  # by which another office's item has to hold more of the question
ORDERED = 0.85  # the latest of several is asked for: a somewhat weaker match may be the later one
ABOUT = 0.5  # share of the question's words in a sentence that is about it
TIMELY_MARGIN = 0.12
ANOTHER_EDITION = 0.35  # by which an item on 第十届 may hold more of a question on 第九届
NAMED = 0.5  # of the asked-for quantity's name: less may be another quantity
HARDLY = 0.3
_OF_ITEM = (Intent.ISSUE, Intent.DEPARTMENT, Intent.REASON, Intent.MANNER)  # not of one sentence
NEXT = 5  # facts looked at when the best one is rejected
# Facts nearly as good as the best one are about the same indicator in other issues.
SAME_INDICATOR = 0.93


def find(engine: ExtractiveEngine, reading: Reading) -> Answer:
    """One fact. Where the office named signs no item that answers, its name may be said in
    another's item (在郭渡镇举行…, by another office): the filter is dropped and said so."""
    names = reading.names
    if names and all(town(n.name) and not town(n.typed) for n in names):
        # 北沙中心渔港, 望海二小: the place's name in a longer one, as likely as the office.
        stems = tuple(dict.fromkeys(stem(n.typed) for n in names))
        query = reading.query
        placed = replace(
            query,
            filters=replace(query.filters, departments=()),
            terms=tuple(dict.fromkeys((*stems, *query.terms))),
        )
        answer = _fact(engine, replace(reading, query=placed, names=()))
        of_county = any(
            speaks_of_county(c.quote) and not any(place in c.quote for place in stems)
            for c in answer.citations
        )
        if not answer.refusal and not of_county:
            return answer
    answer = _fact(engine, reading)
    if not names or answer.refusal != "not_found" or answer.citations:
        return answer
    # A town is a place as well; an office that signs items speaks for itself.
    if any(not names_place(n.name) and engine.count(Filters(departments=(n.name,))) for n in names):
        return answer
    query = reading.query
    own = max((f.item for f in engine.facts(query, engine.hits(query))), default=0.0)
    stems = tuple(dict.fromkeys(stem(n.typed) for n in names))
    wider = replace(
        query,
        filters=replace(query.filters, departments=()),
        terms=tuple(dict.fromkeys((*stems, *query.terms))),
        relaxed=("部门：" + "、".join(query.filters.departments),),
    )
    others = replace(reading, query=wider, names=(), excluded=query.filters.departments)
    found = _fact(engine, others, stems, own + MARGIN)
    if found.refusal:
        return answer
    notice = f"没有{'、'.join(query.filters.departments)}供稿的对应条目，以下条目由其他单位供稿。"
    return replace(found, notices=(*found.notices, notice))


def _fact(
    engine: ExtractiveEngine, reading: Reading, must: Sequence[str] = (), more_than: float = 0.0
) -> Answer:
    """`must`: names that the sentence or the item's title has to hold; `more_than`: the share of the
    question that it has to hold."""
    query = reading.query
    hits = engine.hits(query)
    hits = [h for h in hits if all(name in fold(h.chunk.text) for name in must)]
    facts = [
        fact
        for fact in engine.facts(query, hits)
        if fact.item >= more_than
        and not set(fact.chunk.departments) & set(reading.excluded)
        and not _unwanted(fact, reading.unwanted)
        and all(name in _said_of(fact) for name in must)
    ]
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    if not facts:
        return engine.refuse(query, hits, "没有登过相关内容")
    timely = in_time(query, facts)
    timely = [f for f in timely if not of_whole_county(query.standalone, f, terms)] or timely
    staged = [f for f in timely if of_stage(query.standalone, f)]
    if staged and staged[0].item >= timely[0].item - MARGIN:
        timely = staged
    edition = [f for f in timely if not other_ordinal(query.standalone, fold(f.chunk.text))]
    if edition and edition[0].item >= timely[0].item - ANOTHER_EDITION:
        timely = edition
    if timely and lacks_holiday(query.standalone, timely[0]):
        own = [f for f in timely if not lacks_holiday(query.standalone, f)]
        timely = own if own and own[0].item >= timely[0].item - MARGIN else timely
    if timely and quoted_elsewhere(query, timely[0]):
        # 上了多少个“一件事”: another figure of the item may be the one beside that name.
        own = [f for f in timely if f.chunk.id == timely[0].chunk.id]
        timely = [f for f in own if not quoted_elsewhere(query, f)] + timely
    best = timely[0] if timely else facts[0]
    why = engine.reject(query, best, terms, focus)
    if not why and _fits_another_time(best, facts) and not _surely(engine, query, best):
        why = "同类内容登过，但不是所问的时间"
    if why and (other := _fuller(engine, query, best, timely)):
        best, timely, why = other, [f for f in timely if f.score <= other.score], ""
    if why:
        return engine.refuse(query, hits, why)
    chosen = _same_indicator(query, timely)
    wrong = contradicted(query.claims, " ".join(f.chunk.text for f in chosen))
    book = CitationBook()
    clear = [fact for fact in chosen if leads(query, fact, timely, CLEAR)]
    lines = [fact_line(query, fact, book, fact in clear) for fact in chosen]
    parts = other_parts(engine, reading, clear, book)
    lines += parts
    if len(chosen) == 1:
        unsure = query.intent not in _OF_ITEM and engine.unsure(query, best)
        if unsure or asks_more(query, len(parts)):
            lines += rest_of_item(chosen[0], book, unsure)
    said = "".join(_said(query, fact, terms) for fact in chosen)
    if wrong or opposite_direction(query.standalone, said):
        claim = f"“{wrong}”的" if wrong else "问题中的"
        head = f"没有找到{claim}说法。快报原文是："
        return engine.finish(query, [head, *lines], book, hits, refusal="not_found")
    if best.figure and (corrected := corrections.find(engine, best)):
        lines = corrections.lines(best, corrected, book) + lines
    answer = engine.finish(query, lines, book, hits)
    newer = _newer(engine, query, best)
    return replace(answer, notices=(newer,)) if newer else answer


def _surely(engine: ExtractiveEngine, query: ParsedQuery, fact: Fact) -> bool:
    """Whether the answer model is sure of the fact, which names the quantity asked for."""
    named = query.intent is not Intent.FIGURE or fact.focus >= NAMED
    return named and engine.sure(query, fact)


def _fuller(
    engine: ExtractiveEngine, query: ParsedQuery, best: Fact, facts: Sequence[Fact]
) -> Fact | None:
    """A fact of another item that holds more of the question than the best one, which was
    rejected, and is not: the scores weigh nearness too."""
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    return next(
        (
            fact
            for fact in facts[1:NEXT]
            if fact.item > best.item
            and fact.focus > best.focus
            and fact.time >= best.time
            and not engine.reject(query, fact, terms, focus)
        ),
        None,
    )


def _said_of(fact: Fact) -> str:
    return fold(fact.chunk.title + fact.sentence.span.of(fact.chunk.text))


def _unwanted(fact: Fact, words: Sequence[str]) -> bool:
    """Whether the fact is of what the question rules out (不是中医院的)."""
    end = fact.clause.span.end if fact.clause else fact.sentence.span.end
    said = fold(fact.chunk.title + fact.chunk.text[fact.sentence.span.start : end])
    return any(word in said for word in words)


def _newer(engine: ExtractiveEngine, query: ParsedQuery, fact: Fact) -> str:
    """A remark that later issues print the same indicator; its figures are left out, since
    the question fixed the time."""
    if not query.periods or fact.figure is None or query.filters.issues:
        return ""
    later = Period(fact.chunk.published + timedelta(days=1), date.max)
    if not engine.count(Filters(published=later)):
        return ""
    open_query = replace(query, periods=())
    filters = replace(query.filters, published=later)
    hits = engine.nearest(query.standalone, filters)
    labels = []
    for hit in hits:
        found = [
            f
            for f in find_facts(open_query, [hit], engine.terms(query.terms), engine.focus(query))
            if f.figure
        ]
        if found and found[0].item >= fact.item and same_indicator(found[0], fact):
            spoken = say_spoken(found[0].spoken, hit.chunk)
            labels.append(f"{hit.chunk.issue.label}（{spoken}）")
    return f"后续期有更新：{'、'.join(dict.fromkeys(labels))}。" if labels else ""


def _said(query: ParsedQuery, fact: Fact, terms: Sequence[Term]) -> str:
    """What the item says on the matter: for a reason, every sentence that is about it."""
    text = fact.chunk.text
    sentences = [fact.sentence]
    if query.intent is Intent.REASON:
        sentences = [
            s
            for s in read_item(fact.chunk).sentences
            if coverage(terms, (s.span.of(text), 1.0)) >= ABOUT
        ]
    return "".join(s.span.of(text) for s in sentences)


def _same_indicator(query: ParsedQuery, facts: Sequence[Fact]) -> list[Fact]:
    """The best fact, and the same one in other issues where the question leaves the time open."""
    best = facts[0]
    rivals: list[Fact] = []
    seen: set[str] = set()
    several = bool(SEVERAL_TIMES.search(query.standalone))  # 三届大赛的一等奖分别是谁
    for fact in facts:
        share = ORDERED if query.order or several else SAME_INDICATOR
        # A sentence of an item that holds as much of the question may be worded more loosely.
        whole = bool(query.order) and fact.figure is None and fact.item >= best.item
        if fact.chunk.id in seen or (fact.score < share * best.score and not whole):
            continue
        if (fact.figure is None) != (best.figure is None) or fact.time < best.time:
            continue
        alike = query.order or fact is best or same_matter(fact, best, several)
        if fact.figure is None and not alike:
            continue
        seen.add(fact.chunk.id)
        rivals.append(fact)
    rivals.sort(key=lambda f: f.chunk.published, reverse=query.order != "earliest")
    if query.order:
        return rivals[:1]
    return rivals[:4]


def within(engine: ExtractiveEngine, reading: Reading, anchor: Chunk) -> Answer:
    """The answer from the item that the conversation speaks of."""
    query = reading.query
    if query.intent is Intent.LIST and asks_towns(query.standalone):
        query = replace(query, intent=Intent.PLACE)  # 是哪几个镇, of one item: one sentence tells
    hit = Hit(anchor, 1.0)
    book = CitationBook()
    if not query.terms and query.intent in (Intent.ISSUE, Intent.DEPARTMENT, Intent.PERSON):
        body = read_item(anchor).sentences
        fact = Fact(hit, body[-1], None, None, 1.0, 1.0, 1.0, 1.0, 1.0)
        return engine.finish(query, [fact_line(query, fact, book)], book, [hit])
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    facts = engine.facts(query, [hit])
    if not facts:
        return engine.refuse(query, [hit], "没有登所问的这一点")
    if not query.terms and query.intent in (Intent.PLACE, Intent.DATE):
        facts.sort(key=lambda fact: not has_cue(query, fact))  # 主要在哪些镇: where one is named
    # 多少户 of the item spoken of: its one figure of that unit.
    bare = not query.terms and len([f for f in facts if f.figure]) == 1
    why = "" if bare else engine.reject(query, facts[0], terms, focus)
    if not why and not bare and reading.otherwise:
        # The rest of the archive may know better: here the words have to be enough.
        why = reject(query, facts[0], terms, focus)
    if why:
        return engine.refuse(query, [hit], why)
    return engine.finish(query, [fact_line(query, facts[0], book)], book, [hit])


def _fits_another_time(best: Fact, facts: Sequence[Fact]) -> bool:
    """Whether an item that speaks of another time holds clearly more of the question. Where it
    prints the same indicator as the best fact, it is only worded nearer to the question."""
    others = [f for f in facts if f.time == 0 and f.item > best.item + TIMELY_MARGIN]
    if best.figure and best.focus < HARDLY:
        # 2025年全年财政收入: 全年偿还债务3.85亿元 is of that time, and of something else.
        others += [
            f
            for f in facts
            if f.figure and f.time == 0 and f.item >= best.item and f.focus >= best.focus + NAMED
        ]
    return bool(others) and not any(same_indicator(f, best) for f in others)
