"""Answers that go through everything under the filters: lists, counts, digests, masthead facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.citations import CitationBook
from rag.extractive import single
from rag.extractive.facts import has_cue
from rag.extractive.listing import coordinates, item_head, item_line, naming, relevant
from rag.extractive.masthead import (
    asks_people_of_many,
    masthead_lines,
    records_of_people,
    unknown_person,
)
from rag.extractive.wording import say_filters
from rag.query.reader import Reading
from rag.schema import Answer, Chunk, Hit, Intent, ParsedQuery

if TYPE_CHECKING:
    from rag.extractive.engine import ExtractiveEngine

_TOWNS = re.compile(r"(?:哪些|哪几个|几个)(?:乡镇|镇|乡|街道)|(?:乡镇|街道)(?:都)?有哪些")
# 两个单位联名供稿的
_JOINT = re.compile(
    "(?:[两多][个家]?(?:单位|部门)(?:一起|共同)?)?(?:联名|联合(?:署名|供稿|报送|上报|落款))"
    "|[两多][个家]?(?:单位|部门)(?:一起|共同)?(?:署名|供稿|报)"
)
_OF_TOWN = ("镇", "乡", "街道")
SHORT = 2  # so few items are quoted whole
FEW = 6  # so few by three sentences each
MOST_LISTED = 300  # lines of one answer; the number of items is always the whole one


def masthead(engine: ExtractiveEngine, reading: Reading) -> Answer:
    """Date, editor, reviewer, signer, distribution of the issues asked about."""
    query = reading.query
    # 有没有发给融媒体中心 names an office that signs no masthead.
    plain = replace(query, filters=replace(query.filters, departments=(), sections=()))
    records = engine.issues(engine.scan_filters(plain))
    total = re.search(r"总第\d+期", query.standalone)
    if total:
        records = [r for r in engine.issues() if total.group() in r.text]
    elif not query.filters.issues:
        if query.order == "latest" or not query.periods:
            records = records[-1:]
        elif query.order == "earliest":
            records = records[:1]
    if not query.filters.issues and asks_people_of_many(query.standalone):
        every = engine.issues(engine.scan_filters(query))
        if person := unknown_person(query.standalone, every):
            return engine.refuse(query, [], f"入库的快报里没有“{person}”")
        records = records_of_people(query.standalone, every) or records
    book = CitationBook()
    lines = []
    for record, facts in masthead_lines(query.standalone, records, book):
        if facts:
            lines.append(f"{record.issue.label}　" + "；".join(facts))
    if not lines:
        return engine.refuse(query, [], "没有登这一项")
    return engine.finish(query, lines, book, [])


def items(engine: ExtractiveEngine, reading: Reading) -> Answer:
    """Every item about the topic under the filters, in date order: 共 N 条."""
    query = reading.query
    terms = engine.terms(query.terms)
    if joint := _JOINT.search(query.standalone):
        terms = tuple(t for t in terms if t.word not in joint.group())
    # 今年水利方面干了啥, of 水利局: the office's own field limits nothing.
    terms = tuple(t for t in terms if not any(t.word in d for d in query.filters.departments))
    topics = coordinates(query.standalone, terms)
    if query.intent is Intent.DIGEST and query.filters.issues and not topics:
        terms = ()  # the whole issue is asked for
    things = [t for t in terms if t.noun or t.proper]
    if query.unit == "issues" and query.intent is Intent.COUNT and not things:
        return _issues(engine, reading)
    within = query.filters
    limited = bool(within.issues or within.departments or within.sections)
    if terms and not naming(terms) and not (limited or query.periods or query.order):
        return engine.refuse(query, engine.hits(query), "没有登过相关内容")  # 怎么减肥最快
    chunks = engine.scan(query, terms if things else ())
    if topics:
        told = {term for topic in topics for term in topic}
        rest = [] if limited else [t for t in terms if t not in told]
        about = {c.id for topic in topics for c in relevant(chunks, [*topic, *rest])}
        chunks = [c for c in chunks if c.id in about]
    else:
        chunks = relevant(chunks, terms, limited)
    if query.unit == "departments" and _TOWNS.search(query.standalone):
        signed = [c for c in chunks if any(d.endswith(_OF_TOWN) for d in c.departments)]
        if not signed and query.terms:
            # 涉及哪些乡镇 is said in the text.
            return single.find(engine, replace(reading, query=replace(query, intent=Intent.PLACE)))
        chunks = signed
    if joint:
        chunks = [c for c in chunks if len(c.departments) > 1]
    if not chunks and within.sections and len(query.terms) <= 1:
        chunks = engine.scan(query)  # 工作成效栏目登了哪几个单位的成绩: what the section printed
    if not chunks:
        if query.intent is Intent.LIST and things and query.unit not in ("departments", "issues"):
            # 资金来源有哪几块: several things that one sentence tells.
            return single.find(engine, reading)
        if query.intent is Intent.LIST and things and query.unit == "departments":
            # 那条是哪些单位联合报的: one item, whose offices are asked for.
            asked = replace(query, intent=Intent.DEPARTMENT)
            return single.find(engine, replace(reading, query=asked))
        return engine.refuse(query, engine.hits(query), "没有登过相关内容")
    of_names = query.unit in ("departments", "issues")
    few = len(chunks) <= SHORT and not of_names
    if few and query.intent is Intent.LIST and things and not within.sections:
        answer = single.find(engine, reading)
        if answer.refusal:
            return answer
    book = CitationBook()
    extent = engine.extent(engine.scan_filters(query))
    limits = say_filters(query)
    issues = len({c.issue for c in chunks})
    total = f"{len(chunks)} 条"
    if query.unit == "issues":
        total = f"{issues} 期、{total}"
    elif query.unit == "departments":
        total += f"，{len({d for c in chunks for d in c.departments})} 个单位"
    lines = [f"共 {total}（检索范围：{extent}{'；' + limits if limits else ''}）"]
    section = None
    most = _sentences_of_each(len(chunks), query.intent)
    listed = chunks[:MOST_LISTED]
    for number, chunk in enumerate(listed, 1):
        if query.intent is Intent.DIGEST and query.filters.issues and chunk.section != section:
            section = chunk.section
            lines.append(f"【{section}】")
        head = item_head(chunk)
        if section is not None:
            head = "、".join(chunk.printed or chunk.departments) or "未署名"
        lines.append(f"{number}、{head}：{item_line(chunk, terms, book, most)}")
    if query.intent is Intent.LIST and things and not (few or of_names):
        lines[1:1] = _told(engine, query, listed, book)
    if len(listed) < len(chunks):
        lines.append(
            f"以上只列出前 {MOST_LISTED} 条，其余 {len(chunks) - MOST_LISTED} 条没有列出："
            "请加上时间、部门、栏目或期号再问。"
        )
    return engine.finish(query, lines, book, [Hit(c, 1.0) for c in listed])


def _sentences_of_each(items: int, intent: Intent) -> int | None:
    """How many sentences to quote of each item, None for all: the fewer items, the more."""
    if intent not in (Intent.DIGEST, Intent.LIST) or items > FEW:
        return 1
    return None if items <= SHORT else 3


def _told(
    engine: ExtractiveEngine, query: ParsedQuery, chunks: Sequence[Chunk], book: CitationBook
) -> list[str]:
    """The sentence that names what is asked for (零工市场配了哪些服务设施), where one does and
    no item's line holds it."""
    cited = {(c.chunk_id, c.quote) for c in book.citations}
    ids = {chunk.id for chunk in chunks}
    for fact in engine.facts(query, engine.hits(query))[:1]:
        sentence = fact.sentence.span
        if fact.chunk.id not in ids or (fact.chunk.id, sentence.of(fact.chunk.text)) in cited:
            continue
        if fact.time > 0 and has_cue(query, fact) and engine.sure(query, fact):
            return [
                f"最贴近的一句：{sentence.of(fact.chunk.text)}[{book.cite(fact.chunk, sentence)}]"
            ]
    return []


def _issues(engine: ExtractiveEngine, reading: Reading) -> Answer:
    """How many issues there are, each cited by its date."""
    query = reading.query
    records = engine.issues(engine.scan_filters(query))
    if not records:
        return engine.refuse(query, [], "这段时间没有入库的快报")
    book = CitationBook()
    lines = [f"共 {len(records)} 期（只计已入库的）"]
    for record, facts in masthead_lines("日期", records, book):
        lines.append(f"{record.issue.label}　" + "；".join(facts))
    return engine.finish(query, lines, book, [])
