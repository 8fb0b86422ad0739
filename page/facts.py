"""Figures of the archive as rows: the figure, what it is of, the time it speaks of, its sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from page.archive import Archive
from rag.entities.figures import Figure
from rag.entities.times import find_times
from rag.extractive.fact import answer_sentences
from rag.extractive.reading import Clause, read_item
from rag.schema import Chunk, Filters, Period
from rag.text import Span, fold, search_tokens

CANDIDATES = 150  # items read for one question; reading one takes well under a millisecond
MOST_FACTS = 300
# Facts far behind the best one share only a common word with the question.
_LEAST_OF_BEST = 0.6
_LABEL_LENGTH = 28

_LEADING = re.compile(
    r"^(?:[，、；：。（）()\s“”]|其中|同时|截至|目前|已|我县|全县|共计?|并|和|及|的|了)+"
)
_TRAILING = re.compile(
    r"(?:[，、：（(\s“]|达到?了?|为|至|到|共计?|了|约|近|超过?|突破|合计|总计|不少于|不低于|逾|仅|有|是)+$"
)
# 同比增长 says nothing without the quantity that it belongs to.
_RELATIVE = re.compile(
    r"^(?:同比|环比|增速|增长|增幅|下降|降幅|占|较|比|提高|提升|降低|上升|减少|增加|完成率|达到|完成年度|降至|升至|其中)"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure with its sentence: `sentence.of(chunk.text)` holds the figure's text.

    `time` is None when the text names none; then the figure is as of the issue's date.
    """

    chunk: Chunk
    figure: Figure
    label: str
    time: Period | None
    sentence: Span


@lru_cache(maxsize=8192)
def facts_of(chunk: Chunk) -> tuple[Fact, ...]:
    """The figures of an item in printed order; numbers without a unit are left out."""
    found: list[Fact] = []
    for sentence in answer_sentences(read_item(chunk)):
        subject = ""
        for clause in sentence.clauses:
            for i, figure in enumerate(clause.figures):
                if not figure.unit or not figure.text[0].isdigit():
                    continue
                label = _label(chunk, clause, i)
                if _RELATIVE.match(label) and subject:
                    label = f"{subject}，{label}"
                elif label:
                    subject = label
                found.append(Fact(chunk, figure, label or chunk.title, clause.time, sentence.span))
    return tuple(found)


def _label(chunk: Chunk, clause: Clause, index: int) -> str:
    """The words in front of a figure; those behind it when there are none."""
    text, figure = chunk.text, clause.figures[index]
    start = clause.figures[index - 1].end if index else clause.span.start
    more = index + 1 < len(clause.figures)
    end = clause.figures[index + 1].start if more else clause.span.end
    before = _trimmed(text[start : figure.start], chunk)
    if len(before) >= 2:
        return before[-_LABEL_LENGTH:]
    return (before + _trimmed(text[figure.end : end], chunk))[:_LABEL_LENGTH]


def _trimmed(words: str, chunk: Chunk) -> str:
    for mention in reversed(find_times(words, chunk.published)):
        words = words[: mention.start] + words[mention.end :]
    return _TRAILING.sub("", _LEADING.sub("", words)).rstrip("。；")


def find_facts(archive: Archive, words: str, filters: Filters) -> list[Fact]:
    """Facts that the words name, best first; no words give those of the newest issues.

    A word that few items hold weighs more than one that most of them hold.
    """
    tokens = _telling(search_tokens(words))
    if not tokens:
        return list(_newest(archive, filters))
    found = archive.search(tokens, CANDIDATES, filters)
    total = max(archive.count(), 1)
    seen_in = archive.document_frequency(tokens)
    weights = {token: math.log(1 + total / (1 + seen_in[token])) for token in tokens}
    whole = sum(weights.values())
    scored: list[tuple[float, Fact]] = []
    for chunk in archive.chunks([id for id, _ in found]):
        about = fold(
            f"{chunk.title} {chunk.section} {' '.join((*chunk.printed, *chunk.departments))}"
        )
        text = fold(chunk.text)
        for fact in facts_of(chunk):
            near = fold(fact.label + fact.figure.text)
            sentence = fold(fact.sentence.of(chunk.text))
            score = sum(
                weight * _nearness(token, near, sentence, about, text)
                for token, weight in weights.items()
            )
            scored.append((score / whole, fact))
    if not scored:
        return []
    best = max(score for score, _ in scored)
    scored.sort(key=lambda pair: (-round(pair[0], 3), -pair[1].chunk.published.toordinal()))
    return [fact for score, fact in scored if score >= _LEAST_OF_BEST * best][:MOST_FACTS]


def _nearness(token: str, near: str, sentence: str, about: str, text: str) -> float:
    for place, worth in ((near, 1.0), (sentence, 0.7), (about, 0.5), (text, 0.25)):
        if token in place.lower():
            return worth
    return 0.0


def _telling(tokens: Sequence[str]) -> list[str]:
    """The tokens without single characters, unless there is nothing else."""
    distinct = list(dict.fromkeys(tokens))
    return [token for token in distinct if len(token) > 1 or token.isdigit()] or distinct


def _newest(archive: Archive, filters: Filters) -> Iterator[Fact]:
    chunks = sorted(archive.scan(filters), key=lambda chunk: chunk.published, reverse=True)
    count = 0
    for chunk in chunks:
        for fact in facts_of(chunk):
            if count >= MOST_FACTS:
                return
            count += 1
            yield fact
