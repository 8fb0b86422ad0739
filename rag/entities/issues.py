"""References to issues: 第18期, 23年18期, 上一期. Offsets are into the text passed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rag.entities.numerals import CN_YEAR, NUMERAL, number, year_value
from rag.text import fold


@dataclass(frozen=True, slots=True)
class IssueMention:
    """第18期 (year None), 2023年第18期, or 上一期 / 这一期 / 最新一期 (relative set)."""

    start: int
    end: int
    number: int | None
    year: int | None
    relative: Literal["", "this", "previous", "next", "latest", "first"] = ""


# Blanks are bounded: three runs of any length beside each other took minutes over 1,000 line ends.
_YEAR = (
    rf"(?:(?P<year>20\d\d|{CN_YEAR}|(?<!\d)\d\d(?=年)|今|去|前)年?(?:度)?\s{{0,3}}的?\s{{0,3}}"
    r"(?:《[^》]*》|政务快报|快报)?\s{0,3}的?)?"
)
# 二期工程 and 第3期培训班 are no issues, nor is 总第350期, which counts over all years.
_PHASE = r"(?!工程|项目|建设|培训|学员)"
MOST = 10_000  # issues a year, of all the series of one archive
_ISSUE = re.compile(
    rf"{_YEAR}(?P<edition>增刊|专刊)?(?:(?<!总)第\s{{0,3}}(?P<n>{NUMERAL})\s{{0,3}}(?:期{_PHASE}|号快报)"
    rf"|(?P<bare>\d+)\s{{0,3}}期(?!间|限|货|待|望|满){_PHASE})"
)
_ISSUE_LIST = re.compile(
    rf"{_YEAR}第\s{{0,3}}(?P<list>{NUMERAL}(?:\s{{0,3}}[、，,和与及跟]\s{{0,3}}{NUMERAL})+)\s{{0,3}}期{_PHASE}"
)
# 18期快报, 快报18期; 发布简报2期 is a count.
_BARE_BEFORE = re.compile(r"(?:快报|政务)[》”]?\s{0,3}$")
_BARE_AFTER = re.compile(
    r"\s{0,3}的?(?:《|政务|快报|(?:责任)?编辑|签发|审核|日期|目录|要点)|\s{0,3}是(?:几月|哪天|谁)"
)
_ISSUE_DASH = re.compile(r"(?<!\d)(20\d\d)\s{0,3}[-—–/]\s{0,3}(\d{1,3})\s{0,3}期")
_RELATIVE_ISSUE = re.compile(
    r"(?P<previous>上一?期|前一期)|(?P<next>下一?期|后一期)|(?P<latest>(?:最新|最近|最后)的?(?:那|这)?一?期)"
    r"|(?P<first>(?:最早|第一|最初|首)的?(?:那)?一?期)|(?P<this>[这本该那]一?期(?!间|限|工程|项目))"
)


def find_issues(text: str, today: date) -> list[IssueMention]:
    """References to issues in the order named."""
    folded = fold(text)
    mentions: list[IssueMention] = []
    for m in _ISSUE_DASH.finditer(folded):
        mentions.append(IssueMention(m.start(), m.end(), int(m[2]), int(m[1])))
    for m in _ISSUE_LIST.finditer(folded):
        for part in re.finditer(NUMERAL, m["list"]):
            offset = m.start("list")
            start = m.start() if part.start() == 0 else offset + part.start()
            end = m.end() if offset + part.end() == m.end("list") else offset + part.end()
            if (value := number(part.group())) is not None and 0 < value < MOST:
                mentions.append(IssueMention(start, end, value, _year(m["year"], today)))
    taken = [(x.start, x.end) for x in mentions]
    for m in _ISSUE.finditer(folded):
        if any(a < m.end() and m.start() < b for a, b in taken):
            continue
        value = number(m["n"] or m["bare"] or "")
        if value is None or not 0 < value < (MOST if m["n"] else 1000):
            continue
        if m["bare"] and not m["year"]:
            before, after = folded[: m.start()], folded[m.end() :]
            if not (_BARE_BEFORE.search(before) or _BARE_AFTER.match(after)):
                continue
        mentions.append(IssueMention(m.start(), m.end(), value, _year(m["year"], today)))
    taken = [(x.start, x.end) for x in mentions]
    for m in _RELATIVE_ISSUE.finditer(folded):
        if any(a < m.end() and m.start() < b for a, b in taken):
            continue
        kind = next(name for name, value in m.groupdict().items() if value)
        mentions.append(IssueMention(m.start(), m.end(), None, None, kind))  # type: ignore[arg-type]
    return sorted(mentions, key=lambda mention: mention.start)


def _year(word: str | None, today: date) -> int | None:
    if word is None:
        return None
    shift = {"今": 0, "去": -1, "前": -2}.get(word)
    return year_value(word) if shift is None else today.year + shift
