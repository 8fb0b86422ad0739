"""Choosing the sentence, and the figure in it, that answers a question about one fact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from rag.entities import ordinals
from rag.extractive.fact import (
    Fact,
    answer_sentences,
    header_words,
    item_coverage,
    time_fit,
)
from rag.extractive.figure_facts import AHEAD, HOPED, TITLE_TIME, figure_facts
from rag.extractive.matching import Term, coverage
from rag.extractive.reading import ItemReading, read_item
from rag.query.intent import QUANTITIES
from rag.schema import Hit, Intent, ParsedQuery, Period
from rag.text import fold


def find_facts(
    query: ParsedQuery,
    hits: Sequence[Hit],
    terms: Sequence[Term],
    focus: Sequence[Term],
) -> list[Fact]:
    """The candidate facts of the items found, best first.

    A question for a quantity gets figures only.
    """
    facts: list[Fact] = []
    shares = [item_coverage(terms, hit.chunk) for hit in hits]
    for hit, item in zip(hits, shares, strict=True):
        reading = read_item(hit.chunk)
        if query.intent in QUANTITIES:
            found = figure_facts(query, hit, reading, item, terms, focus)
        else:
            found = _sentence_facts(query, hit, reading, item, terms, focus)
        found = [replace(fact, score=fact.score * _ordinal_fit(query, fact)) for fact in found]
        found = [_of_account(query, fact) for fact in found]
        others = (
            other
            for other, share in zip(hits, shares, strict=True)
            if abs(share - item) > ALIKE
            and fuzz.ratio(other.chunk.title, hit.chunk.title) < SAME_TITLE
        )
        if any(other.vector >= hit.vector for other in others):
            found = [replace(fact, nearest=False) for fact in found]
        facts += found
    return sorted(facts, key=lambda fact: -fact.score)


_ACCOUNT = re.compile(r"(20\d\d)年度")


def _of_account(query: ParsedQuery, fact: Fact) -> Fact:
    """The fact with its fit to the year of account asked about: what is paid for 2025年度 is told
    in autumn 2024, and an item that names such a year is of no other."""
    asked = {year for p in query.periods for year in _ACCOUNT.findall(p.words)}
    text = fold(fact.chunk.text)
    named = _ACCOUNT.findall(text)
    if not asked or not named:
        return fact
    own = _ACCOUNT.findall(fold(fact.sentence.span.of(fact.chunk.text)))
    years = set(own) or {(_ACCOUNT.findall(fold(fact.chunk.title)) or named)[0]}
    time = max(fact.time, _GOES_ON_TIME) if years & asked else 0.0
    score = fact.score / (0.4 + 0.6 * fact.time) * (0.4 + 0.6 * time)
    return replace(fact, time=time, score=score)


def _ordinal_fit(query: ParsedQuery, fact: Fact) -> float:
    chunk = fact.chunk
    return ordinals.fit(
        query.standalone, chunk.title, fold(chunk.text), fact.sentence.span.of(chunk.text)
    )


# Items that hold the same share of the question, or whose titles are alike (rapidfuzz ratio), may
# be about one matter.
ALIKE = 0.05
LESS_ABOUT = 0.35  # of the question; a date in an item on another matter is none of this one
SAME_TITLE = 50


_GOES_ON_TIME = 0.9  # of a sentence after one that names its time
_LATER = 0.8  # of a sentence before the first that names its time
_CUE_BONUS = 0.12
_FOCUS_WEIGHT = 0.12
_CUES: dict[Intent, re.Pattern[str]] = {
    Intent.REASON: re.compile(
        r"为了|由于|因|以.{2,12}为|针对|围绕|解决|避免|确保|防止|旨在|导致|所致|为.{1,10}提供"
    ),
    Intent.MANNER: re.compile(
        r"通过|采取|采用|建立|组织|推行|开展|实行|加强|利用|结合|按照|明确|成立|召开|一是"
    ),
    Intent.PLACE: re.compile(
        r"位于|坐落|设[在于]|落户|境内|交叉口|以[东西南北]|地处|选址|[一-龥]{2}(?:村|镇|乡|街道|路|大道|社区|小区|园区|广场)"
    ),
    Intent.LIST: re.compile(r"[^，。；、]{2,}、[^，。；、]{2,}|一是|①|（一）"),
    Intent.DATE: re.compile(r"\d[年月日]|季度|月底|年底|月初|[上中下]旬"),
    Intent.PERSON: re.compile(r"同志|[局镇乡院校]长|主任|书记|员|代表|干部|专家|负责人|队|组"),
}


_DAY = re.compile(r"\d月\s*\d|\d[日号]")
_TITLE_ABOUT = 1.1  # which issue, which office: what the item's title says goes first
_STATE = re.compile("截[至止]")
_OVER = re.compile(r"的[?？]?$|了[?？]?$|已")
_WHICH_TOWN = re.compile("哪(?:一)?个(?:乡镇|镇|乡|街道)")
_TOWN = re.compile("[一-龥]{2}(?:镇|乡|街道)(?!村|里|级|干)")
_PLACE_KIND = re.compile(
    r"哪(?:个|条|一个|一条|些|几个|几条|[两二三四五]个)(乡镇|镇|乡|村|路|街道|社区|小区|县|市|园区)"
)


def _cue(query: ParsedQuery) -> re.Pattern[str] | None:
    """What a sentence that answers is likely to hold."""
    if query.intent is Intent.DEPARTMENT and _WHICH_TOWN.search(query.standalone):
        return _TOWN  # 雨下得最猛的是哪个乡镇: the text may name it
    return _CUES.get(query.intent)


def asks_towns(question: str) -> bool:
    """Whether places of a kind are asked for: 是哪几个镇."""
    return bool(_PLACE_KIND.search(question))


def has_cue(query: ParsedQuery, fact: Fact) -> bool:
    """Whether the sentence holds a sign of the kind of answer asked for."""
    sentence = fold(fact.sentence.span.of(fact.chunk.text))
    if query.intent is Intent.PLACE and (kind := _PLACE_KIND.search(query.standalone)):
        ends = "镇|乡" if kind[1] == "乡镇" else kind[1]
        if re.match("哪[些几两二三四五]", kind.group()):  # 途经大畈、花桥、松坪3个乡镇
            return bool(re.search(rf"\d个(?:{kind[1]})|、[^，。]*(?:{ends})", sentence))
        return bool(re.search(rf"(?:[一-龥]{{2}}|”)(?:{ends})(?![线径由村级])", sentence))
    cue = _CUES.get(query.intent)
    return cue is None or bool(cue.search(sentence))


def in_time(query: ParsedQuery, facts: Sequence[Fact]) -> list[Fact]:
    """The facts of the time asked about, in their order; of dates and places those that hold one,
    where an item that is as much about the question as the best one's does."""
    timely = [fact for fact in facts if fact.time > 0]
    if timely and query.intent in (Intent.DATE, Intent.PLACE):
        least = timely[0].item - LESS_ABOUT
        told = [fact for fact in timely if fact.item >= least and has_cue(query, fact)]
        return told or timely
    return timely


