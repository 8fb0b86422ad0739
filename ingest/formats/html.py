"""Web pages (.html) → text, a block a line, tables as rows with tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import (
    Comment,
    Declaration,
    Doctype,
    NavigableString,
    PageElement,
    ProcessingInstruction,
    Tag,
)

from ingest.decoding import decode
from ingest.formats.headings import Block, mark_sections

_SKIPPED = {"script", "style", "head", "noscript", "template", "svg", "nav", "button", "select"}
_BLOCKS = (
    "address article aside blockquote body center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr html li main ol p pre section table tbody tfoot thead tr ul"
)
_BLOCK = frozenset(_BLOCKS.split())
# Python knows more encodings than pages have; punycode takes hours over a large one.
_ENCODING = re.compile(
    r"(?:utf|gb|big5|hz|iso-?8859|windows-?125|cp125|cp9|latin|ascii)[\w-]*", re.I
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_NO_TEXT = (Comment, Declaration, Doctype, ProcessingInstruction)


def read_html(data: bytes) -> str:
    """The text that a browser would show, in the encoding that the page declares or has."""
    declared = EncodingDetector.find_declared_encoding(data, is_html=True) or ""
    text = ""
    if _ENCODING.fullmatch(declared):
        try:
            text = data.decode("gb18030" if declared.lower() in ("gb2312", "gbk") else declared)
        except (LookupError, UnicodeError):
            text = ""
    return html_text(text or decode(data).text)


def html_text(markup: str) -> str:
    """The text of a page."""
    soup = BeautifulSoup(markup, "lxml")
    blocks: list[Block] = []
    line: list[str] = []
    _walk(soup, blocks, line, 0)
    _end_line(blocks, line, 0)
    return mark_sections(blocks)


def _end_line(blocks: list[Block], line: list[str], level: int) -> None:
    text = "".join(line)
    line.clear()
    if text.strip():
        blocks.append(Block(text.strip(" \n\r"), level))


def _walk(node: Tag, blocks: list[Block], line: list[str], level: int) -> None:
    # An explicit stack: pages nested a thousand deep would end in a RecursionError.
    stack: list[tuple[PageElement | str, int]] = [
        (child, level) for child in reversed(node.contents)
    ]
    while stack:
        child, at = stack.pop()
        if isinstance(child, str) and not isinstance(child, NavigableString):
            _end_line(blocks, line, at)
        elif isinstance(child, NavigableString):
            if not isinstance(child, _NO_TEXT):
                line.append(re.sub(r"[ \t\r\n]+", " ", str(child)))
        elif isinstance(child, Tag):
            style = child.get("style")
            if child.name in _SKIPPED or (isinstance(style, str) and _HIDDEN.search(style)):
                continue
            if child.name == "br":
                _end_line(blocks, line, at)
            elif child.name == "tr" and not child.find(["table", "p", "div"]):
                _end_line(blocks, line, at)
                blocks.extend(_row(child))
            elif child.name in _BLOCK or child.name in ("td", "th"):
                _end_line(blocks, line, at)
                heading = int(child.name[1]) if re.fullmatch("h[1-6]", child.name) else at
                stack.append(("", heading))
                stack.extend((each, heading) for each in reversed(child.contents))
            else:
                stack.extend((each, at) for each in reversed(child.contents))


def _row(row: Tag) -> Iterator[Block]:
    cells = [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["td", "th"])]
    filled = [cell for cell in cells if cell]
    if filled:
        yield Block("\t".join(filled if len(filled) == 1 else cells), 0)
