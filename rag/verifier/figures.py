"""Checks that every figure of an answer stands, letter for letter, in what the answer cites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rag.entities.figures import find_figures
from rag.entities.times import find_times
from rag.schema import Checks, Citation
from rag.text import fold

# Parts of an answer that the program writes about itself: numbers of citations and of list rows,
# the count of a list, the labels of issues, the dates of the two clocks, its own arithmetic, and
# what it denies.
_OWN_WORDS = re.compile(
    r"\[\d+\]|^\s*\d+、|^共 \d+ .*$|《[^》]*》|(?:\d{4}年)?(?:增刊|专刊)?第\d+期|\d{4}-\d{2}-\d{2}"
    r"|（[^（）]*(?:年|季度|月|日|以来|截至)[^（）]*）(?=\[\d+\])|（程序计算[^）]*）|没有找到“[^”]*”",
    re.M,
)
# Only 去年 and the like depend on it.
_ANY_DAY = date(2000, 1, 1)
_COMPUTED = re.compile(r"（程序计算：[^＝）]*＝(?P<result>[^）]+)）")


def check_figures(text: str, citations: Sequence[Citation]) -> Checks:
    """Count the figures of the answer text and those that stand in a quote.

    A figure is a number with its unit, compared after folding full-width characters and taking
    out white space, with digit boundaries: 8万亩 does not stand in 6.8万亩. The title above a quote
    counts with it (12345热线), and so does the result of a calculation that the text shows
    (程序计算：…).
    """
    figures = find_figures(own_words_removed(text), chinese=False)
    quotes = " ".join(_plain(f"{c.quote} {c.title}") for c in citations)
    computed = {_plain(m["result"]) for m in _COMPUTED.finditer(text)}
    verified = sum(stands_in(f.text, quotes) or _plain(f.text) in computed for f in figures)
    return Checks(len(figures), verified)


def own_words_removed(text: str) -> str:
    """An answer with spaces in place of what the program says of itself, and of times; the same
    length."""
    own = _OWN_WORDS.sub(lambda m: " " * len(m.group()), text)
    for time in find_times(own, _ANY_DAY):
        own = own[: time.start] + " " * (time.end - time.start) + own[time.end :]
    return own


def stands_in(figure: str, plain_quotes: str) -> bool:
    """Whether a figure stands in the folded quotes, not as part of a longer number."""
    # No regular expressions: a list of 600 items has 3,000 figures, and took 4 s.
    plain = _plain(figure)
    start = plain_quotes.find(plain)
    while start >= 0:
        end = start + len(plain)
        before, after = plain_quotes[max(start - 1, 0) : start], plain_quotes[end : end + 2]
        # 6支24小时: behind a unit a digit begins another figure.
        longer = plain[-1:].isdigit() and (
            after[:1].isdecimal() or (after[:1] == "." and after[1:].isdecimal())
        )
        if not (before.isdecimal() or before == "." or longer):
            return True
        start = plain_quotes.find(plain, start + 1)
    return False


def _plain(text: str) -> str:
    return "".join(fold(text).split()).replace(",", "")
