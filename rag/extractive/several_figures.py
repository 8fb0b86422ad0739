"""The further figures of a question that asks for several, and which of a sentence's leads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.extractive.answer_line import fact_line
from rag.extractive.fact import Fact
from rag.extractive.figure_facts import own_words
from rag.extractive.reading import read_item
from rag.extractive.refusal import LOOSE
from rag.query.reader import Reading
from rag.schema import Intent, ParsedQuery

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

# Of the best figure's score: with a rival above it in the sentence, one lead in four is wrong, and
# one in thirty below (benchmarks/lead_figures.py).
CLEAR = 0.92
CLEAR_SECOND = 0.85
# Share of the words of a second figure that its clause has to hold: their standing anywhere in the
# sentence gives one half.
OWN_CLAUSE = 0.55


def other_parts(
    engine: ExtractiveEngine, reading: Reading, chosen: Sequence[Fact], book: CitationBook
) -> list[str]:
    """The further figures that the question asks for, from the same items."""
    lines = []
    for fact in chosen:
        for unit, focus in reading.parts[1:]:
            words = tuple(w for w in focus if w not in reading.query.focus) or focus
            words = tuple(w for w in words if not LOOSE.search(w))  # 已经干完多少
            if words and all(_GROWTH.fullmatch(w) for w in words):
                # 固投完成多少，增速多少: the growth printed right behind the first figure.
                lines += [
                    fact_line(reading.query, f, book) for f in _growth_of(engine, reading, fact)
                ]
                continue
            found = _further(engine, reading.query, fact, words, unit or reading.parts[0][0])
            if not unit and (not found or found[0].focus < OWN_CLAUSE):
                # 计划多少公里，已完成多少 goes on in 公里; 就业多少人，完成任务多少 does not.
                same = _further(engine, reading.query, fact, words, "")
                found = [f for f in same if f.sentence == fact.sentence]
            told = found and (
                not words
                or leads(replace(reading.query, focus=words), found[0], found, CLEAR_SECOND)
            )
            if told and (found[0].focus >= OWN_CLAUSE or not words):
                lines.append(fact_line(reading.query, found[0], book))
    return list(dict.fromkeys(lines))


_ASKS = re.compile("哪|谁|什么|啥|多少|几(?!乎)|怎么|咋|为何|如何|多久|多长|多大")
_WHOLE = (Intent.MANNER, Intent.REASON)


def asks_more(query: ParsedQuery, told: int) -> bool:
    """Whether a question in several clauses asks for more than its first answer and the `told`
    further figures give: 哪个镇请人看护古树？请了多少人，一年补多少钱."""
    clauses = re.split("[，,；;。？?、]", query.standalone)
    asking = sum(bool(_ASKS.search(clause)) for clause in clauses)
    return query.intent not in _WHOLE and asking > 1 + told


def rest_of_item(fact: Fact, book: CitationBook, unsure: bool) -> list[str]:
    """The sentences of the fact's item that aren't quoted yet, in one line; empty without any.
    `unsure`: the one quoted may not be what was asked for."""
    reading = read_item(fact.chunk)
    quoted = {(c.chunk_id, c.quote) for c in book.citations}
    title = reading.title.of(fact.chunk.text)
    body = [
        s.span
        for s in reading.sentences
        if s.span.end > reading.title.end or any(char.isdigit() for char in title)
    ]
    left = [s for s in body if (fact.chunk.id, s.of(fact.chunk.text)) not in quoted]
    words = "".join(f"{s.of(fact.chunk.text)}[{book.cite(fact.chunk, s)}]" for s in left)
    head = "上面一句不一定就是所问的，" if unsure else ""
    return [f"{head}同一条的其余原文：{words}"] if words else []


_GROWTH = re.compile("增速|增幅|涨幅|降幅|增长率?|同比(?:增长|增速)?|增长了?")


def _growth_of(engine: ExtractiveEngine, reading: Reading, first: Fact) -> list[Fact]:
    """The growth printed next behind a figure in its sentence; none where another figure stands
    in between."""
    if first.figure is None:
        return []
    text = first.chunk.text
    return [
        fact
        for fact in _further(engine, reading.query, first, (), "percent")
        if fact.figure
        and fact.sentence == first.sentence
        and _GROWN.fullmatch(text[first.figure.end : fact.figure.start])
    ][:1]


_GROWN = re.compile(r"[^\d；;。]*(?:增|降|升|涨|减|同比|回落|提高)[^\d；;。]*")


def _further(
    engine: ExtractiveEngine, asked: ParsedQuery, first: Fact, words: Sequence[str], unit: str
) -> list[Fact]:
    """The other figures of the first one's item for words of their own, best first."""
    query = replace(asked, unit=unit, focus=tuple(words), terms=tuple(words) or asked.terms)
    found = [
        fact
        for fact in engine.facts(query, [first.hit])
        if fact.figure and fact.time > 0 and fact.figure != first.figure
    ]
    if not words:  # 签了几个项目，多少钱: the sum printed beside the number
        found.sort(key=lambda fact: _apart(fact, first))
    return found


def leads(query: ParsedQuery, fact: Fact, facts: Sequence[Fact], share: float) -> bool:
    """Whether no other figure of the sentence is nearly as good an answer, or the word next to the
    interrogative stands by this one alone (浇水多少亩: 已浇水1.9万亩、追肥1.4万亩)."""
    rivals = [
        f
        for f in facts
        if f.chunk.id == fact.chunk.id
        and f.sentence == fact.sentence
        and f.figure != fact.figure
        and f.score >= share * fact.score
    ]
    if not rivals:
        return True
    words = own_words(fact)
    if not query.focus:
        return False
    key = query.focus[-1]
    limited = key.endswith(("以上", "以下"))  # 其中亿元以上项目10个 is that part
    if "其中" in words and "其中" not in query.standalone and not limited:
        return False  # 其中可采摘面积: a part, whatever word it shares with the question
    return key in words and not any(key in own_words(rival) for rival in rivals)


def _apart(fact: Fact, other: Fact) -> int:
    """Characters between the figures of two facts of one item."""
    if fact.figure is None or other.figure is None:
        return len(fact.chunk.text)
    return abs(fact.figure.start - other.figure.start)
