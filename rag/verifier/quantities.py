"""The figures of a text with what is said of each: label, time, approximation, range, plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from rag.entities.figures import Figure, find_figures
from rag.entities.issues import find_issues
from rag.entities.times import find_times
from rag.schema import Period
from rag.text import Span, fold, split_clauses, split_sentences

_ABOUT = re.compile(r"(?:约|大约|大概|将近|接近|近|超过|超|逾|突破|不足|不到|至少|高达)[ \t]*$")
_ABOUT_WORDS = {
    "about": ("约", "大约", "大概"),
    "over": ("超过", "超", "逾", "突破", "至少"),
    "under": ("将近", "接近", "近", "不足", "不到"),
}
_AFTER = re.compile(r"^[ \t]*(左右|上下|以上|以下|以内)")
_DASH = r"[-—–~～至到]"
_PLANNED = re.compile(r"计划|拟(?=[一-龥])|预计|力争|争取|目标|预期|有望|即将|将(?!近|以)")
_DERIVED = re.compile(
    r"(?:(?P<sum>合计|总计|总共|总和|一共)|(?P<change>增长|增加|上升|提高|提升|下降|减少|降低|回落|增幅|降幅|增速)"
    r"|(?<!至|不|很|许)(?:相差|差|多出|多|少|高出|高|低))(?:了|为|是|达到|达|约|[：:])*[ \t]*$"
)
_NOISE = re.compile(r"达到|共计|总计|合计|分别|其中|已经|[达为共约已了的是有在将个]")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure and its surroundings.

    `label` are the words from the figure before it in the sentence to the one behind it,
    `before` those before it in its clause, `clause` those of its clause, `following` the noun right behind it. `time` is the period its
    clause speaks of, None when none is named or only 目前; `times` are all that are named between
    the figure before it and itself, `previous` that figure. `derived` is sum, difference or change
    where the word before it says so (合计, 相差, 增加). `about` holds about, over, under.
    `bound` is low or high for an end of a range. `planned`: its clause speaks of a plan;
    `planned_before`: that clause or an earlier one of the sentence.
    """

    figure: Figure
    label: str
    before: str
    clause: str
    following: str
    time: Period | None
    times: tuple[Period, ...]
    previous: str
    derived: str
    about: frozenset[str]
    bound: str
    planned: bool
    planned_before: bool

    @property
    def text(self) -> str:
        return self.figure.text

    @property
    def chinese(self) -> bool:
        return not fold(self.figure.text)[0].isdigit()


@lru_cache(maxsize=4096)
def read_quantities(text: str, published: date) -> tuple[Quantity, ...]:
    """The figures of a text in order; times and issue numbers are none.

    `published` anchors 去年 and a bare 一季度.
    """
    times = find_times(text, published)
    taken = [(t.start, t.end) for t in times]
    taken += [(i.start, i.end) for i in find_issues(text, published)]
    figures = [
        f
        for f in find_figures(text)
        if not any(f.start < end and start < f.end for start, end in taken)
    ]
    found = []
    for sentence in split_sentences(text):
        inside = [f for f in figures if sentence.start <= f.start < sentence.end]
        current: Period | None = None
        for part in split_clauses(sentence.of(text)):
            clause = Span(sentence.start + part.start, sentence.start + part.end)
            named = [t for t in times if clause.start <= t.start < clause.end]
            if named:
                current = named[-1].period if named[-1].kind != "now" else None
            for place, figure in enumerate(inside):
                if clause.start <= figure.start < clause.end:
                    last = max(inside[place - 1].end if place else 0, clause.start)
                    own = [t for t in named if last <= t.start < figure.start and t.kind != "now"]
                    periods = tuple(t.period for t in own)
                    found.append(_read(text, sentence, clause, inside, figure, current, periods))
    return tuple(found)


