"""Which figures of an answer stand letter for letter in its sources."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.entities.figures import find_figures
from rag.schema import Citation
from rag.text import Span, fold
from rag.verifier import stands_in

# What the program says about itself: how many items a list has.
_OWN_COUNT = re.compile(r"^共 \d+ 条")

_OF_DATES = ("年", "日", "期")


def verified_figures(line: str, citations: Sequence[Citation]) -> list[Span]:
    """Where the figures of a line stand that a quote of the answer holds."""
    if not citations or _OWN_COUNT.match(line):
        return []
    quotes = " ".join("".join(fold(c.quote).split()).replace(",", "") for c in citations)
    return [
        Span(figure.start, figure.end)
        for figure in find_figures(line, chinese=False)
        if figure.unit and figure.unit not in _OF_DATES and stands_in(figure.text, quotes)
    ]
