"""Which one of several a question is about: 第九届文化节, 二期工程."""

from __future__ import annotations

import re

from rag.entities.numerals import number

_NUMBER = "[一二三四五六七八九十]{1,3}|[1-9][0-9]?"
_ORDINAL = re.compile(rf"(?:第(?P<n>{_NUMBER})|(?P<first>首))(?P<kind>[届批轮])")
_TWO = re.compile(
    r"(第[一二三四五六七八九十]{1,3})(?P<kind>[届次批季])[和与跟、](第[一二三四五六七八九十]{1,3})(?P=kind)"
)
_SEVERAL = re.compile(
    r"第(?P<all>[一二三四五六七八九十](?:[、，,和与及][一二三四五六七八九十])+)[两三四五]?(?P<kind>[届批轮])"
)
_STAGE = re.compile("([一二三四五两])期")
_LATER = re.compile("(?<![第十一二三四五六七八九])[二三四五]期(?!快报)")
_STAGES = re.compile("([一二三四])期[和与及跟、]?([二三四五])期")
OTHER = 0.6  # of a score: the item or the sentence speaks of another one
BESIDE = 0.8  # the item's title does, the sentence of none


def _ordinals(text: str) -> dict[tuple[str, int], str]:
    """The ordinals named by kind and number, with their words."""
    found = {}
    for match in _ORDINAL.finditer(text):
        value = 1 if match["first"] else number(match["n"])
        if value is not None:
            found[match["kind"], value] = match.group()
    return found


def other_ordinal(question: str, text: str) -> str:
    """An ordinal of the question that the text doesn't print in any numerals; "" for none."""
    printed = _ordinals(text)
    return next((words for key, words in _ordinals(question).items() if key not in printed), "")


def stands_in(word: str, text: str) -> bool:
    """Whether a word that begins with an ordinal (第一) stands in the text in either numerals."""
    if word in text:
        return True
    match = re.match(f"第({_NUMBER})", word)
    value = number(match[1]) if match else None
    return match is not None and f"第{value}{word[match.end() :]}" in text


def enumerated(question: str) -> tuple[str, tuple[str, ...]] | None:
    """第七、八、九三届: what stands there, and each of them (第七届…); None for none."""
    if two := _TWO.search(question):  # 第八届和第九届
        return two.group(), (two[1] + two["kind"], two[3] + two["kind"])
    match = _SEVERAL.search(question)
    if match is None:
        return None
    numbers = re.findall("[一二三四五六七八九十]", match["all"])
    return match.group(), tuple(f"第{each}{match['kind']}" for each in numbers)


def stages(question: str) -> tuple[str, tuple[str, ...]] | None:
    """一期二期: what stands there, and each of the two; None for none."""
    match = _STAGES.search(question)
    return (match.group(), (f"{match[1]}期", f"{match[2]}期")) if match else None


def missing_stage(question: str, text: str) -> str:
    """A later stage (二期) that the question names and the text doesn't; "" for none. The first is
    seldom called so before there is a second."""
    later: list[str] = _LATER.findall(question)
    if not later or any(stage in text for stage in ("一期", *later) if stage in question):
        return ""
    return later[0]


def fit(question: str, title: str, text: str, sentence: str) -> float:
    """What a score is multiplied by: below 1 where the item, the sentence or the title speaks of
    another ordinal or stage than the question."""
    if other_ordinal(question, text):
        return OTHER
    asked = set(_STAGE.findall(question))
    if not asked:
        return 1.0
    if told := set(_STAGE.findall(sentence)):
        return 1.0 if asked & told else OTHER
    titled = set(_STAGE.findall(title))
    return BESIDE if titled and not asked & titled else 1.0
