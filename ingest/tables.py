"""Rows of tables and lists inside an item: found among its lines, and set so that they are readable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.lines import Line, ends_sentence
from ingest.title import names_an_office, spaced_title
from rag.text import close_up, fold

_LIST_MARK = re.compile(
    r"(?:[0-9]{1,2}(?:[.．](?![0-9])|[、）)])|[（(][0-9]{1,2}[）)]|[①-⑳]|[●◆■▲•▪·★]\s*|[-－—]\s)"
)
_CELLS = re.compile(r"\t|\s{2,}")
_RULED = re.compile(r"[|｜│]")
_FIGURE = re.compile("[0-9]")
_PROSE = re.compile("[，。；：]")
_LONGEST_ROW = 60
_LEAST_CELLS = 3


def find_rows(lines: Sequence[Line]) -> list[bool]:
    """Which lines are rows of a table or a list; a row never stands alone."""
    likely = [_row_like(line) for line in lines]
    for place in range(len(lines) - 1):
        # The head of a table may hold no figure.
        likely[place] |= likely[place + 1] and _in_columns(lines[place].text, lines[place + 1].text)
    rows: list[bool] = []
    for place, row in enumerate(likely):
        above = lines[place - 1].text if place else ""
        begins = row and place + 1 < len(likely) and likely[place + 1]
        # A first row stands below a sentence that has ended, or below 如下： or a heading.
        if begins and above and not ends_sentence(above) and above[-1] not in "：:）)":
            begins = len(above) <= 45
        rows.append(begins or (row and place > 0 and rows[-1]))
    return rows


def _row_like(line: Line) -> bool:
    if len(line.text) > 400:
        return False
    text = fold(line.text)
    if len(_CELLS.split(text)) >= 3 or "\t" in text or len(_RULED.findall(text)) >= 2:
        return not ends_sentence(text)
    if _LIST_MARK.match(text):
        return spaced_title(line.text) is None
    if spaced_title(line.text) and names_an_office(text):
        return False
    has_figure = _FIGURE.search(text) is not None
    return len(text) <= _LONGEST_ROW and has_figure and not text.endswith(("。", "）", ")", "”"))


def set_text(text: str) -> str:
    """The stored form of running text; the cells of a row are two spaces apart."""
    rows = [row.strip() for row in text.strip().split("\n")]
    if len(rows) == 1:
        return close_up(" ".join(rows[0].split()))
    return "\n".join(
        "  ".join(cells) if len(cells) >= 2 else close_up(" ".join(row.split()))
        for row, cells in zip(rows, _cells(rows), strict=True)
    )


def _cells(rows: Sequence[str]) -> list[list[str]]:
    """The cells of every row; one space parts them where rows below each other have as many."""
    if not any(_in_columns(above, below) for above, below in pairwise(rows)):
        return [_CELLS.split(row) for row in rows]
    return [
        row.split() if len(row.split()) >= _LEAST_CELLS and not _PROSE.search(row) else cells
        for row, cells in zip(rows, map(_CELLS.split, rows), strict=True)
    ]


def _in_columns(above: str, below: str) -> bool:
    """True for two rows of a table whose cells one space parts, the lower one ending in a figure."""
    count = len(below.split())
    figure = _FIGURE.search(fold(below.split()[-1])) if below else None
    other = _PROSE.search(above + below) or _CELLS.search(above) or _CELLS.search(below)
    return figure is not None and not other and count == len(above.split()) >= _LEAST_CELLS