def _read(
    text: str,
    sentence: Span,
    clause: Span,
    figures: list[Figure],
    figure: Figure,
    time: Period | None,
    times: tuple[Period, ...],
) -> Quantity:
    place = figures.index(figure)
    start = figures[place - 1].end if place else sentence.start
    end = figures[place + 1].start if place + 1 < len(figures) else clause.end
    end = min(end, clause.end)
    behind = re.match(r"的?([一-龥]{2,})", text[figure.end : end])
    words = clause.of(text)
    return Quantity(
        figure,
        bare_words(text[start : figure.start] + text[figure.end : end]),
        bare_words(text[max(start, clause.start) : figure.start]),
        bare_words(text[clause.start : figure.start] + text[figure.end : clause.end]),
        behind[1] if behind else "",
        time,
        times or ((time,) if time else ()),
        figures[place - 1].text if place else "",
        _derived(text[clause.start : figure.start]),
        _about(text, figure, clause),
        _bound(text, figure, figures),
        bool(_PLANNED.search(words)),
        bool(_PLANNED.search(text[sentence.start : clause.end])),
    )


def _derived(before: str) -> str:
    if match := _DERIVED.search(before):
        return match.lastgroup or "difference"
    return ""


def _about(text: str, figure: Figure, clause: Span) -> frozenset[str]:
    kinds = set()
    if before := _ABOUT.search(text[clause.start : figure.start]):
        word = before.group().strip()
        kinds |= {kind for kind, words in _ABOUT_WORDS.items() if word in words}
    if re.search("[余多]", figure.text):
        kinds.add("over")
    if after := _AFTER.match(text[figure.end : clause.end]):
        kinds.add({"左右": "about", "上下": "about", "以上": "over"}.get(after[1], "under"))
    return frozenset(kinds)


def _bound(text: str, figure: Figure, figures: list[Figure]) -> str:
    """3–5个: the 3 is low, the 5个 high."""
    for other in figures:
        if other.end <= figure.start and re.fullmatch(
            _DASH, text[other.end : figure.start].strip()
        ):
            return "high"
        if figure.end <= other.start and re.fullmatch(
            _DASH, text[figure.end : other.start].strip()
        ):
            return "low"
    return ""


def bare_words(text: str) -> str:
    """Letters and digits of a label without the words that only carry a figure."""
    return "".join(re.findall(r"[0-9A-Za-z一-龥.]+", _NOISE.sub("", fold(text))))


def pairs(words: str) -> frozenset[str]:
    """The pairs of neighbouring characters, for comparing labels."""
    return frozenset(words[i : i + 2] for i in range(len(words) - 1))


def share(words: str, text: str) -> float:
    """Share of the character pairs of `words` that `text` holds; 0 when it has no pairs."""
    own = pairs(words)
    return len(own & pairs(text)) / len(own) if own else 0.0


_NUMBER = re.compile(r"(\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)")


def printed_number(figure: Figure) -> Decimal | None:
    """The number as printed, without scale and unit; None for Chinese numerals."""
    match = _NUMBER.match(fold(figure.text))
    return Decimal(re.sub("[,，]", "", match[1])) if match else None


def unit_words(figure: Figure) -> str:
    """万元 of 5452万余元: scale and unit as printed."""
    return re.sub(r"^[\d.,，]+|[余多来]|\s", "", fold(figure.text))


def same_amount(claim: Quantity, source: Quantity) -> bool:
    """Whether two figures say the same: amount, kind of unit, approximation, end of a range."""
    if bool(claim.about) != bool(source.about) or (claim.about and not claim.about & source.about):
        return False
    if claim.bound != source.bound:
        return False
    a, b = claim.figure, source.figure
    if not a.unit:
        # 5452万 for 5452万元, but not 54.8 for 54.8%.
        scale = unit_words(a)
        return (
            printed_number(a) == printed_number(b)
            and unit_words(b).startswith(scale)
            and b.family != "percent"
            and (scale != "" or unit_words(b) == b.unit)
        )
    return a.value == b.value and same_unit(a, b)


def same_unit(a: Figure, b: Figure) -> bool:
    """人 and 名 are one, 人 and 人次 are not; nor are % and 个百分点, 元 and 美元."""
    if a.family != b.family:
        return False
    return all((mark in a.unit) == (mark in b.unit) for mark in ("次", "百分点", "美"))
