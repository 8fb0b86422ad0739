"""The figures of an item that may answer, each scored by its clause, its label and its time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import rjieba

from rag.entities.figures import Figure
from rag.extractive.fact import Fact, answer_sentences, header_words, time_fit
from rag.extractive.matching import Term, coverage
from rag.extractive.reading import Clause, ItemReading
from rag.extractive.units import counts_another, fits_unit
from rag.schema import Hit, ParsedQuery
from rag.text import fold

TITLE_TIME = 0.7  # 2026年度居民医保 in the title: the time of a figure that names none
AHEAD = re.compile("计划|预计|力争|争取|拟于|有望|确保")
HOPED = 0.7  # of the score of what is hoped for where one asks for what was, or reversed


@dataclass(frozen=True, slots=True)
class _Wording:
    """What the question's words say about the figure wanted."""

    question: str
    extent: str  # 长 of 多长; "" when no extent is asked for
    achieved: bool  # 已打多少眼: what is there
    planned: bool  # 打算立多少台
    before: bool  # 原来要多少天
    daily: bool  # 一天能烘多少吨
    parts: tuple[tuple[str, str], ...]  # 小麦, 总产: the words of a quantity's name


def _wording(question: str, text: str, terms: Sequence[Term]) -> _Wording:
    extent = _ASKED_EXTENT.search(question)
    return _Wording(
        question,
        extent[1] if extent else "",
        bool(_ACHIEVED.search(question)) and not AHEAD.search(question),
        _asks_plan(question, text),
        bool(_BEFORE.search(question)),
        bool(_ASKS_DAILY.search(question)),
        tuple(
            (a.word, b.word)
            for a, b in itertools.pairwise(terms)
            if a.noun and (a.word + b.word in question or f"{a.word}的{b.word}" in question)
        ),
    )


def figure_facts(
    query: ParsedQuery,
    hit: Hit,
    reading: ItemReading,
    item: float,
    terms: Sequence[Term],
    focus: Sequence[Term],
) -> list[Fact]:
    """A fact for each figure of the unit asked for, in the order of the text; `item` is the share
    of the question that the item holds."""
    text, chunk = hit.chunk.text, hit.chunk
    facts = []
    header = header_words(chunk)
    titled = [s for s in reading.sentences if s.span.end <= reading.title.end]
    wording = _wording(query.standalone, text, terms)
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
                if _in_name(text, figure) and figure.text not in query.standalone:
                    continue
                if figure.text in query.claims and query.counted:
                    continue  # 7条预警里红色的有几条: the question knows that figure
                time = time_fit(query, [clause.time], chunk, figure=True)
                if clause.time is None or clause.time.start == clause.time.end:
                    titled_time = time_fit(query, reading.title_times, chunk, figure=True)
                    time = max(time, TITLE_TIME * titled_time)
                # 已浇水1.9万亩: what is left of a figure says more of it than what is right.
                label = _label(text, clause, index)
                goes_on = 0.6
                if _is_elliptic(label[0][0]):
                    goes_on = _ELLIPTIC if _names_verb(query, label[0][0]) else _OTHER_VERB
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
                score *= _wanted(wording, text, clause, index)
                if _of_another(wording, words + chunk.title, part):
                    score *= _ANOTHER
                facts.append(Fact(hit, sentence, clause, figure, item, local, named, time, score))
            previous = part
    return facts


def _wanted(wording: _Wording, text: str, clause: Clause, index: int) -> float:
    """What a figure's score is multiplied by for being the kind of figure wanted, or another."""
    figure, part = clause.figures[index], clause.span.of(text)
    factor = 1.0
    if wording.extent and re.search(rf"{wording.extent}度?[约达为有]?$", text[: figure.start]):
        factor *= _EXTENT
    hoped, there = bool(AHEAD.search(part)), bool(_ACHIEVED.search(part))
    if wording.achieved and hoped and not there:
        factor *= HOPED  # 已打多少眼 asks for what is there, not for 计划新打640眼
    if wording.planned and there and not hoped:
        factor *= HOPED  # 打算立多少台 asks for 拟安装40台, not for 已完成23台
    if _much_smaller(wording.question, figure):
        factor *= _SMALLER
    if wording.daily and not _DAILY.search(text[clause.span.start : figure.end]):
        factor *= _TOTAL
    if _is_part(text[clause.span.start : figure.start], wording.question):
        factor *= _PART
    if "人次" in figure.unit and _ASKS_PEOPLE.search(wording.question):
        factor *= _VISITS
    if _LIMIT.search(wording.question) and _LIMIT.search(text[clause.span.start : figure.end + 2]):
        factor *= _AT_MOST
    if _is_rounded(text[clause.span.start : figure.start], wording.question):
        factor *= _ROUNDED
    if not wording.before and _is_former(text, clause, index):
        factor *= _FORMER
    return factor


_LIMIT = re.compile("最[多高]|顶多|封顶|上限|不超过|不高于|以内")
_AT_MOST = 1.2  # 一户最多能贷多少: 单户最高300万元
_ROUNDED = 0.93  # 突破270亿元 beside 270.2亿元
_NEARLY = re.compile("(?:突破|超过?|逼近|接近|[迈跨站][上过入]|首?破|逾|近)$")


