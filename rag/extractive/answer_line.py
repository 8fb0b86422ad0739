"""One line of an answer: what leads it, and the sentences quoted below it."""

from __future__ import annotations

import re

from rag.citations import CitationBook
from rag.extractive.fact import Fact
from rag.extractive.listing import title_span
from rag.extractive.reading import read_item
from rag.extractive.wording import say_spoken
from rag.schema import Intent, ParsedQuery, Period
from rag.text import Span, fold


def fact_line(query: ParsedQuery, fact: Fact, book: CitationBook, clear: bool = True) -> str:
    """The line of an answer; a figure leads it only where it is `clear` which one is meant."""
    chunk = fact.chunk
    title = title_span(chunk)
    heading = ""
    spans = _answer_spans(query, fact)
    if query.intent is Intent.DEPARTMENT and title and title not in spans:
        heading = f"{chunk.title}[{book.cite(chunk, title)}]　"
    quoted = "".join(f"{span.of(chunk.text)}[{book.cite(chunk, span)}]" for span in spans)
    if query.intent is Intent.ISSUE:
        return f"{chunk.issue.label}（{chunk.published.isoformat()}）：{quoted}"
    if query.intent is Intent.DEPARTMENT:
        names = "、".join(chunk.printed or chunk.departments) or "原文未署名"
        return f"{names}：{heading}{quoted}"
    if query.intent is Intent.DATE and (day := _only_day(fact)):
        return (
            f"{day.words}（{day.start.year}年）[{book.cite(chunk, fact.sentence.span)}]\n{quoted}"
        )
    if fact.figure and clear:
        number = book.cite(chunk, fact.sentence.span)
        lead = fact.figure.text
        if len(query.filters.departments) > 1:  # 是石村乡还是胡寨乡
            lead = f"{'、'.join(chunk.printed or chunk.departments)}：{lead}"
        return f"{lead}（{say_spoken(fact.spoken, chunk)}）[{number}]\n{quoted}"
    return quoted


def _only_day(fact: Fact) -> Period | None:
    """The one day that a sentence names without its year, which the reader would miss."""
    words = fold(fact.sentence.span.of(fact.chunk.text))
    days = {p.start: p for p in fact.sentence.times if p.start == p.end and p.words in words}
    if len(days) != 1 or len(set(fact.sentence.times)) != 1 or len(_DAY.findall(words)) != 1:
        return None
    (day,) = days.values()
    return day if _DAY.fullmatch(day.words) else None


_DAY = re.compile("[0-9]{1,2}月[0-9]{1,2}日")


def _answer_spans(query: ParsedQuery, fact: Fact) -> list[Span]:
    reading = read_item(fact.chunk)
    if query.intent in (Intent.MANNER, Intent.REASON):
        body = [s.span for s in reading.sentences if s.span.end > reading.title.end]
        return body
    spans = [fact.sentence.span]
    if fact.sentence.span.end <= reading.title.end and len(reading.sentences) > 1:
        spans.append(reading.sentences[-1].span)
    return spans
