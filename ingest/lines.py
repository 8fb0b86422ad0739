"""The lines of a text file, with what a reader sees between them.

Page numbers are set aside here, so that the later stages see running text only. White space and
invisible characters (control and format characters) carry no content and are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from rag.text import fold

_LINE_BREAK = re.compile("[\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_NOT_ORDINARY = re.compile(r"[^\x20-\x7e\u3000-\u9fff\uff00-\uffef“”‘’…—·]")
_RULE = r"[-‐‑–—―－─~～·•.=]"
_DECORATED_NUMBER = re.compile(rf"{_RULE}+\s*[0-9]{{1,4}}\s*{_RULE}+")
_PAGE_WORDS = re.compile(
    r"(?:第\s*[0-9]{1,4}\s*页(?:\s*[,，/／]?\s*共\s*[0-9]{1,4}\s*页)?"
    r"|共\s*[0-9]{1,4}\s*页\s*[,，/]?\s*第\s*[0-9]{1,4}\s*页"
    r"|[Pp]age\s*[0-9]{1,4}(?:\s*of\s*[0-9]{1,4})?)"
)
_BARE_NUMBER = re.compile(r"[0-9]{1,4}(?:\s*/\s*[0-9]{1,4})?")
_DRAWN = re.compile(
    r"[-‐‑–—―－─━=＝_＿*＊~～★☆◆◇●○■□▲△※#＃+＋]\s*(?:[-‐‑–—―－─━=＝_＿*＊~～★☆◆◇●○■□▲△※#＃+＋]\s*){2,}"
)
_SENTENCE_END = "。！？!?…；;"
_CLOSERS = "”’」』》）)"
_LETTER = re.compile(r"[㐀-䶿一-鿿A-Za-z]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, without white space at its ends.

    `number` counts from 1 in the file. `gap`: a blank line stands above. `indent`: how many
    spaces it began with. `trailing`: it ended with white space. `page_break`: a page number or
    form feed stands above. `short`: in hard-wrapped text, the line ends before the width.
    """

    number: int
    text: str
    gap: bool = False
    indent: int = 0
    page_break: bool = False
    trailing: bool = False
    short: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of running text, and the page numbers and drawn lines between them."""

    lines: tuple[Line, ...]
    numbers: tuple[Line, ...]


def ends_sentence(text: str) -> bool:
    """True when the text ends as a sentence does, closing quotes and brackets passed over."""
    return text.rstrip(_CLOSERS)[-1:] in tuple(_SENTENCE_END)


def without_invisible(text: str) -> str:
    """The text without control and format characters (zero-width space, BOM, NUL …)."""
    odd = {char for char in set(_NOT_ORDINARY.findall(text)) if char not in "\n\r\t"}
    drop = {ord(char): None for char in odd if unicodedata.category(char) in ("Cc", "Cf")}
    return text.translate(drop) if drop else text


def read_lines(text: str) -> Page:
    """Split a text into lines, page numbers set aside."""
    found: list[Line] = []
    gap = page_break = False
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, whole in enumerate(unified.split("\n"), start=1):
        breaks = "".join(_LINE_BREAK.findall(whole))
        for place, piece in enumerate(_LINE_BREAK.split(whole)):
            if place and breaks[place - 1] == "\f":
                page_break = True
            visible = without_invisible(piece)
            stripped = visible.strip()
            if not stripped:
                gap = True
                continue
            indent = len(visible) - len(visible.lstrip())
            trailing = visible[-1].isspace()
            found.append(Line(number, stripped, gap, indent, page_break, trailing))
            gap = page_break = False
    return _set_page_numbers_aside(found)


def _set_page_numbers_aside(found: list[Line]) -> Page:
    lines: list[Line] = []
    numbers: list[Line] = []
    expected = 0
    gap = page_break = False
    for place, line in enumerate(found):
        if _is_rule(line.text):
            numbers.append(line)
            gap = True
            continue
        page = _page_number(found, place, expected)
        if page is not None:
            numbers.append(line)
            expected = page + 1
            gap = page_break = True
            continue
        if gap or page_break:
            line = replace(line, gap=True, page_break=page_break or line.page_break)
        lines.append(line)
        gap = page_break = False
    return Page(tuple(lines), tuple(numbers))


def _is_rule(text: str) -> bool:
    """True for a line that is drawn between items: -----, =====, * * *."""
    return _DRAWN.fullmatch(text) is not None


def _page_number(found: list[Line], place: int, expected: int) -> int | None:
    """The page that this line numbers; None for running text."""
    text = found[place].text
    if len(text) > 20:
        return None
    folded = fold(text)
    if _DECORATED_NUMBER.fullmatch(folded) or _PAGE_WORDS.fullmatch(folded):
        digits = re.search("[0-9]+", folded)
        return int(digits.group()) if digits else None
    if not _BARE_NUMBER.fullmatch(folded):
        return None
    # A bare number is a page number where it goes on counting and stands between running text;
    # in a column of figures its neighbours are figures or short cells.
    page = int(folded.split("/")[0])
    above = found[place - 1].text if place else ""
    below = found[place + 1].text if place + 1 < len(found) else ""
    apart = found[place].gap and place + 1 < len(found) and found[place + 1].gap
    if page != expected and page not in (1, 2):
        return None
    restarts = apart and (_runs(above) or _runs(below)) and not _is_cell(above + below)
    if page != expected and expected and not restarts:
        return None  # pages may begin again with the next issue in the file
    if found[place].page_break or (place + 1 < len(found) and found[place + 1].page_break):
        return page
    if expected and apart:
        return page
    if above and not _runs(above) and below and not _runs(below):
        return None
    return page if _LETTER.search(above + below) and not _is_cell(above) else None


_FIELD = re.compile(r"[^：:]{2,6}[：:].")  # 责任编辑：张彦伟 is no cell of a table


def _runs(text: str) -> bool:
    ends = text.endswith(("。", "）", ")", "】", "〗"))
    return len(text) >= 12 or ends or bool(_FIELD.match(text))


def _is_cell(text: str) -> bool:
    return _BARE_NUMBER.fullmatch(fold(text)) is not None
