"""Measures of one answer against what was expected; each returns a number for one question.

A measure that does not apply to a question gives None, so that a mean counts only the questions
it is about.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rag.text import strip_space

REFUSALS = ("not_found", "out_of_scope")

_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)")
_CITATION_MARK = re.compile(r"\[\d+(?:\s*[,，、-]\s*\d+)*\]")
_LIST_MARK = re.compile(r"(?m)^[\s>*•·-]*\d{1,3}(?:[.)）]\s|、)")
# Dates and issue numbers say where a figure comes from; they are not figures themselves.
_DATES = re.compile(
    r"\d{4}-\d{1,2}(?:-\d{1,2})?(?!\d)"
    r"|\d{4}\s*(?:[-—–~至到]\s*\d{4}\s*)?年"
    r"|\d{1,2}\s*(?:[-—–~至到]\s*\d{1,2}\s*)?[月日]"
    r"|\d{2}年(?=第|\d)"
    r"|第\s*\d+\s*期"
)
_FIGURE = re.compile(r"\d+(?:\.\d+)?\s*(?:[%‰]|[十百千]?[万亿])?")
_COUNTED = "条期则篇项"
# How much was searched is said of the archive, not of what is cited.
_SEARCHED = re.compile(r"[（(]检索范围[^）)]*[）)]|已检索[^\n]*")
_SUM = re.compile(
    r"(?P<a>\d+(?:\.\d+)?)(?P<sign>[-+])(?P<b>\d+(?:\.\d+)?)="
    r"(?P<c>\d+(?:\.\d+)?)(?P<scale>%|[十百千]?[万亿])?(?P<points>个?百分点)?"
)


@dataclass(frozen=True, slots=True)
class ItemKey:
    """An item as a question set names it. An empty `section` stands for the issue as a whole."""

    year: int
    issue: int
    section: str = ""
    departments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quote:
    """What an answer says it copied: `quote` is claimed to be the text of `chunk_id` there."""

    chunk_id: str
    quote: str
    start: int
    end: int


# --- text ---------------------------------------------------------------------------------------


def comparable(text: str) -> str:
    """The text after NFKC, without white space and without thousands commas."""
    plain = strip_space(unicodedata.normalize("NFKC", text))
    return _THOUSANDS.sub(lambda match: match.group().replace(",", ""), plain)


def contains(text: str, wanted: str) -> bool:
    """Whether `wanted` stands in `text`, compared as `comparable`, with digit boundaries.

    A digit at an end of `wanted` must not go on as a number in the text: 8万亩 is not in
    6.8万亩, nor 54 in 54.8. A unit may follow. An empty `wanted` is never contained.
    """
    hay, needle = comparable(text), comparable(wanted)
    if not needle:
        return False
    at = hay.find(needle)
    while at >= 0:
        if _bounded(hay, at, at + len(needle)):
            return True
        at = hay.find(needle, at + 1)
    return False


def _bounded(hay: str, start: int, end: int) -> bool:
    before, after = hay[:start][-2:], hay[end : end + 2]
    if hay[start].isdigit() and re.search(r"\d\.?$", before):
        return False
    return not (hay[end - 1].isdigit() and re.match(r"\.?\d", after))


# --- the answer ---------------------------------------------------------------------------------


def missing_groups(answer: str, must_include: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The groups of alternatives of which none stands in the answer."""
    return [
        tuple(group)
        for group in must_include
        if not any(contains(answer, choice) for choice in group)
    ]


def forbidden_found(answer: str, must_not_include: Sequence[str]) -> list[str]:
    """What stands in the answer although it must not."""
    return [words for words in must_not_include if contains(answer, words)]


def answer_correct(
    outcome: str,
    answer: str,
    *,
    answerable: bool,
    must_include: Sequence[Sequence[str]] = (),
    must_not_include: Sequence[str] = (),
    correction_ok: Sequence[Sequence[str]] = (),
) -> bool:
    """Whether the answer is right.

    Always wrong: an error, or an answer with something of `must_not_include`. Right otherwise:
    one that has an alternative of every group of `correction_ok`; for an answerable question, one given (not
    refused) that has an alternative of every group of `must_include`; for an unanswerable one,
    a refusal. An answerable question that names corrections only needs one of them.
    """
    if outcome == "error" or forbidden_found(answer, must_not_include):
        return False
    if correction_ok and not missing_groups(answer, correction_ok):
        return True
    if not answerable:
        return outcome in REFUSALS
    if correction_ok and not must_include:
        return False
    return outcome == "answered" and not missing_groups(answer, must_include)


# --- citations and retrieval --------------------------------------------------------------------


def same_item(gold: ItemKey, found: ItemKey) -> bool:
    """Whether `found` is the gold item: year and issue, then section and one department.

    A gold item without a section is met by anything of that issue; one without a department by
    any item of that section.
    """
    if (gold.year, gold.issue) != (found.year, found.issue):
        return False
    if not gold.section:
        return True
    if comparable(gold.section) != comparable(found.section):
        return False
    return not gold.departments or bool(gold.departments & found.departments)


def citation_precision(gold: Sequence[ItemKey], cited: Sequence[ItemKey]) -> float | None:
    """|cited items that are gold| / |cited items|; None without gold or without citations."""
    distinct = list(dict.fromkeys(cited))
    if not gold or not distinct:
        return None
    return sum(any(same_item(g, c) for g in gold) for c in distinct) / len(distinct)


