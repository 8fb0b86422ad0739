"""What two offices report on one matter, where no figure is compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.extractive.answer_line import fact_line
from rag.extractive.facts import in_time
from rag.query.reader import Reading
from rag.schema import Answer, Hit, Intent

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

# 白鹭滩镇跟枫渡镇都在搞防溺水，两边是怎么组织的
_EACH = re.compile(
    "分别|[各都]|两[边家个]|有[什啥]么?(?:区别|不同|不一样)|不一样|区别|不同|相比|对比"
)
_KINDS_OF_EACH = (Intent.MANNER, Intent.REASON, Intent.FACT, Intent.PLACE, Intent.DATE)


def of_each(engine: ExtractiveEngine, reading: Reading) -> Answer | None:
    """What each of the offices named reports on the matter, side by side; None for other
    questions, and where fewer than two of them have an item of their own."""
    query = reading.query
    offices = query.filters.departments
    if len(offices) < 2 or query.intent not in _KINDS_OF_EACH:
        return None
    if not _EACH.search(query.standalone):
        return None
    book = CitationBook()
    lines: list[str] = []
    told: set[str] = set()
    hits: list[Hit] = []
    for office in offices:
        others = [n.typed for n in reading.names if n.name != office]
        alone = replace(
            query,
            standalone=_without(query.standalone, others),
            filters=replace(query.filters, departments=(office,)),
        )
        found = engine.hits(alone)
        hits += found
        facts = in_time(alone, engine.facts(alone, found))
        terms, focus = engine.terms(alone.terms), engine.terms(alone.focus)
        if not facts or engine.reject(alone, facts[0], terms, focus):
            lines.append(f"{office}：没有找到")
            continue
        told.add(facts[0].chunk.id)
        lines.append(f"{office}：{fact_line(alone, facts[0], book)}")
    return engine.finish(query, lines, book, hits) if len(told) > 1 else None


def _without(question: str, names: Sequence[str]) -> str:
    """The question about one of the offices that it names."""
    for name in names:
        question = re.sub(
            f"{re.escape(name)}[和与跟同及、]?|[和与跟同及、]{re.escape(name)}", "", question
        )
    return question
