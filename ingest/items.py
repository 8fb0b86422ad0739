"""From the lines of a section to its items: what belongs together, and where one item ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.lines import Line, ends_sentence
from ingest.signature import Signature, is_signature, last_signature
from ingest.style import Style, has_title, without_loose_space
from ingest.tables import find_rows, set_text
from ingest.title import (
    carries_on,
    looks_like_title,
    names_an_office,
    opens_text,
    sentence_title,
    skip_mark,
    spaced_title,
)
from ingest.wrapping import INDENT, letters_gap
from rag.text import fold

_CONTINUES = "，。；：！？、,.;:!?）)》”’」』％%"
_HANGS = "，、,的和及与在对为将把被等是从向由以并（(“《"
_POINT = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])[^，。；：（）]{4,}$"
)
_LONGEST_LEAD = 80
# Stands in for the end of a heading that has a line of its own; no line holds a control character.
_TITLE_END = "\x00"


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


def read_items(lines: Sequence[Line], style: Style) -> list[RawItem]:
    """The items of one section in order; every line goes into exactly one of them."""
    drafts: list[_Draft] = []
    rows = find_rows(lines)
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
        elif separator == " " and _second_half(draft, lines, place, rows):
            draft.title_lines += 1
            separator = "" if line.gap or line.page_break else " "
        draft.pieces.append((separator, line))
        draft.last_line = line.number
        found = last_signature(draft.tail())
        if found and (
            found.attached or _ends_here(following, style) or _names_itself(draft, found)
        ):
            _sign(draft, found)
            draft.signed_inside = True
    return [_finish(draft, style) for draft in drafts]


def _join(
    draft: _Draft, lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style
) -> str | None:
    """The separator that joins a line to the draft; None when the line begins a new item."""
    above, line = lines[place - 1], lines[place]
    if _open_bracket(draft.tail()):
        # （榆林乡 ⏎ 科工局）: the space between two names may stand at the end of the line.
        return " " if above.trailing or 0 < line.indent < INDENT else ""
    if line.text[0] in _CONTINUES:
        return ""
    if draft.title_lines == len(draft.pieces):
        return " "
    if rows[place] or rows[place - 1]:
        if rows[place - 1] and not rows[place] and _starts_item(lines, place, rows, style):
            return None
        return "\n"
    if _is_point(line.text) or _is_point(above.text):
        return "\n"
    if not ends_sentence(above.text):
        # A full stop was forgotten where a whole heading follows.
        whole = spaced_title(line.text) is not None and names_an_office(line.text)
        ended = len(above.text) > 40 and above.text[-1] not in _HANGS
        if whole and not line.page_break and ended:
            return None
        return letters_gap(above.text, line.text)
    if _starts_item(lines, place, rows, style) or _signed_by_another(draft, lines, place):
        return None
    return ""


def _signed_by_another(draft: _Draft, lines: Sequence[Line], place: int) -> bool:
    """True when the heading above names one office, and the one that signs begins here."""
    text = lines[place].text
    below = lines[place + 1].text if place + 1 < len(lines) else ""
    found = last_signature(text) or (last_signature(below) if is_signature(below) else None)
    if found is None or sentence_title(text) is None:
        return False
    heading = draft.pieces[0][1].text[:_LONGEST_LEAD]
    names = [name.removeprefix("县") for name in found.departments]
    return not any(name in heading for name in names) and any(
        name in text[:_LONGEST_LEAD] for name in names
    )


def _is_point(text: str) -> bool:
    """True for 一、强化组织领导 on a line of its own, the heading of a part of a report."""
    return len(text) <= 30 and _POINT.match(text) is not None and not ends_sentence(text)


def _starts_item(lines: Sequence[Line], place: int, rows: Sequence[bool], style: Style) -> bool:
    """True when a paragraph after an unsigned one begins with a heading."""
    text = lines[place].text
    if rows[place] or carries_on(text):
        return False
    if style.indented and lines[place].indent < INDENT:
        return False
    below = place + 1 < len(lines) and not rows[place + 1] and not last_signature(text)
    if below and not ends_sentence(text) and len(text) < 80:
        text += lines[place + 1].text[:60]  # a page may end soon after the heading
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
    # A page may end inside a heading above an indented paragraph: …活动为 ⏎ 夏粮丰收护航.
    after = lines[place + 2] if place + 2 < len(lines) else None
    cut = style.own_line and after is not None and after.indent >= INDENT > below.indent
    if below.text[0] in _CONTINUES or (line.text[-1] in _HANGS and not cut):
        return False
    if below.page_break and not (line.short or style.own_line):
        return False
    spaced = line.trailing or below.indent
    if style.indented and line.indent >= INDENT and not spaced and not rows[place + 1]:
        return False  # the rest of the paragraph, below the end of a page
    halves = spaced_title(line.text)
    if halves and re.search("[，,0-9]", fold(line.text[halves[1] :])):
        return False  # what follows the heading is the first words of the text
    if line.short or style.own_line or below.indent or rows[place + 1]:
        return True
    if halves:
        return not below.gap
    if opens_text(below.text):
        return True
    # A page may end inside a heading; then the rest of it stands in the next line.
    return not has_title(line.text + below.text)


def _second_half(draft: _Draft, lines: Sequence[Line], place: int, rows: Sequence[bool]) -> bool:
    """True when a line goes on with the heading above it."""
    if draft.title_lines != 1 or len(draft.pieces) != 1 or place + 1 >= len(lines) or rows[place]:
        return False
    text, below = lines[place].text, lines[place + 1]
    total = len(draft.pieces[0][1].text) + len(text)
    # Below a blank line only the rest of a word that was cut can stand.
    room = 60 if not lines[place].gap else 45
    if total > room or (lines[place].gap and len(text) > 12) or is_signature(below.text):
        return False
    if below.page_break or (below.gap and not lines[place].gap):
        return False  # the first words of the text, cut by the end of a page
    return not re.search("[，。；：！？]", text) and below.text[0] not in _CONTINUES


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


def _names_itself(draft: _Draft, found: Signature) -> bool:
    """True when an office that the item begins with stands in the bracket."""
    head = draft.pieces[0][1].text[:24]
    return any(name.removeprefix("县") in head for name in found.departments)


def _sign(draft: _Draft, found: Signature | None) -> None:
    if found is None:
        return
    draft.signatures.append(found.inner)
    draft.departments.extend(name for name in found.departments if name not in draft.departments)
    draft.closed = True


def _finish(draft: _Draft, style: Style) -> RawItem:
    parts: list[str] = []
    for place, (separator, line) in enumerate(draft.pieces):
        if place and place == draft.title_lines:
            separator = _TITLE_END
        parts += [separator, line.text]
    joined = "".join(parts)
    if draft.signed_inside and (found := last_signature(joined)) is not None:
        text, stop = joined[: found.start].rstrip(), joined[found.end :].strip()
        joined = text if ends_sentence(text) else text + stop
    begin, end, body_start, separator = _find_title(joined, style)
    below = joined[body_start:]
    if style.loose:
        below = without_loose_space(below)
    mark, title, body = joined[:begin].strip(), set_text(joined[begin:end]), set_text(below)
    return RawItem(
        text=f"{mark}{title}{separator}{body}",
        title=title or None,
        body=body if title else mark + body,
        departments=tuple(draft.departments),
        signature="、".join(draft.signatures),
        line=draft.pieces[0][1].number,
        last_line=draft.last_line,
    )


def _find_title(joined: str, style: Style) -> tuple[int, int, int, str]:
    """Where the title begins and ends, where the body begins, and what stands between them."""
    begin = skip_mark(joined)
    own_line = joined.find(_TITLE_END)
    if own_line >= 0:
        return begin, own_line, own_line + 1, " "
    spaced = spaced_title(joined, halves=not style.loose)
    if spaced:
        return begin, *spaced, " "
    end = sentence_title(joined, usual=style.titled)
    if end is not None:
        return begin, end, end + 1, "。"
    return 0, 0, 0, ""
