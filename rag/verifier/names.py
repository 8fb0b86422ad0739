"""Names and words of a sentence that its sources don't hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

import rjieba

from rag.departments import DepartmentNames
from rag.entities.issues import find_issues
from rag.schema import Chunk
from rag.text import fold, split_clauses

# Share of a clause's content words that its items hold; a clause copied word for word has 1.
MIN_HELD = 0.5
_PROPER = ("nr", "ns", "nt", "nz", "eng")
_CONTENT = ("n", "v", "a", "i", "l", "j", "b")
_PLACE = re.compile(
    r"[一-龥]{2}(?:(?<![乡城农全各沿])[镇村乡](?!村|镇|贤|民|庄)|街道|社区|公司|集团|合作社|学校|医院|银行|法院|检察院)"
)
_SHORTEST_NAME = 3
_MARKUP = re.compile(r"[<>{}|\\`#$@*=]|://")
# Said of a report rather than in it.
_ABOUT_REPORTS = frozenset(
    [
        "快报",
        "材料",
        "显示",
        "指出",
        "表示",
        "根据",
        "提到",
        "内容",
        "方面",
        "包括",
        "主要",
        "情况",
        "进行",
        "其中",
        "分别",
        "目前",
        "通过",
        "相关",
        "有关",
        "同时",
        "此外",
        "另外",
        "具体",
        "以及",
        "截至",
        "全县",
        "我县",
        "该县",
        "累计",
        "达到",
        "采取",
        "措施",
        "开展",
        "工作",
        "已经",
        "完成",
        "实现",
    ]
)
# Rank, praise, comparison and long trends: claims of their own, seldom checkable by arithmetic.
_RANK = re.compile(
    r"全国|全省|全市|国家级|省级|市级|第一(?=[，。、名位]|$)|首[个次家批位]|唯一|领先|率先|前列|名列|榜首|居首|最[高低大小多少好快早强优]"
    r"|高于|低于|多于|少于|大于|小于|优于|每[年月天日周]|逐年|逐月|逐季|持续(?:增|上|下|走|提)|连续|历史|空前|显著|大幅|翻[一两]?番|一半|过半|半数"
    r"|(?:数|几|上|近|成)[十百千万亿]+|[一二三四五六七八九十]分之[一二三四五六七八九十]|倍增"
)
_UP = re.compile(r"增长|增加|上升|提高|提升|上涨|增至|升至|涨")
_DOWN = re.compile(r"下降|减少|降低|下滑|回落|缩减|降至|减至|跌")


@dataclass(frozen=True, slots=True)
class Sources:
    """What a sentence rests on: the cited sentences, their whole items, and the other items."""

    sentences: str
    items: tuple[Chunk, ...]
    others: tuple[Chunk, ...]

    @property
    def context(self) -> str:
        """The items with what a reader sees above them."""
        return " ".join(f"{chunk.label} {chunk.header} {chunk.text}" for chunk in self.items)


def unsupported_names(sentence: str, sources: Sources, departments: DepartmentNames) -> list[str]:
    """The issues, offices, places, ranks and trends that the sources don't hold."""
    text, context = fold(sentence), fold(sources.context)
    found = [f"期号“{name}”" for name in _foreign_issues(text, sources)]
    found += [f"“{name}”" for name in _foreign_offices(text, sources, context, departments)]
    found += [f"“{m.group()}”" for m in _PLACE.finditer(text) if m.group() not in context]
    cited = fold(sources.sentences)
    found += [f"“{m.group()}”" for m in _RANK.finditer(text) if m.group() not in cited]
    for direction in (_UP, _DOWN):
        if (word := direction.search(text)) and not direction.search(cited):
            found.append(f"“{word.group()}”")
    return list(dict.fromkeys(found))


def mixed_names(part: str, sources: Sources, departments: DepartmentNames) -> list[str]:
    """Offices, places and nouns of another cited item beside the figures of this one."""
    text, context = fold(part), fold(sources.context)
    elsewhere = fold(" ".join(f"{chunk.header} {chunk.text}" for chunk in sources.others))
    found = _foreign_offices(text, sources, context, departments)
    found += [
        word
        for word, tag in rjieba.tag(text)
        if len(word) >= 2
        and tag.startswith(("n", "eng"))
        and word not in context
        and word in elsewhere
        and word not in _ABOUT_REPORTS
    ]
    return [f"“{name}”不是这个数字的" for name in dict.fromkeys(found)]


def unsupported_words(sentence: str, sources: Sources) -> list[str]:
    """Words that belong to another item or name another thing; else, of a clause that has too
    few words in common with its items, one remark.

    Words of the question count for nothing: its premise may be false.
    """
    context = fold(sources.context)
    elsewhere = fold(" ".join(chunk.text for chunk in sources.others))
    foreign, strange = [], False
    text = fold(sentence)
    if any(mark not in context for mark in _MARKUP.findall(text)):
        return ["格式符号"]
    for clause in split_clauses(text):
        held = total = 0
        for word, tag in rjieba.tag(clause.of(text)):
            if len(word) < 2 or not tag.startswith(_CONTENT) or word in _ABOUT_REPORTS:
                continue
            total += 1
            if word in context:
                held += 1
            elif tag.startswith(_PROPER) or (tag.startswith("n") and word in elsewhere):
                foreign.append(f"“{word}”")
        strange |= held < MIN_HELD * total
    if foreign:
        return list(dict.fromkeys(foreign))
    return ["原文没有的说法"] if strange else []


def _foreign_issues(text: str, sources: Sources) -> list[str]:
    allowed = {(chunk.issue.year, chunk.issue.number) for chunk in sources.items}
    numbers = {number for _, number in allowed}
    day = max((chunk.published for chunk in sources.items), default=None)
    if day is None:
        return []
    return [
        text[m.start : m.end]
        for m in find_issues(text, day)
        if (m.number is not None and m.number not in numbers | _printed_issues(sources))
        or (m.year and m.number in numbers and (m.year, m.number) not in allowed)
    ]


def _printed_issues(sources: Sources) -> set[int | None]:
    """Issue numbers that the cited sentences name themselves (《简报》第3期)."""
    day = sources.items[0].published
    return {mention.number for mention in find_issues(fold(sources.sentences), day)}


def _foreign_offices(
    text: str, sources: Sources, context: str, departments: DepartmentNames
) -> list[str]:
    own = {departments.canonical(name) for chunk in sources.items for name in _names(chunk)}
    names = {
        alias
        for name in departments.known()
        for alias in (name, *departments.aliases(name))
        if len(alias) >= _SHORTEST_NAME
    }
    names |= {name for chunk in sources.others for name in _names(chunk) if len(name) >= 2}
    foreign = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        if name in text:
            text = text.replace(name, " " * len(name))
            if name not in context and departments.canonical(name) not in own:
                foreign.append(name)
    return foreign


def _names(chunk: Chunk) -> tuple[str, ...]:
    return (*chunk.departments, *chunk.printed)