def _is_rounded(before: str, question: str) -> bool:
    """Whether a figure is a mark that was passed, and the question doesn't ask about that."""
    said = _NEARLY.search(before)
    return said is not None and said.group() not in question


_PART = 0.8
_TOTAL = 0.75  # 已烘干4300吨 is no 日烘干能力
_ASKS_DAILY = re.compile("(?:一|每)[天日][^，,。？?]{0,6}(?:多少|几)|日均")
_DAILY = re.compile("(?<![\\d月])日|天|昼夜")


def _is_part(before: str, question: str) -> bool:
    """Whether a figure is of a part that the question doesn't name: 其中光倒刺鲃55万尾."""
    if "其中" not in before:
        return False
    words = rjieba.cut(re.split("其中|[、，,和及]|\\d[^一-龥]*", before)[-1], True)
    named = [word for word in words if len(word) > 1]
    return bool(named) and not all(word in question for word in named)


_ANOTHER = 0.75
# Nouns that stand for whatever is spoken of, or say over what: 项目总投资, 全县总产.
_GENERAL_NOUN = re.compile(
    "(?:项目|工程|企业|公司|单位|园区|基地|景区|中心|医院|学校|小区|县|镇|乡|村|街道|区|期|年|月|度|累计|平均|合计)$"
)


def _of_another(wording: _Wording, words: str, clause: str) -> bool:
    """Whether the clause gives the quantity of something else: 粮食总产 for 小麦总产."""
    for noun, quantity in wording.parts:
        told = re.search(rf"([一-龥]{{2,6}}){re.escape(quantity)}", fold(clause))
        if told is None or noun in words:
            continue
        tags = rjieba.tag(told[1])
        if len(tags) > 1 and tags[-1][1].startswith("v"):
            tags = tags[:-1]  # 小麦种植面积
        word, tag = tags[-1]
        other = tag.startswith("n") and len(word) > 1 and word not in wording.question
        if other and not _GENERAL_NOUN.search(word):
            return True
    return False


def of_another(query: ParsedQuery, fact: Fact, terms: Sequence[Term]) -> bool:
    """Whether the fact's figure is the quantity of another thing than the one asked about."""
    if fact.clause is None:
        return False
    text = fact.chunk.text
    wording = _wording(query.standalone, text, terms)
    nouns = {term.word for term in terms if term.noun}
    # 玉米的面积, not 老人改造: what the verb is done to may be called otherwise.
    wording = replace(wording, parts=tuple(p for p in wording.parts if p[1] in nouns))
    words = fact.sentence.span.of(text) + fact.chunk.title
    return _of_another(wording, words, fact.clause.span.of(text))


_NAME = 12  # characters


def _in_name(text: str, figure: Figure) -> bool:
    """Whether a figure stands in quotation marks: the “15分钟圈” is a name."""
    opened = text.rfind("“", max(figure.start - _NAME, 0), figure.start)
    closed = text.find("”", figure.end, figure.end + _NAME)
    return opened >= 0 and closed >= 0 and "”" not in text[opened : figure.start]


_IN_TITLE = 0.9
_ELLIPTIC = 0.9
_OTHER_VERB = 0.7  # 已整改19处 is of the same 隐患, yet not those 查出
_ACHIEVED = re.compile("已|实际|累计|完成|了(?:多少|几)|截[至止]")
_FORMER = 0.6
_BEFORE = re.compile("原来|原先|以前|之前|过去")
_EXTENT = 1.35  # 隧道多长: 全长3475米 before 掘进2360米
_ASKED_EXTENT = re.compile("多([长高深宽厚重])(?!时间)")
_PLANNED = re.compile("计划|打算|拟|规划|设计|准备")
_SMALL_UNITS = {"公里": "米", "千米": "米", "吨": "公斤", "公顷": "平方米", "平方公里": "平方米"}
_SMALLER = 0.75
_ASKS_PEOPLE = re.compile("(?:多少|几)[个名位]?人(?!次)|人数")
_VISITS = 0.92  # the visitors of a park are counted so, if there is no number of people
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


@lru_cache(maxsize=8192)
def _is_elliptic(left: str) -> bool:
    """已化解117件 after 交办积案132件: a verb without a noun goes on with the noun before it."""
    tags = [tag for _, tag in rjieba.tag(re.sub(r"[\d.,%]+\S*$", "", left))]
    return (
        "已" in left
        and any(t.startswith("v") for t in tags)
        and not any(t.startswith(("n", "vn")) for t in tags)
    )


def _names_verb(query: ParsedQuery, left: str) -> bool:
    """Whether the question has a verb of an elliptic label, 整改 of 已整改."""
    verbs = [word for word, tag in rjieba.tag(left) if tag.startswith("v") and len(word) > 1]
    return not verbs or any(verb in query.standalone for verb in verbs)


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


@lru_cache(maxsize=8192)
def _first_word(text: str) -> str:
    words = rjieba.cut(text[:12], True)
    return words[0] if words else ""
