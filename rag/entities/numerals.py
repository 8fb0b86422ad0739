"""Chinese and Arabic numerals."""

from __future__ import annotations

import re
from decimal import Decimal

import cn2an

CN_DIGITS = "〇零一二三四五六七八九十"
NUMERAL = rf"(?:\d+|[{CN_DIGITS}]+)"
CN_YEAR = "二[〇零○OＯ0][〇零○OＯ0一二三四五六七八九]{2}"
# 二三年, said for 2023年; two or three years are 两三年.
CN_SHORT_YEAR = (
    "(?<![〇零一二三四五六七八九十百千两])二[〇零一二三四五六七八九](?=年度?(?![来多以]))"
)


def number(text: str) -> int | None:
    """The value of 18, 十八, 一八 or 二〇二三; None for anything else."""
    if text.isdecimal():
        return int(text)
    text = re.sub("[○OＯ0]", "〇", text)
    digits = "〇一二三四五六七八九"
    plain = text.replace("零", "〇")
    if plain and all(char in digits for char in plain):
        return int("".join(str(digits.index(char)) for char in plain))
    try:
        return int(cn2an.cn2an(text, "smart"))
    except (ValueError, TypeError, KeyError):
        return None


def year_value(text: str) -> int | None:
    """The year written as 2023, 23 or 二〇二三; None outside 1990–2099."""
    value = number(text)
    if value is None:
        return None
    if value < 100:
        value += 2000
    return value if 1990 <= value <= 2099 else None


def chinese_value(word: str) -> Decimal | None:
    """The value of 三千二百 or 一点五; None when it is no numeral."""
    try:
        return Decimal(str(cn2an.cn2an(word, "smart")))
    except (ValueError, TypeError, KeyError):
        return None
