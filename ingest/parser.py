"""Text of a file → `Bulletin`s: head, sections, items and footer of each issue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from ingest.footer import read_footer
from ingest.items import RawItem, read_items
from ingest.layout import IssueLayout, Section, read_layout, split_issues
from ingest.lines import Line, read_lines
from ingest.masthead import Masthead, find_date, read_masthead
from ingest.review import review_issue
from ingest.style import read_style
from rag.errors import NotABulletinError
from rag.schema import Bulletin, IssueRef, Item, ParseWarning
from rag.text import encodable, strip_space


def parse_bulletins(
    text: str,
    source: str,
    *,
    scanned: bool = False,
    warnings: Sequence[ParseWarning] = (),
) -> list[Bulletin]:
    """All issues in the text of one file, in printed order; at least one.

    `source` names the file in messages; `warnings` of the loader are passed on with the first
    issue. Raises NotABulletinError for text without issue number, date or items.
    """
    page = read_lines(encodable(text))
    if not page.lines:
        raise NotABulletinError(f"{source}：文件里没有文字。如果是扫描件，请先做文字识别再放入。")
    return [
        _parse_issue(lines, source, scanned, tuple(warnings) if place == 0 else ())
        for place, lines in enumerate(split_issues(page.lines))
    ]


def parse_bulletin(
    text: str,
    source: str,
    *,
    scanned: bool = False,
    warnings: Sequence[ParseWarning] = (),
) -> Bulletin:
    """The one issue in the text; NotABulletinError when there is none, or more than one."""
    bulletins = parse_bulletins(text, source, scanned=scanned, warnings=warnings)
    if len(bulletins) > 1:
        raise NotABulletinError(f"{source}：文件里有 {len(bulletins)} 期快报，这里只能是一期。")
    return bulletins[0]


def _parse_issue(
    lines: Sequence[Line], source: str, scanned: bool, warnings: tuple[ParseWarning, ...]
) -> Bulletin:
    layout = read_layout(lines)
    head = read_masthead([line.text for line in layout.head])
    if head.number is None:
        raise NotABulletinError(
            f"{source}：没有找到期号（例如“第18期”）。请确认它是一期政务快报，并且刊头完整。"
        )
    published = head.published or _date_below(layout, head)
    if published is None:
        raise NotABulletinError(
            f"{source}：第{head.number}期没有找到出刊日期（例如“2023年4月21日”），请在刊头补上日期。"
        )
    items, left_over = _read_sections(layout.sections)
    if not items:
        raise NotABulletinError(
            f"{source}：第{head.number}期只有刊头，没有正文条目，请检查文件是否完整。"
        )
    masthead = tuple(line.text for line in layout.head)
    below = read_footer([line.text for line in layout.footer])
    footer = below.footer
    if not footer.signer:
        footer = replace(footer, signer=read_footer(masthead).footer.signer)
    bulletin = Bulletin(
        issue=IssueRef(head.year or published.year, head.number, head.edition, head.series),
        publisher=head.publisher or _publisher_below(layout),
        published=published,
        items=tuple(items),
        footer=footer,
        source=source,
        content_hash=content_hash("".join(line.text for line in lines)),
        masthead=masthead,
        tail=(*left_over, *(line.text for line in layout.headers), *below.tail),
        scanned=scanned,
    )
    return replace(bulletin, warnings=(*warnings, *review_issue(bulletin, layout)))


def content_hash(text: str) -> str:
    """SHA-256 of the text without white space, the same for every encoding and line width."""
    return hashlib.sha256(strip_space(text).encode("utf-8", "surrogatepass")).hexdigest()


def _date_below(layout: IssueLayout, head: Masthead) -> date | None:
    """The date of 2023年4月21日印发 below the last item."""
    return next((day for line in layout.footer if (day := find_date(line.text, head.year))), None)


def _publisher_below(layout: IssueLayout) -> str:
    """The office of 某县人民政府办公室 2023年4月21日印发 below the last item."""
    printed = (line.text for line in layout.footer if find_date(line.text))
    return next((name for text in printed if (name := read_masthead([text]).publisher)), "")


def _read_sections(sections: Sequence[Section]) -> tuple[list[Item], list[str]]:
    """The items, and what belongs to none: headings without items, signatures without text."""
    style = read_style([section.lines for section in sections])
    items: list[Item] = []
    left_over: list[str] = []
    for section in sections:
        found = read_items(section.lines, style)
        whole = [raw for raw in found if raw.text]
        left_over.extend(f"（{raw.signature}）" for raw in found if not raw.text)
        if section.name and not whole:
            left_over.append(f"【{section.name}】")
        for raw in whole:
            items.append(_item(raw, section, len(items) + 1))
    return items, left_over


def _item(raw: RawItem, section: Section, ordinal: int) -> Item:
    return Item(
        section=section.name,
        ordinal=ordinal,
        title=raw.title,
        body=raw.body,
        departments=raw.departments,
        text=raw.text,
        signature=raw.signature,
        line=raw.line,
    )
