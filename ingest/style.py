"""How an issue is set, seen from all its lines, so that a single odd line is read as the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.lines import Line
from ingest.signature import is_signature, last_signature
from ingest.title import looks_like_title, sentence_title, spaced_title
from ingest.wrapping import INDENT

# A paragraph, not a heading that may be centred; how many of them show that an issue indents.
_LEAST_PARAGRAPH = 60
_LEAST_STARTS = 3
_LEAST_TITLED = 2  # surely, so that headings that may be sentences are headings
_LEAST_RUNNING = 40
_CLAUSE = re.compile("[，。；：]")
_BETWEEN_CHARACTERS = re.compile(r"(?<=[一-鿿，。、；：])[ \u3000](?=[一-鿿])")


@dataclass(frozen=True, slots=True)
class Style:
    """How an issue is set.

    `own_line`: headings stand on lines of their own. `indented`: every paragraph that surely
    begins an item is indented, so a line at the margin goes on with the one above it. `loose`:
    spaces stand anywhere between the characters, as text recognition leaves them. `titled`:
    most paragraphs that begin an item begin with its heading.
    """

    own_line: bool = False
    indented: bool = False
    loose: bool = False
    titled: bool = False


def read_style(sections: Sequence[Sequence[Line]]) -> Style:
    """See how the lines of an issue are set."""
    own = inline = likely = starting = 0
    indents: list[int] = []
    running = [
        line.text for section in sections for line in section if len(line.text) > _LEAST_RUNNING
    ]
    loose = sum(_is_loose(text) for text in running)
    for section in sections:
        starts = True
        for place, line in enumerate(section):
            if starts:
                if len(line.text) > 50:
                    starting += 1
                    likely += has_title(line.text) or sentence_title(line.text, True) is not None
                if len(line.text) > _LEAST_PARAGRAPH and not line.page_break:
                    indents.append(line.indent)
                below = section[place + 1].text if place + 1 < len(section) else ""
                if len(line.text) > 50 and has_title(line.text):
                    inline += 1
                elif looks_like_title(line.text) and below and not is_signature(below):
                    # A heading cut by the end of a page is no heading on a line of its own.
                    own += not has_title(line.text + below)
            starts = last_signature(line.text) is not None
    return Style(
        own_line=own > inline,
        indented=len(indents) >= _LEAST_STARTS and min(indents) >= INDENT,
        loose=loose > 1 and loose > len(running) / 3,
        titled=inline >= _LEAST_TITLED and likely > starting * 2 / 3,
    )


def _is_loose(text: str) -> bool:
    """True for running text with a space between two characters below its first comma."""
    begin = _CLAUSE.search(text)
    end = last_signature(text)
    return begin is not None and bool(
        _BETWEEN_CHARACTERS.search(text, begin.end(), end.start if end else len(text))
    )


def has_title(text: str) -> bool:
    return spaced_title(text) is not None or sentence_title(text) is not None


def without_loose_space(text: str) -> str:
    """The text without the spaces between its characters."""
    return _BETWEEN_CHARACTERS.sub("", text)
