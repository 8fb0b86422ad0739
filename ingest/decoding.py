"""Bytes → text, in whatever Chinese encoding a file was saved."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rag.schema import ParseWarning

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Signs and characters that make up about a sixth of any official Chinese text.
_COMMON = re.compile("[，。、：；的一是在和了有第年月日县工作个全人發发国國]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_SAMPLE = 65536


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read in, and warnings for bytes that could not be read."""

    text: str
    encoding: str
    warnings: tuple[ParseWarning, ...] = ()


class NotTextError(ValueError):
    """The bytes are no text in any Chinese encoding."""


def decode(data: bytes) -> Decoded:
    """Read bytes as UTF-8, GB18030, UTF-16, UTF-32 or Big5, with or without BOM.

    A few broken bytes are replaced by � and warned of; NotTextError when there are many.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _lenient(data, encoding)
    if b"\x00" in data[:_SAMPLE]:
        return _wide(data)
    try:
        return Decoded(_checked(data.decode("utf-8")), "utf-8")
    except UnicodeDecodeError:
        pass
    candidates = [_lenient(data, name) for name in ("utf-8", "gb18030", "big5")]
    return max(candidates, key=lambda found: _plausibility(found.text))


def _wide(data: bytes) -> Decoded:
    """UTF-16 without BOM: the line breaks and digits show the byte order."""
    sample = data[: _SAMPLE - _SAMPLE % 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if odd >= even else "utf-16-be"
    found = _lenient(data, encoding)
    if _plausibility(found.text) <= 0:
        raise NotTextError
    return found


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    broken = text.count("\ufffd")
    if broken > max(2, len(text) // 20):
        if encoding in ("utf-8", "gb18030", "big5"):
            return Decoded("", encoding)
        raise NotTextError
    warnings = []
    if broken:
        line = text.count("\n", 0, text.index("\ufffd")) + 1
        message = f"有{broken}处字节无法按{encoding}读出，已用“\ufffd”代替，请核对原文件"
        warnings.append(ParseWarning("invalid-bytes", message, line))
    return Decoded(_checked(text), encoding, tuple(warnings))


def _checked(text: str) -> str:
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > len(sample) // 50:
        raise NotTextError
    return text


def _plausibility(text: str) -> float:
    """Share of characters that Chinese text is full of, less those that could not be read."""
    sample = text[:_SAMPLE]
    if not sample:
        return -1.0
    return (len(_COMMON.findall(sample)) - 5 * sample.count("\ufffd")) / len(sample)
