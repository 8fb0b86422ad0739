"""The texts behind an answer, with the quotes found by offset and never by likeness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.archive import Archive
from rag.extractive.wording import say_day
from rag.schema import Answer, Chunk, Citation, Filters, IssueRecord
from rag.text import Span

_DAY = re.compile(r"(（\d{4}-\d{2}-\d{2}）)")


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered source of an answer.

    `spans` are the quotes inside `text`. `intact` is false when a quote does not stand where its
    citation says; then nothing is marked. `reference` names the source as official papers do.
    """

    number: int
    label: str
    chunk_id: str
    text: str
    spans: tuple[Span, ...]
    quotes: tuple[str, ...]
    intact: bool = True
    masthead: bool = False
    reference: str = ""


def cited_sources(answer: Answer, archive: Archive) -> list[Source]:
    """The sources of an answer by number; several quotes under one number share a source."""
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    return [
        _source(number, citations, answer, archive)
        for number, citations in sorted(by_number.items())
    ]


def _source(number: int, citations: list[Citation], answer: Answer, archive: Archive) -> Source:
    first = citations[0]
    masthead = first.chunk_id == first.issue.key
    text = _cited_text(first, answer, archive)
    same = [citation for citation in citations if citation.chunk_id == first.chunk_id]
    spans = tuple(Span(citation.start, citation.end) for citation in same)
    intact = text is not None and all(
        span.of(text) == citation.quote for span, citation in zip(spans, same, strict=True)
    )
    quotes = tuple(citation.quote for citation in same)
    found = text is not None and intact
    return Source(
        number=number,
        label=first.label,
        chunk_id=first.chunk_id,
        text=text or "",
        spans=spans if found else (),
        quotes=quotes,
        intact=found,
        masthead=masthead,
        reference=reference(first),
    )


def reference(citation: Citation) -> str:
    """《延津政务快报》2023年第18期（2023年4月21日）“全力拼经济”栏，科工局"""
    section = f"“{citation.section}”栏" if citation.section else ""
    names = "、".join(citation.departments)
    rest = "，".join(part for part in (section, names) if part)
    return f"{citation.issue.label}（{say_day(citation.published)}）{rest}"


def _cited_text(citation: Citation, answer: Answer, archive: Archive) -> str | None:
    for evidence in answer.evidence:
        if evidence.chunk.id == citation.chunk_id:
            return evidence.chunk.text
    chunks = archive.chunks([citation.chunk_id])
    if chunks:
        return chunks[0].text
    for record in archive.issues(Filters(issues=(citation.issue,))):
        if record.issue.key == citation.chunk_id:
            return record.text
    return None


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """The text, escaped, with the spans in <mark>; overlapping spans are joined."""
    parts: list[Markup] = []
    at = 0
    for span in joined(spans, len(text)):
        parts.append(Markup("{}<mark>{}</mark>").format(text[at : span.start], span.of(text)))
        at = span.end
    parts.append(Markup("{}").format(text[at:]))
    return Markup("").join(parts)


def label_html(label: str) -> Markup:
    """A label whose date is not broken over two lines."""
    parts = _DAY.split(label)
    return Markup("").join(
        Markup('<span class="day">{}</span>').format(part) if i % 2 else Markup("{}").format(part)
        for i, part in enumerate(parts)
    )


def joined(spans: Iterable[Span], length: int) -> list[Span]:
    """The spans in order, cut to `length`, those that overlap or touch made one, no empty ones."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        start, end = max(0, span.start), min(length, span.end)
        if start >= end:
            continue
        if result and start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(end, result[-1].end))
        else:
            result.append(Span(start, end))
    return result


def chunk_span(record: IssueRecord, chunks: Sequence[Chunk], chunk_id: str) -> Span | None:
    """Where a chunk stands in its issue's text; `chunks` are the issue's, in printed order.

    Walking in order tells apart items with the same words. None when it is not there.
    """
    at = 0
    for chunk in chunks:
        start = record.text.find(chunk.text, at)
        if start < 0:
            continue
        if chunk.id == chunk_id:
            return Span(start, start + len(chunk.text))
        at = start + len(chunk.text)
    return None
