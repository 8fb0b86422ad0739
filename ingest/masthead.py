"""The head of an issue: series, issue number, publisher and date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ingest.footer import LABEL
from rag.text import close_up, fold, strip_space

_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {
    "○": 0,
    "零": 0,
    "O": 0,
    "o": 0,
    "Ｏ": 0,
    "0": 0,
    "两": 2,
}
_CN_DIGIT = "[〇○零一二三四五六七八九十百两]"
_NUM = rf"(?:[0-9](?:\s?[0-9]){{0,4}}|{_CN_DIGIT}(?:\s?{_CN_DIGIT}){{0,6}})"
_NUMBER = re.compile(
    rf"(?P<kind>增\s*刊|专\s*刊)?\s*[（(〔\[]?\s*(?:第\s*(?P<number>{_NUM})\s*(?:期|号)(?!第)"
    r"|[Nn][Oo]\s*[.:：]?\s*(?P<no>[0-9]{1,4})(?![0-9.])"  # NO.18
    r"|(?<=[0-9]{4}[〕\]])\s*(?P<signed>[0-9]{1,4})\s*号)"  # 〔2023〕18号
)
_YEAR_SIGN = re.compile(r"[〔\[]\s*(?:19|20)[0-9]{2}\s*[〕\]]")
_TOTAL = re.compile(
    rf"[（(〔\[]?\s*总\s*(?:第|期数?\s*[:：]?)?\s*(?P<total>{_NUM})\s*期?\s*[)）〕\]]?"
)
_TOTAL_LEAD = re.compile(r"总\s*$")
_SUPPLEMENT = re.compile(r"增\s*刊")
_SPECIAL_END = re.compile(r"专\s*刊\s*[)）]?\s*$")
_YEAR_BEFORE = re.compile(
    r"[（(〔\[]?\s*((?:19|20)[0-9]{2}|[二一][〇○零O0九][〇○零O0一二三四五六七八九]{2})\s*年?度?\s*[)）〕\]]?\s*$"
)
# Recognised text has spaces inside its figures: 2 0 2 3 年 4 月 2 1 日.
_Y = r"(?P<y>(?:1\s?9|2\s?0)\s?[0-9]\s?[0-9]|[二一][〇○零O0o九][〇○零O0o一二三四五六七八九]{2})"
_CN_MONTH = r"(?:[0-9](?:\s?[0-9])?|十[一二]?|[一二三四五六七八九]|元)"
_CN_DAY = (
    r"(?:[0-9](?:\s?[0-9])?|(?:二十|三十|廿|卅|十|初)[一二三四五六七八九]?|[一二三四五六七八九])"
)
_DATE = re.compile(
    rf"{_Y}\s*年\s*(?P<m>{_CN_MONTH})\s*月\s*(?P<d>{_CN_DAY})\s*日?"
    r"|(?P<y2>(?:19|20)[0-9]{2})\s*(?P<sep>[-./／—－])\s*(?P<m2>[0-9]{1,2})\s*(?P=sep)\s*"
    r"(?P<d2>[0-9]{1,2})(?![0-9])"
)
_MONTH_DAY = re.compile(rf"(?P<m>{_CN_MONTH})\s*月\s*(?P<d>{_CN_DAY})\s*日")
_SERIES = re.compile(
    r"(?:快报|简报|快讯|信息|专报|动态|通报|要情|参考|通讯|公报|内参|要闻|周报|月报|日报|半月报|摘报|"
    r"情况|工作报告|交流|专刊|快递|速递|之窗|政务|党建|督查|调研)$"
)
_ORGANISATION = re.compile(
    r"(?:办公室|办公厅|人民政府|委员会|县委|市委|区委|党委|局|中心|督查室|研究室|编辑部|政府办|县委办|领导小组|指挥部|编委会)"
    r"(?:主办|编印|编发|编|印发|印|主编)?$"
)
_PUBLISHES = re.compile(r"(?:主办|编印|编发|编|印发|印|主编)$|^(?:主办|主办单位|编印|编发)[:：]")
_PUBLISHED_BY = re.compile(r"^\s*(?:主办单位|主办|主管|编印单位|编印|编发)\s*[:：]\s*")
_EXTRA = re.compile(
    r"^(?:内部|内刊|注意保存|密级|机密|秘密|编号|[（(]?内部|准印|登记|主办|主管|目录|目\s*录|本期(?:要目|导读|目录)|要目|导读)"
)
_CONTENTS = re.compile(r"^[【〖\[]?\s*(?:目\s*录|本期(?:要目|导读|目录|内容)|要\s*目|导\s*读)")
_SENTENCE_SIGN = re.compile(r"[。；;！？，,]")
LONGEST_HEAD_LINE = 70


@dataclass(frozen=True, slots=True)
class Masthead:
    """What the head says; None and empty strings where it is silent.

    `year` is set only when the number line itself names a year (2023年第18期).
    """

    series: str
    publisher: str
    number: int | None
    edition: str
    year: int | None
    published: date | None


def chinese_number(text: str) -> int | None:
    """The value of 18, 十一, 一百零二 or 二〇二四; None when it is no number."""
    text = strip_space(fold(text))
    if re.fullmatch("[0-9]+", text):
        return int(text)
    if not text or any(char not in _DIGITS and char not in "十百廿卅初元" for char in text):
        return None
    if not any(char in "十百廿卅初元" for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    if text == "元":
        return 1
    text = text.replace("廿", "二十").replace("卅", "三十").replace("初", "").replace("元", "")
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    if not ten:
        tens, ones = "", rest
    if not all(len(part.strip("零〇○")) <= 1 for part in (hundreds, tens, ones)):
        return None
    value = 0
    if "百" in text:
        value += 100 * (_digit(hundreds) or 1)
    if ten:
        value += 10 * (_digit(tens) or 1)
    return value + _digit(ones)


def _digit(text: str) -> int:
    text = text.strip("零〇○")
    return _DIGITS[text] if text else 0


def find_date(text: str, year: int | None = None) -> date | None:
    """The first calendar date in the text; with `year`, 4月21日 alone counts as well."""
    for match in _DATE.finditer(fold(text)):
        day = _build(
            match["y"] or match["y2"], match["m"] or match["m2"], match["d"] or match["d2"]
        )
        if day:
            return day
    if year is not None:
        for match in _MONTH_DAY.finditer(fold(text)):
            day = _build(str(year), match["m"], match["d"])
            if day:
                return day
    return None


def _build(year: str, month: str, day: str) -> date | None:
    numbers = [chinese_number(strip_space(part)) for part in (year, month, day)]
    try:
        return date(numbers[0] or 0, numbers[1] or 0, numbers[2] or 0)
    except ValueError:
        return None


def is_number_line(text: str) -> bool:
    """True for a line of a masthead that gives an issue number (第 18 期, 总第412期, 增刊)."""
    if len(text) > LONGEST_HEAD_LINE or _CONTENTS.match(text):
        return False
    folded = fold(text)
    number = _NUMBER.search(folded) or _TOTAL.search(folded)
    if not number or folded[: number.start()].endswith("《"):
        return False
    rest = _DATE.sub("", _TOTAL.sub("", _NUMBER.sub("", folded)))
    rest = _DATE.sub("", rest)
    if _SENTENCE_SIGN.search(rest) or rest.lstrip().startswith(("【", "〖")):
        return False
    # What stands beside the number is a title, an office or a label, never running text.
    pieces = [strip_space(piece) for piece in re.split(r"\s{2,}|[（）()《》〔〕]", rest)]
    return all(len(piece) <= 24 for piece in pieces) and not re.search(r"[的了]", rest)


def is_extra(text: str) -> bool:
    """True for a line such as 内部资料 注意保存 that belongs to a masthead only."""
    return bool(_EXTRA.match(text))


def is_contents(text: str) -> bool:
    """True for the heading of a table of contents."""
    return bool(_CONTENTS.match(text))


def is_title_line(text: str) -> bool:
    """True for a line that can be the name of a series (延 津 政 务 快 报)."""
    name = _bare_title(text)
    return 2 <= len(name) <= 24 and bool(_SERIES.search(name)) and not _SENTENCE_SIGN.search(name)


def has_date(text: str) -> bool:
    """True for a short line that holds a date."""
    return len(text) <= LONGEST_HEAD_LINE and find_date(text) is not None


def is_bare_date(text: str) -> bool:
    """True for a line that holds a date and nothing else."""
    return _DATE.fullmatch(fold(text).strip()) is not None


def is_publisher_line(text: str) -> bool:
    """True for a line that is the name of an office."""
    return len(text) <= 40 and bool(_ORGANISATION.search(strip_space(text)))


# A head names one issue, seldom a second one (接第17期); a text that names more is about issues.
LIST_OF_ISSUES = 3


def read_masthead(lines: Sequence[str]) -> Masthead:
    """Read the head of an issue from its lines."""
    number, edition, year, at = _read_number(lines)
    published = next((day for line in lines if (day := find_date(line))), None)
    if published is None and year is not None:
        published = next((day for line in lines if (day := find_date(line, year))), None)
    names = [name for line in lines for name in _names(line)]
    publisher = next((name for name in names if _ORGANISATION.search(name)), "")
    publisher = _PUBLISHES.sub("", publisher)
    return Masthead(_series(lines, names, at), publisher, number, edition, year, published)


def _read_number(lines: Sequence[str]) -> tuple[int | None, str, int | None, int]:
    if len(_numbers_named(lines)) >= LIST_OF_ISSUES:
        return None, "", None, -1
    edition = "增刊" if any(_SUPPLEMENT.search(line) for line in lines if _short(line)) else ""
    total: tuple[int | None, str, int | None, int] | None = None
    for at, line in enumerate(lines):
        folded = fold(line)
        if not is_number_line(line):
            continue
        for match in _NUMBER.finditer(folded):
            if _TOTAL_LEAD.search(folded[: match.start()]):
                continue
            kind = strip_space(match["kind"] or "")
            above = lines[at - 1] if at and not folded[: match.start()].strip() else ""
            if not kind and _SPECIAL_END.search(folded[: match.start()] or above):
                kind = "专刊"
            before = _YEAR_BEFORE.search(folded[: match.start()])
            year = chinese_number(before.group(1).replace("O", "〇")) if before else None
            return chinese_number(_printed_number(match)), edition or kind, year, at
        found = _TOTAL.search(folded)
        if found and total is None:
            total = (chinese_number(found["total"]), edition, None, at)
    return total or (None, edition, None, -1)


def _printed_number(match: re.Match[str]) -> str:
    return match["number"] or match["no"] or match["signed"]


def _numbers_named(lines: Sequence[str]) -> set[str]:
    """The different issue numbers on lines that could give the number of an issue."""
    return {
        strip_space(_printed_number(match))
        for line in lines
        if is_number_line(line)
        for match in _NUMBER.finditer(fold(line))
        if not _TOTAL_LEAD.search(fold(line)[: match.start()])
    }


def _short(line: str) -> bool:
    return len(line) <= LONGEST_HEAD_LINE


def _names(line: str) -> list[str]:
    """What is left of a masthead line without number and date, cut at wide spaces."""
    folded = fold(line)
    keep = [True] * len(line)
    for pattern in (_DATE, _NUMBER, _TOTAL, _YEAR_SIGN):
        for match in pattern.finditer(folded):
            keep[match.start() : match.end()] = [False] * (match.end() - match.start())
    rest = "".join(char if kept else "\t" for char, kept in zip(line, keep, strict=True))
    rest = _PUBLISHED_BY.sub("", rest)
    label = LABEL.search(rest)
    rest = rest[: label.start()] if label else rest
    pieces = re.split(r"\s*\t\s*|\s{3,}|　{2,}", rest)
    names: list[str] = []
    for piece in pieces:
        words = piece.split()
        if len(words) > 1 and all(len(word) >= 4 for word in words):
            names.extend(words)
        else:
            names.append(strip_space(piece))
    names = [name.strip("）)〕]　 ") for name in names]
    return [name for name in names if re.search(r"[一-鿿A-Za-z]", name)]


def _bare_title(text: str) -> str:
    return strip_space(text).strip("《》〈〉<>【】")


def _series(lines: Sequence[str], names: Sequence[str], at: int) -> str:
    candidates = [_clean_series(name) for name in names]
    candidates = [name for name in candidates if name and not _ORGANISATION.search(name)]
    named = [name for name in candidates if _SERIES.search(name)]
    if named:
        return named[0]
    above = {_clean_series(name) for line in lines[: at + 1] for name in _names(line)}
    free = [name for name in candidates if name in above and not is_extra(name)]
    return free[0] if free else ""


def _clean_series(name: str) -> str:
    quoted = re.search("《([^《》]{2,24})》", name)
    bare = _bare_title(quoted.group(1) if quoted else name)
    bare = re.sub(r"[（(][^（）()]*[)）]?$", "", bare)
    shorter = re.sub(r"(?:增刊|专刊)$", "", bare)
    return close_up(shorter if len(shorter) >= 2 else "")
