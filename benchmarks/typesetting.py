"""The text of made-up issues in the many ways in which offices set them.

`make_setting(seed)` gives how an issue is set, `render` the text. The same seed always gives the
same setting.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from benchmarks.generate import MadeIssue, MadeItem, make_issue

# A page ends below a printed line, so it cuts nothing that fits on one.
_PRINTED_LINE = 40


@dataclass(frozen=True, slots=True)
class Setting:
    """How an issue is set. See `render` for the meaning of each choice."""

    number: str = "第{n}期"
    chinese_number: bool = False
    total: int = 0
    day: str = "spaced"
    wide_title: bool = False
    merged_head: bool = False
    brackets: str = "【】"
    inline_section: bool = False
    title_end: str = " "
    spaced_digits: bool = False
    full_width: bool = False
    signature: str = "（）"
    separator: str = "、"
    wide_names: bool = False
    own_line_signature: bool = False
    indent: str = ""
    blank_lines: bool = True
    wrap: int = 0
    page_numbers: str = ""
    page_length: int = 0
    one_line_footer: bool = False
    line_end: str = "\n"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One printed paragraph; `kind` is head, section, item, rows, signature or footer."""

    kind: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()


def make_setting(seed: int) -> Setting:
    """A way of setting an issue, every choice drawn by itself."""
    rng = random.Random(f"setting {seed}")
    wrap = rng.choice([0, 0, 0, 28, 36])
    return Setting(
        number=rng.choice(["第 {n} 期", "第{n}期", "（第{n}期）", "第{n}期"]),
        chinese_number=rng.random() < 0.2,
        total=rng.randint(100, 900) if rng.random() < 0.2 else 0,
        day=rng.choice(["spaced", "close", "chinese", "dashes", "points"]),
        wide_title=rng.random() < 0.3,
        merged_head=rng.random() < 0.2,
        brackets=rng.choice(["【】", "【】", "【】", "〖〗", "[]", "一、"]),
        inline_section=rng.random() < 0.15,
        title_end=rng.choice([" ", " ", "　", "。", "\n"]),
        spaced_digits=rng.random() < 0.4,
        full_width=rng.random() < 0.1,
        signature=rng.choice(["（）", "（）", "()"]),
        separator=rng.choice(["、", "，", " ", "；"]),
        wide_names=rng.random() < 0.1,
        own_line_signature=rng.random() < 0.25,
        indent="　　" if wrap or rng.random() < 0.3 else "",
        blank_lines=not wrap and rng.random() < 0.6,
        wrap=wrap,
        page_numbers=rng.choice(["", "", "- {p} -", "—{p}—", "第 {p} 页", "{p}", "\f"]),
        page_length=rng.choice([0, 700, 1100]),
        one_line_footer=rng.random() < 0.2,
        line_end=rng.choice(["\n", "\n", "\r\n"]),
    )


def paragraphs(issue: MadeIssue, setting: Setting) -> list[Paragraph]:
    """The issue's paragraphs in printed order, before they are broken into lines and pages."""
    found = [Paragraph("head", line) for line in _head(issue, setting)]
    section = None
    for item in issue.items:
        lead = ""
        if item.section != section:
            section = item.section
            order = list(dict.fromkeys(each.section for each in issue.items)).index(section)
            heading = _heading(section, setting, order)
            if setting.inline_section and setting.brackets in ("【】", "〖〗"):
                lead = heading
            else:
                found.append(Paragraph("section", heading))
        found.extend(_item_paragraphs(item, setting, lead))
    found.extend(Paragraph("footer", line) for line in _footer(issue, setting))
    return found


def _item_paragraphs(item: MadeItem, setting: Setting, lead: str) -> Iterator[Paragraph]:
    signature = _signature(item, setting)
    title_end = setting.title_end
    if not item.title:
        text = lead + _digits(item.body, setting)
    elif title_end == "\n":
        yield Paragraph("item", lead + item.title)
        text = _digits(item.body, setting)
    else:
        text = f"{lead}{item.title}{title_end}{_digits(item.body, setting)}"
    if item.rows:
        yield Paragraph("item", text)
        yield Paragraph("rows", "\n".join("\t".join(row) for row in item.rows), item.rows)
        if signature:
            yield Paragraph("signature", signature)
    elif signature and setting.own_line_signature:
        yield Paragraph("item", text)
        yield Paragraph("signature", signature)
    else:
        yield Paragraph("item", text + signature)


def _head(issue: MadeIssue, setting: Setting) -> list[str]:
    name = " ".join(issue.series) if setting.wide_title else issue.series
    digits = chinese(issue.number) if setting.chinese_number else str(issue.number)
    number = setting.number.format(n=digits)
    if issue.edition:
        number = f"{issue.edition}{number.strip('（）')}"
    if setting.total:
        number += f"（总第{setting.total}期）"
    day = print_date(issue.published, setting.day)
    if setting.merged_head:
        return [name, f"{number}   {issue.publisher}   {day}"]
    return [name, number, issue.publisher, day]


