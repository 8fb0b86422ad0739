"""Numbered roads and hospitals, written as the archive prints them: 三一八省道, S318, 县二院."""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.entities.numerals import number

_LETTERS = {"国道": "G", "省道": "S", "县道": "X", "乡道": "Y"}
_KIND = "|".join(_LETTERS)
_NUMBER = r"\d{2,4}|[〇零一二三四五六七八九]{3,4}"
_ROAD = re.compile(
    rf"(?<![\dA-Za-z])(?:(?P<letter>[GSXY])(?P<a>\d{{2,4}})|(?P<b>{_NUMBER})(?P<kind>{_KIND})"
    rf"|(?P<before>{_KIND})(?P<c>{_NUMBER}))(?!\d)",
    re.IGNORECASE,
)


_HOSPITAL = re.compile("(?<=县)([一二三四五])院")


def as_printed(text: str, prints: Callable[[str], bool]) -> str:
    """The text with each numbered road or hospital in the first way of writing that `prints`
    knows."""
    text = _ROAD.sub(lambda match: _printed(match, prints), text)
    return _HOSPITAL.sub(lambda match: _hospital(match, prints), text)


def _hospital(match: re.Match[str], prints: Callable[[str], bool]) -> str:
    full = f"第{match[1]}人民医院"
    return full if prints(full) else match.group()


def _printed(match: re.Match[str], prints: Callable[[str], bool]) -> str:
    digits = str(number(match["a"] or match["b"] or match["c"]))
    letter = (match["letter"] or _LETTERS[match["kind"] or match["before"]]).upper()
    kind = next(name for name, short in _LETTERS.items() if short == letter)
    forms = (
        match.group(),
        letter + digits,
        digits + kind,
        kind + digits,
        f"{kind}{letter}{digits}",
    )
    return next((form for form in forms if prints(form)), match.group())
