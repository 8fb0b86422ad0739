"""The 评测 tab: run a question set, see the figures, compare with an earlier run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.datastructures import UploadFile

from page.evaluating import ENGINE_NAMES, Evaluator, Progress
from page.import_tab import administrators_only
from page.importing import safe_name
from rag.errors import QuestionError
from rag.evaluation.charts import bars_by_type
from rag.evaluation.names import SPLIT_NAMES
from rag.evaluation.scoring import METRICS
from rag.evaluation.table import milliseconds, share

_LARGEST_SET = 20 * 2**20


def build_evaluate_tab() -> None:
    """The tab; the server fills it when it is opened."""
    gr.HTML(
        '<div class="part" data-part="desk/evaluate" data-fresh></div>', apply_default_css=False
    )


def evaluate_routes(evaluator: Evaluator) -> APIRouter:
    """Choosing, running, looking at and comparing runs."""
    router = APIRouter(prefix="/desk/evaluate", dependencies=[Depends(administrators_only)])

    @router.get("")
    def opening() -> HTMLResponse:
        return HTMLResponse(str(opening_html(evaluator)))

    @router.get("/progress")
    def progress() -> HTMLResponse:
        return HTMLResponse(str(progress_html(evaluator)))

    @router.post("/start")
    async def start(request: Request) -> HTMLResponse:
        async with request.form() as form:
            chosen = {name: str(form.get(name) or "") for name in ("set", "compare", "way")}
            evaluator.start(chosen["set"], chosen["compare"], chosen["way"])
        return progress()

    @router.post("/stop")
    def stop() -> HTMLResponse:
        evaluator.stop()
        return progress()

    @router.post("/sets")
    async def add_set(request: Request) -> HTMLResponse:
        async with request.form(max_files=1) as form:
            part = form.get("files")
            if not isinstance(part, UploadFile) or (part.size or 0) > _LARGEST_SET:
                raise QuestionError("请选择一个不超过 20 MB 的 JSONL 文件。")
            name = safe_name(part.filename or "").rpartition(".")[0] or "问答集"
            count = evaluator.add_set(name, await part.read())
        said = Markup('<p class="remark">已收下问答集“{}”，{}题。</p>').format(name, count)
        return HTMLResponse(str(said + opening_html(evaluator)))

    @router.get("/run/{stamp}")
    def run(stamp: str) -> HTMLResponse:
        return HTMLResponse(str(run_html(stamp, evaluator.results(stamp))))

    @router.get("/run/{stamp}/report")
    def report(stamp: str) -> HTMLResponse:
        return HTMLResponse(evaluator.report(stamp))

    return router


def opening_html(evaluator: Evaluator) -> Markup:
    """The form, what runs now, and the runs kept."""
    runs = evaluator.runs()
    earlier = [("", "不比较"), *((stamp, f"与 {when(stamp)} 比较") for stamp in runs)]
    ways = [(way, f"回答方式：{way}") for way in evaluator.ways()]
    kept = Markup("").join(
        Markup(
            '<button type="button" data-load="desk/evaluate/run/{}" data-into="#evaluation">{}</button>'
        ).format(stamp, when(stamp))
        for stamp in runs[:30]
    )
    return Markup(
        '<form class="finder" data-send="desk/evaluate/start" data-to="#evaluating">{}{}{}'
        '<button type="submit" class="act">开始评测</button>'
        '<label class="act plain add">添加问答集<input type="file" accept=".jsonl" hidden'
        ' data-send-file="desk/evaluate/sets"></label></form>'
        '<div id="evaluating" aria-live="polite">{}</div>'
        '<h3>以往的评测</h3><div class="pick">{}</div><div id="evaluation"></div>'
    ).format(
        _choice("set", "问答集", [(name, name) for name in evaluator.sets()]),
        _choice("way", "回答方式", ways) if len(ways) > 1 else "",
        _choice("compare", "比较", earlier),
        progress_html(evaluator),
        kept or Markup('<p class="none">还没有评测过。</p>'),
    )


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Markup:
    return Markup('<select name="{}" aria-label="{}">{}</select>').format(
        name,
        label,
        Markup("").join(
            Markup('<option value="{}">{}</option>').format(value, words)
            for value, words in options
        ),
    )


def when(stamp: str) -> str:
    """20251121-083000 as 2025-11-21 08:30"""
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"


def progress_html(evaluator: Evaluator) -> Markup:
    """The run under way, or the result of the one that has just ended."""
    now: Progress = evaluator.progress
    if now.running:
        return Markup(
            '<div class="running" data-again="desk/evaluate/progress"><span>正在评测……{}</span>'
            '<progress{}></progress><button type="button" class="act plain"'
            ' data-send="desk/evaluate/stop" data-to="#evaluating">停止</button></div>'
        ).format(
            f"{now.done}/{now.total}" if now.total else "",
            Markup(' max="{}" value="{}"').format(now.total, now.done) if now.total else "",
        )
    if now.problem:
        return Markup('<p class="problem">{}</p>').format(now.problem)
    if now.stamp:
        return run_html(now.stamp, evaluator.results(now.stamp))
    return Markup("")


def run_html(stamp: str, results: Mapping[str, Any]) -> Markup:
    """The figures of a run as tables and a chart, with the way to its failing questions."""
    parts = [
        Markup(
            "<h3>{}<small>{}，{}题</small></h3>"
            '<p><a href="desk/evaluate/run/{}/report" target="_blank">完整报告和每一道答错的题</a></p>'
        ).format(when(stamp), results["qa"]["file"], results["qa"]["questions"], stamp)
    ]
    for key, engine in results["engines"].items():
        splits: Mapping[str, Any] = engine["splits"]
        names = [SPLIT_NAMES.get(name, name) for name in splits]
        rows = [
            [metric.label, *(share(split["metrics"][metric.name]) for split in splits.values())]
            for metric in METRICS
        ]
        rows += [
            [f"耗时 {name}", *(milliseconds(s["latency_ms"][name]) for s in splits.values())]
            for name in ("p50", "p95")
        ]
        if len(results["engines"]) > 1 or key != "extractive":
            parts.append(Markup("<h3>{}</h3>").format(ENGINE_NAMES.get(key, key)))
        parts.append(_table(["指标", *names], rows))
        shown = {name: split for name, split in splits.items() if name != "all"} or splits
        # The chart is built by rag.evaluation, which escapes the names in it.
        parts.append(Markup('<div class="chart">{}</div>').format(Markup(bars_by_type(shown))))
    if "comparison" in results:
        parts.append(_comparison(results["comparison"], len(results["engines"]) > 1))
    return Markup("").join(parts)


def _comparison(comparison: Mapping[str, Any], several: bool) -> Markup:
    labels = {metric.name: metric.label for metric in METRICS}
    rows = [
        [
            (f"{ENGINE_NAMES.get(row['engine'], row['engine'])} " if several else "")
            + SPLIT_NAMES.get(row["split"], row["split"]),
            labels.get(row["metric"], row["metric"]),
            f"{100 * row['old']:.1f}%",
            f"{100 * row['new']:.1f}%",
            "、".join(row["better"][:20]),
            "、".join(row["worse"][:20]),
            f"{row['p']:.3f}",
        ]
        for row in comparison["rows"]
    ]
    if not rows:
        return Markup("<h3>比较</h3><p>没有一题的得分有变化。</p>")
    head = ["部分", "指标", "原来", "现在", "变好的题", "变差的题", "p"]
    return Markup("<h3>与以前的结果比较</h3>{}").format(_table(head, rows))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    def row(cells: Sequence[str], tag: str) -> Markup:
        return Markup("<tr>{}</tr>").format(
            Markup("").join(Markup(f"<{tag}>{{}}</{tag}>").format(cell) for cell in cells)
        )

    body = Markup("").join(row(cells, "td") for cells in rows)
    return Markup(
        '<div class="wide"><table><thead>{}</thead><tbody>{}</tbody></table></div>'
    ).format(row(head, "th"), body)
