"""The results as a table for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rag.evaluation.names import SPLIT_NAMES, TYPE_NAMES
from rag.evaluation.scoring import METRICS


def format_table(results: Mapping[str, Any]) -> str:
    """Metrics by split, right answers by type, latency; then the comparison, if there is one.

    Each share is followed by its 95% bootstrap interval and the number of questions it is over.
    """
    blocks = [f"{results['qa']['file']}：{results['qa']['questions']} 题，{results['day']}"]
    for engine, run in results["engines"].items():
        splits: Mapping[str, Any] = run["splits"]
        names = [SPLIT_NAMES.get(name, name) for name in splits]
        rows = [[f"引擎 {engine}", *names]]
        rows += [
            [metric.label, *(share(s["metrics"][metric.name]) for s in splits.values())]
            for metric in METRICS
        ]
        rows += [
            [f"耗时 {name}", *(milliseconds(s["latency_ms"][name]) for s in splits.values())]
            for name in ("p50", "p95")
        ]
        blocks.append(_aligned(rows))
        kinds = [["题型（答对率）", *names]]
        for kind in splits["all"]["types"]:
            name = f"{kind} {TYPE_NAMES.get(kind, '')}"
            kinds.append([name, *(_counted(s["types"].get(kind)) for s in splits.values())])
        blocks.append(_aligned(kinds))
    if "comparison" in results:
        blocks.append(_comparison(results["comparison"]))
    return "\n\n".join(blocks)


def share(summary: Mapping[str, Any]) -> str:
    """95.0% [91.2–98.0] n=120; a dash when the metric is over no question."""
    if summary["value"] is None:
        return "—"
    low, high = 100 * summary["low"], 100 * summary["high"]
    return f"{100 * summary['value']:.1f}% [{low:.1f}–{high:.1f}] n={summary['n']}"


def milliseconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.0f} ms"


def compared(row: Mapping[str, Any]) -> list[str]:
    """Engine, part, metric, and the value before and now, of a row of a comparison."""
    return [
        row["engine"],
        SPLIT_NAMES.get(row["split"], row["split"]),
        {metric.name: metric.label for metric in METRICS}[row["metric"]],
        f"{100 * row['old']:.1f}%",
        f"{100 * row['new']:.1f}%",
    ]


def _counted(summary: Mapping[str, Any] | None) -> str:
    if not summary or summary["value"] is None:
        return "—"
    right = round(summary["value"] * summary["n"])
    return f"{right}/{summary['n']}（{100 * summary['value']:.0f}%）"


def _comparison(comparison: Mapping[str, Any]) -> str:
    head = f"与 {comparison['old_day'] or '以前'} 的结果相比"
    if not comparison["same_questions"]:
        head += "（问题集有改动，只比较编号相同的题）"
    if not comparison["rows"]:
        return f"{head}：没有一题的得分有变化"
    rows = [["引擎", "部分", "指标", "原来", "现在", "变好/变差（题）", "p"]]
    rows += [
        [
            *compared(row),
            f"{len(row['better'])}/{len(row['worse'])}",
            f"{row['p']:.3f}",
        ]
        for row in comparison["rows"]
    ]
    return f"{head}\n{_aligned(rows)}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    # A terminal shows Chinese characters two columns wide.
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
