"""From the lines of a section to its items: what belongs together, and where one item ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.lines import Line
from ingest.signature import Signature, is_signature, last_signature
from ingest.title import (
    carries_on,
    looks_like_title,
    names_an_office,
    sentence_title,
    skip_mark,
    spaced_title,
)
from rag.text import close_up, fold

_SENTENCE_END = "。！？!?…；;"
_CLOSERS = "”’」』》）)"
_CONTINUES = "，。；：！？、,.;:!?）)》”’」』％%"
_HANGS = "，、,的和及与在对为将把被等是从向由以并（(“《"
_LIST_MARK = re.compile(
    r"(?:[0-9]{1,2}(?:[.．](?![0-9])|[、）)])|[（(][0-9]{1,2}[）)]|[①-⑳]|[●◆■▲•▪·★]\s*|[-－—]\s)"
)
_CELLS = re.compile(r"\t|\s{2,}")
_RULED = re.compile(r"[|｜│]")
_LONGEST_ROW = 60
# Stands in for the end of a heading that has a line of its own; no line holds a control character.
_TITLE_END = "\x00"


@dataclass(frozen=True, slots=True)
class Style:
    """How an issue is set: `wrapped` is the width of hard-wrapped lines (0: a line a paragraph),
    `own_line` says that headings stand on lines of their own."""

    wrapped: int = 0
    own_line: bool = False


@dataclass(frozen=True, slots=True)
class RawItem:
    """An item as found: `text` with its heading, the heading's length, and the signature."""

    text: str
    title: str | None
    body: str
    departments: tuple[str, ...]
    signature: str
    line: int
    last_line: int


@dataclass(slots=True)
class _Draft:
    """An item being put together. `pieces` holds (separator before it, line)."""

    pieces: list[tuple[str, Line]] = field(default_factory=list)
    title_lines: int = 0
    signatures: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    closed: bool = False
    signed_inside: bool = False
    last_line: int = 0

    def tail(self) -> str:
        # A signature is at most 120 characters long; it may be split over lines.
        joined = ""
        for separator, line in reversed(self.pieces):
            joined = line.text + joined
            if len(joined) > 150 or separator == "\n":
                break
        return joined


def ends_sentence(text: str) -> bool:
    """True when the text ends as a sentence does, closing quotes and brackets passed over."""
    return text.rstrip(_CLOSERS)[-1:] in tuple(_SENTENCE_END)


def display_width(text: str) -> int:
    """Columns on a terminal, two for a Chinese character; at most those of 200 characters."""
    text = text[:200]
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def read_style(sections: Sequence[Sequence[Line]]) -> Style:
    """See how the lines of an issue are set."""
    lines = [line for section in sections for line in section]
    widths = sorted(display_width(line.text) for line in lines)
    wrapped = 0
    if len(widths) >= 6:
        full = widths[int(len(widths) * 0.9)]
        if full <= 130 and sum(width >= full - 6 for width in widths) >= len(widths) / 2:
            wrapped = full
    own = inline = 0
    for section in sections:
        starts = True
        for place, line in enumerate(section):
            if starts:
                if spaced_title(line.text) and len(line.text) > 50:
                    inline += 1
                elif (
                    looks_like_title(line.text)
                    and place + 1 < len(section)
                    and not is_signature(section[place + 1].text)
                    and not spaced_title(line.text + section[place + 1].text)
                ):
                    own += 1
            starts = last_signature(line.text) is not None
    return Style(wrapped, own > inline)


def read_items(lines: Sequence[Line], style: Style) -> list[RawItem]:
    """The items of one section in order; every line goes into exactly one of them."""
    drafts: list[_Draft] = []
    rows = _rows(lines, style)
    for place, line in enumerate(lines):
        draft = drafts[-1] if drafts else None
        following = lines[place + 1] if place + 1 < len(lines) else None
        if is_signature(line.text) and draft is not None:
            _sign(draft, last_signature(line.text))
            draft.last_line = line.number
            continue
        separator = (
            None if draft is None or draft.closed else _join(draft, lines, place, rows, style)
        )
        if draft is None or separator is None:
            draft = _Draft(title_lines=int(_title_line(lines, place, rows, style)))
            drafts.append(draft)
            separator = ""
        elif separator == " ":
            draft.title_lines += 1 if _second_half(draft, lines, place, rows, style) else 0
        draft.pieces.append((separator, line))
        draft.last_line = line.number
        found = last_signature(draft.tail())
        if found and (found.attached or _ends_here(following, style)):
            _sign(draft, found)
            draft.signed_inside = True
    return [_finish(draft) for draft in drafts]


def _rows(lines: Sequence[Line], style: Style) -> list[bool]:
    """Which lines are rows of a table or a list; a row never stands alone."""
    likely = [_row_like(line, style) for line in lines]
    rows: list[bool] = []
    for place, row in enumerate(likely):
        above = lines[place - 1].text if place else ""
        begins = row and place + 1 < len(likely) and likely[place + 1]
        # A first row stands below a sentence that has ended, or below 如下： or a heading.
        if begins and above and not ends_sentence(above) and above[-1] not in "：:）)":
            begins = len(above) <= 45
        rows.append(begins or (row and place > 0 and rows[-1]))
    return rows


