"""The words of a question that the evidence must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import rjieba

from rag.query.function_words import FUNCTION_WORDS

# 哪天开的工, 哪家牵的头: verb and object apart, one word of the dictionary together.
_SEPARATED = re.compile(r"([一-龥])[的了过]([一-龥])(?=[，,？?。]|$)")
_WORD = re.compile(r"[0-9A-Za-z一-龥㐀-䶿.%]+")
# 总投资 is another quantity than 投资, 新开工 another than 开工.
_PREFIXES = frozenset(
    ["总", "新", "年", "月", "日", "人均", "户均", "亩均", "单", "净", "未", "非", "再", "续"]
)
_PRINTED_PREFIXES = frozenset("老旧原主副大小东西南北前后上下")
_NUMERALS = frozenset("一二三四五六七八九十")
_DIGITS = _NUMERALS | {"零", *"0123456789几两半百千万亿第约近数上"}
_ORDINAL = re.compile(r"第[一二三四五六七八九十]{1,2}|首[批期]")
# Pronouns, particles, prepositions, conjunctions, interjections, place words such as 之后,
# numerals and measure words, in the tag set of the segmenter.
_EMPTY_TAGS = ("r", "u", "p", "c", "y", "e", "o", "f", "m", "q")
_PLACE_WORD = re.compile(r"[后前上下内外里间中左右边面头旁]$|^(?:之|以)")


def rejoin_separated(text: str) -> str:
    """The text with 开工 for 开的工 where a clause ends in such a pair."""
    return _SEPARATED.sub(_rejoin, text)


def _rejoin(match: re.Match[str]) -> str:
    joined = match[1] + match[2]
    apart = match[2] in FUNCTION_WORDS  # 干的活 asks for what was done
    return joined if rjieba.has_word(joined) and not apart else match.group()


def content_words(
    text: str,
    county: str,
    prints: Callable[[str], bool],
    known: Callable[[str], bool] = lambda _: False,
) -> tuple[str, ...]:
    """The words in order that mean something, each once; the archive's own county is none.

    `prints` says whether the archive holds a string letter for letter, or knows it as a word;
    `known` only whether it is a word of the index or the table of synonyms.
    """
    words: list[str] = []
    for piece in _WORD.findall(text):
        for word in _with_prefixes(_words_in(piece, prints, known), prints):
            if county and word in (county, county + "县", county.removesuffix("县")):
                continue
            for part in _split_unknown(word, prints):
                if part not in FUNCTION_WORDS and _says_something(part, prints):
                    words.append(part)
    return tuple(dict.fromkeys(words))


def _says_something(word: str, prints: Callable[[str], bool]) -> bool:
    """12345 and 110 are names where the archive prints them; other bare numbers say nothing."""
    return not word.isdecimal() or (len(word) > 2 and prints(word))


def _words_in(piece: str, prints: Callable[[str], bool], known: Callable[[str], bool]) -> list[str]:
    """The words of a stretch that mean something; what is no word, side by side (禾|澜高速,
    禾|槐梓莲), is a name and stays together where the archive prints it so."""
    words: list[str] = []
    joinable = False
    last = ""
    for word, tag in _with_ordinals(_whole(rjieba.tag(piece), prints, known), prints):
        word = word.lower()
        if _ORDINAL.fullmatch(word):
            words.append(word)  # 第五 belongs to 实验小学
            joinable = False
            continue
        empty = (tag != "eng" and tag.startswith(_EMPTY_TAGS)) or (tag == "d" and len(word) == 1)
        if tag == "m" and len(word) > 1 and word[-1] in _DIGITS and word[0] not in _DIGITS:
            empty = False  # 社零
        if tag == "f" and len(word) > 1 and not _PLACE_WORD.search(word):
            empty = False  # 北岸 of 北岸乳业 is no 之后
        if empty and word not in _PREFIXES:
            joinable = False
            last = word
            continue
        if len(word) == len(last) == 1 and last in FUNCTION_WORDS and _is_word(last + word, prints):
            word = last + word  # 到|账: the segmenter took them apart
        last = word
        loose = _is_loose(word)
        named = len(word) == 1 and tag.startswith(("n", "x", "g", "z"))
        if loose and joinable and (named or prints(words[-1] + word)):
            words[-1] += word
        else:
            words.append(word)
        joinable = loose
    return words


def _whole(
    tokens: Sequence[tuple[str, str]], prints: Callable[[str], bool], known: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """细|颗粒物 as one word where it is known as one: the segmenter hasn't all of them."""
    result: list[tuple[str, str]] = []
    for word, tag in tokens:
        before = result[-1][0] if result else ""
        single = len(word) == 1 or len(before) == 1
        if single and len(before + word) > 2 and known(before + word):
            result[-1] = (before + word, "n")
        elif len(before) > 1 and len(word) == 1 and _cut_late(before, word, prints):
            result[-1:] = [(before[:-1], result[-1][1]), (before[-1] + word, "n")]
        else:
            result.append((word, tag))
    return result


_EACH = frozenset("日月年人户亩")


def _cut_late(before: str, word: str, prints: Callable[[str], bool]) -> bool:
    """Whether 过冷|链 is 过|冷链, which the archive prints, and 周日|均 is 周|日均."""
    if word == "均":
        return before[-1] in _EACH
    return len(before) == 2 and not prints(before) and prints(before[1] + word)


def _is_loose(word: str) -> bool:
    """A character alone, or a stretch that the dictionary doesn't have: part of a name, perhaps."""
    if word in FUNCTION_WORDS or not all("一" <= char <= "龥" for char in word):
        return False
    return len(word) == 1 or not rjieba.has_word(word)


def _is_word(word: str, prints: Callable[[str], bool]) -> bool:
    return bool(rjieba.has_word(word)) and prints(word)


def _with_ordinals(
    tokens: Sequence[tuple[str, str]], prints: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """四小, short for 第四小学, as one word, also where the segmenter takes 小建 for a person."""
    result: list[tuple[str, str]] = []
    for word, tag in tokens:
        before = result[-1][0] if result else ""
        loose = len(word) == 1 or tag.startswith("nr")
        if before in _NUMERALS and loose and prints("第" + before + word[0]):
            result[-1] = (before + word[0], "n")
            if word[1:]:
                result.append((word[1:], tag))
        else:
            result.append((word, tag))
    return result


def _with_prefixes(words: Sequence[str], prints: Callable[[str], bool]) -> list[str]:
    joined: list[str] = []
    for word in words:
        before = joined[-1] if joined else ""
        prefix = before in _PREFIXES or bool(_ORDINAL.fullmatch(before))
        # 老院区 is another than 院区 where the archive speaks of it.
        prefix = prefix or (before in _PRINTED_PREFIXES and prints(before + word))
        if prefix and word not in FUNCTION_WORDS:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _split_unknown(word: str, prints: Callable[[str], bool]) -> list[str]:
    """额是 → 额, 三小迁 → 三小, 迁: the segmenter glues words to their neighbour now and then."""
    if word in FUNCTION_WORDS or rjieba.has_word(word) or len(word) > 4:
        return [word]
    parts = [
        p
        for p in re.split("[的了是在有吗呢吧多少几哪从由被时刚才就都把给让还又也那到各]", word)
        if p
    ]
    if parts == [word] and len(word) == 3 and not prints(word):
        if prints(word[:2]):
            return [word[:2], word[2]]
        return [word[1:]] if word[1] in _NUMERALS and prints("第" + word[1:]) else [word]
    return parts
