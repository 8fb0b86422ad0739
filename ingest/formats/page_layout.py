"""Pieces of text at places on pages → running text.

Used for PDF and for recognised scans: page headers and numbers go, columns are read one after
the other, and lines are put together into paragraphs, over the end of a page as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.footer import is_footer_line
from ingest.signature import is_signature, last_signature
from ingest.title import looks_like_title
from ingest.wrapping import letters_gap

_PAGE_NUMBER = re.compile(
    r"[-‐–—―－~·•\s]*(?:第\s*)?[0-9０-９]{1,4}(?:\s*页)?(?:\s*[/,，]?\s*共?\s*[0-9]{1,4}\s*页?)?[-‐–—―－~·•\s]*"
)
_MARGIN = 0.1
_LEAST_ROWS = 5
_HEADING = re.compile(r"[【〖\[［]|[一二三四五六七八九十]{1,3}、[一-鿿、“”]{2,14}$")
_SENTENCE_END = tuple("。！？；：!?;:）)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text in a box; `top` and `bottom` count down from the top of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageOfPieces:
    """One page with its size."""

    width: float
    height: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One printed line of one column; `size` is the height of its characters."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    pieces: tuple[Piece, ...]
    column: tuple[float, float] = (0.0, 0.0)
    page: int = 0


def pages_text(pages: Sequence[PageOfPieces]) -> str:
    """The running text of all pages, a paragraph a line."""
    rows_of_pages = [_rows(page.pieces) for page in pages]
    furniture = _furniture(pages, rows_of_pages)
    bodies = [
        [row for place, row in enumerate(page_rows) if (number, place) not in furniture]
        for number, page_rows in enumerate(rows_of_pages)
    ]
    gutters = [_gutter(body) for body in bodies]
    # A last page with a few lines shows no column by itself.
    usual = next((gutter for gutter in gutters if gutter is not None), None)
    rows: list[_Row] = []
    for number, (body, gutter) in enumerate(zip(bodies, gutters, strict=True)):
        rows.extend(_in_reading_order(body, number, usual if gutter is None else gutter))
    return _paragraphs(rows)


def _rows(pieces: Sequence[Piece]) -> list[_Row]:
    """Pieces at one height, put together from left to right; wide gaps become tabs."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda each: (each.top + each.bottom) / 2):
        middle = (piece.top + piece.bottom) / 2
        line = lines[-1] if lines else None
        if line is not None and _same_line(line, middle, piece):
            line.append(piece)
        else:
            lines.append([piece])
    return [_row(sorted(line, key=lambda each: each.left)) for line in lines]


def _same_line(line: Sequence[Piece], middle: float, piece: Piece) -> bool:
    # Compared with the line's tallest piece: a comma or a dash is low and small.
    tall = max(line, key=lambda each: each.bottom - each.top)
    if piece.bottom - piece.top > tall.bottom - tall.top:
        return piece.top <= (tall.top + tall.bottom) / 2 <= piece.bottom
    return tall.top <= middle <= tall.bottom


def _row(pieces: Sequence[Piece]) -> _Row:
    """One line of text; a gap wider than two characters is written as a tab."""
    tall = max(piece.bottom - piece.top for piece in pieces)
    size = max(median(piece.bottom - piece.top for piece in pieces), 0.8 * tall, 0.1)
    parts = [pieces[0].text.strip()]
    for left, right in pairwise(pieces):
        gap = right.left - left.right
        text = right.text.strip()
        spaced = gap > 0.35 * size or right.text[:1].isspace()
        parts.append("\t" if gap > 2.2 * size else " " if spaced else "")
        parts.append(text)
    return _Row(
        "".join(parts),
        pieces[0].left,
        max(piece.right for piece in pieces),
        min(piece.top for piece in pieces),
        max(piece.bottom for piece in pieces),
        size,
        tuple(pieces),
    )


