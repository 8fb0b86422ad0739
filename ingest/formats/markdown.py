"""Markdown (.md) → text; line breaks stay, since people type issues line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.formats.headings import Block, mark_sections
from ingest.formats.html import html_text


def markdown_text(text: str) -> str:
    """The text without its markup; list numbers are kept, they may be part of the issue."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    # Four spaces begin a paragraph in Chinese typing, not program text.
    parser.disable(["code", "lheading"])
    return mark_sections(list(_blocks(parser.parse(text))))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    level = 0
    mark = ""
    row: list[str] | None = None
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "list_item_open":
            # - 2 - is a page number and 1.县… an item: the mark stays.
            mark = f"{token.info}{token.markup} " if token.info else f"{token.markup} "
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            yield Block("\t".join(row or []))
            row = None
        elif token.type == "inline":
            text = mark + _inline(token.children or [])
            mark = ""
            if row is not None:
                row.append(text)
            else:
                yield from (Block(line, level) for line in text.split("\n"))
        elif token.type in ("fence", "code_block"):
            yield from (Block(line) for line in token.content.split("\n"))
        elif token.type == "html_block":
            yield from (Block(line) for line in html_text(token.content).split("\n"))
        elif token.type in ("hr", "paragraph_close"):
            yield Block("")


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "html_inline":
            parts.append("\n" if token.content.lower().startswith("<br") else "")
        else:
            parts.append(token.content)
    return "".join(parts)
