"""The words of a question that are no matter of its own, blanked out in place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.query.quantities import find_many
from rag.text import Located, Span

# 多少家 and 几座 leave nothing of themselves among the terms.
_INTERROGATIVE = re.compile(
    r"最[近新早后][印刊]?[出发办]?[的了]?一期|从[^，,。？?]{1,8}[到至](?:现在|目前|如今)的?|(?:(?<=[一-龥])[多少](?=[一-龥]?(?:了|出)?多少))|多[大长远高重快]|相比|比起来|(?:是)?[多少高低增减升降涨快慢]了?还是[多少高低增减升降涨跌快慢]了?|一共|总共|加起来|加一?起|合一下|加一?块儿?|加在一?(?:起|块儿?)|合一?起|相加|加总|合计|总计|百分之几|哪(?:一)?[个些家年天位条期](?:时段|时间段|时期)?|比(?![例重率])"
)
# 总产值是多少？不是园区的
_NOT_THAT = re.compile(
    r"(?:(?<=[，,。？?])|(?<=[（(]))(?:不是|不含|不算|不要|别说)(?P<what>[^，,。？?（）()吗]{1,10}?)的?(?:数[字据]?)?[啊哦哈]?(?=[）)]|$|[。？?]$)"
)
# 写公路那段要用，…；领导问：…: what the answer is for.
_CHATTER = re.compile(
    r"(?:^|(?<=[，,；;。：:？?]))(?:[^，,；;。：:？?多少几哪谁吗什啥]{0,10}(?:材料|报告|汇报|总结|领导|发言稿|县志|[^\d]志|出处|引用|核对|核实|要用|急用|要引)[^，,；;。：:？?多少几哪谁吗什啥]{0,6})(?:[，,；;。：:]|$)"
)
# 我刚接手联系洛塘镇，想知道…: of the asker.
_ASKER = re.compile(
    r"^(?:我|俺|咱)(?:刚|才|正|是|负责|准备|马上|[今明昨]天|最近|新来|接手|在写|要写)"
    r"[^，,。：:？?多少几哪谁啥]*[，,。：:]"
)
# 三年春风行动累计…, 柳石、柳双两条路; 三年行动计划 is a name.
SEVERAL_TIMES = re.compile(
    r"(?<![第\d])[这近前]?[两二三四五几][年届](?:来|间|里)?(?!行动|计划|规划|期|级)"
)
TOGETHER = re.compile(
    rf"{SEVERAL_TIMES.pattern}|累计|总[量数](?=[?？]?$)"
    r"|这?两(?:[条座](?:路|河|桥|街)?|个(?:项目|工程)?|[家届所项处种])(?![一-龥]?级)"
)
_BRACKETED = re.compile(r"[【\[〖][^】\]〗]+[】\]〗]")


# 比2024年提高了多少: worked out of the two figures, and not printed with either.
CHANGED = re.compile(
    "(?:提高|提升|增加|增长|上升|上涨|下降|减少|降低|下滑|回落|缩短|压缩|扩大|相差|差)"
    "(?=了?(?:多少|几|百分之)|了?(?:还是|没有|没|吗)|[^，,。？?]{0,2}(?:还是))"
)


def mask(text: str, mentions: Sequence[Located]) -> str:
    """The text with blanks where the mentions stand; its length stays."""
    chars = list(text)
    for mention in mentions:
        chars[mention.start : mention.end] = " " * (mention.end - mention.start)
    return "".join(chars)


def mask_matches(pattern: re.Pattern[str], text: str) -> str:
    """The text with blanks where the pattern matches; its length stays."""
    return pattern.sub(lambda match: " " * len(match.group()), text)


def mask_wording(text: str) -> str:
    """The text without the words that ask, exclude, or tell what the answer is for."""
    for many in find_many(text):
        if many.words.startswith(("多少", "几")):
            end = many.end + text.startswith("钱", many.end)
            text = mask(text, [Span(many.start, end)])
    for pattern in (_INTERROGATIVE, _NOT_THAT, _CHATTER, _ASKER, _BRACKETED):
        text = mask_matches(pattern, text)
    return text


def ruled_out(text: str) -> tuple[str, ...]:
    """What the question says it doesn't mean: 中医院 of （不是中医院的）."""
    return tuple(match["what"] for match in _NOT_THAT.finditer(text))


def apart(named: Sequence[Located]) -> list[tuple[int, int]]:
    """The places in order, overlapping ones merged."""
    merged: list[tuple[int, int]] = []
    for place in sorted(named, key=lambda p: p.start):
        if merged and place.start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], place.end))
        else:
            merged.append((place.start, place.end))
    return merged