def citation_recall(gold: Sequence[ItemKey], cited: Sequence[ItemKey]) -> float | None:
    """|gold items that are cited| / |gold items|; None without gold."""
    distinct = list(dict.fromkeys(gold))
    if not distinct:
        return None
    return sum(any(same_item(g, c) for c in cited) for g in distinct) / len(distinct)


def first_rank(gold: Sequence[ItemKey], retrieved: Sequence[ItemKey]) -> int | None:
    """Rank, from 1, of the first retrieved gold item; None when there is none."""
    for rank, found in enumerate(retrieved, start=1):
        if any(same_item(g, found) for g in gold):
            return rank
    return None


def hit_at(k: int, gold: Sequence[ItemKey], retrieved: Sequence[ItemKey]) -> float | None:
    """1 when a gold item is among the first k, else 0; None without gold."""
    if not gold:
        return None
    return float(first_rank(gold, retrieved[:k]) is not None)


def reciprocal_rank(gold: Sequence[ItemKey], retrieved: Sequence[ItemKey]) -> float | None:
    """1 / rank of the first gold item, 0 when there is none; the mean of these is MRR."""
    if not gold:
        return None
    rank = first_rank(gold, retrieved)
    return 1 / rank if rank else 0.0


def is_verbatim(quote: Quote, text_of: Callable[[str], str | None]) -> bool:
    """Whether text[start:end] == quote; `text_of` gives the stored text of an id, or None."""
    text = text_of(quote.chunk_id)
    return text is not None and bool(quote.quote) and text[quote.start : quote.end] == quote.quote


def quotes_verbatim(quotes: Sequence[Quote], text_of: Callable[[str], str | None]) -> float | None:
    """|quotes that stand at their place| / |quotes|; None without quotes."""
    if not quotes:
        return None
    return sum(is_verbatim(quote, text_of) for quote in quotes) / len(quotes)


def wrong_year(
    outcome: str,
    answer: str,
    gold: Sequence[ItemKey],
    cited: Sequence[ItemKey],
    must_not_include: Sequence[str],
) -> float | None:
    """1 for an answer with a confusable figure, or that cites only other years than gold's.

    A refusal or an error is 0. None when neither gold nor a confusable figure is named.
    """
    if not gold and not must_not_include:
        return None
    if outcome != "answered":
        return 0.0
    if forbidden_found(answer, must_not_include):
        return 1.0
    years = {item.year for item in gold}
    return float(bool(years and cited) and not any(item.year in years for item in cited))


# --- figures ------------------------------------------------------------------------------------


def figures(answer: str) -> list[str]:
    """The figures of an answer in order, with 万, 亿 and % (5452万, 54.8%), without repeats.

    Citation marks, list numbers, dates, issue numbers and the range searched are left out.
    """
    text = unicodedata.normalize("NFKC", _SEARCHED.sub(" ", answer))
    text = _CITATION_MARK.sub(" ", text)
    text = _LIST_MARK.sub(" ", text)
    text = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), text)
    text = _DATES.sub(" ", text)
    return list(dict.fromkeys(strip_space(found) for found in _FIGURE.findall(text)))


def unsupported_figures(
    answer: str, sources: Sequence[str], counts: Sequence[int] = ()
) -> list[str]:
    """The figures of the answer that stand in none of `sources` (the quotes and their labels).

    Two kinds are supported without a source: a number of cited items, given in `counts`
    (共3条), and the result of a sum or difference that is written out, is right, and whose
    operands stand in sources (3180－2350＝830亩).
    """
    own = comparable(answer)
    worked_out = _worked_out(own, sources)
    return [
        figure
        for figure in figures(answer)
        if not _stands(figure, sources)
        and figure not in worked_out
        and not any(
            str(count) == figure and re.search(rf"(?<![\d.]){figure}[{_COUNTED}]", own)
            for count in counts
        )
    ]


def _stands(figure: str, sources: Sequence[str]) -> bool:
    # Without its scale a figure is another one: 5452元 is not in 5452万元.
    end = r"(?!\.?\d|[%‰万亿])" if figure[-1].isdigit() else ""
    pattern = re.compile(rf"(?<!\d)(?<!\d\.){re.escape(figure)}{end}")
    return any(pattern.search(comparable(source)) for source in sources)


def _worked_out(answer: str, sources: Sequence[str]) -> set[str]:
    """Result and operands of every right sum in the answer; its scale holds for all three."""
    supported: set[str] = set()
    for match in _SUM.finditer(answer):
        a, b, c = (Decimal(match[name]) for name in "abc")
        scale = match["scale"] or ""
        unit = "%" if match["points"] else scale
        given = all(_stands(match[name] + unit, sources) for name in "ab")
        if given and (a + b if match["sign"] == "+" else a - b) == c:
            supported |= {match["a"], match["b"], match["c"] + scale}
    return supported


def figure_exactness(
    answer: str, sources: Sequence[str], counts: Sequence[int] = ()
) -> float | None:
    """|figures of the answer that stand in a source| / |figures|; None without figures."""
    found = figures(answer)
    if not found:
        return None
    return 1 - len(unsupported_figures(answer, sources, counts)) / len(found)
