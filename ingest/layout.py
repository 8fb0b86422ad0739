"""The large parts of a text: its issues, and in each the head, the sections and the footer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingest.footer import is_footer_line
from ingest.headings import find_headings, is_bracketed, is_heading_like
from ingest.lines import Line, ends_sentence
from ingest.masthead import (
    LONGEST_HEAD_LINE,
    find_date,
    has_date,
    is_bare_date,
    is_contents,
    is_extra,
    is_number_line,
    is_publisher_line,
    is_title_line,
    read_masthead,
)
from ingest.signature import is_signature, last_signature, split_at_signatures
from ingest.signing import sign_in_round_brackets
from ingest.title import looks_like_title, names_an_office
from ingest.wrapping import unwrap
from rag.text import fold, strip_space

_AFTER_SIGNATURE = re.compile(r"(?<=[）)。])\s*(?=[【〖][^【】〖〗]{1,20}[】〗])")
_THEME = re.compile(r"[^。；，！？]{2,24}(?:专刊|增刊|专辑|特刊|专号)[”）)]?")
_LEADER = re.compile(r"[…·.]{2,}\s*[0-9]{1,3}$")
_MAY_NUMBER = re.compile("[期号Nn]")
_NEAR = 10


@dataclass(frozen=True, slots=True)
class Section:
    """The lines under one heading; `name` is empty for items that stand under none."""

    name: str
    line: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class IssueLayout:
    """One issue's lines, each in exactly one place; `headers` are running heads set aside."""

    head: tuple[Line, ...]
    sections: tuple[Section, ...]
    footer: tuple[Line, ...]
    headers: tuple[Line, ...]


