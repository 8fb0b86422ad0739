"""What is computed from the figures of a table: their sum, difference, extremes; marked as such."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from rag.entities.figures import Figure
from rag.extractive.fact import Fact
from rag.schema import Period

PART = 0.8  # the fit of a figure that is of a part of the time asked about


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what it is for, and the fact, None when there is none."""

    name: str
    fact: Fact | None


@dataclass(frozen=True, slots=True)
class Known:
    """The figure of a line, as it is right, and the number of its citation."""

    name: str
    figure: Figure
    citation: int


_EACH_REPORT = re.compile("[两三四五几每各][次回]|(?<!申)报(?:的|过|了)|通报")
_STOCK = re.compile("累计(?:建成|建设|改造|发展|达|有)")  # what there is by now, no year's share
_EVENT = timedelta(days=31)


def no_total(question: str, rows: Sequence[Row]) -> list[str]:
    """Why the figures aren't added up; empty when they may be. The first half of one year and the
    first quarter of the next are no total, unless what was reported each time is asked for."""
    facts = [row.fact for row in rows if row.fact]
    if len(facts) < len(rows):
        return ["没有合计：有的数字没有找到。"]
    words = [fact.clause.span.of(fact.chunk.text) for fact in facts if fact.clause]
    if 0 < sum(bool(_STOCK.search(clause)) for clause in words) < len(words):
        return ["没有合计：有的是累计数，有的不是，见原文。"]
    if uneven(facts) and not _EACH_REPORT.search(question):
        return ["没有合计：各数字的时间段不同，见括号里的时间。"]
    return []


def lacking_years(asked: Sequence[Period], rows: Sequence[Row]) -> list[str]:
    """A remark that a total of several years leaves one out that has no line; empty otherwise."""
    if len(asked) != 1 or asked[0].end.year == asked[0].start.year:
        return []
    # 2023年以来 and 近三年 may begin before the first that was printed.
    named = re.search(r"\d\D*[-—–~～至到]\D*\d", asked[0].words)
    years = {row.fact.spoken.end.year for row in rows if row.fact and row.fact.spoken}
    if not named or len(years) < 2:
        return []
    missing = [y for y in range(asked[0].start.year, asked[0].end.year + 1) if y not in years]
    if not missing:
        return []
    return [f"注意：没有找到{'、'.join(f'{year}年' for year in missing)}的数字，合计没有算进去。"]


def uneven(facts: Sequence[Fact]) -> bool:
    """Whether the figures are of different parts of the times asked about: one of a whole year,
    one of its first nine months."""
    parts = [fact.spoken for fact in facts if fact.time <= PART and fact.spoken]
    spans = {(p.start.month, p.end.month) for p in parts if p.end - p.start > _EVENT}
    return len(spans) > 1 or bool(spans and len(parts) < len(facts))


def counted_once(rows: Sequence[Row]) -> list[Row]:
    """The lines less those whose time another line has in it: 2023年1—8月 beside 2023年, or of two
    of one time the one that fits less."""
    return [row for row in rows if not any(_within(row, other) for other in rows)]


def _within(row: Row, other: Row) -> bool:
    if row is other or row.fact is None or other.fact is None:
        return False
    a, b = row.fact.spoken, other.fact.spoken
    if a is None or b is None or min(a.end - a.start, b.end - b.start) <= _EVENT:
        return False
    if (a.start, a.end) == (b.start, b.end):
        return row.fact.score < other.fact.score
    return b.start <= a.start and a.end <= b.end


def of_a_part(rows: Sequence[Row]) -> list[str]:
    """A remark that a figure added up is of a part of the time asked about."""
    partial = any(row.fact and row.fact.time <= PART for row in rows)
    return ["注意：有的数字只是所问时间的一部分，见括号里的时间。"] if partial else []


_MORE_THAN = re.compile(
    r"比[^，。？?]*?(?P<more>提高|增加|增长|上升|上涨|多|高|涨|升)了?(?:多少|几)"
    r"|比[^，。？?]*?(?P<less>下降|减少|降低|下滑|少|低|降|减)了?(?:多少|几)"
)


def of_one_kind(figures: Sequence[Figure]) -> bool:
    """Whether figures may be set beside one another: 人次 counts visits, no people."""
    return len({(f.family, f.family == "people" and "次" in f.unit) for f in figures}) <= 1


