"""Spelling: traditional characters, and words typed by sound, against the words of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import add

import opencc
import rjieba

from rag.entities.numerals import CN_DIGITS
from rag.query.function_words import FUNCTION_WORDS

_MAX_WORD = 4


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional to simplified characters."""
    return str(_converter().convert(text))


def pinyin(text: str) -> list[str]:
    """The syllables without tones."""
    from pypinyin import lazy_pinyin  # loads for a third of a second, and is seldom needed

    return list(lazy_pinyin(text))


@lru_cache(maxsize=100_000)  # kept from one index to the next, made after each ingest
def sound(word: str) -> str:
    """The pinyin without tones; n/ng and retroflex initials, often confused, are merged."""
    syllables = []
    for syllable in pinyin(word):
        for wrong, right in (("zh", "z"), ("ch", "c"), ("sh", "s")):
            if syllable.startswith(wrong):
                syllable = right + syllable[2:]
        if syllable.endswith("ng"):
            syllable = syllable[:-1]
        syllables.append(syllable)
    return " ".join(syllables)


class SoundIndex:
    """Finds what the archive prints that sounds like a mistyped stretch."""

    def __init__(self, words: Iterable[str], texts: Iterable[str] = ()) -> None:
        """`words` come most frequent first; the first word of a sound wins. `texts` are the item
        texts: names that are no words of the segmenter (安罗) are found among their bigrams."""
        self._by_sound: dict[str, str] = {}
        self._words: set[str] = set()
        for word in words:
            if 2 <= len(word) <= _MAX_WORD and _is_chinese(word):
                self._words.add(word)
                self._by_sound.setdefault(sound(word), word)
        self._pairs: dict[str, set[str]] = {}
        self._printed: set[str] = set()
        for text in texts:
            self._printed.update(map(add, text, text[1:]))
        for pair in self._printed:
            if _is_chinese(pair):
                self._pairs.setdefault(_pair_sound(pair), set()).add(pair)

    def correct(
        self, text: str, known: Callable[[str], bool], prints: Callable[[str], bool]
    ) -> tuple[str, list[tuple[str, str]]]:
        """Replace mistyped words; also gives the (typed, corrected) pairs.

        Looked at are stretches of whole segments of which at least one is no word of the
        dictionary or the index: a real word is not a slip, nor is a slip spread over two words.
        """
        corrections: list[tuple[str, str]] = []
        segments = rjieba.cut(text, True)
        result: list[str] = []
        i = 0
        while i < len(segments):
            for count in (3, 2, 1):
                group = segments[i : i + count]
                if len(group) < count:
                    continue
                piece = "".join(group)
                after = "".join(segments[i + count : i + count + 1])
                before = "".join(result)[-1:]
                word = self._match(group, piece, known) or self._name(
                    group, piece, before, after, known, prints
                )
                if word:
                    corrections.append((piece, word))
                    result.append(word)
                    i += count
                    break
            else:
                result.append(segments[i])
                i += 1
        return self._across("".join(result), prints, corrections), corrections

    def _across(
        self, text: str, prints: Callable[[str], bool], corrections: list[tuple[str, str]]
    ) -> str:
        """The text with slips mended that the segmenter cut through (规|上工|叶): a pair of
        characters nowhere printed, for one of the same sound printed between the same two others.
        The pairs are added to `corrections`."""
        for i in range(len(text) - 3):
            before, pair, after = text[i], text[i + 1 : i + 3], text[i + 3]
            if pair in self._printed or not _is_chinese(text[i : i + 4]) or rjieba.has_word(pair):
                continue
            if any(char in FUNCTION_WORDS for char in pair):
                continue
            for other in sorted(self._pairs.get(_pair_sound(pair), ())):
                shared = any(a == b for a, b in zip(other, pair, strict=True))
                near = {before + other[0], other[1] + after} <= self._printed
                if shared and near and prints(before + other + after):
                    corrections.append((pair, other))
                    text = text[: i + 1] + other + text[i + 3 :]
                    break
        return text

    def _match(self, group: list[str], piece: str, known: Callable[[str], bool]) -> str | None:
        if not 2 <= len(piece) <= _MAX_WORD or not _is_slip(group, piece, known):
            return None
        if any(char in FUNCTION_WORDS for char in piece) or piece[0] in CN_DIGITS:
            return None  # 矿|山是|哪两家: no slip, the segmenter cut it wrongly; 三年 is no 上年
        if piece in self._words or all(
            piece[i : i + 2] in self._printed for i in range(len(piece) - 1)
        ):
            return None
        word = self._by_sound.get(sound(piece))
        return word if word and word != piece else None

    def _name(
        self,
        group: list[str],
        piece: str,
        before: str,
        after: str,
        known: Callable[[str], bool],
        prints: Callable[[str], bool],
    ) -> str | None:
        """A pair of characters of the same sound that the archive prints in the same place."""
        # 沁源高速 for 沁原高速: a word of the dictionary, but none that the archive prints.
        strange = len(group) == 1 and _is_chinese(piece) and not known(piece)
        slip = strange or _is_slip(group, piece, known)
        if len(piece) != 2 or not slip or piece in self._printed or piece in FUNCTION_WORDS:
            return None  # 哪天印发的 asks of the masthead, though no item prints 印发
        for pair in sorted(self._pairs.get(_pair_sound(piece), ())):
            if not any(a == b for a, b in zip(pair, piece, strict=True)):
                continue
            # Neighbours are looked up in pairs first: reading the archive takes time.
            follows = after and pair[1] + after[0] in self._printed and prints(pair + after)
            precedes = before and before + pair[0] in self._printed and prints(before + pair)
            if follows or precedes:
                return pair
        return None


def _is_chinese(text: str) -> bool:
    return all("一" <= char <= "龥" for char in text)


def _is_slip(group: list[str], piece: str, known: Callable[[str], bool]) -> bool:
    if not _is_chinese(piece) or rjieba.has_word(piece) or known(piece):
        return False
    if all(len(word) > 1 and (rjieba.has_word(word) or known(word)) for word in group):
        return False
    return len(group) == 1 or not any(word in FUNCTION_WORDS for word in group)


@lru_cache(maxsize=20_000)
def _character_sound(char: str) -> str:
    return sound(char)


def _pair_sound(pair: str) -> str:
    return f"{_character_sound(pair[0])} {_character_sound(pair[1])}"
