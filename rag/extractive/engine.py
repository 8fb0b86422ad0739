"""Composes an answer from verbatim sentences; no language model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from rag.citations import CitationBook
from rag.extractive import comparison, lists, side_by_side, single
from rag.extractive.fact import Fact
from rag.extractive.facts import find_facts
from rag.extractive.figure_facts import AHEAD
from rag.extractive.matching import Term, weigh_terms
from rag.extractive.refusal import SURE, Judge, judgement, nearest_lines, reject, searched, unsure
from rag.extractive.wording import say_range
from rag.query.intent import asks_extreme
from rag.query.reader import Reading
from rag.schema import (
    Answer,
    Chunk,
    Evidence,
    Filters,
    Hit,
    Intent,
    IssueRecord,
    ParsedQuery,
    Period,
)
from rag.synonyms import SAME
from rag.text import search_tokens
from rag.verifier import check_figures

# A figure for a year may be printed well into the next one (2024年… in an issue of April 2025).
_REPORT_LAG = timedelta(days=460)
_PLAN_LEAD = timedelta(days=370)
# A question of these kinds that names a section may ask for its items.
_OPEN = (Intent.FACT, Intent.DEPARTMENT, Intent.PLACE, Intent.PERSON)
FACT_ITEMS = 12
DATED_ITEMS = 20
NEAREST = 3
WORDED = 50
NOTHING_NAMED = "问题里没有可以查的词，请写明要查的事、单位、时间或期号"


class Archive(Protocol):
    def scan(self, filters: Filters, words: Sequence[str] = ...) -> list[Chunk]: ...
    def issues(self, filters: Filters = ...) -> list[IssueRecord]: ...
    def span(self, filters: Filters = ...) -> tuple[int, date | None, date | None]: ...
    def count(self, filters: Filters = ...) -> int: ...
    def document_frequency(self, tokens: Sequence[str]) -> Mapping[str, int]: ...
    def search(
        self, tokens: Sequence[str], k: int, filters: Filters = ...
    ) -> list[tuple[str, float]]: ...
    def chunks(self, ids: Sequence[str]) -> list[Chunk]: ...


class Search(Protocol):
    def search(self, text: str, k: int, filters: Filters | None = None) -> list[Hit]: ...


class ExtractiveEngine:
    """Answers from the words of the bulletins alone."""

    def __init__(
        self,
        archive: Archive,
        search: Search,
        related: Callable[[str], Mapping[str, float]],
        judge: Judge | None = None,
    ) -> None:
        self._archive = archive
        self._search = search
        self._related = related
        self._judge = judge

    # --- entry -----------------------------------------------------------------------------

    def answer(self, reading: Reading) -> Answer:
        """The answer to a question that was read; never raises for want of evidence."""
        query = reading.query
        if reading.anchor is not None:
            if query.intent is Intent.MASTHEAD:
                return lists.masthead(self, reading)
            answer = single.within(self, reading, reading.anchor)
            hoped = query.intent is Intent.DATE and any(
                AHEAD.search(citation.quote) for citation in answer.citations
            )
            if reading.otherwise is not None and (answer.refusal or hoped):
                elsewhere = self.answer(reading.otherwise)
                # 力争9月底通车 is what the item spoken of hoped for; a later one may tell the day.
                return answer if hoped and elsewhere.refusal else elsewhere
            return answer
        if reading.otherwise is not None:
            answer = self.answer(replace(reading, otherwise=None))
            if answer.refusal != "not_found" or answer.citations:
                return answer
            fuller = self.answer(reading.otherwise)
            return answer if fuller.refusal else fuller
        if reading.elsewhere:
            return self.refuse(query, [], f"库中的快报没有登过“{reading.elsewhere}”的内容")
        if reading.missing_issues and not query.filters.issues:
            return self._no_such_issue(reading)
        if query.intent is Intent.MASTHEAD:
            return lists.masthead(self, reading)
        dated = query.periods or query.filters.issues or query.order
        if query.intent is Intent.ISSUE and not query.terms and dated:
            return lists.masthead(self, reading)
        if not self._names_something(query):
            return self.refuse(query, [], NOTHING_NAMED)
        if query.intent in (Intent.DIGEST, Intent.LIST, Intent.COUNT):
            return lists.items(self, reading)
        if query.intent in (Intent.COMPARE, Intent.TREND, Intent.SUM):
            compared = comparison.compare(self, reading)
            if compared is not None:
                return compared
            if query.intent is Intent.TREND:
                return lists.items(self, reading)
            if asks_extreme(query.standalone):
                # 最大点雨量出现在哪个站点: the text may say itself what was the most.
                told = single.find(self, replace(reading, query=replace(query, intent=Intent.FACT)))
                if any(asks_extreme(c.quote) for c in told.citations):
                    return told
                return self.refuse(query, self.hits(query), "没有两个以上可比较的数字")
        answer = side_by_side.of_each(self, reading) or single.find(self, reading)
        of_section = query.filters.sections and len(query.terms) <= 1 and query.intent in _OPEN
        if answer.refusal and not answer.citations and of_section:
            # 招商引资栏目刊发的是哪次活动: what the section printed.
            return lists.items(self, replace(reading, query=replace(query, terms=(), focus=())))
        return answer

    def _names_something(self, query: ParsedQuery) -> bool:
        """Whether there is anything to look for: a time, an issue, an office, a section, a word."""
        bounds = query.filters != Filters() or query.periods or query.order or query.terms
        # 库里有哪些快报 asks for everything.
        return bool(bounds) or query.intent in (Intent.DIGEST, Intent.LIST, Intent.COUNT)

    # --- shared steps ----------------------------------------------------------------------

    def terms(self, words: Sequence[str]) -> tuple[Term, ...]:
        return weigh_terms(
            words,
            self._archive.document_frequency,
            max(self.count(), 1),
            self._related,
        )

    def focus(self, query: ParsedQuery) -> tuple[Term, ...]:
        """The words of the asked-for quantity; the last, next to the interrogative, says most:
        小麦追肥多少亩 asks for 追肥."""
        terms = self.terms(query.focus)
        return (*terms[:-1], replace(terms[-1], weight=1.5 * terms[-1].weight)) if terms else ()

    def search_filters(self, query: ParsedQuery) -> Filters:
        """The filters for finding a fact: the issue may be later than the time asked about."""
        if not query.periods or query.filters.issues:
            return query.filters
        # 2026年度 is planned in issues of the year before.
        start = max(min(p.start for p in query.periods), date(1951, 1, 1)) - _PLAN_LEAD
        end = max(p.end for p in query.periods) + _REPORT_LAG
        return replace(query.filters, published=Period(start, end))

    def scan_filters(self, query: ParsedQuery) -> Filters:
        """The filters for listing: what was printed in the time asked about."""
        if not query.periods or query.filters.issues:
            return query.filters
        return replace(
            query.filters,
            published=Period(
                min(p.start for p in query.periods), max(p.end for p in query.periods)
            ),
        )

    def reject(
        self, query: ParsedQuery, fact: Fact, terms: Sequence[Term], focus: Sequence[Term]
    ) -> str:
        """Why the fact does not answer, also by the answer model; "" when it does."""
        return reject(query, fact, terms, focus, self._judge)

    def sure(self, query: ParsedQuery, fact: Fact) -> bool:
        """Whether the answer model says that the fact's passage answers the question."""
        judged = judgement(query, fact, self._judge)
        return judged is not None and judged >= SURE

    def unsure(self, query: ParsedQuery, fact: Fact) -> bool:
        """Whether the fact's item may answer by another of its sentences."""
        return unsure(query, fact, self.terms(query.terms), self._judge)

    def facts(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Fact]:
        return find_facts(
            query,
            hits,
            self.terms(query.terms),
            self.focus(query),
        )

    def hits(self, query: ParsedQuery, k: int = 0) -> list[Hit]:
        """The items nearest to the question; `k` of them, 0 for as many as its kind needs."""
        # What is reported every quarter stands in many items that differ by their time alone.
        k = k or (DATED_ITEMS if query.periods else FACT_ITEMS)
        # Words that the bulletins never print are looked for by their synonyms (GDP).
        others = [
            near
            for term in self.terms(query.terms)
            if not term.seen
            for near, weight in term.related
            if weight >= SAME
        ]
        text = " ".join(dict.fromkeys((query.standalone, *others)))
        return self._search.search(text, k, self.search_filters(query))

    def scan(self, query: ParsedQuery, topic: Sequence[Term] = ()) -> list[Chunk]:
        """Every item printed in the time and under the filters asked for, in date order.

        Where those are too many to be read, the ones with a word near to the topic.
        """
        words = [w for term in topic for w in (term.word, *(near for near, _ in term.related))]
        chunks = self._archive.scan(self.scan_filters(query), words)
        if len(query.periods) > 1 and not query.filters.issues:
            chunks = [c for c in chunks if any(p.contains(c.published) for p in query.periods)]
        return chunks

    def issues(self, filters: Filters | None = None) -> list[IssueRecord]:
        return self._archive.issues(filters or Filters())

    def worded(self, words: Sequence[str], filters: Filters) -> list[Chunk]:
        """The items that hold one of the words."""
        tokens = [token for word in words for token in search_tokens(word)]
        found = self._archive.search(tokens, WORDED, filters)
        return self._archive.chunks([chunk_id for chunk_id, _ in found])

    def nearest(self, text: str, filters: Filters) -> list[Hit]:
        """The few items nearest to a text under the filters."""
        return self._search.search(text, NEAREST, filters)

    def count(self, filters: Filters | None = None) -> int:
        return self._archive.count(filters or Filters())

    def extent(self, filters: Filters | None = None) -> str:
        filters = filters or Filters()
        return say_range(*self._archive.span(filters), self.count(filters))

    # --- endings ---------------------------------------------------------------------------

    def finish(
        self,
        query: ParsedQuery,
        lines: Sequence[str],
        book: CitationBook,
        hits: Sequence[Hit],
        refusal: str = "",
    ) -> Answer:
        text = "\n".join(lines)
        return Answer(
            question=query.question,
            text=text,
            query=query,
            citations=book.citations,
            evidence=book.evidence,
            retrieved=tuple(hits),
            checks=check_figures(text, book.citations),
            refusal=refusal,  # type: ignore[arg-type]
        )

    def refuse(self, query: ParsedQuery, hits: Sequence[Hit], why: str) -> Answer:
        nearest = tuple(hits[:NEAREST])
        lines = [f"没有找到：{why}。", searched(query, self.extent()) + "。"]
        if nearest:
            lines += ["最接近的条目：", *nearest_lines(nearest)]
        return Answer(
            question=query.question,
            text="\n".join(lines),
            query=query,
            retrieved=tuple(hits),
            nearest=tuple(Evidence(i, h.chunk) for i, h in enumerate(nearest, 1)),
            refusal="not_found",
        )

    def _no_such_issue(self, reading: Reading) -> Answer:
        query = reading.query
        names = "、".join(reading.missing_issues)
        numbers: dict[int, list[int]] = {}
        for record in self._archive.issues():
            numbers.setdefault(record.issue.year, []).append(record.issue.number)
        have = "；".join(
            f"{year}年第{'、'.join(str(n) for n in values)}期" for year, values in numbers.items()
        )
        text = f"没有找到：库中没有{names}。\n库中现有：{have}。"
        return Answer(question=query.question, text=text, query=query, refusal="not_found")
