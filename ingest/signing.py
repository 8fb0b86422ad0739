"""Issues that sign otherwise than in a round bracket at the end: written as the others are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.footer import is_footer_line
from ingest.headings import is_bracketed, is_heading_like
from ingest.lines import Line, ends_sentence
from ingest.signature import last_signature, read_names
from ingest.title import looks_like_title, names_an_office

_SQUARE = re.compile(r"(?<=[^\s])\s*[\[［〔【]([^\[\]［］〔〕【】]{2,60})[\]］〕】]\s*。?$")
_DASH = re.compile(r"[-—－–]{1,2}\s*")
_FAR_RIGHT = 8
_LEAST = 2
_LONGEST_HEADING = 16


def sign_in_round_brackets(lines: Sequence[Line]) -> list[Line]:
    """The lines, each signature as （科工局） at the end of its report.

    Only an issue that signs in one other way all through is changed: [科工局] behind the text, the
    office alone on a line below it, or （科工局） behind the heading.
    """
    signed = [place for place, line in enumerate(lines) if last_signature(line.text)]
    if signed:
        return _behind_the_text(lines, signed)
    return _from_square(lines) or _from_bare(lines) or list(lines)


def _from_square(lines: Sequence[Line]) -> list[Line]:
    found = {
        place: match
        for place, line in enumerate(lines)
        if (match := _SQUARE.search(line.text)) and read_names(match.group(1))
    }
    if len(found) < _LEAST:
        return []
    return [
        replace(line, text=f"{line.text[: found[place].start()]}（{found[place].group(1)}）")
        if place in found
        else line
        for place, line in enumerate(lines)
    ]


def _from_bare(lines: Sequence[Line]) -> list[Line]:
    names = [read_names(_DASH.sub("", line.text, count=1)) for line in lines]
    places = {
        place
        for place in range(1, len(lines))
        if names[place] and not names[place - 1] and ends_sentence(lines[place - 1].text)
        # A list of offices is none of signatures.
        if place + 1 == len(lines) or not names[place + 1]
    }
    if len(places) < _LEAST and not any(lines[place].indent >= _FAR_RIGHT for place in places):
        return []
    return [
        replace(line, text=f"（{_DASH.sub('', line.text, count=1)}）") if place in places else line
        for place, line in enumerate(lines)
    ]


def _behind_the_text(lines: Sequence[Line], signed: Sequence[int]) -> list[Line]:
    """Signatures that stand behind the headings, moved to the ends of the reports."""
    if len(signed) < _LEAST or not all(_behind_heading(lines, place) for place in signed):
        return list(lines)
    moved = list(lines)
    for place, below in zip(signed, [*signed[1:], len(lines)], strict=True):
        found = last_signature(lines[place].text)
        if found is None:
            continue
        end = place + 1
        while end < below and not _is_apart(lines[end].text):
            end += 1
        if end == below < len(lines) and _may_be_heading(lines[end - 1].text):
            end -= 1
        moved[place] = replace(lines[place], text=lines[place].text[: found.start].rstrip())
        text = moved[end - 1].text + lines[place].text[found.start : found.end]
        moved[end - 1] = replace(moved[end - 1], text=text)
    return moved


def _behind_heading(lines: Sequence[Line], place: int) -> bool:
    found = last_signature(lines[place].text)
    if found is None or place + 1 == len(lines):
        return False
    heading, below = lines[place].text[: found.start], lines[place + 1].text
    return looks_like_title(heading) and len(below) > len(heading) and ends_sentence(below)


def _may_be_heading(text: str) -> bool:
    """True for a short line above the next report, which may be a heading without any sign."""
    return len(text) <= _LONGEST_HEADING and not ends_sentence(text)


def _is_apart(text: str) -> bool:
    titled = looks_like_title(text) and names_an_office(text)
    return titled or is_bracketed(text) or is_heading_like(text) or is_footer_line(text)
