"""Which figures are of one indicator: the figures of the lines of a table belong together."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from rag.entities.figures import Figure
from rag.extractive.arithmetic import of_one_kind
from rag.extractive.fact import Fact
from rag.extractive.figure_facts import own_words
from rag.extractive.refusal import reject
from rag.schema import Chunk, Hit, ParsedQuery

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

# Labels of the same indicator, figures taken out, are nearly the same words.
SAME_LABEL = 55
_LABEL_END = 7  # characters
_WHOLE_LABEL = 5  # 家企业参展, all that a clause says
SAME_WORDS = 0.002  # of a score, for each point of rapidfuzz ratio between two labels
TENFOLD = 0.05  # of a score
TOTAL = 0.1  # of a score: one of two figures is a total (总投资, 总产值), the other isn't
SAME_TITLE, LIKE_TITLE = 70, 50  # rapidfuzz ratio
ANCHORS = 4  # of a line's figures, those that may be the indicator compared


def place_of(fact: Fact) -> tuple[str, int]:
    return fact.chunk.id, fact.figure.start if fact.figure else -1


def label_of(fact: Fact) -> str:
    """The words of a figure's clause without digits, for telling indicators apart."""
    words = fact.clause.span.of(fact.chunk.text) if fact.clause else ""
    if fact.figure:
        words = words.replace(fact.figure.text, "")
    return re.sub(r"[\d.,%]+|[余多约近达到了为]", "", words)


def alike(a: Fact, b: Fact) -> float:
    """How alike two labels are, 0..100, or as much of them as the shorter one has: places in front
    (首批在青石镇、桐花镇建成幸福食堂) are no part of the indicator."""
    first, second = label_of(a), label_of(b)
    size = min(len(first), len(second))
    ends = fuzz.ratio(first[-size:], second[-size:]) if size >= _LABEL_END else 0.0
    if size >= _WHOLE_LABEL and (first.endswith(second) or second.endswith(first)):
        ends = 100.0
    return float(max(fuzz.ratio(first, second), ends))


def same_indicator(a: Fact, b: Fact) -> bool:
    """Whether two figures carry the same label."""
    if a.figure is None or b.figure is None or a.figure.family != b.figure.family:
        return False
    return alike(a, b) >= SAME_LABEL


def accepted(engine: ExtractiveEngine, query: ParsedQuery, hits: Sequence[Hit]) -> list[Fact]:
    """The figures that answer the question, best first."""
    terms, focus = engine.terms(query.terms), engine.terms(query.focus)
    facts = [fact for fact in engine.facts(query, hits) if fact.figure]
    right = [fact for fact in facts if not reject(query, fact, terms, focus)]
    if right or not facts or engine.reject(query, facts[0], terms, focus):
        return right
    return facts[:1]  # the answer model, slower than the rest, says that it does


def _fit(fact: Fact, anchor: Fact) -> float:
    own, other = _own_label(fact), _own_label(anchor)
    # 总投资 beside 总投资, not beside 完成投资.
    whole = TOTAL if ("总" in own) != ("总" in other) else 0.0
    # 投放鱼苗320万尾 beside 投放鱼苗410万尾, not beside 其中光倒刺鲃55万尾.
    whole += TOTAL if _of_part(fact) != _of_part(anchor) else 0.0
    # 考生2916名 beside 考生3048人, not beside 接送1.1万人次.
    if fact.figure and anchor.figure:
        whole += 0.0 if of_one_kind([fact.figure, anchor.figure]) else TOTAL
        whole += TENFOLD * _tenfolds(fact.figure, anchor.figure)
    return fact.score + SAME_WORDS * float(fuzz.ratio(own, other)) - whole


def _tenfolds(a: Figure, b: Figure) -> float:
    """How many powers of ten lie between two values: one indicator seldom changes by many."""
    if a.value <= 0 or b.value <= 0:
        return 0.0
    return abs(math.log10(a.value / b.value))


def _of_part(fact: Fact) -> bool:
    return fact.clause is not None and "其中" in fact.clause.span.of(fact.chunk.text)


def _own_label(fact: Fact) -> str:
    """交办的39件重复信访件化解35件: the words of this figure, not of the one beside it."""
    return re.sub(r"[\d.,%]+|[余多约近达到了为现已]", "", own_words(fact))


def nearest_to(facts: Sequence[Fact], anchor: Fact | None) -> Fact | None:
    """The best figure of the indicator that `anchor` has; the best one of all without one."""
    if anchor is None or anchor.figure is None:
        return facts[0] if facts else None
    family = anchor.figure.family
    kindred = [f for f in facts if f.figure and f.figure.family == family]
    return max(kindred, key=lambda f: _fit(f, anchor), default=None)


def common_anchor(rows: Sequence[Sequence[Fact]]) -> Fact | None:
    """The figure whose indicator all lines have best: 平均亩产 beside 平均亩产, not beside the
    实打亩产 of one field."""

    def total(anchor: Fact) -> float:
        found = [fact for facts in rows if (fact := nearest_to(facts, anchor))]
        # One figure for two lines is none for the second.
        return sum({place_of(fact): _fit(fact, anchor) for fact in found}.values())

    return max((f for facts in rows for f in facts[:ANCHORS]), key=total, default=None)


def same_matter(a: Fact, b: Fact, several: bool) -> bool:
    """Whether two items report on the same matter in different issues, more loosely where the
    question says that there are `several`."""
    alike = LIKE_TITLE if several else SAME_TITLE
    return fuzz.ratio(_headline(a.chunk), _headline(b.chunk)) >= alike


def _headline(chunk: Chunk) -> str:
    """The title, or the beginning of an item without one."""
    return chunk.title or re.split("[，。]", chunk.text)[0]
