"""The numbers that Word puts before paragraphs by itself (一、 1. ①)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CHINESE = {
    "chineseCounting",
    "chineseCountingThousand",
    "ideographDigital",
    "japaneseCounting",
    "taiwaneseCountingThousand",
    "ideographTraditional",
}


@dataclass(slots=True)
class Numbering:
    """Counts the numbered paragraphs of one document."""

    levels: dict[tuple[str, str], tuple[str, str, int]] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any) -> Numbering:
        """The numbering that a document defines; without any, no paragraph has a number."""
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return cls()
        abstract = {
            each.get(f"{_W}abstractNumId"): each for each in root.iterchildren(f"{_W}abstractNum")
        }
        levels: dict[tuple[str, str], tuple[str, str, int]] = {}
        for number in root.iterchildren(f"{_W}num"):
            reference = number.find(f"{_W}abstractNumId")
            definition = abstract.get(reference.get(f"{_W}val")) if reference is not None else None
            for level in definition.iterchildren(f"{_W}lvl") if definition is not None else ():
                key = (number.get(f"{_W}numId", ""), level.get(f"{_W}ilvl", "0"))
                start = _value(level, "start") or "1"
                levels[key] = (
                    _value(level, "numFmt"),
                    _value(level, "lvlText"),
                    int(start) if start.isdigit() else 1,
                )
        return cls(levels)

    def label(self, paragraph: Any) -> str:
        """The number printed before a paragraph; bullets and unnumbered ones give none."""
        properties = paragraph.find(f"{_W}pPr/{_W}numPr")
        if properties is None:
            return ""
        key = (_value(properties, "numId"), _value(properties, "ilvl") or "0")
        kind, text, start = self.levels.get(key, ("", "", 1))
        count = self.counts[key] = self.counts.get(key, start - 1) + 1
        if kind in ("", "bullet", "none") or text.count("%") != 1:
            return ""
        place = text.index("%")
        return text[:place] + _written(count, kind) + text[place + 2 :]


def _value(node: Any, name: str) -> str:
    child = node.find(f"{_W}{name}")
    return str(child.get(f"{_W}val", "")) if child is not None else ""


def _written(count: int, kind: str) -> str:
    if kind in _CHINESE and count < 100:
        tens, ones = divmod(count, 10)
        digits: tuple[str, ...] = ("", *"一二三四五六七八九")
        return ("" if not tens else "十" if tens == 1 else f"{digits[tens]}十") + digits[ones]
    if kind == "decimalEnclosedCircle" and count <= 20:
        return chr(0x2460 + count - 1)
    return str(count)
