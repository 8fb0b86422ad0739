"""The 期刊 tab: issues by year with their gaps, departments, sections, and topics over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal
from urllib.parse import quote

import gradio as gr
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from page.archive import Archive
from page.desk import Desk
from page.facts import facts_of
from page.facts_tab import Wanted
from page.facts_tab import table_html as facts_html
from page.issue_view import GONE, issue_html
from page.topic import Series, topic_series
from page.topic_chart import chart
from rag.schema import Chunk, Filters, IssueRef

SHOWN_ITEMS = 200
_DIGEST_FIGURES = 3
_WAYS = (("years", "按年"), ("department", "按部门"), ("section", "按栏目"), ("topic", "专题走势"))


def build_journal_tab() -> None:
    """The tab; the server fills it when it is opened."""
    gr.HTML('<div class="part" data-part="desk/journal"></div>', apply_default_css=False)


def journal_routes(desk: Desk) -> APIRouter:
    """The views of the tab as HTML."""
    router = APIRouter(prefix="/desk/journal")
    archive = desk.engine.archive

    @router.get("")
    def opening() -> HTMLResponse:
        head = '<nav class="ways" aria-label="查看方式">{}</nav><div id="journal">{}</div>'
        ways = Markup("").join(
            Markup(
                '<button type="button" aria-current="{}" data-load="desk/journal/{}"'
                ' data-into="#journal">{}</button>'
            ).format("false" if number else "true", way, words)
            for number, (way, words) in enumerate(_WAYS)
        )
        return HTMLResponse(str(Markup(head).format(ways, years_html(archive().dates()))))

    @router.get("/years")
    def years() -> HTMLResponse:
        return HTMLResponse(str(years_html(archive().dates())))

    @router.get("/issue")
    def issue(key: str) -> HTMLResponse:
        return HTMLResponse(str(digest_html(archive(), key)))

    @router.get("/items")
    def items(by: Literal["department", "section"], name: str) -> HTMLResponse:
        filters = Filters(departments=(name,)) if by == "department" else Filters(sections=(name,))
        return HTMLResponse(str(items_html(archive().scan(filters), name)))

    @router.get("/topic")
    def topic() -> HTMLResponse:
        return HTMLResponse(str(_TOPIC_FORM))

    @router.get("/timeline")
    def timeline(
        q: Annotated[str, Query(max_length=100)] = "", series: Annotated[int, Query(ge=0)] = 0
    ) -> HTMLResponse:
        return HTMLResponse(str(timeline_html(topic_series(archive(), q), q, series)))

    @router.get("/{by}")
    def names(by: Literal["department", "section"]) -> HTMLResponse:
        found = archive().departments() if by == "department" else archive().sections()
        return HTMLResponse(str(names_html(by, found)))

    return router


def _load(address: str, words: str, note: str = "") -> Markup:
    return Markup(
        '<button type="button" data-load="{}" data-into="#journal">{}<small>{}</small></button>'
    ).format(address, words, note)


def years_html(dates: Sequence[tuple[IssueRef, date]]) -> Markup:
    """The issues of each year as buttons, missing numbers between them."""
    if not dates:
        return Markup('<p class="none">还没有收录快报。</p>')
    groups: dict[tuple[int, str, str], list[tuple[int, IssueRef, date]]] = defaultdict(list)
    for issue, day in dates:
        groups[-issue.year, issue.series, issue.edition].append((issue.number, issue, day))
    parts = []
    for (year, series, edition), issues in sorted(groups.items()):
        parts.append(
            Markup("<h3>{}年{}<small>{} 共{}期</small></h3>").format(
                -year, edition, f"《{series}》" if series else "", len(issues)
            )
        )
        parts.append(Markup('<div class="pick">{}</div>').format(Markup("").join(_cells(issues))))
    return Markup("").join(parts)


def _cells(issues: list[tuple[int, IssueRef, date]]) -> Iterator[Markup]:
    expected = 1
    for number, issue, day in sorted(issues, key=lambda row: (row[0], row[2])):
        if number > expected:
            gap = f"{expected}" if number == expected + 1 else f"{expected}—{number - 1}"
            yield Markup('<span class="gap">缺第{}期</span>').format(gap)
        yield _load(f"desk/journal/issue?key={quote(issue.key)}", f"第{number}期", f"{day:%m-%d}")
        expected = number + 1


def names_html(by: str, names: Sequence[tuple[str, int]]) -> Markup:
    """Departments or sections with the number of their items."""
    if not names:
        return Markup('<p class="none">还没有收录快报。</p>')
    return Markup('<div class="pick">{}</div>').format(
        Markup("").join(
            _load(f"desk/journal/items?by={by}&name={quote(name)}", name, f"{count}条")
            for name, count in names
        )
    )


def items_html(chunks: Sequence[Chunk], name: str) -> Markup:
    """The items of a department or a section, the newest first."""
    whole = [chunk for chunk in reversed(chunks) if chunk.part <= 1]
    more = f"，先列出{SHOWN_ITEMS}条" if len(whole) > SHOWN_ITEMS else ""
    rows = Markup("").join(_item(chunk, dated=True) for chunk in whole[:SHOWN_ITEMS])
    return Markup('<h3>{}<small>共{}条{}</small></h3><ul class="digest">{}</ul>').format(
        name, len(whole), more, rows
    )


def digest_html(archive: Archive, key: str) -> Markup:
    """The main points of an issue by section, and its full text folded away."""
    found = [issue for issue, _ in archive.dates() if issue.key == key]
    records = archive.issues(Filters(issues=tuple(found))) if found else []
    if not records:
        return Markup('<p class="problem">{}</p>').format(GONE)
    record = records[0]
    parts = [Markup("<h3>{} 本期要点</h3>").format(record.label)]
    section: str | None = None
    rows: list[Markup] = []
    for chunk in archive.scan(Filters(issues=(record.issue,))):
        if chunk.part > 1:
            continue
        if chunk.section != section:
            section = chunk.section
            rows.append(Markup("<li><b>【{}】</b></li>").format(section or "其他"))
        rows.append(_item(chunk, dated=False))
    parts.append(Markup('<ul class="digest">{}</ul>').format(Markup("").join(rows)))
    parts.append(
        Markup("<details><summary>全文</summary>{}</details>").format(
            issue_html(record, None, None)
        )
    )
    return Markup("").join(parts)


def _item(chunk: Chunk, dated: bool) -> Markup:
    title = chunk.title or chunk.text[:40]
    by = "、".join(chunk.printed or chunk.departments)
    issue = chunk.issue
    where = f"{issue.year}年{issue.edition}第{issue.number}期（{chunk.published}）" if dated else ""
    figures = [f"{fact.label} {fact.figure.text}" for fact in facts_of(chunk)[:_DIGEST_FIGURES]]
    return Markup(
        '<li><button type="button" class="quiet" data-open="{}" data-start="0" data-end="0">{}'
        '</button><span class="by">{}</span><p>{}</p></li>'
    ).format(chunk.id, title, " ".join(part for part in (by, where) if part), "；".join(figures))


_TOPIC_FORM = Markup(
    '<form class="finder" action="desk/journal/timeline" data-into="#timeline" role="search">'
    '<input type="search" name="q" maxlength="100" autocomplete="off" aria-label="专题"'
    ' placeholder="输入专题，如 高速 完成投资"></form><div id="timeline" aria-live="polite"></div>'
)


def timeline_html(found: Sequence[Series], words: str, chosen: int) -> Markup:
    """A chart of one quantity of the topic with its table; the other ones as buttons."""
    if not words.strip():
        return Markup('<p class="none">输入一个专题，看它的数字怎样变化；点图上的圆点看原文。</p>')
    if not found:
        return Markup('<p class="none">没有找到在两期以上出现过的数字，可以换一个说法。</p>')
    series = found[min(chosen, len(found) - 1)]
    picks = Markup("").join(
        Markup(
            '<button type="button" aria-current="{}" data-load="desk/journal/timeline?q={}&series={}"'
            ' data-into="#timeline">{}<small>{}次</small></button>'
        ).format(
            "true" if each is series else "false", quote(words), number, each.label, len(each.facts)
        )
        for number, each in enumerate(found)
    )
    table = facts_html(series.facts, Wanted(q=words))
    return Markup('<div class="pick ways">{}</div><h3>{}</h3>{}{}').format(
        picks, series.label, chart(series.facts, series.label), table
    )
