"""Times named in Chinese text; "today" is an argument. Offsets are into the text passed in."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

import rjieba

from rag.entities.figures import UNIT_PATTERN
from rag.entities.numerals import CN_SHORT_YEAR, CN_YEAR, NUMERAL, number, year_value
from rag.entities.recent_times import recent_times
from rag.entities.time_mention import EARLIEST, TimeKind, TimeMention, month_range
from rag.entities.time_relations import relate_times
from rag.schema import Period
from rag.text import fold

_YEAR = rf"""
    (?P<year>(?<!\d)20\d\d(?=年|[^\d]|$) | {CN_YEAR} | {CN_SHORT_YEAR} | (?<![\d.近第]) \d\d (?=年|全年|[上下头]半年|[一二三四]季度|前[一二三四]个?季度|春节|国庆|五一|元旦|中秋|清明))
    (?:年度?)?(?:全年|一?整年)?
  | (?P<rel>今年度?|本年度?|去年度?|上年度?|上一年|前年|明年|大前年|[当同那该]年)(?:全年|一?整年)?
"""
_SUB = rf"""
    (?P<quarters>前(?P<nq>[一二三四两2-4])个?季度?)
  | (?P<quarter>第?(?P<q>[一二三四1-4])个?季度 | 首季度? | Q(?P<qq>[1-4]))
  | (?P<half>(?P<h>上|下|头|前|后)半年)
  | (?P<first>(?<!提)[前头](?!一个月)(?P<nm>{NUMERAL})个?月)
  | (?P<months>(?P<m1>{NUMERAL})(?:月份?)?(?:[-—–~～至到]+)(?P<m2>{NUMERAL})月份?)
  | (?P<month>(?P<m>{NUMERAL})月份?)(?:(?P<d>{NUMERAL})[日号])?
  | (?P<yearend>年?[底末]) | (?P<yearstart>(?:年|(?<=年))初(?![一二三四五六七八九十次中高级步衷心期审]))
