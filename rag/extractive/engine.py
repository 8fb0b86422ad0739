"""Composes an answer from verbatim sentences; no language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

from rapidfuzz import fuzz

from rag.citations import CitationBook
from rag.extractive import comparison, corrections, lists
from rag.extractive.answer_type import opposite_direction
from rag.extractive.facts import Fact, find_facts, has_cue
from rag.extractive.listing import title_span
from rag.extractive.matching import Term, coverage, weigh_terms
from rag.extractive.reading import read_item
from rag.extractive.refusal import MIN_FOCUS, contradicted, nearest_lines, reject, searched
from rag.extractive.wording import say_range, say_spoken
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
from rag.text import Span, fold, search_tokens
from rag.verifier import check_figures

# A figure for a year may be printed well into the next one (2024年… in an issue of April 2025).
_REPORT_LAG = timedelta(days=460)
_PLAN_LEAD = timedelta(days=370)
FACT_ITEMS = 12
NEAREST = 3
WORDED = 50
SYNONYM = 0.9
MARGIN = 0.1  # by which another office's item has to hold more of the question
ORDERED = 0.85  # the latest of several is asked for: a somewhat weaker match may be the later one
ABOUT = 0.5  # share of the question's words in a sentence that is about it
TIMELY_MARGIN = 0.12
SAME_TITLE = 70  # rapidfuzz ratio
# Facts nearly as good as the best one are about the same indicator in other issues.
SAME_INDICATOR = 0.93


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
    ) -> None:
        self._archive = archive
        self._search = search
        self._related = related

    # --- entry -----------------------------------------------------------------------------

    def answer(self, reading: Reading) -> Answer:
        """The answer to a question that was read; never raises for want of evidence."""
        query = reading.query
        if reading.anchor is not None:
            answer = self._anchored(reading, reading.anchor)
            if answer.refusal and reading.otherwise is not None:
                return self.answer(reading.otherwise)
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
        if query.intent is Intent.ISSUE and not query.terms and query.periods:
            return lists.masthead(self, reading)
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
                told = self.fact(replace(reading, query=replace(query, intent=Intent.FACT)))
                if any(asks_extreme(c.quote) for c in told.citations):
                    return told
                return self.refuse(query, self.hits(query), "没有两个以上可比较的数字")
        return self.fact(reading)

    # --- shared steps ----------------------------------------------------------------------

    def terms(self, words: Sequence[str]) -> tuple[Term, ...]:
        return weigh_terms(
            words,
            self._archive.document_frequency,
            max(self._archive.count(), 1),
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

    def facts(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Fact]:
        return find_facts(
            query,
            hits,
            self.terms(query.terms),
            self.focus(query),
        )

    def hits(self, query: ParsedQuery, k: int = FACT_ITEMS) -> list[Hit]:
        # Words that the bulletins never print are looked for by their synonyms (GDP).
        others = [
            near
            for term in self.terms(query.terms)
            if not term.seen
            for near, weight in term.related
            if weight >= SYNONYM
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

    def extent(self, filters: Filters | None = None) -> str:
        filters = filters or Filters()
        return say_range(*self._archive.span(filters), self._archive.count(filters))

    # --- facts -----------------------------------------------------------------------------

    def fact(self, reading: Reading) -> Answer:
        """One fact. Where the office named signs no item that answers, its name may be said in
        another's item (在郭渡镇举行…, by another office): the filter is dropped and said so."""
        answer = self._fact(reading)
        names = reading.names
        if not names or answer.refusal != "not_found" or answer.citations:
            return answer
        # A town is a place as well; an office that signs items speaks for itself.
        if any(not town(n.name) and self._archive.count(_signed(n.name)) for n in names):
            return answer
        query = reading.query
        own = max((f.item for f in self.facts(query, self.hits(query))), default=0.0)
        stems = tuple(dict.fromkeys(stem(n.typed) for n in names))
        wider = replace(
            query,
            filters=replace(query.filters, departments=()),
            terms=tuple(dict.fromkeys((*stems, *query.terms))),
            relaxed=("部门：" + "、".join(query.filters.departments),),
        )
        found = self._fact(replace(reading, query=wider, names=()), stems, own + MARGIN)
        if found.refusal:
            return answer
        notice = (
            f"没有{'、'.join(query.filters.departments)}供稿的对应条目，以下条目由其他单位供稿。"
        )
        return replace(found, notices=(*found.notices, notice))

    def _fact(self, reading: Reading, must: Sequence[str] = (), more_than: float = 0.0) -> Answer:
        """`must`: names that the sentence has to hold; `more_than`: the share of the
        question that it has to hold."""
        query = reading.query
        hits = self.hits(query)
        hits = [h for h in hits if all(name in fold(h.chunk.text) for name in must)]
        facts = [
            fact
            for fact in self.facts(query, hits)
            if fact.item >= more_than
            and all(name in fold(fact.sentence.span.of(fact.chunk.text)) for name in must)
        ]
        terms, focus = self.terms(query.terms), self.terms(query.focus)
        if not facts:
            return self.refuse(query, hits, "没有登过相关内容")
        timely = [fact for fact in facts if fact.time > 0]
        if query.intent in (Intent.DATE, Intent.PLACE):
            timely = [fact for fact in timely if has_cue(query, fact)] or timely
        best = timely[0] if timely else facts[0]
        why = reject(query, best, terms, focus)
        if not why and _fits_another_time(best, facts):
            why = "同类内容登过，但不是所问的时间"
        if why:
            return self.refuse(query, hits, why)
        chosen = self._same_indicator(query, timely)
        wrong = contradicted(query.claims, (), " ".join(f.chunk.text for f in chosen))
        book = CitationBook()
        lines = [self._fact_line(query, fact, book) for fact in chosen]
        lines += self._other_parts(reading, chosen, book)
        said = "".join(self._said(query, fact, terms) for fact in chosen)
        if wrong or opposite_direction(query.standalone, said):
            claim = f"“{wrong}”的" if wrong else "问题中的"
            head = f"没有找到{claim}说法。快报原文是："
            return self.finish(query, [head, *lines], book, hits, refusal="not_found")
        if best.figure and (corrected := corrections.find(self, best)):
            lines = corrections.lines(best, corrected, book) + lines
        answer = self.finish(query, lines, book, hits)
        newer = self._newer(query, best)
        return replace(answer, notices=(newer,)) if newer else answer

    def _newer(self, query: ParsedQuery, fact: Fact) -> str:
        """A remark that later issues print the same indicator; its figures are left out, since
        the question fixed the time."""
        if not query.periods or fact.figure is None or query.filters.issues:
            return ""
        later = Period(fact.chunk.published + timedelta(days=1), date.max)
        if not self._archive.count(Filters(published=later)):
            return ""
        open_query = replace(query, periods=())
        filters = replace(query.filters, published=later)
        hits = self._search.search(query.standalone, NEAREST, filters)
        labels = []
        for hit in hits:
            found = [
                f
                for f in find_facts(open_query, [hit], self.terms(query.terms), self.focus(query))
                if f.figure
            ]
            if found and found[0].item >= fact.item and comparison.same_indicator(found[0], fact):
                spoken = say_spoken(found[0].spoken, hit.chunk)
                labels.append(f"{hit.chunk.issue.label}（{spoken}）")
        return f"后续期有更新：{'、'.join(dict.fromkeys(labels))}。" if labels else ""

    def _other_parts(
        self, reading: Reading, chosen: Sequence[Fact], book: CitationBook
    ) -> list[str]:
        """The further figures that the question asks for, from the same items."""
        lines = []
        for fact in chosen:
            for unit, focus in reading.parts[1:]:
                words = tuple(w for w in focus if w not in reading.query.focus) or focus
                # 计划多少公里，已经完成多少: the second asks in the unit of the first.
                unit = unit or reading.parts[0][0]
                query = replace(
                    reading.query, unit=unit, focus=words, terms=words or reading.query.terms
                )
                found = [
                    f
                    for f in self.facts(query, [fact.hit])
                    if f.figure and f.time > 0 and f.figure != fact.figure
                ]
                if found and (found[0].focus >= MIN_FOCUS or not words):
                    lines.append(self._fact_line(query, found[0], book))
        return lines

    def _said(self, query: ParsedQuery, fact: Fact, terms: Sequence[Term]) -> str:
        """What the item says on the matter: for a reason, every sentence that is about it."""
        text = fact.chunk.text
        sentences = [fact.sentence]
        if query.intent is Intent.REASON:
            sentences = [
                s
                for s in read_item(fact.chunk).sentences
                if coverage(terms, (s.span.of(text), 1.0)) >= ABOUT
            ]
        return "".join(s.span.of(text) for s in sentences)

    def _same_indicator(self, query: ParsedQuery, facts: Sequence[Fact]) -> list[Fact]:
        """The best fact, and the same one in other issues where the question leaves the time open."""
        best = facts[0]
        rivals: list[Fact] = []
        seen: set[str] = set()
        for fact in facts:
            share = ORDERED if query.order else SAME_INDICATOR
            if fact.chunk.id in seen or fact.score < share * best.score:
                continue
            if (fact.figure is None) != (best.figure is None) or fact.time < best.time:
                continue
            alike = query.order or fact is best or _same_title(fact, best)
            if fact.figure is None and not alike:
                continue
            seen.add(fact.chunk.id)
            rivals.append(fact)
        rivals.sort(key=lambda f: f.chunk.published, reverse=query.order != "earliest")
        if query.order:
            return rivals[:1]
        return rivals[:4]

    def _fact_line(self, query: ParsedQuery, fact: Fact, book: CitationBook) -> str:
        chunk = fact.chunk
        title = title_span(chunk)
        heading = ""
        spans = self._answer_spans(query, fact)
        if query.intent is Intent.DEPARTMENT and title and title not in spans:
            heading = f"{chunk.title}[{book.cite(chunk, title)}]　"
        quoted = "".join(f"{span.of(chunk.text)}[{book.cite(chunk, span)}]" for span in spans)
        if query.intent is Intent.ISSUE:
            return f"{chunk.issue.label}（{chunk.published.isoformat()}）：{quoted}"
        if query.intent is Intent.DEPARTMENT:
            names = "、".join(chunk.printed or chunk.departments) or "原文未署名"
            return f"{names}：{heading}{quoted}"
        if fact.figure:
            number = book.cite(chunk, spans[-1])
            lead = fact.figure.text
            if len(query.filters.departments) > 1:  # 是石村乡还是胡寨乡
                lead = f"{'、'.join(chunk.printed or chunk.departments)}：{lead}"
            return f"{lead}（{say_spoken(fact.spoken, chunk)}）[{number}]\n{quoted}"
        return quoted

    def _answer_spans(self, query: ParsedQuery, fact: Fact) -> list[Span]:
        reading = read_item(fact.chunk)
        if query.intent in (Intent.MANNER, Intent.REASON):
            body = [s.span for s in reading.sentences if s.span.end > reading.title.end]
            return body
        spans = [fact.sentence.span]
        if fact.sentence.span.end <= reading.title.end and len(reading.sentences) > 1:
            spans.append(reading.sentences[-1].span)
        return spans

    def _anchored(self, reading: Reading, anchor: Chunk) -> Answer:
        """The answer from the item that the conversation speaks of."""
        query = reading.query
        if query.intent is Intent.MASTHEAD:
            return lists.masthead(self, reading)
        hit = Hit(anchor, 1.0)
        book = CitationBook()
        if not query.terms and query.intent in (Intent.ISSUE, Intent.DEPARTMENT, Intent.PERSON):
            body = read_item(anchor).sentences
            fact = Fact(hit, body[-1], None, None, 1.0, 1.0, 1.0, 1.0, 1.0)
            return self.finish(query, [self._fact_line(query, fact, book)], book, [hit])
        terms, focus = self.terms(query.terms), self.terms(query.focus)
        facts = self.facts(query, [hit])
        if not facts:
            return self.refuse(query, [hit], "没有登所问的这一点")
        why = reject(query, facts[0], terms, focus)
        if why:
            return self.refuse(query, [hit], why)
        return self.finish(query, [self._fact_line(query, facts[0], book)], book, [hit])

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


_OFFICE_ENDS = re.compile(r"^县|(?:街道办事处|街道办|街道|[镇乡局委办]|中心|大队)$")


def town(name: str) -> bool:
    """Whether the office is a town's, a place that other offices write about."""
    return name.endswith(("镇", "乡", "街道"))


def _signed(name: str) -> Filters:
    return Filters(departments=(name,))


def stem(name: str) -> str:
    """马营 of 马营镇, 招商 of 县招商局: what a text that speaks of it holds."""
    return _OFFICE_ENDS.sub("", _OFFICE_ENDS.sub("", name)) or name


def _fits_another_time(best: Fact, facts: Sequence[Fact]) -> bool:
    """Whether an item that speaks of another time holds clearly more of the question."""
    return any(f.time == 0 and f.item > best.item + TIMELY_MARGIN for f in facts)


def _same_title(a: Fact, b: Fact) -> bool:
    """Whether two items report on the same matter in different issues."""
    return fuzz.ratio(a.chunk.title, b.chunk.title) >= SAME_TITLE
