"""The 速查 tab: figures found while typing, as a table to filter, sort and take along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlencode

import gradio as gr
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from page.archive import Archive
from page.desk import Desk
from page.facts import MOST_FACTS, Fact, find_facts
from page.facts_file import as_csv, as_xlsx
from page.records import attachment
from page.sources import marked
from rag.extractive.wording import say_spoken
from rag.schema import Filters, Period
from rag.text import Span

SHOWN = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SORTS = {"": "最相关在前", "new": "日期新的在前", "old": "日期旧的在前", "large": "数值大的在前"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for."""

    q: Annotated[str, Query(max_length=200)] = ""
    year: int | None = None
    department: Annotated[str, Query(max_length=60)] = ""
    section: Annotated[str, Query(max_length=60)] = ""
    sort: Literal["", "new", "old", "large"] = ""

    def filters(self) -> Filters:
        year = self.year if self.year and 1949 <= self.year <= 9998 else None
        return Filters(
            published=Period(date(year, 1, 1), date(year, 12, 31)) if year else None,
            departments=(self.department,) if self.department else (),
            sections=(self.section,) if self.section else (),
        )

    def address(self, suffix: str) -> str:
        """The address of the same facts as a file."""
        named = {
            "q": self.q,
            "year": str(self.year or ""),
            "department": self.department,
            "section": self.section,
            "sort": self.sort,
        }
        return f"desk/facts.{suffix}?{urlencode({k: v for k, v in named.items() if v})}"


Asked = Annotated[Wanted, Depends(Wanted)]


def build_facts_tab() -> None:
    """The tab; the server fills it when it is opened."""
    gr.HTML('<div class="part" data-part="desk/facts/form"></div>', apply_default_css=False)


def facts_routes(desk: Desk) -> APIRouter:
    """The form, the table, and the table as a file."""
    router = APIRouter(prefix="/desk/facts")

    def found(wanted: Wanted) -> list[Fact]:
        facts = find_facts(desk.engine.archive(), wanted.q, wanted.filters())
        if wanted.sort in ("new", "old"):
            facts.sort(key=lambda fact: fact.chunk.published, reverse=wanted.sort == "new")
        elif wanted.sort == "large":
            facts.sort(key=lambda fact: (fact.figure.family, -fact.figure.value))
        return facts

    @router.get("/form")
    def form() -> HTMLResponse:
        return HTMLResponse(str(form_html(desk.engine.archive())))

    @router.get("")
    def table(wanted: Asked) -> HTMLResponse:
        return HTMLResponse(str(table_html(found(wanted), wanted)))

    @router.get(".csv")
    def csv_file(wanted: Asked) -> Response:
        return attachment(as_csv(found(wanted)), "速查.csv", "text/csv; charset=utf-8")

    @router.get(".xlsx")
    def xlsx_file(wanted: Asked) -> Response:
        return attachment(as_xlsx(found(wanted)), "速查.xlsx", _XLSX)

    return router


def form_html(archive: Archive) -> Markup:
    """The box and the filters, with the years, departments and sections of the archive."""
    years = sorted({issue.year for issue, _ in archive.dates()}, reverse=True)
    return Markup(
        '<form class="finder" action="desk/facts" data-into="#facts-found" role="search">'
        '<input type="search" name="q" maxlength="200" placeholder="输入指标、项目或数字，如 技改投资"'
        ' aria-label="查找数字" autocomplete="off">{}{}{}{}</form>'
        '<div id="facts-found" aria-live="polite"></div>'
    ).format(
        choice("year", "年份", [(str(year), f"{year}年") for year in years]),
        choice("department", "部门", [(name, name) for name, _ in archive.departments()]),
        choice("section", "栏目", [(name, name) for name, _ in archive.sections()]),
        choice("sort", "", list(_SORTS.items())),
    )


def choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Markup:
    """A select box; with a label it has a first option for no choice."""
    every = [("", f"全部{label}")] if label else []
    return Markup('<select name="{}" aria-label="{}">{}</select>').format(
        name,
        label or "排序",
        Markup("").join(
            Markup('<option value="{}">{}</option>').format(value, words)
            for value, words in (*every, *options)
        ),
    )


def table_html(facts: Sequence[Fact], wanted: Wanted) -> Markup:
    """The facts as a table; each row opens its sentence in the issue."""
    if not facts:
        return Markup('<p class="none">没有找到这样的数字。可以换一个说法，或去掉筛选条件。</p>')
    more = f"，先列出{SHOWN}个，下载可得全部" if len(facts) > SHOWN else ""
    many = f"{MOST_FACTS}个以上" if len(facts) >= MOST_FACTS else f"{len(facts)}个"
    what = f"找到{many}数字{more}" if wanted.q.strip() else f"最近各期的数字{more}"
    rows = Markup("").join(_row(fact) for fact in facts[:SHOWN])
    return Markup(
        '<p class="found"><span>{}</span><span class="downloads">下载 <a href="{}" download>CSV</a>'
        ' <a href="{}" download>Excel</a></span></p>'
        '<table class="facts"><thead><tr><th>数字</th><th>是什么</th><th>所指时间</th><th>原句</th>'
        "<th>出处</th></tr></thead><tbody>{}</tbody></table>"
    ).format(what, wanted.address("csv"), wanted.address("xlsx"), rows)


def _row(fact: Fact) -> Markup:
    chunk, sentence = fact.chunk, fact.sentence
    figure = Span(fact.figure.start - sentence.start, fact.figure.end - sentence.start)
    return Markup(
        '<tr><td class="value">{}</td><td class="what">{}</td><td class="time">{}</td>'
        '<td class="sentence">{}</td><td class="from"><button type="button" class="quiet"'
        ' data-open="{}" data-start="{}" data-end="{}">{}</button><span>{}</span></td></tr>'
    ).format(
        fact.figure.text,
        fact.label,
        say_spoken(fact.time, chunk),
        marked(sentence.of(chunk.text), [figure]),
        chunk.id,
        sentence.start,
        sentence.end,
        f"{chunk.issue.year}年{chunk.issue.edition}第{chunk.issue.number}期",
        "、".join(chunk.printed or chunk.departments),
    )
