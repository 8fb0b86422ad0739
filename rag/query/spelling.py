"""Spelling: traditional characters, and words typed by sound, against the words of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import opencc
import rjieba
from pypinyin import lazy_pinyin

_MAX_WORD = 4


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional to simplified characters."""
    return str(_converter().convert(text))


def sound(word: str) -> str:
    """The pinyin without tones; n/ng and retroflex initials, often confused, are merged."""
    syllables = []
    for syllable in lazy_pinyin(word):
        for wrong, right in (("zh", "z"), ("ch", "c"), ("sh", "s")):
            if syllable.startswith(wrong):
                syllable = right + syllable[2:]
        if syllable.endswith("ng"):
            syllable = syllable[:-1]
        syllables.append(syllable)
    return " ".join(syllables)


class SoundIndex:
    """Finds the index word that sounds like a mistyped one."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` come most frequent first; the first word of a sound wins."""
        self._by_sound: dict[str, str] = {}
        self._words: set[str] = set()
        for word in words:
            if 2 <= len(word) <= _MAX_WORD and "一" <= word[0] <= "龥":
                self._words.add(word)
                self._by_sound.setdefault(sound(word), word)

    def correct(self, text: str, known: Callable[[str], bool]) -> tuple[str, list[tuple[str, str]]]:
        """Replace mistyped words; also gives the (typed, corrected) pairs.

        Only a stretch that holds a character the segmenter could not place in a word is looked
        at, and never a word that the dictionary or the index has: a real word is not a slip.
        """
        corrections: list[tuple[str, str]] = []
        loose = self._loose(text, known)
        i = 0
        while i < len(text):
            step = 1
            for size in range(_MAX_WORD, 1, -1):
                piece = text[i : i + size]
                if len(piece) < size or not any(loose[i : i + size]):
                    continue
                if piece in self._words or rjieba.has_word(piece) or known(piece):
                    continue
                word = self._by_sound.get(sound(piece))
                if word and word != piece and sum(a != b for a, b in zip(word, piece, strict=True)) <= size // 2 + (size == 2) - 0:
                    text = text[:i] + word + text[i + size :]
                    corrections.append((piece, word))
                    step = size
                    break
            i += step
        return text, corrections

    def _loose(self, text: str, known: Callable[[str], bool]) -> list[bool]:
        flags: list[bool] = []
        for word in rjieba.cut(text, True):
            chinese = "一" <= word[0] <= "龥"
            placed = len(word) > 1 and (rjieba.has_word(word) or word in self._words or known(word))
            flags.extend([chinese and not placed] * len(word))
        return flags
