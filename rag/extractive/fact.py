"""A sentence or a figure of an item that may answer, and what is measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.entities.figures import Figure
from rag.extractive.matching import Term, coverage, presence
from rag.extractive.reading import Clause, ItemReading, Sentence, time_match
from rag.schema import Chunk, Hit, ParsedQuery, Period
from rag.text import fold


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence that may answer, with the figure that does when one is asked for.

    `item` is the share of the question that the item holds, `local` the share that the sentence
    (for a figure: its clause) holds, `focus` the share of the asked-for quantity's name; all
    0..1. `time` is the fit of the clock (1 when no time is asked), `score` orders. `nearest`:
    no item on another matter is nearer to the question by its vector.
    """

    hit: Hit
    sentence: Sentence
    clause: Clause | None
    figure: Figure | None
    item: float
    local: float
    focus: float
    time: float
    score: float
    nearest: bool = True

    @property
    def chunk(self) -> Chunk:
        return self.hit.chunk

    @property
    def spoken(self) -> Period | None:
        if self.clause:
            return self.clause.time
        return self.sentence.times[0] if self.sentence.times else None


def header_words(chunk: Chunk) -> str:
    return " ".join((chunk.section, *chunk.departments, *chunk.printed))


def item_coverage(terms: Sequence[Term], chunk: Chunk) -> float:
    """Share of the question's terms that stand in the item or above it."""
    return coverage(terms, (chunk.text, 1.0), (header_words(chunk), 1.0))


def lacks_name(terms: Sequence[Term], chunk: Chunk) -> Term | None:
    """A term that names one thing and stands nowhere in the item: the item is about another."""
    text = fold(chunk.text + header_words(chunk)).lower()
    for term in terms:
        if term.proper and presence(term, text) < 0.5:
            return term
    return None


def answer_sentences(reading: ItemReading) -> list[Sentence]:
    """The sentences of the body; the title when there is nothing else."""
    body = [s for s in reading.sentences if s.span.end > reading.title.end]
    return body or list(reading.sentences)


def time_fit(
    query: ParsedQuery, spoken: Sequence[Period | None], chunk: Chunk, figure: bool
) -> float:
    """The fit of the clock, 0..1: the best of the times spoken of; 1 when no time is asked."""
    if not query.periods:
        return 1.0
    return max(
        (time_match(p, s, chunk, figure) for p in query.periods for s in spoken), default=0.0
    )