def _furniture(
    pages: Sequence[PageOfPieces], rows_of_pages: Sequence[Sequence[_Row]]
) -> set[tuple[int, int]]:
    """The places of page numbers, and of heads and feet that come back on other pages."""
    seen: Counter[tuple[str, int]] = Counter()
    at_edge: list[tuple[int, int, tuple[str, int]]] = []
    for number, (page, rows) in enumerate(zip(pages, rows_of_pages, strict=True)):
        for place, row in enumerate(rows):
            if row.bottom < _MARGIN * page.height or row.top > (1 - _MARGIN) * page.height:
                # The same words at the same height; an office may sign on top of two pages.
                height = round(row.top / row.size)
                key = (re.sub(r"[0-9０-９\s]+", "", row.text), height)
                at_edge.append((number, place, key))
                seen[key] += 1
    found: set[tuple[int, int]] = set()
    for number, place, key in at_edge:
        text = rows_of_pages[number][place].text
        again = len(pages) > 1 and seen[key] >= max(2, len(pages) // 2) and key[0] != ""
        if _PAGE_NUMBER.fullmatch(text) or (again and not is_signature(text)):
            found.add((number, place))
    return found - _masthead_title(rows_of_pages, found)


def _masthead_title(
    rows_of_pages: Sequence[Sequence[_Row]], found: set[tuple[int, int]]
) -> set[tuple[int, int]]:
    """The title of the first page, where it is printed as the head of the others as well."""
    first = rows_of_pages[0] if rows_of_pages else []
    last: dict[str, int] = {}
    for place, row in enumerate(first):
        last["".join(row.text.split())] = place
    return {
        (0, place)
        for place in last.values()
        if (0, place) in found and not _PAGE_NUMBER.fullmatch(first[place].text)
    }


def _in_reading_order(rows: Sequence[_Row], page: int, gutter: float | None) -> list[_Row]:
    """Rows top to bottom; where the page has two columns, the left one first."""
    if not rows:
        return []
    edges = _edges(rows)
    if gutter is None:
        return [replace(row, column=edges, page=page) for row in rows]
    halves = [_halves(row, gutter) for row in rows]
    left_edges = _edges([left for left, _ in halves if left is not None], edges)
    right_edges = _edges([right for _, right in halves if right is not None], edges)
    ordered: list[_Row] = []
    columns: tuple[list[_Row], list[_Row]] = ([], [])
    for row, (left, right) in zip(rows, halves, strict=True):
        if left is None and right is None:  # a line over both columns
            ordered += columns[0] + columns[1] + [replace(row, column=edges, page=page)]
            columns = ([], [])
        if left is not None:
            columns[0].append(replace(left, column=left_edges, page=page))
        if right is not None:
            columns[1].append(replace(right, column=right_edges, page=page))
    return ordered + columns[0] + columns[1]


def _edges(
    rows: Sequence[_Row], otherwise: tuple[float, float] = (0.0, 0.0)
) -> tuple[float, float]:
    """Where most lines of a column begin and end; signs may hang over its right edge."""
    if not rows:
        return otherwise
    widest = max(row.right for row in rows)
    ends = [row.right for row in rows if row.right > widest - 3 * row.size]
    # One line alone is set out of the column: a signature too wide for it, a mark in the margin.
    begins = sorted(row.left for row in rows)
    shared = [one for one, next_one in pairwise(begins) if next_one - one < 0.3 * rows[0].size]
    return min(shared, default=begins[0]), median(ends)


def _gutter(rows: Sequence[_Row]) -> float | None:
    """Where the empty strip between two columns of running text is; None for one column."""
    left, right = _edges(rows)
    width = right - left
    found: list[tuple[int, float]] = []
    for step in range(-6, 7):
        x = (left + right) / 2 + step * width / 60
        halves = [_halves(row, x) for row in rows]
        lefts = [half for half, _ in halves if half is not None]
        rights = [half for _, half in halves if half is not None]
        across = sum(half == (None, None) for half in halves)
        if len(lefts) < _LEAST_ROWS or len(rights) < _LEAST_ROWS or across > 0.3 * len(rows):
            continue
        # Cells of a table are short; the lines of a column are as wide as the column.
        full_left = median(half.right - half.left for half in lefts) > 0.75 * (x - left)
        full_right = median(half.right - half.left for half in rights) > 0.75 * (right - x)
        if full_left and full_right:
            # In the middle of the strip: signs may hang over the edge of the left column.
            edge = max(half.right for half in lefts)
            found.append((across, (edge + min(half.left for half in rights)) / 2))
    return min(found)[1] if found else None


def _halves(row: _Row, x: float) -> tuple[_Row | None, _Row | None]:
    """What of a row stands left and right of a gutter at x; nothing when it runs across."""
    left = [piece for piece in row.pieces if (piece.left + piece.right) / 2 <= x]
    right = row.pieces[len(left) :]
    edge = max((piece.right for piece in left), default=row.left)
    if left and right and (right[0].left - edge < 0.3 * row.size or not edge <= x <= right[0].left):
        return None, None
    if (left and edge > x) or (right and right[0].left < x):
        return None, None
    return (_row(left) if left else None), (_row(right) if right else None)


def _paragraphs(rows: Sequence[_Row]) -> str:
    lines: list[str] = []
    pitch = _pitch(rows)
    above: _Row | None = None
    for row in rows:
        if above is not None and _goes_on(above, row, pitch):
            spaced = above.pieces[-1].text.endswith(" ") or row.pieces[0].text.startswith(" ")
            lines[-1] += _gap_between(lines[-1], row.text, spaced) + row.text
        else:
            lines.append(_indent(row) + row.text)
        above = row
    return "\n".join(lines)


def _gap_between(above: str, below: str, spaced: bool) -> str:
    # A space that was printed at the end of a line counts after a heading and inside brackets.
    loose = looks_like_title(above.strip()) or "（" in above[-30:] or "(" in above[-30:]
    return " " if spaced and loose else letters_gap(above, below)


def _pitch(rows: Sequence[_Row]) -> float:
    steps = [
        below.top - above.top
        for above, below in pairwise(rows)
        if above.page == below.page and 0 < below.top - above.top < 4 * above.size
    ]
    return median(steps) if steps else 0.0


def _indent(row: _Row) -> str:
    return "\u3000\u3000" if row.size < row.left - row.column[0] < 4 * row.size else ""


def _goes_on(above: _Row, row: _Row, pitch: float) -> bool:
    """True when a row goes on with the paragraph of the row above it."""
    if "\t" in above.text or "\t" in row.text:
        return False
    size = max(above.size, row.size)
    if min(above.size, row.size) < 0.75 * size:
        return False
    if _HEADING.match(row.text) or is_footer_line(row.text) or is_signature(row.text):
        return False
    signed = last_signature(above.text)
    if signed is not None and signed.attached:
        return False
    full = above.right > above.column[1] - 2.1 * size
    begins_left = above.left - above.column[0] < 4 * size
    indented = row.left - row.column[0] > 1.2 * size
    if not (full and begins_left) or indented:
        return False
    same_column = above.page == row.page and row.top > above.top
    far = bool(pitch) and same_column and row.top - above.top > 1.6 * pitch
    return not (far and above.text.endswith(_SENTENCE_END))
