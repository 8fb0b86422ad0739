"""Corrections that a later issue prints (更正, 勘误): a corrected figure never stands alone."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.entities.figures import Figure
from rag.extractive.fact import Fact
from rag.extractive.listing import item_head
from rag.extractive.reading import Sentence, read_item
from rag.schema import Chunk, Filters, Period
from rag.text import fold, strip_space

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

_CORRECTS = re.compile(r"更正|勘误|订正|有误|误写|误为|应为")


_NOW = re.compile("应为|应是|更正为|订正为|改为|调整为")


@dataclass(frozen=True, slots=True)
class Correction:
    """The sentence of a later item that takes a printed figure back; `figure` is the right one,
    None where the sentence doesn't say it plainly."""

    chunk: Chunk
    sentence: Sentence
    figure: Figure | None


def find(engine: ExtractiveEngine, fact: Fact) -> Correction | None:
    """The correction of the fact's figure: a later item that says 更正 or 应为 and repeats the
    figure together with words of its clause."""
    if fact.figure is None or fact.clause is None:
        return None
    figure = strip_space(fold(fact.figure.text))
    label = fold(fact.clause.span.of(fact.chunk.text))
    pairs = {a + b for a, b in itertools.pairwise(label) if _is_chinese(a + b)}
    later = Filters(published=Period(fact.chunk.published + timedelta(days=1), date.max))
    for chunk in engine.worded(("更正", "勘误", "应为"), later):
        for sentence in read_item(chunk).sentences:
            words = strip_space(fold(sentence.span.of(chunk.text)))
            if not _CORRECTS.search(words + fold(chunk.title)):
                continue
            repeated = re.search(rf"(?<![\d.]){re.escape(figure)}", words)
            if repeated and sum(pair in words for pair in pairs) >= len(pairs) / 2:
                return Correction(chunk, sentence, _right_figure(chunk, sentence, fact.figure))
    return None


def _right_figure(chunk: Chunk, sentence: Sentence, wrong: Figure) -> Figure | None:
    """The figure of the same kind behind 应为, where there is one only."""
    says = _NOW.search(chunk.text, sentence.span.start, sentence.span.end)
    if says is None:
        return None
    figures = [figure for clause in sentence.clauses for figure in clause.figures]
    right = [f for f in figures if f.start >= says.end() and f.family == wrong.family]
    return right[0] if len(right) == 1 else None


def lines(fact: Fact, correction: Correction, book: CitationBook) -> list[str]:
    """The correction first, then what it corrects."""
    span = correction.sentence.span
    quote = span.of(correction.chunk.text)
    number = book.cite(correction.chunk, span)
    return [
        f"后续期已更正，{item_head(correction.chunk)}：{quote}[{number}]",
        f"更正前的原文（{fact.chunk.issue.label}）：",
    ]


def _is_chinese(text: str) -> bool:
    return all("一" <= char <= "龥" for char in text)