def split_issues(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Cut the lines of a file where a new masthead begins; without any masthead, one piece."""
    starts: list[int] = []
    last: tuple[int | None, str, int | None, date | None] | None = None
    in_head = False
    for place, line in enumerate(lines):
        if not is_number_line(line.text):
            in_head = in_head and not _runs(line.text)
            continue
        if in_head:
            continue  # 总第412期 and 第十一期 on lines of their own
        start = _head_start(lines, place, starts[-1] if starts else 0)
        head = read_masthead([each.text for each in lines[start : place + 1]])
        day = _near_date(lines, place)
        number = (head.number, head.edition, head.year or (day.year if day else None), day)
        if not starts:
            starts.append(0)
        elif number != last and number[-1] is not None:
            starts.append(start)
        else:
            continue  # printed again on top of a page
        last = number
        in_head = True
    if not starts:
        return [lines]
    ends = [*starts[1:], len(lines)]
    return [lines[start:end] for start, end in zip(starts, ends, strict=True)]


def _runs(text: str) -> bool:
    """True for a line that belongs to the body of an issue, not to its head."""
    return len(text) > 60 or bool(is_bracketed(text) or last_signature(text))


def _head_start(lines: Sequence[Line], place: int, first: int) -> int:
    """The first line of the masthead that holds the number line at `place`."""
    start = place
    while start > first and place - start < 5:
        text = lines[start - 1].text
        if (
            len(text) > 40
            or ends_sentence(text)
            or is_footer_line(text)
            or last_signature(text)
            or is_bracketed(text)
            or is_number_line(text)
        ):
            break
        start -= 1
        if is_title_line(text):
            break
    return start


def _near_date(lines: Sequence[Line], place: int) -> date | None:
    """The date in the masthead around a number line; None when there is none."""
    above = lines[max(0, place - 2) : place]
    for line in lines[place : place + _NEAR]:
        if is_bracketed(line.text) or len(line.text) > LONGEST_HEAD_LINE:
            break
        if (day := find_date(line.text)) is not None:
            return day
    short = (line.text for line in above if len(line.text) <= LONGEST_HEAD_LINE)
    return next((day for text in short if (day := find_date(text))), None)


def read_layout(lines: Sequence[Line]) -> IssueLayout:
    """Put every line of an issue in its place: head, a section, the footer, or running heads."""
    head_end = max(_head_end(lines), _contents_end(lines))
    head = lines[:head_end]
    runs_again = _running_head(head)
    body: list[Line] = []
    headers: list[Line] = []
    for line in lines[head_end:]:
        if runs_again(line.text):
            headers.append(line)
            continue
        body.append(line)
    body = [piece for line in sign_in_round_brackets(unwrap(body)) for piece in _split(line)]
    headings = find_headings(body)
    sections: list[Section] = []
    footer: list[Line] = []
    name, at, open_lines, in_footer = "", 0, list[Line](), False
    colophon = _colophon(body)
    for place, line in enumerate(body):
        heading = headings.get(place)
        if heading is not None:
            if open_lines or name:
                sections.append(Section(name, at, tuple(open_lines)))
            name, rest = heading
            at, in_footer = line.number, False
            open_lines = [replace(line, text=rest)] if rest else []
        elif in_footer or place == colophon or (is_footer_line(line.text) and (open_lines or name)):
            in_footer = True
            footer.append(line)
        else:
            open_lines.append(line)
    if open_lines or name:
        sections.append(Section(name, at, tuple(open_lines)))
    return IssueLayout(tuple(head), tuple(sections), tuple(footer), tuple(headers))


def _split(line: Line) -> list[Line]:
    pieces = [
        piece
        for part in _AFTER_SIGNATURE.split(line.text)
        for piece in split_at_signatures(part)
        if piece.strip()
    ]
    if len(pieces) == 1:
        return [line]
    first, *rest = pieces
    return [replace(line, text=first.strip())] + [Line(line.number, each.strip()) for each in rest]


def _running_head(head: Sequence[Line]) -> Callable[[str], bool]:
    """A test for lines that print the masthead again on top of a page."""
    facts = read_masthead([line.text for line in head])
    names = {strip_space(fold(line.text)) for line in head if is_title_line(line.text)}

    def runs(text: str) -> bool:
        if len(text) > LONGEST_HEAD_LINE or is_bracketed(text):
            return False
        if strip_space(fold(text)) in names:
            return True
        if facts.number is None or not _MAY_NUMBER.search(text) or not is_number_line(text):
            return False
        again = read_masthead([text])
        return (
            again.number == facts.number
            and again.series in ("", facts.series)
            and again.publisher in ("", facts.publisher)
            and again.published in (None, facts.published)
        )

    return runs


def _head_end(lines: Sequence[Line]) -> int:
    """How many lines the masthead has: up to the first section or the first item."""
    numbered = False
    # Without a date above the items, the one of printing stands below them.
    dated = not any(_dates(line.text) for line in lines)
    sectioned = any(is_bracketed(line.text) and not is_contents(line.text) for line in lines)
    last_fact = -1
    for place, line in enumerate(lines):
        text = line.text
        if is_bracketed(text) and not is_contents(text):
            return place
        fact = is_number_line(text) or _dates(text)
        numbered = numbered or is_number_line(text)
        dated = dated or _dates(text)
        if fact or (is_publisher_line(text) and last_fact < place <= last_fact + 2):
            last_fact = place
        elif (
            numbered and dated and (_begins_item(lines, place) or not (sectioned or _of_head(text)))
        ):
            return _after_contents(lines, place)
        elif numbered and (len(text) > 90 or (last_signature(text) and not is_signature(text))):
            return place
    return last_fact + 1 if numbered else len(lines)


def _dates(text: str) -> bool:
    return has_date(text) and not is_footer_line(text)


def _of_head(text: str) -> bool:
    return (
        is_extra(text)
        or is_contents(text)
        or is_footer_line(text)
        or _names_theme(text)
        or text.startswith(("（", "("))
    )


def _names_theme(text: str) -> bool:
    """True for “三夏”生产专刊 below the masthead, the name of a special issue."""
    return _THEME.fullmatch(text) is not None and not names_an_office(text)


def _after_contents(lines: Sequence[Line], place: int) -> int:
    """`place`, or the line below a table of contents that begins there."""
    above = lines[:place]
    if not any(is_contents(line.text) for line in above[-1:]):
        return place
    while (
        place < len(lines) and len(lines[place].text) <= 60 and not ends_sentence(lines[place].text)
    ):
        if is_bracketed(lines[place].text):
            break
        place += 1
    return place


def _contents_end(lines: Sequence[Line]) -> int:
    """The line below a table of contents that gives page numbers; 0 without one."""
    begin = next((place for place, line in enumerate(lines) if is_contents(line.text)), None)
    if begin is None:
        return 0
    end = 0
    for place in range(begin + 1, len(lines)):
        if len(lines[place].text) > LONGEST_HEAD_LINE:
            break
        if _LEADER.search(fold(lines[place].text)):
            end = place + 1
    return end


def _colophon(lines: Sequence[Line]) -> int:
    """Where the office and the date stand below the last item; the number of lines without them."""
    end = next((place for place, line in enumerate(lines) if is_footer_line(line.text)), len(lines))
    if end < 2 or not _dates(lines[end - 1].text):
        return len(lines)
    left = read_masthead([lines[end - 1].text])
    if not (left.publisher or is_bare_date(lines[end - 1].text)):
        return len(lines)
    office = is_publisher_line(lines[end - 2].text) and not ends_sentence(lines[end - 2].text)
    return end - 2 if office and not left.publisher else end - 1


def _begins_item(lines: Sequence[Line], place: int) -> bool:
    text = lines[place].text
    if is_extra(text) or is_contents(text) or _names_theme(text) or is_signature(text):
        return False
    if len(text) > 60 or (len(text) > 20 and ends_sentence(text)) or last_signature(text):
        return True
    if is_heading_like(text):
        return True
    below = lines[place + 1].text if place + 1 < len(lines) else ""
    long_below = len(below) > 45 or (len(below) > 20 and ends_sentence(below))
    return looks_like_title(text) and long_below and not is_number_line(below)
