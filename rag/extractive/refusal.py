"""When not to answer, and how to say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import rjieba

from rag.entities.figures import find_figures
from rag.entities.ordinals import missing_stage, other_ordinal, stands_in
from rag.extractive.answer_type import missing_kind
from rag.extractive.fact import Fact, header_words, lacks_name
from rag.extractive.facts import has_cue
from rag.extractive.figure_facts import of_another
from rag.extractive.matching import Term, presence
from rag.extractive.occasions import lacks_holiday, other_season
from rag.extractive.reading import read_item
from rag.extractive.wording import say_filters
from rag.query.vocabulary import WHOLE_COUNTY
from rag.schema import Chunk, Hit, Intent, ParsedQuery
from rag.text import fold, quoted_names

# A logistic regression over `features`, fitted on the dev parts of the question sets
# (benchmarks/refusal.py; fitting anew gives nearly the same). The vector's own similarity adds
# nothing, being nearest does.
_BIAS = -3.76
_COEFFICIENTS = (2.08, 2.59, 0.92, 1.86, -1.08)
MIN_CONFIDENCE = -0.3
# With the answer model's logit, so many times, added: more than a fit on archives that it did not
# learn from (0.5), and answers 5 more of the questions that it learned from (docs/evaluation.md).
JUDGED = 0.8
MIN_JUDGED = -1.5
# Below this the rest of the item is shown too: one answer in ten, 1 in 40 of which holds what was
# asked there alone.
MIN_SURE = 2.0
# The model says -3.7 to 3.5: above this it would change nothing.
_UNSURE = (-4.0, 1.8)
# Of the best facts of 400 questions of which it said so, 377 were of the item that answers, and 13
# were found for what isn't printed (test parts; benchmarks/refusal.py).
CERTAIN = 2.0
SURE = 1.0  # said of a passage in which the asked-for word stands in no known wording
_EXCERPT = 120  # characters around the sentence
Judge = Callable[[str, str, str], float | None]
_LACKS_NAME = 1.5  # logits; the segmenter takes some plain words for names (新加, 城南)
# 弄完, 追回来, 路上: the asker's own wording, printed otherwise if at all.
# 面积, 人数: the kind of quantity, which the unit says as well.
LOOSE = re.compile(
    r"^[弄搞做干办]|^能[^源力量耗效]|^(?:开始|正式)$|[完好到上下里来去出了]$|^(?:能力|面积|产量|重量|均值|平均值|金额|数量|人数|次数|规模|比例|占比|比重|长度|里程|总量|总数|累计数?|水平)$"
)
# Who, where and when ask for something that happened: its verb must be printed too.
_EVENTS = (Intent.PERSON, Intent.PLACE, Intent.DATE)


def features(fact: Fact, terms: Sequence[Term], unit: str) -> tuple[float, ...]:
    """What tells whether the fact answers, each 0..1: the question's words in its item, those of
    the quantity in its sentence, the figure (one of the unit asked for says more than any), no
    other matter being nearer, and the weight of what the item lacks."""
    figure = (1.0 if unit else 0.5) if fact.figure else 0.0
    # 涉及1578户: the households are the people asked about.
    told = [t for t in terms if not _counted_by(unit, t.word)]
    lacking = absent(told, fact.chunk)
    return fact.item, fact.focus, figure, float(fact.nearest), lacking


_OF_PEOPLE = ("household", "people")
_PEOPLE = frozenset(["居民", "群众", "百姓", "老百姓", "人员", "住户"])


def _counted_by(unit: str, word: str) -> bool:
    """Whether the unit says what the word says: 1578户 for 多少户居民."""
    return unit in _OF_PEOPLE and word in _PEOPLE


def confidence(fact: Fact, terms: Sequence[Term], unit: str) -> float:
    """How likely the fact answers, as a logit: 0 is even odds."""
    return _BIAS + sum(
        factor * value
        for factor, value in zip(_COEFFICIENTS, features(fact, terms, unit), strict=True)
    )


def _doubtful(query: ParsedQuery, fact: Fact, terms: Sequence[Term], judge: Judge | None) -> bool:
    """Whether the fact is too unlikely to answer; the model is asked where it is in doubt."""
    likely, judged = _likely(query, fact, terms, judge)
    if judged is None:
        return likely < MIN_CONFIDENCE
    return judged < CERTAIN and likely + JUDGED * judged < MIN_JUDGED


def unsure(query: ParsedQuery, fact: Fact, terms: Sequence[Term], judge: Judge | None) -> bool:
    """Whether the fact, good enough for an answer, may yet be another sentence than the one that
    answers: the reader wants the rest of the item beside it."""
    likely, judged = _likely(query, fact, terms, judge)
    return likely + JUDGED * (judged or 0.0) < MIN_SURE


def _likely(
    query: ParsedQuery, fact: Fact, terms: Sequence[Term], judge: Judge | None
) -> tuple[float, float | None]:
    """The logit of the words, and that of the answer model where the words leave it in doubt."""
    lacking = _LACKS_NAME if lacks_name(terms, fact.chunk) else 0.0
    likely = confidence(fact, terms, query.unit) - lacking
    in_doubt = _UNSURE[0] < likely < _UNSURE[1]
    return likely, judgement(query, fact, judge) if in_doubt else None


def excerpt(fact: Fact) -> str:
    """The item's text around the sentence, without its title."""
    text, title = fact.chunk.text, fact.chunk.title
    start = len(title) if text.startswith(title) else 0
    middle = (fact.sentence.span.start + fact.sentence.span.end) // 2
    first = max(start, min(middle - _EXCERPT // 2, len(text) - _EXCERPT))
    return text[first : first + _EXCERPT].strip()


def absent(terms: Sequence[Term], chunk: Chunk) -> float:
    """The weight of the weightiest thing that the archive prints but this item doesn't hold, as a
    share of the weightiest word's: an item without it is about another matter."""
    text = fold(chunk.text + " " + header_words(chunk)).lower()
    things = [
        t
        for t in terms
        # What the bulletins print and no dictionary has is a name.
        if t.seen
        and len(t.word) > 1
        and not LOOSE.search(t.word)
        and (t.noun or t.proper or not rjieba.has_word(t.word))
    ]
    missing = max((t.weight for t in things if presence(t, text) < 0.3), default=0.0)
    return missing / max((t.weight for t in terms), default=1.0)


def _counts(query: ParsedQuery, fact: Fact, focus: Sequence[Term]) -> bool:
    """Whether what is counted (多少名医生) stands in some wording in the figure's sentence."""
    counted = [
        term
        for term in focus
        if term.word in query.counted
        and len(term.word) > 1
        and not LOOSE.search(term.word)
        and not _counted_by(query.unit, term.word)
    ]
    sentence = fold(fact.sentence.span.of(fact.chunk.text) + fact.chunk.title).lower()
    things = any(term.noun for term in counted)  # 几天办完一件 counts no thing
    return not things or any(presence(term, sentence) >= 0.4 for term in counted)


def unsaid(words: Sequence[Term], chunk: Chunk, verbs: bool = False, known: bool = False) -> str:
    """A thing in the asked-for quantity's name that the item doesn't hold in any wording; `known`
    things too, which other items print."""
    text = fold(chunk.text).lower()
    for term in words:
        if not (term.noun or verbs) or len(term.word) < 2 or LOOSE.search(term.word):
            continue
        if (known or not term.seen) and presence(term, text) < 0.3:
            return term.word
    return ""


def reject(
    query: ParsedQuery,
    fact: Fact,
    terms: Sequence[Term],
    focus: Sequence[Term],
    judge: Judge | None = None,
) -> str:
    """Why the best fact does not answer the question, in Chinese; "" when it does.

    `judge` gives the logit of a passage's answering a question, by the passage's title and text.
    """
    if fact.time == 0:
        return "同类内容登过，但不是所问的时间"
    if _doubtful(query, fact, terms, judge):
        name = lacks_name(terms, fact.chunk)
        return f"快报中没有与“{name.word}”对应的内容" if name else "没有登过相关内容"
    if query.intent is Intent.FIGURE and (scope := wider_scope(query.standalone, fact)):
        return f"相关内容登过，但没有登{scope}的"
    if of_another(query, fact, terms):
        return "相关内容登过，但那个数字不是所问的"
    if place := of_whole_county(query.standalone, fact, terms):
        return f"相关内容登过，但登的是全县的，不是{place}的"
    of_item = query.intent in (Intent.ISSUE, Intent.DEPARTMENT)  # any of its sentences may tell
    if not of_item and (holiday := lacks_holiday(query.standalone, fact)):
        return f"同类内容登过，但不是所问的{holiday}"
    if not of_item and (season := other_season(query.standalone, fact)):
        return f"同类内容登过，但不是所问的{season}"
    if state := other_state(query.standalone, fact):
        return f"相关内容登过，但登的是{state}"
    text = fold(fact.chunk.text)
    ordered = (t.word for t in terms if t.word[0] == "第")
    other = next((word for word in ordered if not stands_in(word, text)), "")
    other = other or missing_stage(query.standalone, text)
    if other := other or other_ordinal(query.standalone, text):
        return f"没有登过“{other}”"  # 第五实验小学 is not 第三实验小学
    if query.intent is Intent.FIGURE and fact.figure is None:
        return "相关内容登过，但没有登所问的数字"
    if quoted := quoted_elsewhere(query, fact):
        return f"登过“{quoted}”，但没有登它的这个数字"
    if query.intent is Intent.DATE and not has_cue(query, fact):
        return "相关内容登过，但没有登时间"
    if query.intent is Intent.PLACE and not has_cue(query, fact):
        judged = judgement(query, fact, judge)
        if judged is None or judged < CERTAIN:  # 驻长三角、珠三角 has no word for a place
            return "相关内容登过，但没有登地点"
    kind = missing_kind(query, fact)
    if kind and query.intent is Intent.FIGURE:
        return f"相关内容登过，但没有登{kind}"  # another figure would be a wrong one
    missing = _unprinted(query, fact, focus) or kind
    # No other sum of money is a wage, whatever the model says.
    judged = judgement(query, fact, judge) if missing and not _PAYMENT.search(missing) else None
    if missing and (judged is None or judged < SURE):
        return f"相关内容登过，但没有登{missing}"
    return ""


def quoted_elsewhere(query: ParsedQuery, fact: Fact) -> str:
    """A name in quotation marks that the item prints, but neither in its title nor in the sentence
    of the figure or the one before: 203人 of another sentence aren't the “帮帮队”."""
    text = fold(fact.chunk.text)
    if query.intent is not Intent.FIGURE:
        return ""
    sentences = [s.span for s in read_item(fact.chunk).sentences]
    place = next((i for i, s in enumerate(sentences) if s == fact.sentence.span), 0)
    near = text[sentences[max(place - 1, 0)].start : fact.sentence.span.end] + fold(
        fact.chunk.title
    )
    # 开展“开工第一课”那次，查出多少处: of that time, not by that name.
    question = _OCCASION.sub("", fold(query.standalone))
    quoted = quoted_names(question)
    return next((name for name in quoted if name in text and name not in near), "")


_OCCASION = re.compile("[^，,；;。]*”[^，,；;。]{0,4}(?:那次|那回|期间|之?后|当天|时候?)[，,]")


def _unprinted(query: ParsedQuery, fact: Fact, focus: Sequence[Term]) -> str:
    """What is asked for and not printed in any wording known to the program."""
    focus = [term for term in focus if not _counted_by(query.unit, term.word)]
    who = query.intent is Intent.PERSON  # 谁发现的: an item that tells of no 发现 names nobody
    if word := unsaid(focus, fact.chunk, verbs=query.intent in _EVENTS, known=who):
        return f"“{word}”"
    if payment := _PAYMENT.search(query.standalone):
        named = [t for t in focus if payment.group() in t.word]
        if word := unsaid(named, fact.chunk, verbs=True, known=True):
            return f"“{word}”"
    if query.intent is Intent.FIGURE and not _counts(query, fact, focus):
        return f"“{'、'.join(query.counted)}”的数量"
    return ""


def judgement(query: ParsedQuery, fact: Fact, judge: Judge | None) -> float | None:
    """The answer model's logit for the fact; None where there is no model."""
    return judge(query.standalone, fact.chunk.title, excerpt(fact)) if judge else None


_PAYMENT = re.compile(
    "工资|工钱|薪|奖金|罚款|罚金|赔偿|补偿|税|租金|房租|门票|票价|经费|运费|学费|电费|水费|保费|押金|利息"
)
_PLACE_SUFFIX = "镇|乡|街道|村|社区|小区|景区|园区"


def of_whole_county(question: str, fact: Fact, terms: Sequence[Term]) -> str:
    """A place named in the question (千竹海景区) where the fact is the whole county's; else ""."""
    sentence = fold(fact.sentence.span.of(fact.chunk.text))
    words = sentence + fold(fact.chunk.title) + header_words(fact.chunk)
    for term in terms:
        place = re.search(f"{re.escape(term.word)}(?:{_PLACE_SUFFIX})", question)
        if place and speaks_of_county(sentence) and term.word not in words:
            return place.group()
    return ""


_WIDER = re.compile("全国|全省|全市|全球|世界|国内")


def wider_scope(question: str, fact: Fact) -> str:
    """A wider area than the county that is asked about (全国前三季度GDP) and that the sentence
    doesn't speak of; else ""."""
    said = fold(fact.chunk.title + fact.sentence.span.of(fact.chunk.text))
    return next((scope for scope in _WIDER.findall(question) if scope not in said), "")


def speaks_of_county(sentence: str) -> bool:
    """Whether a sentence gives what holds for the county as a whole."""
    return WHOLE_COUNTY in sentence or "我县" in sentence


_SO_FAR = "已完成的投资"
_RANK = re.compile("(?<![副管的])(?:县长|镇长|乡长|局长|书记|主任|校长|院长)")
_PLAN = re.compile("计划|预计|力争|目标|拟")
_DONE = re.compile("已|完成|实现了|达到|建成|累计|实际")


def other_state(question: str, fact: Fact) -> str:
    """What was printed instead: a deputy of the rank asked about, a plan where one asks for what is
    finished, the part done so far for a total investment; "" when they agree."""
    for role in _RANK.findall(question):
        text = fold(fact.chunk.text)
        if f"副{role}" in text and not re.search(f"(?<!副){role}", text):
            return f"副{role}"
    if fact.clause is None:
        return ""
    clause = fold(fact.clause.span.of(fact.chunk.text))
    planned = bool(_PLAN.search(clause)) and not _DONE.search(clause)
    if planned and re.search("实际|完成了|完工了|建成了", question) and not _PLAN.search(question):
        return "计划数"
    whole = re.search("(?<!占)总投资", question) and "完成" not in question
    if whole and "完成投资" in clause and "总投资" not in clause:
        return _SO_FAR
    return ""


def of_stage(question: str, fact: Fact) -> bool:
    """Whether the fact is of the stage asked about (二期), and not what was spent of a total."""
    stage = missing_stage(question, fold(fact.chunk.text))
    return not stage and other_state(question, fact) != _SO_FAR


def contradicted(claims: Sequence[str], text: str) -> str:
    """The first figure asserted by the question that the source text doesn't hold, in this or
    another unit (38万方 for 38万立方米)."""
    values = {(f.family, f.value) for f in find_figures(text) if f.family}
    plain = "".join(fold(text).split()).replace(",", "")
    for claim in claims:
        wanted = "".join(fold(claim).split()).replace(",", "")
        meant = {(f.family, f.value) for f in find_figures(claim)}
        if not re.search(rf"(?<![\d.]){re.escape(wanted)}", plain) and not meant & values:
            return claim
    return ""


def searched(query: ParsedQuery, extent: str) -> str:
    """已检索：… ; what was looked through, with the limits that were understood."""
    limits = say_filters(query)
    return f"已检索：{extent}" + (f"（{limits}）" if limits else "")


def nearest_lines(hits: Sequence[Hit]) -> list[str]:
    """The nearest items, by label and title only: their figures are not an answer."""
    lines = []
    for hit in hits:
        title = hit.chunk.title or hit.chunk.text[:30] + "…"
        lines.append(f"· {hit.chunk.label}：{title}")
    return lines
