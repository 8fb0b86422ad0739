"""Whether a figure is in the unit that the question asks for."""

from __future__ import annotations

from rag.entities.figures import Figure
from rag.schema import ParsedQuery

# In speech 个 and its like stand for any measure word (几个企业 / 10余家); 辆 is not 处.
_GENERAL = frozenset(["个", "家", "处", "项", "件"])
_THINGS = _GENERAL | {"座", "条", "台", "所", "村", "起", "套", "辆", "宗", "份", "岗位"}

# 规划床位600张 is what 多少张床位 asks for.
_BEDS = frozenset(["张床位", "床位", "张", "床"])

# What no quantity of goods is counted in.
_NO_OUTPUT = frozenset(
    [
        "money",
        "percent",
        "points",
        "area",
        "length",
        "days",
        "years",
        "minutes",
        "people",
        "household",
        "times",
        "multiple",
    ]
)


def counts_another(query: ParsedQuery, figure: Figure, words: str) -> bool:
    """几座桥 asks for bridges: 3处电力杆线 counts something else, since 处 isn't 座 and no 桥
    stands there."""
    if query.unit in _GENERAL or query.unit not in _THINGS or query.unit == figure.family:
        return False
    # 岗位数 names what is counted by its unit alone.
    counted = query.counted[-1:] or (query.unit,) * (len(query.unit) > 1)
    return not any(word in words or (word[1:] and word[-2:] in words) for word in counted)


def fits_unit(asked: str, figure: Figure) -> bool:
    """Whether a figure is of the unit family asked for; "" takes any with a unit."""
    if not figure.text[0].isdigit() and (asked != figure.family or figure.value < 2):
        return False  # 一件 and 一步 are seldom what is asked for
    if not asked:
        return bool(figure.unit)
    if asked == figure.family:
        return True
    if asked in _BEDS and figure.family in _BEDS:
        return True
    if asked == "output":  # 袜子产量 is in 双, 粮食产量 in 吨
        return bool(figure.unit) and figure.family not in _NO_OUTPUT
    if asked == "duration":
        return figure.family in ("days", "years", "minutes")
    return (asked in _GENERAL and figure.family in _THINGS) or (
        asked in _THINGS and figure.family in _GENERAL
    )
