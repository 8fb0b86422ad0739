"""Builds the answer from the model's sentences: verified, re-cited, replaced or left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from rag.citations import CitationBook
from rag.entities.figures import find_figures
from rag.generative.material import TABLES, Material
from rag.generative.reply import Draft
from rag.schema import Answer, Intent
from rag.text import Span, fold
from rag.verifier import ClaimChecker, FitsTime, Passage, Verdict, check_figures, stands_in
from rag.verifier.figures import own_words_removed
from rag.verifier.quantities import bare_words, share

ORIGINAL = "原文摘录："
MOST_SENTENCES = {True: 3, False: 6}  # over a table, for a fact
# The same words, give or take a particle.
_SAME = 90
_RELATED = 0.2
_CITED_AT_ALL = 0.15
_RECITED = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A sentence to be shown and what it cites; none for one marked 归纳."""

    text: str
    cited: tuple[Passage, ...]


class Composer:
    """Takes the model's sentences one by one and keeps what stands."""

    def __init__(
        self,
        extractive: Answer,
        material: Material,
        checker: ClaimChecker,
        fits_time: FitsTime | None,
    ) -> None:
        self._extractive = extractive
        self._material = material
        self._checker = checker
        self._fits_time = fits_time
        self._table = extractive.query.intent in TABLES
        self._kept: list[Kept] = []
        self._chunks = {evidence.chunk.id: evidence.chunk for evidence in extractive.evidence}
        self._own = {(c.chunk_id, c.start, c.end) for c in extractive.citations}
        self._leads = () if self._table else lead_figures(extractive)
        self.replaced = 0
        self.removed = 0

    # --- one sentence ------------------------------------------------------------------------

    def add(self, draft: Draft) -> bool:
        """Whether the answer grew by this sentence."""
        if self.full:
            return False
        kept = self._verified(draft)
        if kept is None:
            kept = None if self._table else self._verbatim(draft)
            if kept is None:
                self.removed += 1
                return False
            self.replaced += 1
        if any(fuzz.partial_ratio(kept.text, other.text) >= _SAME for other in self._kept):
            return False
        self._kept.append(kept)
        return True

    def _verified(self, draft: Draft) -> Kept | None:
        """The sentence with what it rests on: what it points at, else what it comes nearest to."""
        pointed = self._material.numbered(draft.numbers)
        near = self._nearest(draft)
        choices = [pointed, *((passage,) for passage in near)]
        if pointed:
            choices.append(tuple(dict.fromkeys((*pointed, *near[:1]))))
        elif self._table:
            choices.append(self._material.passages)
        for cited in choices:
            if not any(share(bare_words(draft.text), p.text) >= _RELATED for p in cited):
                continue  # a name alone stands above every sentence of its item
            verdict = self._check(draft.text, cited)
            if not verdict.problems:
                return Kept(verdict.text, _needed(draft.text, cited))
        return None if draft.numbers else self._gathered(draft)

    def _nearest(self, draft: Draft) -> list[Passage]:
        words = bare_words(draft.text)
        return sorted(self._material.passages, key=lambda p: -share(words, p.text))[:_RECITED]

    def _check(self, sentence: str, cited: Sequence[Passage]) -> Verdict:
        return self._checker.check(sentence, cited, self._material.items, self._fits_time)

    def _gathered(self, draft: Draft) -> Kept | None:
        """A sentence over several items that claims no figure and names nobody, marked as such."""
        names = {
            name for chunk in self._material.items for name in chunk.departments + chunk.printed
        }
        if find_figures(draft.text) or any(name in draft.text for name in names):
            return None
        verdict = self._checker.check(draft.text, self._material.passages)
        return None if verdict.problems else Kept(f"归纳：{verdict.text}", ())

    def _verbatim(self, draft: Draft) -> Kept | None:
        """The printed sentence that the failed one means, where the answer rests on it."""
        for passage in (*self._material.numbered(draft.numbers), *self._nearest(draft)):
            if (
                _key(passage) in self._own
                and share(bare_words(draft.text), passage.text) >= _RELATED
                # Its figures may be of another time than the one asked about.
                and not self._check(passage.text, (passage,)).problems
            ):
                return Kept(passage.text, (passage,))
        return None

    @property
    def full(self) -> bool:
        """Whether no further sentence will be taken."""
        return len(self._kept) >= MOST_SENTENCES[self._table]

    # --- the answer --------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the sentences kept rest on what the extractive answer rests on, and hold the
        figures that it says first."""
        if not any(self._relevant(kept) for kept in self._kept):
            return False
        plain = "".join(fold(" ".join(kept.text for kept in self._kept)).split()).replace(",", "")
        return all(stands_in(lead, plain) for lead in self._leads)

    def _relevant(self, kept: Kept) -> bool:
        """Whether it cites a sentence of the extractive answer; where the answer stands above the
        item (期号, 单位), whether it cites the item. A summary may be of any row."""
        if self._table:
            return True
        if self._extractive.query.intent in (Intent.ISSUE, Intent.DEPARTMENT):
            return any(passage.chunk.id in self._chunks for passage in kept.cited)
        return any(_key(passage) in self._own for passage in kept.cited)

    def partial(self) -> Answer:
        """The answer as far as it goes."""
        return self._answer(original=False)

    def final(self) -> Answer | None:
        """The whole answer with the extractive one below; None when the sentences kept lack it."""
        if not self.ready:
            return None
        notices = list(self._extractive.notices)
        failed = self.replaced + self.removed
        if failed:
            notices.append(
                f"语言模型写的 {failed} 句没有通过核对："
                f"{self.replaced} 句换成原文，{self.removed} 句删去。"
            )
        answer = self._answer(original=self._table or not self._says_it_all())
        return replace(answer, notices=tuple(notices))

    def _answer(self, original: bool) -> Answer:
        book = CitationBook()
        text = "".join(_cite(kept, book) for kept in self._kept)
        if original:
            head = "" if self._table else ORIGINAL + "\n"
            text = f"{text}\n\n{head}{self._renumbered(book)}"
        return replace(
            self._extractive,
            text=text,
            citations=book.citations,
            evidence=book.evidence,
            engine="chat",
            checks=check_figures(text, book.citations),
        )

    def _renumbered(self, book: CitationBook) -> str:
        """The extractive text with the numbers that its citations have in this answer.

        A lone figure put before its quote is left out: the sentences kept have said it.
        """
        numbers = {
            c.number: book.cite(self._chunks[c.chunk_id], Span(c.start, c.end))
            for c in self._extractive.citations
        }
        lines = self._extractive.text.split("\n")
        if len(self._leads) == 1:
            quotes = [citation.quote for citation in self._extractive.citations]
            lines = [line for line in lines if any(quote in line for quote in quotes)]
        return re.sub(
            r"\[(\d+)\]",
            lambda m: f"[{numbers[int(m[1])]}]" if int(m[1]) in numbers else m.group(),
            "\n".join(lines),
        )

    def _says_it_all(self) -> bool:
        """Whether the sentences kept hold the extractive answer nearly word for word."""
        said = " ".join(kept.text for kept in self._kept)
        if len({citation.chunk_id for citation in self._extractive.citations}) > 1:
            return False
        rest = self._extractive.text
        for citation in self._extractive.citations:
            if fuzz.partial_ratio(citation.quote, said) < _SAME:
                return False
            rest = rest.replace(citation.quote, " ")
        names = re.findall(r"[一-龥\d]{2,}", re.sub(r"（[^（）]*）(?=\[)|\[\d+\]", " ", rest))
        return all(name in fold(said) for name in names)


def _key(passage: Passage) -> tuple[str, int, int]:
    return passage.chunk.id, passage.span.start, passage.span.end


def _needed(sentence: str, cited: Sequence[Passage]) -> tuple[Passage, ...]:
    """Those of the cited sentences that hold something of it; at least the nearest."""
    words = bare_words(sentence)
    figures = [figure.text for figure in find_figures(sentence, chinese=False)]
    near = max(cited, key=lambda p: share(words, p.text))
    return tuple(
        p
        for p in cited
        if p == near
        or share(words, p.text) >= _CITED_AT_ALL
        or any(stands_in(figure, "".join(fold(p.text).split())) for figure in figures)
    )


def _cite(kept: Kept, book: CitationBook) -> str:
    """The sentence with its marks behind the full stop, which it gets when it has none."""
    text = kept.text if re.search(r"[。！？!?”’」』）)]$", kept.text) else kept.text + "。"
    return text + "".join(f"[{book.cite(p.chunk, p.span)}]" for p in kept.cited)


def lead_figures(answer: Answer) -> tuple[str, ...]:
    """The figures that an extractive answer puts before its quotes."""
    text = own_words_removed(answer.text)
    for citation in sorted(answer.citations, key=lambda c: -len(c.quote)):
        text = text.replace(own_words_removed(citation.quote), " ")
    return tuple(dict.fromkeys(figure.text for figure in find_figures(text, chinese=False)))