def print_date(day: date, style: str) -> str:
    """A date as issues print it."""
    if style == "chinese":
        year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
        return f"{year}年{chinese(day.month)}月{chinese(day.day)}日"
    if style == "dashes":
        return day.isoformat()
    if style == "points":
        return f"{day.year}.{day.month}.{day.day}"
    gap = " " if style == "spaced" else ""
    return f"{day.year}{gap}年{gap}{day.month}{gap}月{gap}{day.day}{gap}日"


def chinese(number: int) -> str:
    """A number below 100 in Chinese numerals: 11 → 十一."""
    tens, ones = divmod(number, 10)
    digits: tuple[str, ...] = ("", *"一二三四五六七八九")
    front = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return front + digits[ones]


def _heading(section: str, setting: Setting, order: int) -> str:
    if setting.brackets == "一、":
        return f"{chinese(order + 1)}、{section}"
    return f"{setting.brackets[0]}{section}{setting.brackets[1]}"


def _digits(text: str, setting: Setting) -> str:
    if setting.full_width:
        return text.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    if not setting.spaced_digits:
        return text
    spaced = ""
    for char in text:
        if (
            spaced
            and not spaced.endswith(" ")
            and (
                (char.isdigit() and "一" <= spaced[-1] <= "鿿")
                or (spaced[-1] in "0123456789%" and "一" <= char <= "鿿")
            )
        ):
            spaced += " "
        spaced += char
    return spaced


def _signature(item: MadeItem, setting: Setting) -> str:
    if not item.departments:
        return ""
    names = item.departments
    if setting.wide_names and len(names) == 1 and len(names[0]) <= 3:
        names = (" ".join(names[0]),)
    return setting.signature[0] + setting.separator.join(names) + setting.signature[1]


def _footer(issue: MadeIssue, setting: Setting) -> list[str]:
    people = [f"责任编辑：{issue.editor}", f"审核：{issue.reviewer}", f"签发：{issue.signer}"]
    if setting.one_line_footer:
        people = ["    ".join(people)]
    return [f"本期发：{issue.distribution}", *people]


def render(issue: MadeIssue, setting: Setting) -> str:
    """The text of an issue as a .txt file holds it, with page breaks in the middle of sentences."""
    lines: list[str] = []
    for paragraph in paragraphs(issue, setting):
        indent = setting.indent if paragraph.kind == "item" else ""
        if paragraph.kind == "rows":
            lines.extend(paragraph.text.split("\n"))
        elif setting.wrap and paragraph.kind in ("item", "footer"):
            text = indent + paragraph.text
            lines.extend(text[at : at + setting.wrap] for at in range(0, len(text), setting.wrap))
        else:
            lines.append(indent + paragraph.text)
        if setting.blank_lines:
            lines.append("")
    return setting.line_end.join(_paged(lines, setting)) + setting.line_end


def _paged(lines: list[str], setting: Setting) -> Iterator[str]:
    """Break lines at the end of every page, between any two characters of running text."""
    room, page = setting.page_length or 10**9, 1
    for line in lines:
        while (
            len(line) > max(room, _PRINTED_LINE) and room > _PRINTED_LINE // 2 and not setting.wrap
        ):
            cut = _between_words(line, room)
            yield line[:cut]
            yield from _page_end(setting, page)
            line, room, page = line[cut:], setting.page_length, page + 1
        if len(line) > room:
            yield from _page_end(setting, page)
            room, page = setting.page_length, page + 1
        yield line
        room -= len(line)


def _between_words(line: str, at: int) -> int:
    # A printer breaks neither a figure nor before a closing sign.
    while 0 < at < len(line) and (
        (
            line[at - 1] in "0123456789.０１２３４５６７８９"
            and line[at] in "0123456789.%０１２３４５６７８９"
        )
        or line[at] in " 　，。、；：）)”》%"
        or line[at - 1] in " 　（(“《"
    ):
        at -= 1
    return at


def _page_end(setting: Setting, page: int) -> Iterator[str]:
    if setting.page_numbers == "\f":
        yield "\f"
    elif setting.page_numbers:
        yield ""
        yield setting.page_numbers.format(p=page)
        yield ""
    else:
        yield ""


def archive(count: int) -> Iterator[tuple[MadeIssue, str]]:
    """Issues and their texts, one setting a year as offices change them seldom."""
    for seed in range(count):
        issue = make_issue(seed)
        setting = make_setting(issue.published.year)
        yield issue, render(issue, replace(setting, line_end="\n"))
