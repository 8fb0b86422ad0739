"""Example questions, made from what the archive holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from page.archive import Archive
from rag.schema import Chunk, Filters
from rag.text import split_clauses

# A clause that says one figure of one thing: 累计完成投资19.46亿元.
_FIGURE = re.compile(
    r"(?P<what>[一-鿿]{4,14})(?P<figure>\d+(?:\.\d+)?)(?P<unit>[万亿]*(?:元|亩|人|户|吨|个|处|家))[，。；]?"
)
_NEWEST_ITEMS = 40


def example_questions(archive: Archive) -> list[str]:
    """Up to four questions that the archive can answer; an empty archive gives none."""
    records = archive.issues()
    if not records:
        return []
    newest = max(records, key=lambda record: (record.published, record.issue))
    recent = archive.scan(Filters(issues=tuple(record.issue for record in records[-3:])))
    questions = [question for question in [_figure_question(recent)] if question]
    departments = archive.departments()
    if departments:
        questions.append(f"{departments[0][0]}最近做了哪些工作？")
    questions.append(
        f"{newest.issue.year}年{newest.issue.edition}第{newest.issue.number}期有哪些内容？"
    )
    if newest.footer.signer:
        questions.append(
            f"{newest.issue.year}年{newest.issue.edition}第{newest.issue.number}期是谁签发的？"
        )
    return questions


def _figure_question(chunks: Sequence[Chunk]) -> str:
    for chunk in list(reversed(chunks))[:_NEWEST_ITEMS]:
        if not 6 <= len(chunk.title) <= 24:
            continue
        for span in split_clauses(chunk.text):
            match = _FIGURE.fullmatch(span.of(chunk.text))
            if match and span.start >= len(chunk.title):
                return f"{chunk.title.rstrip('。')}，{match['what']}多少{match['unit']}？"
    return ""
