"""What a person should look at in a parsed issue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.layout import IssueLayout
from rag.schema import Bulletin, Item, ParseWarning

# The items of the real issues have 180 to 420 characters.
SHORT_ITEM = 30
LONG_ITEM = 1500

_GARBAGE = re.compile(r"[\ufffd\ue000-\uf8ff□■�]|锟斤拷|烫烫|[À-ÿ]{3,}|[|~^`\\]{3,}")
_TYPO = re.compile(
    r"，，|。。|、、|；；|：：|，。|。，|、。|的的|了了|是是|和和|在在|[0-9]\.[0-9]+\.[0-9]+(?=[%万亿])"
)
_PAIRS = (("（", "）"), ("“", "”"), ("《", "》"))


def review_issue(bulletin: Bulletin, layout: IssueLayout) -> tuple[ParseWarning, ...]:
    """Warnings on one issue, in the order of the file."""
    found = [*_on_head(bulletin), *_on_sections(layout), *_on_tail(bulletin, layout)]
    seen: dict[str, int] = {}
    for item in bulletin.items:
        found.extend(_on_item(item))
        first = seen.setdefault(item.text, item.ordinal)
        if first != item.ordinal:
            message = f"第{item.ordinal}条与第{first}条文字完全相同"
            found.append(ParseWarning("repeated-item", message, item.line))
    return tuple(sorted(found, key=lambda warning: warning.line))


def _on_head(bulletin: Bulletin) -> Iterator[ParseWarning]:
    if not bulletin.series:
        yield ParseWarning("no-series", "刊头没有刊名")
    if not bulletin.publisher:
        yield ParseWarning("no-publisher", "刊头没有主办单位")
    if bulletin.issue.year != bulletin.published.year:
        message = f"期号写的是{bulletin.issue.year}年，出刊日期是{bulletin.published.isoformat()}"
        yield ParseWarning("year-mismatch", message)


def _on_sections(layout: IssueLayout) -> Iterator[ParseWarning]:
    for section in layout.sections:
        if section.name and not section.lines:
            yield ParseWarning("empty-section", f"栏目【{section.name}】下没有内容", section.line)


def _on_tail(bulletin: Bulletin, layout: IssueLayout) -> Iterator[ParseWarning]:
    lines = {line.text: line.number for line in layout.footer}
    for text in bulletin.tail:
        if len(text) > 40 and "。" in text:
            message = f"这段文字不属于任何条目：“{_short(text)}”"
            yield ParseWarning("unplaced-text", message, lines.get(text, 0))


def _on_item(item: Item) -> Iterator[ParseWarning]:
    name = f"第{item.ordinal}条“{_short(item.title or item.text)}”"
    if not item.departments:
        yield ParseWarning("no-department", f"{name}没有署名部门", item.line)
    if len(item.text) < SHORT_ITEM:
        yield ParseWarning("short-item", f"{name}只有{len(item.text)}个字，可能不完整", item.line)
    if len(item.text) > LONG_ITEM:
        message = f"{name}有{len(item.text)}个字，可能是几条连在了一起"
        yield ParseWarning("long-item", message, item.line)
    garbage = _GARBAGE.search(item.text)
    if garbage:
        message = f"{name}里有认不出的字符“{garbage.group()}”"
        yield ParseWarning("odd-characters", message, item.line)
    typo = _TYPO.search(item.text)
    if typo:
        around = item.text[max(0, typo.start() - 6) : typo.end() + 6]
        yield ParseWarning("likely-typo", f"{name}可能有笔误：“…{around}…”", item.line)
    for left, right in _PAIRS:
        if item.text.count(left) != item.text.count(right):
            message = f"{name}里的{left}{right}不成对"
            yield ParseWarning("unbalanced-pair", message, item.line)


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"
