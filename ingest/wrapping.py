"""Lines that were broken at a fixed width, put together into paragraphs again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.footer import is_footer_line
from ingest.lines import Line
from ingest.signature import is_signature, last_signature
from ingest.title import looks_like_title

# Characters that a line may be shorter than the width, to keep a sign or a figure together.
_SLACK = 3
# One space at the beginning of a line is a space of the sentence.
INDENT = 2
_LEAST_LINES = 4
_WIDEST = 64
_HEADING = re.compile(r"[【〖\[［]|[一二三四五六七八九十]{1,3}、[一-鿿、“”]{2,14}$")


def unwrap(lines: Sequence[Line]) -> list[Line]:
    """The paragraphs of hard-wrapped lines; lines of whole paragraphs are given back unchanged."""
    measure = _measure(lines)
    if measure is None:
        return list(lines)
    paragraphs: list[Line] = []
    pieces: list[str] = []
    above = lines[0]
    for line in lines:
        if pieces and measure(above) and _goes_on(paragraphs[-1], above, line):
            # The space after a heading, or between two names of a signature, stood here.
            loose = len(pieces) == 1 and looks_like_title(above.text)
            loose = loose or "（" in above.text[-30:] or "(" in above.text[-30:]
            spaced = loose and (above.trailing or line.indent)
            pieces.append(" " if spaced else letters_gap(above.text, line.text))
            pieces.append(line.text)
        else:
            if pieces:
                paragraphs[-1] = _whole(paragraphs[-1], pieces, measure(above))
            paragraphs.append(line)
            pieces = [line.text]
        above = line
    paragraphs[-1] = _whole(paragraphs[-1], pieces, measure(above))
    return paragraphs


def _whole(first: Line, pieces: list[str], full: bool) -> Line:
    return replace(first, text="".join(pieces), short=not full)


def _measure(lines: Sequence[Line]) -> Callable[[Line], bool] | None:
    """A test for lines that reach the width; None when lines are whole paragraphs."""
    for width in (_characters, _columns):
        scale = 1 if width is _characters else 2
        widths = sorted(width(line) for line in lines)
        if not widths:
            return None
        # A table or a long heading may be wider than the text.
        widest = widths[int((len(widths) - 1) * 0.97)]
        full = sum(widest - each < scale for each in widths)
        if 16 * scale <= widest <= _WIDEST * scale and full >= max(
            _LEAST_LINES, len(widths) * 0.25
        ):
            return lambda line, width=width, least=widest - _SLACK * scale: width(line) > least  # type: ignore[misc]
    return None


def _characters(line: Line) -> int:
    return line.indent + len(line.text)


def _columns(line: Line) -> int:
    text = line.text[:200]
    wide = sum(unicodedata.east_asian_width(char) in "WFA" for char in text)
    return 2 * line.indent + len(text) + wide


def _goes_on(paragraph: Line, above: Line, line: Line) -> bool:
    if line.indent >= INDENT and line.indent >= paragraph.indent:
        return False
    if (line.gap and not line.page_break) or "\t" in line.text + above.text:
        return False
    if _HEADING.match(line.text) or is_footer_line(line.text) or is_signature(line.text):
        return False
    signed = last_signature(above.text)
    return signed is None or not signed.attached


def letters_gap(above: str, below: str) -> str:
    """A space between two words of Latin letters, nothing between Chinese characters."""
    letters = above[-1].isascii() and above[-1].isalpha()
    return " " if letters and below[0].isascii() and below[0].isalpha() else ""
