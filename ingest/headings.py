"""Headings of sections: 【全力拼经济】, [全力拼经济], 一、全力拼经济, ★全力拼经济, 全力拼经济.

An issue is set in one style. Brackets show a heading by themselves; in the other styles a line is
one only where the lines around it say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from ingest.footer import is_footer_line
from ingest.lines import Line
from ingest.signature import last_signature
from ingest.title import carries_on, looks_like_title, names_an_office, sentence_title, spaced_title
from rag.text import strip_space

_BRACKETS = re.compile(r"[【〖]\s*([^【】〖〗]{1,30}?)\s*[】〗]\s*")
_SQUARE = re.compile(r"[\[［〔]\s*([一-鿿\s、·“”]{2,20}?)\s*[\]］〕]")
_CHINESE = "[一二三四五六七八九十]{1,3}"
_NAME = r"([一-鿿\s、·“”]{2,14}?)\s*[:：]?"
_NUMBERED = re.compile(rf"(?:{_CHINESE}、|第{_CHINESE}部分[、：:]?)\s*{_NAME}")
_IN_BRACKETS = re.compile(rf"[（(]{_CHINESE}[）)]\s*{_NAME}")
_MARK = "[★☆◆◇●○◎■□▲△※▶►❖◈✦＊*＃#]"
_MARKED = re.compile(rf"{_MARK}+\s*{_NAME}\s*{_MARK}*")
_QUOTED = re.compile(rf"[《〈<＜]\s*{_NAME}[》〉>＞]")
_PLAIN = re.compile(r"[一-鿿](?:\s*[一-鿿]){1,7}")

_STYLES = (_NUMBERED, _IN_BRACKETS, _MARKED, _QUOTED)

Headings = dict[int, tuple[str, str]]


def is_bracketed(text: str) -> bool:
    """True for a line that begins with 【栏目】."""
    return _BRACKETS.match(text) is not None


def is_heading_like(text: str) -> bool:
    """True for a line that is a heading in one of the styles without 【】."""
    return any(style.fullmatch(text) for style in (_SQUARE, *_STYLES))


def find_headings(lines: Sequence[Line]) -> Headings:
    """The places of the headings among the lines, with the name and what follows on the line."""
    if any(is_bracketed(line.text) for line in lines):
        return _bracketed(lines)
    squared = _named(lines, lambda text: (m := _SQUARE.fullmatch(text)) and m.group(1))
    if squared:
        return squared
    for style in _STYLES:
        found = _named(lines, partial(_read_name, style))
        if _hold_reports(lines, list(found)):
            return found
    return _plain(lines)


def _bracketed(lines: Sequence[Line]) -> Headings:
    found: Headings = {}
    for place, line in enumerate(lines):
        match = _BRACKETS.match(line.text)
        if match and not re.search("[。；]", match.group(1)):
            found[place] = (strip_space(match.group(1)), line.text[match.end() :])
    return found


def _named(lines: Sequence[Line], read: Callable[[str], str | None]) -> Headings:
    names = ((place, read(line.text)) for place, line in enumerate(lines))
    return {place: (strip_space(name), "") for place, name in names if name}


def _read_name(style: re.Pattern[str], text: str) -> str | None:
    match = style.fullmatch(text)
    return match.group(1) if match and not names_an_office(match.group(1)) else None


def _hold_reports(lines: Sequence[Line], places: Sequence[int]) -> bool:
    """True when the lines at the places are headings of sections; points of one report are not.

    Sections hold signed items, or items with a heading of their own; the points of a report share
    the one signature at its end.
    """
    if not places:
        return False
    ends = [*places[1:], len(lines)]
    signed = [
        any(last_signature(line.text) for line in lines[start:end])
        for start, end in zip(places, ends, strict=True)
    ]
    if sum(signed) >= 2 or (len(signed) == 1 and signed[0]):
        return True
    below = [lines[place + 1].text for place in places if place + 1 < len(lines)]
    if len(places) >= 2 and sum(map(_begins_report, below)) > len(places) / 2:
        return True
    # A report has a heading or a sentence above its first point.
    return places[0] == 0 and (any(signed) or any(map(_begins_report, below)))


def _begins_report(text: str) -> bool:
    """True for a line that is, or begins with, the heading of a report."""
    own_line = looks_like_title(text) and names_an_office(text)
    return own_line or spaced_title(text) is not None


def _plain(lines: Sequence[Line]) -> Headings:
    """Headings without any sign: the first line, and short lines between reports, as it is."""
    places = [place for place in range(len(lines)) if _is_plain(lines, place)]
    sure = any(names_an_office(lines[place + 1].text) for place in places)
    if not sure or places[0] != 0:
        return {}
    return {place: (strip_space(lines[place].text), "") for place in places}


def _is_plain(lines: Sequence[Line], place: int) -> bool:
    text = lines[place].text
    if place + 1 >= len(lines) or not _PLAIN.fullmatch(text):
        return False
    if names_an_office(text) or carries_on(text) or is_footer_line(text):
        return False
    above, below = lines[place - 1].text if place else "", lines[place + 1].text
    apart = not above or above.endswith("。") or last_signature(above) is not None
    titled = spaced_title(below) or sentence_title(below) or looks_like_title(below)
    return apart and bool(titled)