"""
_TIME = re.compile(
    rf"""
    (?P<until>截至目前为止|截至到?|截止到?)?\s*
    (?: (?: {_YEAR} ) \s* 的? (?: {_SUB} )? | (?: {_SUB.replace("年?[底末]", "年[底末]").replace("(?P<", "(?P<b_")} ) )
    \s* (?P<since>以来|至今|起(?![点步来重草价诉源码到初伏飞降床底家身])|(?:一直)?[到至](?:现在|如今|目前|今天)|以后|之后|往后|后(?=[，,]))? (?P<before>以前|之前)?
    (?P<endof>末|底)?(?P<same>同期)?
    """,
    re.X,
)
_NOW = re.compile(r"截至目前为止|截至目前|截止目前|目前为止|目前|当前|现已|至今|截至发稿")
# 2023-04-21, 2023.4.21, 2023/4/21
_DATE = re.compile(r"(?<![\d.])(20\d\d)([-./])(\d{1,2})\2(\d{1,2})(?![\d%])")
_YEARS = re.compile(
    rf"(?P<a>(?<![\d.])20\d\d|{CN_YEAR}|(?<![\d.\-/])\d\d)年?(?:度)?\s*(?:[-—–~～至到]+)\s*(?P<b>20\d\d|{CN_YEAR}|\d\d)(?:年度?|这?[一二三四五六两\d]个?年度?|$|(?<=20\d\d)(?![\d.\-年]))"
)


def year_period(year: int, words: str = "") -> Period:
    """The whole of a calendar year, named by `words` or else by its number."""
    return Period(date(year, 1, 1), date(year, 12, 31), words or f"{year}年")


def _relative_year(word: str, today: date, named: int | None) -> int:
    if word[0] in "当同那该":
        return named or today.year
    shifts = {"大前年": -3, "前年": -2, "去年": -1, "上年": -1, "上一": -1, "明年": 1}
    return today.year + next((n for key, n in shifts.items() if word.startswith(key)), 0)


_DIGITS_IN_ORDER = "一二三四五六七八九"


def _sub_range(groups: dict[str, str | None], prefix: str, year: int) -> tuple[date, date] | None:
    """The part of the year that the _SUB groups name; None when they name none or nonsense."""

    def get(name: str) -> str | None:
        return groups.get(prefix + name)

    if get("quarters"):
        count = number((get("nq") or "").replace("两", "二"))
        return month_range(year, 1, 3 * count) if count else None
    if get("quarter"):
        which = number(get("q") or get("qq") or "1")
        return month_range(year, 3 * which - 2, 3 * which) if which else None
    if get("half"):
        return (
            month_range(year, 1, 6) if get("h") in ("上", "头", "前") else month_range(year, 7, 12)
        )
    if get("first"):
        count = number(get("nm") or "")
        return month_range(year, 1, count) if count and 1 <= count <= 12 else None
    if get("months"):
        first, last = number(get("m1") or ""), number(get("m2") or "")
        if first and last and 1 <= first <= last <= 12:
            return month_range(year, first, last)
        return None
    if get("month"):
        digits = get("m") or ""
        if len(digits) == 2 and digits in _DIGITS_IN_ORDER and not get("d"):
            first = _DIGITS_IN_ORDER.index(digits) + 1
            return month_range(year, first, first + 1)  # 七八月份
        month = number(get("m") or "")
        if not month or not 1 <= month <= 12:
            return None
        day = number(get("d") or "") if get("d") else None
        if day is None:
            return month_range(year, month, month)
        if not 1 <= day <= calendar.monthrange(year, month)[1]:
            return None
        return date(year, month, day), date(year, month, day)
    if get("yearend"):
        return date(year, 12, 1), date(year, 12, 31)
    if get("yearstart"):
        return date(year, 1, 1), date(year, 1, 31)
    return None


def find_times(
    text: str, today: date, year: int | None = None, question: bool = False
) -> list[TimeMention]:
    """Times in the order they are named; overlapping readings are resolved to the longest.

    `today` anchors 去年 and 近三年. A time without a year (一季度) takes the year named before it in
    the same text, else `year`, else the latest year in which it had begun by `today`; only in the
    last case is `has_year` False. In a `question` 比去年 names a time to compare with; in a report
    it names only what a change is counted from.
    """
    folded = fold(text)
    found: list[TimeMention] = []
    found += _dates(folded)
    found += _year_ranges(folded)
    found += _year_lists(folded)
    found += recent_times(folded, today, question)
    found += _calendar_times(folded, today, year, question)
    found += [
        TimeMention(m.start(), m.end(), Period(today, today, m.group()), True, "now")
        for m in _NOW.finditer(folded)
    ]
    if not question:
        found += _whole_year(folded, today)
    found.sort(key=lambda mention: (mention.start, -(mention.end - mention.start)))
    kept: list[TimeMention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return relate_times(kept, folded, question)


def _whole_year(text: str, today: date) -> list[TimeMention]:
    """全年 without a year: in the first months the year before, whose results come out then; what
    全年将 or 全年计划 introduces is still to come."""
    mentions = []
    for m in _ALL_YEAR.finditer(text):
        over = today.month <= 3 and not _TO_COME.match(text, m.end())
        period = year_period(today.year - over, "全年")
        mentions.append(TimeMention(m.start(), m.end(), period, False))
    return mentions


_TO_COME = re.compile("将|计划|拟|预计|力争|目标|要|安排")


# 22、23、24三年 and 2023和2024两年: every year but the last may lack its 年.
_YEAR_LIST = re.compile(
    r"(?<![\d.])(?:20)?[12]\d年?(?:[、，,和与跟及 ](?:20)?[12]\d年?)+(?=[一二三四五两\d]?年|$|[^\d%万亿个家项])"
)


def _year_lists(text: str) -> list[TimeMention]:
    mentions = []
    for m in _YEAR_LIST.finditer(text):
        if "年" not in text[m.start() : m.end() + 6]:
            continue
        for part in re.finditer(r"\d+", m.group()):
            if year := year_value(part.group()):
                start = m.start() + part.start()
                period = year_period(year, part.group() + "年")
                end = m.start() + part.end()
                mentions.append(
                    TimeMention(start, end + (text[end : end + 1] == "年"), period, True)
                )
    return mentions


def _year_ranges(text: str) -> list[TimeMention]:
    mentions = []
    for m in _YEARS.finditer(text):
        first, last = year_value(m["a"]), year_value(m["b"])
        if first and last and first <= last:
            period = Period(date(first, 1, 1), date(last, 12, 31), m.group())
            mentions.append(TimeMention(m.start(), m.end(), period, True))
    return mentions


def _dates(text: str) -> list[TimeMention]:
    mentions = []
    for m in _DATE.finditer(text):
        year, month, day = int(m[1]), int(m[3]), int(m[4])
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
            period = Period(date(year, month, day), date(year, month, day), m.group())
            mentions.append(TimeMention(m.start(), m.end(), period, True))
    return mentions


# 较上年同期提高, 比去年多: what is compared with is not the time that is spoken of.
_BASE = re.compile(r"(?:较|比|超过?|同)$")


_CLAUSE_END = re.compile("[，,。？?；;]")
_ALL_YEAR = re.compile(r"(?<![0-9年度])全年(?![龄级无])")
# 预计8月底完工 in an issue of April: the coming August.
_AHEAD = re.compile(r"预计|计划|将|拟|力争|争取|确保|有望|目标|前$")


def _was_last_year(
    guess: tuple[date, date],
    today: date,
    question: bool,
    groups: dict[str, str | None],
    text: str,
    m: re.Match[str],
) -> bool:
    """Whether a bare part of the year, `guess` in the present one, is that of the year before."""
    if question:
        return guess[0] > today
    clause = re.split("[，。；！？]", text[: m.start()])[-1]
    due = text[m.end() : m.end() + 1] == "前" and "已" not in clause
    if due or _AHEAD.search(clause):
        return False  # 预计8月底完工, 其余6处限期于3月5日前完成
    if groups["b_months"] and guess[1] > today + timedelta(days=40):
        return True  # 1—11月 in an issue of January
    # 缴费期截至12月31日 in an issue of November is nearer than the December before.
    return guess[0] > today + _SOON


_SOON = timedelta(days=75)


def _lasts(text: str, start: int, end: int) -> bool:
    """Whether a number of two digits before 年 says how long: 使用超过20年的老旧管网."""
    before, after = text[:start], text[end:]
    return bool(
        re.search(r"(?:超过?|连续|近|达|满|历时|时隔|约|长|了)$", before)
        or re.match(r"年?(?:来|的|未|以上|以下|以内|间|期|老)", after)
    )


def _calendar_times(text: str, today: date, year: int | None, question: bool) -> list[TimeMention]:
    mentions: list[TimeMention] = []
    named: int | None = None
    years: set[int] = set()
    position = 0
    for m in _TIME.finditer(text):
        groups = m.groupdict()
        if not question and named is not None:
            # The next sentence of a report starts from its own date again; 对2009年以来批而未供
            # 土地逐宗登记；1—11月…: so does what follows upon a year long past.
            stops = "[。！？]" if named >= today.year - 1 else "[。！？；]"
            named = None if re.search(stops, text[position : m.start()]) else named
        gap, position = text[position : m.start()], m.end()
        if m.start() > 0 and text[m.start() - 1] == "第" and not groups.get("b_quarter"):
            continue  # 第18期 and the like
        has_year = True
        if groups["rel"] and _BASE.search(text[: m.start()]):
            last = groups["rel"].startswith("上")
            if not question or (last and not groups["same"]):
                continue
        if groups["year"] or groups["rel"]:
            if (
                question
                and groups["rel"]
                and groups["rel"][0] in "当同那该"
                and not (named or year)
            ):
                continue  # 发芽的小麦当年怎么处理: the year of what is told, whichever it was
            value = (
                year_value(groups["year"])
                if groups["year"]
                else _relative_year(groups["rel"] or "", today, named or year)
            )
            if value is None or (groups["year"] and _counts(text, m.end("year"))):
                continue
            part = _sub_range(groups, "", value)
            if groups["year"] and len(groups["year"]) == 2:
                lasts = not (question or part) and _lasts(text, m.start("year"), m.end("year"))
                if lasts or not 10 <= value - 2000 <= 40:
                    continue
            # 2023年度医保参保 is run in the autumn before.
            if question or not m.group().strip().endswith("年度"):
                named = value
            years.add(value)
            span = part or (date(value, 1, 1), date(value, 12, 31))
        else:
            value = named or year
            if question and len(years) > 1 and not _CLAUSE_END.search(gap):
                has_year = False  # 2023年和2024年技改投资前三季度: of each of them
                value = named or today.year
            elif value is None:
                has_year = False
                value = today.year
                guess = _sub_range(groups, "b_", value)
                if guess and _was_last_year(guess, today, question, groups, text, m):
                    value -= 1
            if groups["b_yearend"] and not has_year:
                continue
            part = _sub_range(groups, "b_", value)
            if part is None:
                continue
            span = part
        start, end = span
        if question and (groups["yearstart"] or groups["b_yearstart"]):
            end = date(start.year, 2, 28)  # said of the first weeks, and of what was printed then
        kind: TimeKind = "range"
        if groups["endof"]:
            # 1—12月底 is December; 三季度末 is what had come together by then.
            whole = (start.month, end.month) == (1, 12)
            start = date(end.year, 12, 1) if whole else date(end.year, 1, 1)
        if groups["until"] or groups["before"]:
            whole = (start.month, start.day, end.month, end.day) == (1, 1, 12, 31)
            if question and groups["before"] and not groups["until"] and whole:
                end = start - timedelta(days=1)  # 2025年以前 leaves 2025 out
            kind, start = "until", EARLIEST
        elif groups["since"]:
            kind, end = "since", max(today, start)
        words = m.group().strip()
        if question:
            words = words.removesuffix("的")
        first = m.start() + m.group().index(words)
        mentions.append(
            TimeMention(first, first + len(words), Period(start, end, words), has_year, kind)
        )
    return mentions


def _counts(text: str, end: int) -> bool:
    """Whether a number like 2034 counts something: a unit follows it (万元, 人次), not 年.

    2024处置土地 and 2024人均收入 lack their 年 instead: there the segmenter sees another word.
    """
    if re.match(r"[ \t]*年", text[end:]):
        return False
    if re.match(r"\.\d|%", text[end:]):
        return True
    following = text[end : end + 8].lstrip(" \t")
    unit = re.match(rf"[余多]?{UNIT_PATTERN}", following)
    if unit is None:
        return False
    length = 0
    for word in rjieba.cut(following, True):
        length += len(word)
        if length >= unit.end():
            break
    return length == unit.end()
