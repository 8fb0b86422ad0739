"""How much of a question stands in a text: weighted coverage of its terms."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import rjieba

from rag.synonyms import SAME
from rag.text import fold, search_tokens

# Tags of the segmenter for words that name one thing: without them the evidence is about another.
_PROPER = ("nr", "ns", "nt", "nz", "eng")
_KNOWN_WORD = 0.7  # a word that the bulletins use themselves is most often meant as it stands
# 新加, 那阵儿: taken for names by the segmenter, which guesses at words it doesn't know.
_NO_NAME = re.compile(r"^[新老那这]|[儿们的了]$")
_SHORT = 0.9  # 营收 for 营业收入
_ONE_CHARACTER = 0.4  # 变, 涨, 花: seldom the matter itself
_UNSEEN_VERB = 0.35  # an unseen verb is most often the asker's own wording (花了, 弄了)


@dataclass(frozen=True, slots=True)
class Term:
    """A content word with its weight; `proper` names one thing, `seen` stands in the index.

    `related` are words near in meaning with their weight (增幅 for 增速).
    """

    word: str
    weight: float
    proper: bool
    seen: bool
    noun: bool = False
    related: tuple[tuple[str, float], ...] = ()

    def __hash__(self) -> int:
        return hash(self.word)  # going through all related words takes longer than looking one up


def weigh_terms(
    words: Sequence[str],
    frequencies: Callable[[Sequence[str]], Mapping[str, int]],
    total: int,
    related: Callable[[str], Mapping[str, float]],
) -> tuple[Term, ...]:
    """Terms with inverse document frequency (Robertson & Spärck Jones 1976) as weight.

    `frequencies` gives the number of items that hold a token, `total` the number of items,
    `related` the words near in meaning with their weight.
    """
    tokens = {word: search_tokens(word) for word in words}
    counts = frequencies([token for group in tokens.values() for token in group])
    short = _short_forms(words)
    terms = []
    for word in words:
        group = tokens[word] or [word]
        seen = [counts.get(token, 0) for token in group]
        count = min(seen)
        weight = math.log(1 + (total - count + 0.5) / (count + 0.5))
        tag = next(iter(rjieba.tag(word)), (word, "n"))[1]
        # 固投 is in the table of synonyms; what the segmenter takes it for is a guess.
        same = any(share >= SAME for share in related(word).values())
        guessed = same and not rjieba.has_word(word)
        if count == 0 and not guessed and tag.startswith(("v", "a", "d", "z", "i")):
            weight *= _UNSEEN_VERB
        if len(word) == 1:
            weight *= _ONE_CHARACTER
        proper = tag.startswith(_PROPER) and len(word) >= 2 and not _NO_NAME.search(word)
        if tag.startswith(("nr", "nz")) and rjieba.has_word(word):
            proper = False  # 容纳: the tags of plain words are wrong now and then
        if count == 0 and len(word) > 2 and word[-1] in "局委办":
            proper = True  # an office that the bulletins never print
        # A word that the segmenter only guessed at may be anything (追回来, 事儿).
        if word.startswith("第") and len(word) > 2:
            proper = True  # 第五实验小学 is not 第三实验小学
        noun = tag.startswith(("n", "eng", "l", "j")) and len(word) > 1 and rjieba.has_word(word)
        near = (*related(word).items(), *short.get(word, ()))
        terms.append(Term(word, weight, proper, count > 0, noun, near))
    return tuple(terms)


def _short_forms(words: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    """营收 for 营业 and for 收入 side by side: the first characters of two words, where the
    dictionary has them as a word."""
    found: dict[str, list[tuple[str, float]]] = {}
    for first, second in itertools.pairwise(words):
        short = first[0] + second[0]
        if len(first) == len(second) == 2 and rjieba.has_word(short):
            for word in (first, second):
                found.setdefault(word, []).append((short, _SHORT))
    return found


@lru_cache(maxsize=1024)
def _long_form(word: str) -> re.Pattern[str]:
    return re.compile(f"{word[0]}[一-龥]{word[1]}[一-龥]")


def _in_long(word: str, text: str) -> bool:
    """Whether a text holds two words side by side that the word is short for: 营业收入 for 营收."""
    return any(
        [len(part) for part in rjieba.cut(m.group(), True)] == [2, 2]
        for m in _long_form(word).finditer(text)
    )


def _only_across_words(word: str, text: str) -> bool:
    """Whether the characters of a word stand in the text only as the end of one of its words and the
    beginning of the next: 外资 in 省外|资金."""
    if len(word) != 2:
        return False
    places = [match.start() for match in re.finditer(re.escape(word), text)]
    starts = _word_starts(text)
    # Both of its ends lie within longer words, and a word begins in between.
    return all(
        place not in starts and place + 1 in starts and place + 2 not in starts for place in places
    )


@lru_cache(maxsize=8192)
def _word_starts(text: str) -> frozenset[int]:
    return frozenset(itertools.accumulate(map(len, rjieba.cut(text, True)), initial=0))


def presence(term: Term, text: str) -> float:
    """1 when the word stands in the (folded) text, less for related words and long parts of it."""
    known = term.noun and term.seen  # 三实 for 第三实验 is no word of the bulletins
    if term.word in text and not (known and _only_across_words(term.word, text)):
        return 1.0
    best = max((weight for word, weight in term.related if word in text), default=0.0)
    if term.seen and best < SAME:
        best *= _KNOWN_WORD
    if len(term.word) == 2 and best < _SHORT and _in_long(term.word, text):
        best = _SHORT
    if len(term.word) >= 3:
        pairs = [term.word[i : i + 2] for i in range(len(term.word) - 1)]
        best = max(best, 0.8 * sum(pair in text for pair in pairs) / len(pairs))
    return best


def coverage(terms: Sequence[Term], *fields: tuple[str, float]) -> float:
    """Weighted share of the terms found, each in its best field; fields are (text, factor).

    No terms gives 0.
    """
    mass = sum(term.weight for term in terms)
    if not mass:
        return 0.0
    shares = [[found * factor for found in _presences(tuple(terms), t)] for t, factor in fields]
    best = map(max, zip(*shares, strict=True))
    found: float = sum(t.weight * share for t, share in zip(terms, best, strict=True))
    return found / mass


@lru_cache(maxsize=8192)
def _presences(terms: tuple[Term, ...], text: str) -> tuple[float, ...]:
    """Of each term; kept, since every figure of an item asks for the same title and text."""
    folded = fold(text).lower()
    return tuple(presence(term, folded) for term in terms)
