"""Engines next to one another in one Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.evaluation.names import TYPE_NAMES
from rag.evaluation.scoring import METRICS, Scored, figure_sources
from rag.evaluation.statistics import mean
from rag.metrics import figures, unsupported_figures


def side_by_side(results: Mapping[str, Any], scored: Mapping[str, Sequence[Scored]]) -> str:
    """One column an engine: metrics, unsupported figures, cost, latency, right answers by type."""
    summaries = {name: run["splits"]["all"] for name, run in results["engines"].items()}
    rows = [["", *summaries]]
    for metric in METRICS:
        values = [summary["metrics"][metric.name] for summary in summaries.values()]
        rows.append([metric.label, *(_share(value) for value in values)])
    rows.append(["回答中的数字", *(str(_figures(entries)[0]) for entries in scored.values())])
    rows.append(["其中引文里没有的", *(str(_figures(entries)[1]) for entries in scored.values())])
    rows.append(["由模型撰写的回答", *(str(_written(entries)) for entries in scored.values())])
    for label, name, unit in (
        ("每次输入 token", "prompt_tokens", ""),
        ("每次输出 token", "reply_tokens", ""),
        ("每次模型用时", "seconds", " s"),
    ):
        rows.append([label, *(_average(entries, name, unit) for entries in scored.values())])
    for name in ("p50", "p95"):
        times = [summary["latency_ms"][name] for summary in summaries.values()]
        rows.append([f"耗时 {name}", *(f"{time / 1000:.1f} s" for time in times)])
    for kind in next(iter(summaries.values()))["types"]:
        counts = [summary["types"][kind] for summary in summaries.values()]
        label = f"{kind} {TYPE_NAMES.get(kind, '')}".strip()
        rows.append([label, *(f"{round(c['value'] * c['n'])}/{c['n']}" for c in counts)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def _share(summary: Mapping[str, Any]) -> str:
    return "—" if summary["value"] is None else f"{100 * summary['value']:.1f}%"


def _figures(entries: Sequence[Scored]) -> tuple[int, int]:
    """Figures in the answers given, and those of them that no citation holds."""
    shown = lone = 0
    for entry in entries:
        if entry.prediction["outcome"] == "answered":
            answer = str(entry.prediction["answer"])
            shown += len(figures(answer))
            lone += len(unsupported_figures(answer, *figure_sources(entry.prediction["citations"])))
    return shown, lone


def _written(entries: Sequence[Scored]) -> int:
    return sum(entry.prediction.get("engine") == "chat" for entry in entries)


def _average(entries: Sequence[Scored], name: str, unit: str) -> str:
    costs = [e.prediction["model_cost"][name] for e in entries if "model_cost" in e.prediction]
    average = mean(costs)
    return "—" if average is None else f"{average:.0f}{unit}"
