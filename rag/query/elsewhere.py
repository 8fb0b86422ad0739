"""Questions about another county than the archive's."""

from __future__ import annotations

import re
from collections.abc import Callable

import rjieba

from rag.query.function_words import FUNCTION_WORDS

_PLACE = re.compile(
    r"(?<![一-龥])([一-龥]{2,3}?)[县市省](?![场政直级民委管面内外际道区长里人上下城])|([一-龥]{2})[县省](?=的|20|去|今)"
)
# 滑县
_SHORT_PLACE = re.compile(
    r"(?:^|[，,。的和与跟、 ])((?![我全本该各外邻你他到在由去进出请新老旧原])[一-龥]县)(?![城里区域级委政直局上])"
)
_NO_PLACES = frozenset(["地级", "县级", "周边", "外地", "有的", "兄弟", "附近"])


_TOWN = re.compile(r"[一-龥]{2,5}?(?:乡|镇|街道)(?![镇村里上级干企亲贤土愁情])")


def unknown_town(text: str, prints: Callable[[str], bool]) -> str:
    """A town named in the question (红柳圪卜乡) that the archive never prints; "" for none."""
    for match in _TOWN.finditer(text):
        end = match.end()
        suffix = 2 if text.startswith("街道", end - 2) else 1
        for size in (4, 3, 2):
            name = text[max(0, end - suffix - size) : end]
            if prints(name) or rjieba.has_word(text[end - suffix - 1 : end]):
                break  # printed, or no name: 城镇, 返乡, 各乡镇
        else:
            words = rjieba.cut(match.group(), True)
            if len(words) > 1 and not any(word in FUNCTION_WORDS for word in words):
                return match.group()
    return ""


def place_elsewhere(text: str, county: str, prints: Callable[[str], bool]) -> str:
    """A county, city or province named in the question that the archive of `county` never prints."""
    for match in (*_PLACE.finditer(text), *_SHORT_PLACE.finditer(text)):
        name = match[match.lastindex or 1]
        if (
            name in _NO_PLACES
            or any(word in FUNCTION_WORDS for word in rjieba.cut(name, True))  # 那期说县医院
            or name.removesuffix("县") in FUNCTION_WORDS  # 跟县人民医院
            or name[-1] in "全我本该各邻外进出"
            or name[0] in "起底末"  # 7月起城市低保
            or name.endswith(county.removesuffix("县") or "\0")
        ):
            continue
        if not prints(name):
            return match.group()
    return ""
