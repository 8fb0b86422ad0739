"""Choosing the sentence, and the figure in it, that answers a question about one fact."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import rjieba
from rapidfuzz import fuzz

from rag.entities.figures import Figure
from rag.extractive import ordinals
from rag.extractive.matching import Term, coverage, presence
from rag.extractive.reading import Clause, ItemReading, Sentence, read_item, time_match
from rag.extractive.units import counts_another, fits_unit
from rag.schema import Chunk, Hit, Intent, ParsedQuery, Period
from rag.text import fold

QUANTITIES = (Intent.FIGURE, Intent.COMPARE, Intent.TREND, Intent.SUM)


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
            found = _figure_facts(query, hit, reading, item, terms, focus)
        else:
            found = _sentence_facts(query, hit, reading, item, terms, focus)
        found = [replace(fact, score=fact.score * _ordinal_fit(query, fact)) for fact in found]
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


def _ordinal_fit(query: ParsedQuery, fact: Fact) -> float:
    chunk = fact.chunk
    return ordinals.fit(
        query.standalone, chunk.title, fold(chunk.text), fact.sentence.span.of(chunk.text)
    )


# Items that hold the same share of the question, or whose titles are alike (rapidfuzz ratio), may
# be about one matter.
ALIKE = 0.05
SAME_TITLE = 50


def _times(
    query: ParsedQuery, spoken: Sequence[Period | None], chunk: Chunk, figure: bool
) -> float:
    if not query.periods:
        return 1.0
    return max(
        (time_match(p, s, chunk, figure) for p in query.periods for s in spoken), default=0.0
    )


def _figure_facts(
    query: ParsedQuery,
    hit: Hit,
    reading: ItemReading,
    item: float,
    terms: Sequence[Term],
    focus: Sequence[Term],
) -> list[Fact]:
    text, chunk = hit.chunk.text, hit.chunk
    facts = []
    header = header_words(chunk)
    titled = [s for s in reading.sentences if s.span.end <= reading.title.end]
    extent = _ASKED_EXTENT.search(query.standalone)
    planned = _asks_plan(query.standalone, text)
    achieved = _ACHIEVED.search(query.standalone) and not _AHEAD.search(query.standalone)
    for sentence in dict.fromkeys((*answer_sentences(reading), *titled)):
        # 产业园入驻企业增至37家: a title may be all that tells the figure.
        share = _IN_TITLE if sentence in titled else 1.0
        previous = ""
        words = sentence.span.of(text)
        for clause in sentence.clauses:
            part = clause.span.of(text)
            for index, figure in enumerate(clause.figures):
                if not fits_unit(query.unit, figure):
                    continue
                if counts_another(query, figure, part + chunk.title):
                    continue
                if figure.text in query.claims and query.counted:
                    continue  # 7条预警里红色的有几条: the question knows that figure
                time = _times(query, [clause.time], chunk, figure=True)
                if clause.time is None or clause.time.start == clause.time.end:
                    titled_time = _times(query, reading.title_times, chunk, figure=True)
                    time = max(time, _TITLE_TIME * titled_time)
                # 已浇水1.9万亩: what is left of a figure says more of it than what is right.
                label = _label(text, clause, index)
                goes_on = _ELLIPTIC if _is_elliptic(label[0][0]) else 0.6
                near_words = (*label, (part, 0.7), (previous, goes_on))
                local = coverage(
                    terms,
                    *near_words,
                    (words, 0.55),
                    (chunk.title, 0.6),
                    (text, 0.4),
                    (header, 0.5),
                )
                named = (
                    coverage(focus, *near_words, (words, 0.5), (chunk.title, 0.3))
                    if focus
                    else local
                )
                score = (0.28 * local + 0.22 * named + 0.2 * item + 0.12 * hit.score) * (
                    share * (0.4 + 0.6 * time)
                )
                if extent and re.search(rf"{extent[1]}度?[约达为有]?$", text[: figure.start]):
                    score *= _EXTENT
                if achieved and _AHEAD.search(part) and not _ACHIEVED.search(part):
                    score *= _HOPED  # 已打多少眼 asks for what is there, not for 计划新打640眼
                if planned and _ACHIEVED.search(part) and not _AHEAD.search(part):
                    score *= _HOPED  # 打算立多少台 asks for 拟安装40台, not for 已完成23台
                if _much_smaller(query.standalone, figure):
                    score *= _SMALLER
                if _is_former(text, clause, index):
                    score *= 1.0 if _BEFORE.search(query.standalone) else _FORMER
                facts.append(Fact(hit, sentence, clause, figure, item, local, named, time, score))
            previous = part
    return facts


_IN_TITLE = 0.9
_ELLIPTIC = 0.9
_ACHIEVED = re.compile("已|实际|累计|完成|了(?:多少|几)|截[至止]")
_TITLE_TIME = 0.7  # 2026年度居民医保 in the title: the time of a figure that names none
_GOES_ON_TIME = 0.9
_FORMER = 0.6
_BEFORE = re.compile("原来|原先|以前|之前|过去")
_EXTENT = 1.35  # 隧道多长: 全长3475米 before 掘进2360米
_ASKED_EXTENT = re.compile("多([长高深宽厚重])(?!时间)")
_PLANNED = re.compile("计划|打算|拟|规划|设计|准备")
_SMALL_UNITS = {"公里": "米", "千米": "米", "吨": "公斤", "公顷": "平方米", "平方公里": "平方米"}
_SMALLER = 0.75
_ASKED_UNIT = re.compile(rf"(?:多少|几)万?({'|'.join(_SMALL_UNITS)})")
_CHANGE = re.compile(
    r"(?:压缩|缩短|减少|下降|降低|降|提高|提升|增加|增长|上升|升|扩大|调整|变)(?:了)?(?:至|到|为)"
)


def _asks_plan(question: str, text: str) -> bool:
    """Whether what is planned is asked for; 归雁计划, printed so, is a name."""
    said = _PLANNED.search(question)
    return said is not None and question[max(0, said.start() - 2) : said.end()] not in text


def _much_smaller(question: str, figure: Figure) -> bool:
    """Whether 多少公里 is asked and the figure is in 米: 路基宽12米."""
    asked = _ASKED_UNIT.search(question)
    return bool(asked and figure.unit == _SMALL_UNITS[asked[1]])


def _is_elliptic(left: str) -> bool:
    """已化解117件 after 交办积案132件: a verb without a noun goes on with the noun before it."""
    tags = [tag for _, tag in rjieba.tag(re.sub(r"[\d.,%]+\S*$", "", left))]
    return (
        "已" in left
        and any(t.startswith("v") for t in tags)
        and not any(t.startswith(("n", "vn")) for t in tags)
    )


def _is_former(text: str, clause: Clause, index: int) -> bool:
    """由10个工作日压缩至2.5个工作日: the first figure is what it was before."""
    if index + 1 >= len(clause.figures):
        return False
    start = clause.figures[index - 1].end if index else clause.span.start
    figure, following = clause.figures[index], clause.figures[index + 1]
    return bool(
        re.search(r"[由从]", text[start : figure.start])
        and _CHANGE.search(text[figure.end : following.start])
    )


def own_words(fact: Fact) -> str:
    """The words of a figure's own: what stands left of it up to the figure before, and what it
    counts; "" for a fact without a figure."""
    if fact.clause is None or fact.figure is None:
        return ""
    index = fact.clause.figures.index(fact.figure)
    (left, _), (counted, _), _ = _label(fact.chunk.text, fact.clause, index)
    return fold(left + counted)


_SEPARATOR = re.compile(r"[、，,；;和及与]")


def _label(text: str, clause: Clause, index: int) -> tuple[tuple[str, float], ...]:
    """The words about a figure with their weight: 大型装备30台、抽排设施180件 parts at the 、.

    Without a separator the word behind a figure is what it counts (6个检查组对12个乡镇), and what
    follows leads on to the next figure (2.6万亩小麦已浇水1.9万亩).
    """
    figure = clause.figures[index]
    start = clause.figures[index - 1].end if index else clause.span.start
    end = clause.figures[index + 1].start if index + 1 < len(clause.figures) else clause.span.end
    left = text[start : figure.start]
    if index:
        breaks = list(_SEPARATOR.finditer(left))
        left = left[breaks[-1].end() if breaks else len(_first_word(left)) :]
    stop = _SEPARATOR.search(text, figure.end, end)
    right = text[figure.end : stop.start() if stop else end]
    counted = _first_word(right)
    return ((left + figure.text, 1.0), (counted, 1.0), (right, 0.7))


def _first_word(text: str) -> str:
    words = rjieba.cut(text[:12], True)
    return words[0] if words else ""


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
_HOPED = 0.7
_STATE = re.compile("截[至止]")
_OVER = re.compile(r"的[?？]?$|了[?？]?$|已")
_AHEAD = re.compile("计划|预计|力争|争取|拟于|有望|确保")
_PLACE_KIND = re.compile(
    r"哪(?:个|条|一个|一条|些|几个|几条)(乡镇|镇|乡|村|路|街道|社区|小区|县|市|园区)"
)


def has_cue(query: ParsedQuery, fact: Fact) -> bool:
    """Whether the sentence holds a sign of the kind of answer asked for."""
    sentence = fold(fact.sentence.span.of(fact.chunk.text))
    if query.intent is Intent.PLACE and (kind := _PLACE_KIND.search(query.standalone)):
        ends = "镇|乡" if kind[1] == "乡镇" else kind[1]
        if re.match("哪些|哪几", kind.group()):  # 途经大畈、花桥、松坪3个乡镇
            return bool(re.search(rf"\d个(?:{kind[1]})|、[^，。]*(?:{ends})", sentence))
        return bool(re.search(rf"(?:[一-龥]{{2}}|”)(?:{ends})(?![线径由村级])", sentence))
    cue = _CUES.get(query.intent)
    return cue is None or bool(cue.search(sentence))


def in_time(query: ParsedQuery, facts: Sequence[Fact]) -> list[Fact]:
    """The facts of the time asked about, in their order; of dates and places those that hold one,
    where any does."""
    timely = [fact for fact in facts if fact.time > 0]
    if query.intent in (Intent.DATE, Intent.PLACE):
        return [fact for fact in timely if has_cue(query, fact)] or timely
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
    cue = _CUES.get(query.intent)
    facts = []
    titled = [s for s in reading.sentences if s.span.end <= reading.title.end]
    # 滨海大道10月26日建成通车: a title may be all that tells the day, or what the item is about.
    about = query.intent in (Intent.ISSUE, Intent.DEPARTMENT)
    dated = query.intent is Intent.DATE
    told = [s for s in titled if about or (dated and _DAY.search(s.span.of(text)))]
    before: tuple[Period, ...] = ()
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
            _times(query, sentence.times, chunk, figure=plain),
            _times(query, free, chunk, figure=False),
        )
        if not sentence.times:  # 1月份接访63批。反映较集中的是…: goes on with the time named before
            time = max(time, _GOES_ON_TIME * _times(query, before, chunk, figure=False))
        time = time or _TITLE_TIME * _times(query, reading.title_times, chunk, figure=False)
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
        if query.intent is Intent.DATE and _OVER.search(query.standalone) and _AHEAD.search(words):
            score *= _HOPED  # 哪天通车的 asks for the day it was, not for the one hoped for
        if (
            query.intent is Intent.DATE
            and _STATE.match(words)
            and not _STATE.search(query.standalone)
        ):
            score *= _HOPED  # 截至10月25日已有31万人缴费 tells the state, not a day
        facts.append(Fact(hit, sentence, None, None, item, local, named, time, score))
    return facts
