"""Numbered citations with verbatim quotes."""

from __future__ import annotations

from rag.errors import StoreError
from rag.schema import Chunk, Citation, Evidence, IssueRecord
from rag.text import Span


class CitationBook:
    """Hands out citation numbers in the order of first use; one quote has one number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []
        self._chunks: dict[str, Chunk] = {}

    def cite(self, chunk: Chunk, span: Span) -> int:
        """The number of a quote from an item."""
        self._chunks.setdefault(chunk.id, chunk)
        return self._add(
            chunk.text,
            span,
            Citation(
                number=len(self._citations) + 1,
                chunk_id=chunk.id,
                issue=chunk.issue,
                published=chunk.published,
                section=chunk.section,
                title=chunk.title,
                departments=chunk.printed or chunk.departments,
                label=chunk.label,
                quote=span.of(chunk.text),
                start=span.start,
                end=span.end,
                source=chunk.source,
            ),
        )

    def cite_masthead(self, record: IssueRecord, span: Span) -> int:
        """The number of a quote from the lines above the first or below the last item."""
        return self._add(
            record.text,
            span,
            Citation(
                number=len(self._citations) + 1,
                chunk_id=record.issue.key,
                issue=record.issue,
                published=record.published,
                section="",
                title="",
                departments=(),
                label=record.label,
                quote=span.of(record.text),
                start=span.start,
                end=span.end,
                source=record.source,
            ),
        )

    def _add(self, text: str, span: Span, citation: Citation) -> int:
        # A slice beyond the end is cut in silence; the offsets would be wrong.
        if not 0 <= span.start < span.end <= len(text):
            raise StoreError(f"引文位置 {span.start}–{span.end} 不在“{citation.label}”的原文中")
        key = (citation.chunk_id, span.start, span.end)
        if key not in self._numbers:
            self._numbers[key] = citation.number
            self._citations.append(citation)
        return self._numbers[key]

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The cited items, numbered by the first citation of each."""
        first: dict[str, int] = {}
        for citation in self._citations:
            first.setdefault(citation.chunk_id, citation.number)
        return tuple(
            Evidence(first[chunk_id], chunk)
            for chunk_id, chunk in self._chunks.items()
            if chunk_id in first
        )