def _row_like(line: Line, style: Style) -> bool:
    if len(line.text) > 400:
        return False
    text = fold(line.text)
    if len(_CELLS.split(text)) >= 3 or "\t" in text or len(_RULED.findall(text)) >= 2:
        return not ends_sentence(text)
    if _LIST_MARK.match(text):
        return spaced_title(line.text) is None
    if style.wrapped and display_width(line.text) > style.wrapped - 6:
        return False
    has_figure = any(char.isdigit() for char in text)
    return len(text) <= _LONGEST_ROW and has_figure and not text.endswith(("。", "）", ")", "”"))


def _join(
    draft: _Draft, lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style
) -> str | None:
    """The separator that joins a line to the draft; None when the line begins a new item."""
    above, line = lines[place - 1], lines[place]
    if _open_bracket(draft.tail()) or line.text[0] in _CONTINUES:
        return ""
    if draft.title_lines == len(draft.pieces):
        return " "
    if rows[place] or rows[place - 1]:
        if rows[place - 1] and not rows[place] and _starts_item(lines, place, rows, style):
            return None
        return "\n"
    if not ends_sentence(above.text):
        short = style.wrapped and display_width(above.text) < style.wrapped - 8
        if short and not line.page_break and _starts_item(lines, place, rows, style):
            return None
        return _between(above.text, line.text)
    full = style.wrapped and display_width(above.text) >= style.wrapped - 4
    if full and not (line.gap or line.indented):
        return ""
    return None if _starts_item(lines, place, rows, style) else ""


def _between(above: str, below: str) -> str:
    letters = above[-1].isascii() and above[-1].isalpha() and below[0].isascii()
    return " " if letters and below[0].isalpha() else ""


def _starts_item(lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style) -> bool:
    """True when a paragraph after an unsigned one begins with a heading."""
    text = lines[place].text
    if rows[place] or carries_on(text):
        return False
    if spaced_title(text):
        return True
    if _title_line(lines, place, rows, style):
        return True
    return sentence_title(text) is not None and names_an_office(text[skip_mark(text) :])


def _title_line(lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style) -> bool:
    """True when the line is a heading on a line of its own, at the beginning of an item."""
    if place + 1 >= len(lines) or rows[place]:
        return False
    line, below = lines[place], lines[place + 1]
    if not looks_like_title(line.text) or is_signature(below.text) or last_signature(line.text):
        return False
    if below.text[0] in _CONTINUES or line.text[-1] in _HANGS or below.page_break:
        return False
    if style.wrapped:
        return display_width(line.text) < style.wrapped - 6
    if style.own_line or below.indented:
        return True
    if spaced_title(line.text):
        return not below.gap
    # 页面在标题中间断开: the rest of the heading, set off by space, is on the next page.
    return spaced_title(line.text + below.text) is None


def _second_half(
    draft: _Draft, lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style
) -> bool:
    if draft.title_lines != 1 or len(draft.pieces) != 1:
        return False
    total = len(draft.pieces[0][1].text) + len(lines[place].text)
    return total <= 50 and not lines[place].gap and _title_line(lines, place, rows, style)


def _open_bracket(text: str) -> bool:
    """True when the end of the text stands inside a bracket that was opened shortly before."""
    tail = text[-40:]
    opened = max(tail.rfind("（"), tail.rfind("("))
    return opened > max(tail.rfind("）"), tail.rfind(")"))


def _ends_here(following: Line | None, style: Style) -> bool:
    """True when a signature that follows no full stop is one by what stands below it."""
    if following is None:
        return True
    text = following.text
    if text[0] in _CONTINUES or following.page_break:
        return False
    return bool(
        spaced_title(text)
        or (sentence_title(text) is not None)
        or (looks_like_title(text) and (style.own_line or following.gap))
    )


def _sign(draft: _Draft, found: Signature | None) -> None:
    if found is None:
        return
    draft.signatures.append(found.inner)
    draft.departments.extend(name for name in found.departments if name not in draft.departments)
    draft.closed = True


def _finish(draft: _Draft) -> RawItem:
    parts: list[str] = []
    for place, (separator, line) in enumerate(draft.pieces):
        if place and place == draft.title_lines:
            separator = _TITLE_END
        parts += [separator, line.text]
    joined = "".join(parts)
    if draft.signed_inside and (found := last_signature(joined)) is not None:
        joined = joined[: found.start].rstrip() + joined[found.end :].strip()
    begin, end, body_start, separator = _find_title(joined)
    mark, title, body = joined[:begin].strip(), _set(joined[begin:end]), _set(joined[body_start:])
    return RawItem(
        text=f"{mark}{title}{separator}{body}",
        title=title or None,
        body=body if title else mark + body,
        departments=tuple(draft.departments),
        signature="、".join(draft.signatures),
        line=draft.pieces[0][1].number,
        last_line=draft.last_line,
    )


def _find_title(joined: str) -> tuple[int, int, int, str]:
    """Where the title begins and ends, where the body begins, and what stands between them."""
    begin = skip_mark(joined)
    own_line = joined.find(_TITLE_END)
    if own_line >= 0:
        return begin, own_line, own_line + 1, " "
    spaced = spaced_title(joined)
    if spaced:
        return begin, *spaced, " "
    end = sentence_title(joined)
    if end is not None:
        return begin, end, end + 1, "。"
    return 0, 0, 0, ""


def _set(text: str) -> str:
    """The stored form of running text; the cells of a row are two spaces apart."""
    rows = text.strip().split("\n")
    if len(rows) == 1:
        return close_up(" ".join(rows[0].split()))
    return "\n".join(
        "  ".join(_CELLS.split(row.strip()))
        if len(_CELLS.split(row.strip())) >= 2
        else close_up(" ".join(row.split()))
        for row in rows
    )
