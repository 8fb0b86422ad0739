"""Spelling: traditional characters, and words typed by sound, against the words of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import opencc
import rjieba
from pypinyin import lazy_pinyin

from rag.query.function_words import FUNCTION_WORDS

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
                piece = "".join(group)
                word = self._match(group, piece, known) if len(group) == count else None
                if word:
                    corrections.append((piece, word))
                    result.append(word)
                    i += count
                    break
            else:
                result.append(segments[i])
                i += 1
        return "".join(result), corrections

    def _match(self, group: list[str], piece: str, known: Callable[[str], bool]) -> str | None:
        if not 2 <= len(piece) <= _MAX_WORD or not all("一" <= char <= "龥" for char in piece):
            return None
        if piece in self._words or rjieba.has_word(piece) or known(piece):
            return None
        if all(len(word) > 1 and (rjieba.has_word(word) or known(word)) for word in group):
            return None
        if len(group) > 1 and any(word in FUNCTION_WORDS for word in group):
            return None
        word = self._by_sound.get(sound(piece))
        return word if word and word != piece else None
