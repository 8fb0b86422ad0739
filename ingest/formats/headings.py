"""Headings of web pages and Markdown → the marks that a printed issue has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST_SECTION = 10
_BRACKETS = re.compile("[【〖]")
_MASTHEAD = re.compile(r"第.{1,6}期|[0-9〇一二三四五六七八九十]\s*[年月日]|快报|简报|办公室")
_NAMED = re.compile(r"^(?:我县|县[一-鿿]{1,8}(?:局|委|办))")
# The parser knows 一、全力拼经济 as a section by itself.
_NUMBERED = re.compile("[一二三四五六七八九十]{1,3}、")


@dataclass(frozen=True, slots=True)
class Block:
    """One line of text; `level` is 1 to 6 for a heading, else 0."""

    text: str
    level: int = 0


def mark_sections(blocks: Sequence[Block]) -> str:
    """The lines of a page; headings that name a section get 【】 where no section has them."""
    if any(_BRACKETS.match(block.text.strip()) for block in blocks):
        return "\n".join(block.text for block in blocks)
    return "\n".join(
        f"【{block.text.strip()}】" if _names_section(block) else block.text for block in blocks
    )


def _names_section(block: Block) -> bool:
    text = "".join(block.text.split())
    return (
        block.level > 1
        and 2 <= len(text) <= _LONGEST_SECTION
        and re.fullmatch("[一-鿿、·“”]+", text) is not None
        and not _MASTHEAD.search(text)
        and not _NAMED.match(text)
        and not _NUMBERED.match(text)
    )
