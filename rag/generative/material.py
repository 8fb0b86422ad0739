"""What the model is given to read: numbered sentences, whose place the program knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.extractive.reading import read_item
from rag.schema import Answer, Chunk, Intent
from rag.text import Span
from rag.verifier import Passage

QUANTITIES = (Intent.FIGURE, Intent.COMPARE, Intent.TREND, Intent.SUM)
# Answers that the program writes as a complete table.
TABLES = (Intent.LIST, Intent.COUNT, Intent.COMPARE, Intent.SUM, Intent.TREND, Intent.DIGEST)
# 2,400 characters are 1,600 tokens of Qwen2.5: a minute to read for a 1.5B model on two cores.
MOST_CHARACTERS = 2400
MORE_ITEMS = 2
# An item that was found much worse than the best one is about something else.
NEAR_BEST = 0.85
_BRACKETS = str.maketrans({"[": "［", "]": "］", "\n": " ", "\r": " "})


@dataclass(frozen=True, slots=True)
class Material:
    """Sentences numbered from 1 in the order of `passages`."""

    passages: tuple[Passage, ...]

    @property
    def items(self) -> tuple[Chunk, ...]:
        return tuple(dict.fromkeys(passage.chunk for passage in self.passages))

    def numbered(self, numbers: Iterable[int]) -> tuple[Passage, ...]:
        """The sentences of these numbers; a number that was not given out is passed over."""
        known = range(1, len(self.passages) + 1)
        return tuple(self.passages[n - 1] for n in numbers if n in known)

    def render(self) -> str:
        """The header line of each item and below it its numbered sentences."""
        lines: list[str] = []
        last: Chunk | None = None
        for number, passage in enumerate(self.passages, 1):
            if passage.chunk != last:
                lines.append(passage.chunk.label)
                last = passage.chunk
            # Square brackets are the marks of sentence numbers.
            lines.append(f"[{number}] {passage.text.translate(_BRACKETS)}")
        return "\n".join(lines)


def material_for(answer: Answer) -> Material | None:
    """What the model may write from; None where it has nothing to add.

    For a fact, the items of the extractive answer; unless a quantity or a time was asked for, also
    those found nearly as well, which may be of another time. For a table its cited sentences, all or none:
    a summary of half a table would mislead.
    """
    chunks = {evidence.chunk.id: evidence.chunk for evidence in answer.evidence}
    if not answer.citations or any(c.chunk_id not in chunks for c in answer.citations):
        return None  # a masthead fact is one printed line
    cited = [Passage(chunks[c.chunk_id], Span(c.start, c.end)) for c in answer.citations]
    if answer.query.intent in TABLES:
        material = Material(tuple(sorted(cited, key=lambda p: _place(p, cited))))
        return material if _size(material.passages) <= MOST_CHARACTERS else None
    items = list(dict.fromkeys(passage.chunk for passage in cited))
    if answer.query.intent not in QUANTITIES and not answer.query.periods:
        best = max((hit.score for hit in answer.retrieved), default=0.0)
        more = [h.chunk for h in answer.retrieved if h.score >= NEAR_BEST * best]
        items += [chunk for chunk in more if chunk not in items][:MORE_ITEMS]
    return Material(_within(items, cited))


def _place(passage: Passage, cited: Sequence[Passage]) -> int:
    """Sentences of one item stay together, items in the order of the table."""
    return next(i for i, other in enumerate(cited) if other.chunk == passage.chunk)


def _size(passages: Iterable[Passage]) -> int:
    passages = list(passages)
    heads = {passage.chunk.label for passage in passages}
    return sum(len(p.text) + 5 for p in passages) + sum(map(len, heads))


def _within(items: Sequence[Chunk], cited: Sequence[Passage]) -> tuple[Passage, ...]:
    """All sentences of the items as far as they fit; the cited ones always."""
    kept: list[Passage] = []
    spare = MOST_CHARACTERS - _size(cited)
    for chunk in items:
        for sentence in read_item(chunk).sentences:
            passage = Passage(chunk, sentence.span)
            if passage not in cited:
                spare -= len(passage.text) + 5
            if passage in cited or spare >= 0:
                kept.append(passage)
    kept += [passage for passage in cited if passage not in kept]
    return tuple(sorted(kept, key=lambda p: (items.index(p.chunk), p.span.start)))
