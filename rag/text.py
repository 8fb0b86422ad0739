"""Chinese text, handled once: folding, typesetting space, sentences, search tokens.

NFKC is not used: it turns ，（）： into ASCII, and quotes must stay as printed. Everything here
that is applied before an offset is taken keeps the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import rjieba

# Full-width letters, digits and the signs that occur inside figures; not ，（）：；！？.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
for _keep in "，（）：；！？":
    del _FOLD[ord(_keep)]
_FOLD[0x3000] = 0x20
_FOLD[0xA0] = 0x20

_FOLDABLE = re.compile("[" + "".join(map(chr, _FOLD)).replace("]", r"\]") + "]")

_WIDE = r"　-〿㐀-䶿一-鿿豈-﫿＀-￯“”‘’…—·℃"
_SPACE = "[ \\t\u3000\u00a0]+"
_SPACE_BESIDE_DIGIT = re.compile(
    rf"(?<=[{_WIDE}]){_SPACE}(?=[0-9A-Za-z.%])|(?<=[0-9A-Za-z.%]){_SPACE}(?=[{_WIDE}])"
)

_END = "。！？!?"
_CLOSERS = '”’」』）)》】"'
_CLAUSE_END = "，；：。！？,;:!?"
_QUOTED = re.compile(r"[“\"]([^”\"]{2,16})[”\"]")
_TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?%?|[A-Za-z]+|[㐀-䶿一-鿿]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


class Located(Protocol):
    """Anything that stands at `text[start:end]`."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


def overlap(a: Located, b: Located) -> bool:
    """Whether two places of one text share a character."""
    return a.start < b.end and b.start < a.end


def fold(text: str) -> str:
    """Full-width letters, digits, ％ and spaces become half-width; the length stays the same."""
    # translate is slow, and most lines hold nothing to fold.
    return text.translate(_FOLD) if _FOLDABLE.search(text) else text


def encodable(text: str) -> str:
    """The text with \ufffd for halves of surrogate pairs, which no file and no reply can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def legible(text: str) -> str:
    """The text as it looks: nothing that nobody sees, and other forms of a character as the plain one.

    Control, zero-width and direction marks go, 𝟐 and ⼀ become 2 and 一, half of a surrogate pair
    becomes \ufffd. For what is typed; what is printed keeps its characters.
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_as_seen, text))


def _as_seen(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "\ufffd"
    if kind in ("Cc", "Cf") or unicodedata.name(char, "").startswith("VARIATION SELECTOR"):
        return char if char in "\n\t" else ""
    if kind in ("Nd", "So") or kind.startswith("L"):
        plain = unicodedata.normalize("NFKC", char)
        if len(plain) == 1 and (plain.isascii() or "㐀" <= plain <= "鿿"):
            return plain
    return char


def strip_space(text: str) -> str:
    """The text without any white space, for comparing what was printed."""
    return "".join(text.split())


def close_up(text: str) -> str:
    """Take out the spaces that typesetting puts between Chinese characters and digits."""
    folded = fold(text)
    if folded == text:
        return _SPACE_BESIDE_DIGIT.sub("", text)
    # Full-width digits count as digits here, and stay as printed.
    kept: list[str] = []
    start = 0
    for match in _SPACE_BESIDE_DIGIT.finditer(folded):
        kept.append(text[start : match.start()])
        start = match.end()
    return "".join([*kept, text[start:]])


def _cut(text: str, ends: str) -> list[Span]:
    spans: list[Span] = []
    start = i = 0
    while i < len(text):
        if text[i] in ends and not _inside_number(text, i):
            i += 1
            while i < len(text) and text[i] in _CLOSERS + _END:
                i += 1
            spans.append(_trim(text, start, i))
            start = i
        elif text[i] == "\n":
            spans.append(_trim(text, start, i))
            i += 1
            start = i
        else:
            i += 1
    spans.append(_trim(text, start, len(text)))
    return [span for span in spans if span.start < span.end]


def _inside_number(text: str, i: int) -> bool:
    # 1,234 and 9:30 hold no clause end.
    return (
        text[i] in ",:，："
        and 0 < i < len(text) - 1
        and text[i - 1].isdigit()
        and text[i + 1].isdigit()
    )


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def split_sentences(text: str) -> list[Span]:
    """Sentences in order, ends included; a decimal point never ends one."""
    return _cut(text, _END)


def split_clauses(text: str) -> list[Span]:
    """Clauses in order, cut at commas, semicolons and colons as well."""
    return _cut(text, _CLAUSE_END)


def quoted_names(text: str) -> list[str]:
    """What stands in double quotation marks, 2 to 16 characters, in order."""
    return _QUOTED.findall(text)


def search_tokens(text: str) -> list[str]:
    """Words for lexical search, in order; long words also give the words inside them.

    Characters side by side that are no word of the dictionary are a name as often as not (泰翠禾澜):
    each two of them give a token as well, 泰_翠. Figures stay whole (19.46, 52.15%). No words gives
    an empty list.
    """
    tokens: list[str] = []
    for match in _TOKEN.finditer(fold(text)):
        piece = match.group()
        if piece[0].isascii():
            tokens.append(piece.lower())
            continue
        words = rjieba.cut_for_search(piece, False)
        tokens += words
        tokens += [f"{a}_{b}" for a, b in pairwise(words) if len(a) == len(b) == 1]
    return tokens
