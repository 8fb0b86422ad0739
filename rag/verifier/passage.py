"""A sentence of an item, what a claim rests on."""

from __future__ import annotations

from dataclasses import dataclass

from rag.schema import Chunk
from rag.text import Span


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of an item."""

    chunk: Chunk
    span: Span

    @property
    def text(self) -> str:
        return self.span.of(self.chunk.text)
