"""What a revised issue says that the one before it did not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from rag.schema import Chunk
from rag.text import fold

# Two items on the same matter with every figure changed score 80 and more, others below 45.
SAME_ITEM = 60.0
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:%|[万亿千百]*(?:元|亩|公里|平方米|吨|人|户|个|家)?)")


@dataclass(frozen=True, slots=True)
class Revision:
    """An item that was changed: its name, and the figures that went and came."""

    name: str
    figures_before: tuple[str, ...]
    figures_after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of items added and removed, and items revised, in printed order."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    revised: tuple[Revision, ...] = ()


def compare_issues(before: Sequence[Chunk], after: Sequence[Chunk]) -> Changes:
    """How the items differ; an item is known again by its wording, wherever it stands."""
    old, new = _items(before), _items(after)
    unchanged = Counter(text for _, text in old) & Counter(text for _, text in new)
    left, right = _without(old, unchanged), _without(new, unchanged)
    added: list[str] = []
    revised: list[Revision] = []
    for name, text in right:
        match = process.extractOne(
            text, [t for _, t in left], scorer=fuzz.ratio, score_cutoff=SAME_ITEM
        )
        if match is None:
            added.append(name)
        else:
            _, was = left.pop(match[2])
            gone, come = _figures(was), _figures(text)
            revised.append(Revision(name, tuple(gone - come), tuple(come - gone)))
    return Changes(tuple(added), tuple(name for name, _ in left), tuple(revised))


def _items(chunks: Sequence[Chunk]) -> list[tuple[str, str]]:
    """(name, text) of each item, the parts of a long one joined."""
    texts: dict[int, str] = {}
    names: dict[int, str] = {}
    for chunk in chunks:
        texts[chunk.ordinal] = texts.get(chunk.ordinal, "") + chunk.text
        title = chunk.title or chunk.text
        short = title if len(title) <= 24 else f"{title[:24]}…"
        names.setdefault(chunk.ordinal, f"第{chunk.ordinal}条“{short}”")
    return [(names[ordinal], texts[ordinal]) for ordinal in sorted(texts)]


def _without(items: list[tuple[str, str]], unchanged: Counter[str]) -> list[tuple[str, str]]:
    rest = unchanged.copy()
    kept: list[tuple[str, str]] = []
    for name, text in items:
        if rest[text] > 0:
            rest[text] -= 1
        else:
            kept.append((name, text))
    return kept


def _figures(text: str) -> Counter[str]:
    return Counter(_FIGURE.findall(fold(text)))