def _sentence_facts(
    query: ParsedQuery,
    hit: Hit,
    reading: ItemReading,
    item: float,
    terms: Sequence[Term],
    focus: Sequence[Term],
) -> list[Fact]:
    text, chunk = hit.chunk.text, hit.chunk
    cue = _cue(query)
    facts = []
    titled = [s for s in reading.sentences if s.span.end <= reading.title.end]
    # 滨海大道10月26日建成通车: a title may be all that tells the day, or what the item is about.
    about = query.intent in (Intent.ISSUE, Intent.DEPARTMENT)
    dated = query.intent is Intent.DATE
    told = [s for s in titled if about or (dated and _DAY.search(s.span.of(text)))]
    before: tuple[Period, ...] = ()
    told_later = next((s.times for s in reading.sentences if s.times), ())
    for sentence in dict.fromkeys((*answer_sentences(reading), *told)):
        words = sentence.span.of(text)
        before = sentence.times or before
        # 汲取去年强降雨教训 speaks of last year, and is what the office does this year; 2024年全县
        # 新增就业3405人 begins with its time and is of that year alone.
        first = sentence.clauses[0].time if sentence.clauses else None
        bound = first and first.start != first.end and any(c.figures for c in sentence.clauses)
        free = () if bound and query.intent is Intent.FACT else (None,)
        # 上半年新增就业, without an interrogative, asks for a figure too.
        plain = query.intent is Intent.FACT
        time = max(
            time_fit(query, sentence.times, chunk, figure=plain),
            time_fit(query, free, chunk, figure=False),
        )
        if not sentence.times:  # 1月份接访63批。反映较集中的是…: goes on with the time named before
            time = max(time, _GOES_ON_TIME * time_fit(query, before, chunk, figure=False))
        if not sentence.times and not before and query.intent is not Intent.DATE:
            time = max(time, _LATER * time_fit(query, told_later, chunk, figure=False))
        time = time or TITLE_TIME * time_fit(query, reading.title_times, chunk, figure=False)
        local = coverage(
            terms, (words, 1.0), (chunk.title, 0.6), (text, 0.4), (header_words(chunk), 0.6)
        )
        named = coverage(focus, (words, 1.0)) if focus else local
        bonus = _CUE_BONUS if cue and cue.search(words) else 0.0
        weight = _FOCUS_WEIGHT if focus else 0.0
        score = (
            (0.35 - weight) * local + weight * named + 0.25 * item + 0.15 * hit.score + bonus
        ) * (0.4 + 0.6 * time)
        if about and sentence in titled:
            score *= _TITLE_ABOUT
        if query.intent is Intent.DATE and _OVER.search(query.standalone) and AHEAD.search(words):
            score *= HOPED  # 哪天通车的 asks for the day it was, not for the one hoped for
        if (
            query.intent is Intent.DATE
            and _STATE.match(words)
            and not _STATE.search(query.standalone)
        ):
            score *= HOPED  # 截至10月25日已有31万人缴费 tells the state, not a day
        facts.append(Fact(hit, sentence, None, None, item, local, named, time, score))
    return facts
