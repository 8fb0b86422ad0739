"""Checks a sentence that a language model wrote against the sentences it cites; no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.departments import DepartmentNames
from rag.schema import Chunk
from rag.text import fold, split_clauses
from rag.verifier.attribution import FitsTime, attribute
from rag.verifier.names import Sources, mixed_names, unsupported_names, unsupported_words
from rag.verifier.passage import Passage
from rag.verifier.quantities import bare_words, share
from rag.verifier.times import full_years, unsupported_times

_SAME_CLAUSE = 0.5
_NEGATION = re.compile(
    r"没有|没能|未(?!来|央)|无一|无需|不再|不得|不是|并非|禁止|严禁|杜绝|取消|停止|停工|暂停"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`text` is the sentence with its figures as printed; `problems` say, in Chinese, what does
    not stand in the sources; empty when everything does."""

    text: str
    problems: tuple[str, ...] = ()


class ClaimChecker:
    """Checks sentences against what they cite."""

    def __init__(self, departments: DepartmentNames) -> None:
        self._departments = departments

    def check(
        self,
        sentence: str,
        cited: Sequence[Passage],
        others: Sequence[Chunk] = (),
        fits_time: FitsTime | None = None,
    ) -> Verdict:
        """The verdict on a sentence that rests on the passages cited.

        `others` are the items that were also in front of the writer: their names must not turn up
        in a sentence about these. A figure that follows from cited ones by one calculation stands,
        and the text shows the calculation.
        """
        if not cited:
            return Verdict(sentence, ("没有出处",))
        items = tuple(dict.fromkeys(passage.chunk for passage in cited))
        sources = Sources(
            "\n".join(passage.text for passage in cited),
            items,
            tuple(chunk for chunk in others if chunk not in items),
        )
        if any(_same_words(sentence, passage.text) for passage in cited) and fits_time is None:
            return Verdict(sentence)
        figures = attribute(sentence, cited, fits_time)
        problems = [*figures.problems]
        for part, own in _parts(sentence, figures.items):
            rest = tuple(chunk for chunk in items if chunk not in own)
            problems += mixed_names(part, Sources("", own, rest), self._departments)
        problems += unsupported_times(sentence, cited)
        problems += unsupported_names(sentence, sources, self._departments)
        problems += _check_negation(sentence, cited)
        problems += unsupported_words(sentence, sources)
        text = full_years(figures.text, items[0].published)
        return Verdict(text, tuple(dict.fromkeys(problems)))


def _same_words(sentence: str, printed: str) -> bool:
    words, source = ("".join(fold(text).split()).rstrip("。；") for text in (sentence, printed))
    return words == source


def _parts(
    sentence: str, figures: Sequence[tuple[int, Chunk]]
) -> Iterator[tuple[str, tuple[Chunk, ...]]]:
    """The clauses up to each one with figures, and the items that print those."""
    start = 0
    for clause in split_clauses(sentence):
        own = tuple(dict.fromkeys(c for place, c in figures if clause.start <= place < clause.end))
        if own:
            yield sentence[start : clause.end], own
            start = clause.end


def _check_negation(sentence: str, cited: Sequence[Passage]) -> list[str]:
    """未发现 must not become 发现, nor the other way round."""
    clauses = [
        fold(span.of(passage.text)) for passage in cited for span in split_clauses(passage.text)
    ]
    any_denied = any(_NEGATION.search(clause) for clause in clauses)
    problems = []
    for span in split_clauses(sentence):
        words = fold(span.of(sentence))
        bare = bare_words(_NEGATION.sub("", words))
        denied = bool(_NEGATION.search(words))
        near = max(clauses, key=lambda c: share(bare, bare_words(_NEGATION.sub("", c))), default="")
        close = share(bare, bare_words(_NEGATION.sub("", near))) >= _SAME_CLAUSE
        unlike = bool(_NEGATION.search(near)) != denied if close else denied and not any_denied
        if unlike:
            problems.append("肯定与否定")
    return problems
