"""What other programs call: named Gradio endpoints, and the same as tools over MCP."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio.events import api

from page.callers import Callers
from page.desk import Desk
from page.engine import UNEXPECTED
from page.facts import find_facts
from page.facts_file import fact_cells
from page.facts_tab import Wanted
from rag.answer_json import answer_to_json
from rag.errors import BulletinError
from rag.schema import Filters

log = logging.getLogger(__name__)

MOST_FIGURES = 50
LOOKUPS_AT_ONCE = 4
T = TypeVar("T")


def build_endpoints(page: gr.Blocks, desk: Desk) -> None:
    """Add the endpoints to the page being laid out."""
    callers = Callers(page)

    def ask(
        question: str, request: gr.Request, history: list[dict[str, str]] | None = None
    ) -> dict[str, Any]:
        callers.note(request)
        reader = str(getattr(request, "username", None) or "")

        def answer() -> dict[str, Any]:
            [last] = deque(desk.ask(reader, question, history or [], "api"), maxlen=1)
            return answer_to_json(last, None, 0)

        return told(answer)

    def find_figures(
        words: str,
        request: gr.Request,
        year: int | None = None,
        department: str = "",
        section: str = "",
    ) -> list[dict[str, Any]]:
        callers.note(request)
        wanted = Wanted(words, year, department, section)

        def rows() -> list[dict[str, Any]]:
            facts = find_facts(desk.engine.archive(), words, wanted.filters())[:MOST_FIGURES]
            return [dict(zip(_COLUMNS, fact_cells(fact), strict=True)) for fact in facts]

        return told(rows)

    def read_issue(year: int, issue: int, request: gr.Request) -> list[dict[str, Any]]:
        callers.note(request)

        def texts() -> list[dict[str, Any]]:
            archive = desk.engine.archive()
            refs = tuple(
                ref for ref, _ in archive.dates() if (ref.year, ref.number) == (year, issue)
            )
            records = archive.issues(Filters(issues=refs)) if refs else []
            return [
                {"label": record.label, "date": record.published.isoformat(), "text": record.text}
                for record in records
            ]

        return told(texts)

    def list_issues(request: gr.Request) -> list[dict[str, Any]]:
        callers.note(request)

        def rows() -> list[dict[str, Any]]:
            return [
                {"label": ref.label, "year": ref.year, "issue": ref.number, "date": day.isoformat()}
                for ref, day in desk.engine.archive().dates()
            ]

        return told(rows)

    # The desk itself limits how many questions are answered at once, whichever way they come in.
    api(
        ask,
        concurrency_limit=None,
        api_name="ask",
        api_description="就已收录的政务快报提问。返回回答、编号的出处（逐字引文、期号、日期、部门）"
        "和数字核对结果；outcome 为 not_found 表示快报里没有。question 是问题，history 是前文。",
    )
    api(
        find_figures,
        concurrency_limit=LOOKUPS_AT_ONCE,
        api_name="find_figures",
        api_description="按关键词查快报里的数字：每个数字是什么、所指时间、原句和出处。"
        "可用 year、department、section 缩小范围。",
    )
    api(
        read_issue,
        concurrency_limit=LOOKUPS_AT_ONCE,
        api_name="read_issue",
        api_description="某年某期快报的全文。year 是年份，issue 是期号。",
    )
    api(list_issues, api_name="list_issues", api_description="已收录的快报：期号和日期。")


_COLUMNS = (
    "figure",
    "value",
    "unit",
    "what",
    "time",
    "sentence",
    "issue",
    "date",
    "section",
    "departments",
)


def told(work: Callable[[], T]) -> T:
    """The result of `work`; what goes wrong is told in Chinese, without a trace."""
    try:
        return work()
    except BulletinError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        log.exception("接口调用出错")
        raise gr.Error(UNEXPECTED, print_exception=False) from error
