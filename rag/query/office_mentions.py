"""Which offices a question means by the names in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.entities.time_mention import TimeMention
from rag.query.function_words import FUNCTION_WORDS
from rag.query.vocabulary import NameMatch, Vocabulary
from rag.text import overlap

_TOWN_ENDS = ("镇", "乡", "街道")
_GUESS_ENDS = re.compile(r"(?:吗|么|吧|还是别的)")
# 全县（不是开发区）
# 省发改委核准: not the county's own
_ABOVE = re.compile("(?:[省]|国家|[^一-龥]市|^市|中央|自治区)$")
_EXCLUDED = re.compile(r"(?:不是|不含|不包括|不要|不算|别算|而非|除了?)$")


def named_offices(
    vocabulary: Vocabulary,
    text: str,
    times: Sequence[TimeMention],
    prints: Callable[[str], bool],
) -> tuple[NameMatch, ...]:
    """The offices named in a question; `prints` tells whether some item holds a stretch of text."""
    found = vocabulary.find_departments(text)
    return tuple(
        name
        for name in found
        if not any(overlap(name, time) for time in times)
        # 人大代表建议: an office that signs nothing, in two characters of a longer word.
        and (len(name.typed) > 2 or name.name in vocabulary.indexed)
        and not _ABOVE.search(text[: name.start])
        and not (len(found) == 1 and _of_longer_name(text, name, prints))
    )


def _of_longer_name(text: str, name: NameMatch, prints: Callable[[str], bool]) -> bool:
    """云坳茶旅节, printed so, says nothing of the town 云坳乡."""
    after = text[name.end : name.end + 2]
    if not name.name.endswith(_TOWN_ENDS) or name.typed.endswith(_TOWN_ENDS):
        return False
    if not re.fullmatch("[一-龥]{2}", after) or FUNCTION_WORDS & {after, *after}:
        return False
    return prints(name.typed + after)


def is_guess(text: str, name: NameMatch) -> bool:
    """是哪个单位报的，是水利局吗: a guess limits nothing."""
    return text[: name.start].endswith("是") and bool(_GUESS_ENDS.match(text, name.end))


def is_excluded(text: str, name: NameMatch) -> bool:
    """Whether the question rules the office out (不是开发区)."""
    return bool(_EXCLUDED.search(text[: name.start]))