def otherwise(question: str, known: Sequence[Known]) -> list[str]:
    """A line where the question takes for granted that the first is the larger one and it isn't,
    or reversed: 2025年比2024年提高了多少."""
    asked = _MORE_THAN.search(question)
    if asked is None or len(known) != 2 or not of_one_kind([k.figure for k in known]):
        return []
    first, second = known
    before = re.split("[，,；;。]", question[: asked.start()])[-1]
    if _told(second.name, before) and _told(first.name, asked.group()):
        first, second = second, first  # 2022年、2023年各多少，2023年比2022年多多少
    a, b = first.figure.value, second.figure.value
    if a == b or (a > b) == bool(asked["more"]):
        return []
    word = asked["more"] or asked["less"]
    really = "下降（减少）" if asked["more"] else "上升（增加）"
    marks = f"[{first.citation}][{second.citation}]"
    return [f"没有{word}：{first.name}比{second.name}{really}。{marks}"]


def _told(name: str, words: str) -> bool:
    """Whether the words speak of a line of the table, by its name or its year."""
    year = re.match(r"\d\d(\d\d)年", name)
    return name in words or bool(year and f"{year[1]}年" in words)


def total(known: Sequence[Known]) -> list[str]:
    """The sum of figures of one unit, marked as computed; 万元 and 亿元 are brought to one."""
    figures = [k.figure for k in known]
    values = _in_one_unit(figures)
    if len(known) < 2 or values is None or not of_one_kind(figures):
        return []
    numbers, unit = values
    added = sum(numbers, Decimal(0))
    return [f"合计：{added:f}{unit}（程序计算：{_terms(figures, numbers, '＋')}＝{added:f}{unit}）"]


def _terms(figures: Sequence[Figure], numbers: Sequence[Decimal], sign: str) -> str:
    """The numbers with a sign between them; with their units where those differ."""
    if len({_unit_words(figure) for figure in figures}) > 1:
        return sign.join("".join(figure.text.split()) for figure in figures)
    return sign.join(f"{number:f}" for number in numbers)


def extremes(known: Sequence[Known]) -> list[str]:
    """The highest and the lowest, and of two the difference, marked as computed."""
    if len(known) < 2 or not of_one_kind([k.figure for k in known]):
        return []
    low = min(known, key=lambda k: k.figure.value)
    high = max(known, key=lambda k: k.figure.value)
    if low.figure.value == high.figure.value:
        return ["数值相同。"]
    lines = [
        f"最高：{high.name} {high.figure.text}[{high.citation}]；"
        f"最低：{low.name} {low.figure.text}[{low.citation}]。"
    ]
    if len(known) == 2:
        lines += _difference(known[0].figure, known[1].figure)
    return lines


def _difference(first: Figure, last: Figure) -> list[str]:
    figures = sorted((first, last), key=lambda figure: figure.value, reverse=True)
    values = _in_one_unit(figures)
    if values is None:
        return []
    numbers, unit = values
    unit = "个百分点" if unit == "%" else unit
    difference = numbers[0] - numbers[1]
    return [f"相差（程序计算：{_terms(figures, numbers, '－')}＝{difference:f}{unit}）"]


_SCALE = {"": 0, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8}
_UNIT = re.compile("(?P<scale>[百千十]?[万千百亿]|[万亿]|)(?P<unit>.*)")


def _in_one_unit(figures: Sequence[Figure]) -> tuple[list[Decimal], str] | None:
    """The figures' numbers in the smallest unit printed (4.87亿元, 8640万元: 48700 and 8640, 万元);
    None where one prints no plain number or they are of several units."""
    printed = [_NUMBER.match("".join(figure.text.split())) for figure in figures]
    if None in printed or not figures:
        return None
    units = [_UNIT.fullmatch(_unit_words(figure)) for figure in figures]
    scales = [unit["scale"] if unit else "" for unit in units]
    if len({unit["unit"] if unit else "" for unit in units}) > 1:
        return None
    if any(scale not in _SCALE for scale in scales):
        return None
    smallest = min(scales, key=_SCALE.__getitem__)
    numbers = [
        Decimal(match.group().replace(",", "")).scaleb(_SCALE[scale] - _SCALE[smallest])
        for match, scale in zip(printed, scales, strict=True)
        if match
    ]
    return numbers, smallest + (units[0]["unit"] if units[0] else "")


_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?")


def _unit_words(figure: Figure) -> str:
    return re.sub(r"^[\d.,]+|[余多]", "", "".join(figure.text.split()))
