"""Lists, counts, digests: every item under the filters, never a silent top-k."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rag.citations import CitationBook
from rag.extractive.fact import header_words, lacks_name
from rag.extractive.matching import Term, coverage
from rag.extractive.reading import Sentence, read_item
from rag.schema import Chunk, IssueRecord
from rag.text import Span

# An item belongs to a topic when it holds this share of the topic's words …
TOPIC_COVERAGE = 0.6
# … and not much less than the item that fits best.
TOPIC_SHARE_OF_BEST = 0.75
_AND = "(?:、|和|与|及|以及|跟|或者?|还有)"


def relevant(chunks: Sequence[Chunk], terms: Sequence[Term], limited: bool = False) -> list[Chunk]:
    """The items about the topic, in the order given; no terms keeps all.

    Where an office, a section or an issue limits the list already (`limited`), words that name
    no thing (单独报的, 联合报的) leave it as it is.
    """
    if limited and not any(t.noun or t.proper for t in terms):
        return list(chunks)
    terms = naming(terms)
    if not terms:
        return list(chunks)
    scored = [(chunk, topic_score(chunk, terms)) for chunk in chunks]
    best = max((score for _, score in scored), default=0.0)
    cut = max(TOPIC_COVERAGE, TOPIC_SHARE_OF_BEST * best)
    return [chunk for chunk, score in scored if score >= cut and lacks_name(terms, chunk) is None]


_ANY_THING = frozenset(["设施", "地方", "场所", "东西", "事项", "条目"])


def naming(terms: Sequence[Term]) -> list[Term]:
    """The words that name a topic: the verbs of the asker (用地保障栏目开过几期) don't."""
    naming = [t for t in terms if t.noun or t.proper or (t.seen and len(t.word) > 1)]
    # 花生烘干的设施: what is called 中心 or 服务站 in print.
    return [t for t in naming if t.word not in _ANY_THING] or naming


def coordinates(question: str, terms: Sequence[Term]) -> tuple[tuple[Term, ...], ...]:
    """The topics of a question for several (信访、污水、更正三条), each to be listed; none when it
    has one.

    小学和中学招生 shares what follows; of 夏季秸秆禁烧和利用 the second shares what goes before,
    being no thing by itself.
    """
    words = {term.word: term for term in terms}
    if not words:
        return ()
    question = question.lower()  # as the words are
    word = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    topics: list[tuple[Term, ...]] = []
    for joined in re.finditer(rf"(?:{word})+(?:{_AND}(?:{word})+)+", question):
        runs = [
            tuple(words[w] for w in re.findall(word, run)) for run in re.split(_AND, joined.group())
        ]
        last = runs[-1]
        if "、" not in joined.group():
            # PM2.5和优良天数: a name of its own shares nothing.
            runs = [
                run + last[1:] if len(run) == 1 and not run[0].word.isascii() else run
                for run in runs
            ]
        for before, run in itertools.pairwise([(), *runs]):
            alone = before and not any(t.noun or t.proper for t in run)
            topics.append(before[: -len(run)] + run if alone else run)
    return tuple(topic for topic in dict.fromkeys(topics) if _printed(topic))


def _printed(topic: Sequence[Term]) -> bool:
    """Whether the archive prints the better part of a topic, and more than a character of it."""
    words = any(len(term.word) > 1 for term in topic)
    return words and 2 * sum(term.seen for term in topic) >= len(topic)


def topic_score(chunk: Chunk, terms: Sequence[Term]) -> float:
    """A topic named in the title or the section counts in full, one named in passing less."""
    return coverage(terms, (chunk.title, 1.0), (header_words(chunk), 1.0), (chunk.text, 0.85))


def key_sentences(
    chunk: Chunk, terms: Sequence[Term], most: int, leading: bool = False
) -> list[Sentence]:
    """The sentences to show of an item, best first: those nearest to the topic, else the last ones
    with figures, or the first (`leading`)."""
    reading = read_item(chunk)
    start = reading.title.end or reading.sentences[0].span.end
    body = [s for s in reading.sentences if s.span.end > start] or list(reading.sentences)

    def rank(pair: tuple[int, Sentence]) -> tuple[float, bool, int]:
        index, sentence = pair
        near = coverage(terms, (sentence.span.of(chunk.text), 1.0)) if terms else 0.0
        figures = any(f.text[0].isdigit() for c in sentence.clauses for f in c.figures)
        return (near + (0.5 if figures else 0.0), figures, -index if leading else index)

    best = sorted(enumerate(body), key=rank, reverse=True)
    return [sentence for _, sentence in best[:most]]


def item_line(chunk: Chunk, terms: Sequence[Term], book: CitationBook, most: int | None = 1) -> str:
    """Title and cited sentences of an item, the `most` telling ones; None: all it has."""
    if most is None:
        return "".join(
            f"{s.span.of(chunk.text)}[{book.cite(chunk, s.span)}]"
            for s in read_item(chunk).sentences
        )
    shown = key_sentences(chunk, terms, most)
    if not terms:  # of the whole item: what it opens with, and what came of it
        shown += key_sentences(chunk, terms, 1, leading=True)
    if not chunk.title:
        # Without a title the first sentence says what the item is about.
        shown.append(read_item(chunk).sentences[0])
    quotes = "".join(
        f"{s.span.of(chunk.text)}[{book.cite(chunk, s.span)}]"
        for s in sorted(set(shown), key=lambda s: s.span.start)
    )
    if chunk.title and chunk.title not in quotes:
        return f"{chunk.title}：{quotes}"
    return quotes


def item_head(chunk: Chunk) -> str:
    """2023年第18期【安全生产】潭龙街道"""
    section = f"【{chunk.section}】" if chunk.section else ""
    names = "、".join(chunk.printed or chunk.departments)
    return f"{chunk.issue.year}年{chunk.issue.edition}第{chunk.issue.number}期{section}{names}"


def issue_of(chunk: Chunk, records: Sequence[IssueRecord]) -> IssueRecord | None:
    return next((r for r in records if r.issue == chunk.issue), None)


def title_span(chunk: Chunk) -> Span | None:
    start = chunk.text.find(chunk.title) if chunk.title else -1
    return Span(start, start + len(chunk.title)) if start >= 0 else None
