"""The charts of the report as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rag.evaluation.names import SPLIT_NAMES, TYPE_NAMES
from rag.evaluation.statistics import percentile

_COLOURS = ("#2f6fb0", "#2a9d8f", "#b07d2f", "#7a5195")
_LEFT, _WIDTH, _BAR = 170, 620, 13


def bars_by_type(splits: Mapping[str, Any]) -> str:
    """The share of right answers by type of question, one bar a split, with its interval."""
    kinds = sorted({kind for split in splits.values() for kind in split["types"]})
    row = _BAR * len(splits) + 12
    height = row * len(kinds) + 44
    shapes = [_legend(list(splits))]
    for tick in range(0, 101, 25):
        x = _x(tick / 100)
        shapes.append(f'<line x1="{x}" x2="{x}" y1="26" y2="{height - 18}" stroke="#e1e5ea"/>')
        shapes.append(f'<text x="{x}" y="{height - 4}" text-anchor="middle">{tick}%</text>')
    for i, kind in enumerate(kinds):
        top = 32 + i * row
        middle = top + row / 2 - 2
        shapes.append(
            f'<text x="{_LEFT - 10}" y="{middle:.1f}" text-anchor="end">'
            f"{escape(TYPE_NAMES.get(kind, kind))}</text>"
        )
        for j, split in enumerate(splits.values()):
            summary = split["types"].get(kind)
            if summary:
                shapes.append(_bar(summary, top + j * _BAR, _COLOURS[j % len(_COLOURS)]))
    return _svg(height, shapes)


def _bar(summary: Mapping[str, Any], y: float, colour: str) -> str:
    value, middle = summary["value"], y + (_BAR - 2) / 2
    low, high = _x(summary["low"]), _x(summary["high"])
    right = round(value * summary["n"])
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{_x(value) - _LEFT:.1f}" height="{_BAR - 2}" '
        f'fill="{colour}"/><line x1="{low}" x2="{high}" y1="{middle}" y2="{middle}" '
        f'stroke="#1f2933"/><text x="{_x(1) + 8}" y="{y + 10}">{right}/{summary["n"]}</text>'
    )


def latency_histogram(times: Sequence[float]) -> str:
    """How many questions took how long, in bins that double: 1–2 ms, 2–4 ms, …"""
    if not times:
        return "<p>没有耗时数据。</p>"
    bins = [max(0, math.floor(math.log2(max(time, 1)))) for time in times]
    first, last = min(bins), max(bins)
    counts = [bins.count(number) for number in range(first, last + 1)]
    step = _WIDTH / len(counts)
    shapes = []
    for i, count in enumerate(counts):
        tall = 120 * count / max(counts)
        x, low = _LEFT + i * step, 2 ** (first + i)
        shapes.append(
            f'<rect x="{x + 2:.1f}" y="{140 - tall:.1f}" width="{step - 4:.1f}" '
            f'height="{tall:.1f}" fill="{_COLOURS[0]}"/>'
            f'<text x="{x + step / 2:.1f}" y="{134 - tall:.1f}" text-anchor="middle">{count}</text>'
            f'<text x="{x + step / 2:.1f}" y="156" text-anchor="middle">{low}–{2 * low} ms</text>'
        )
    middle, late = percentile(times, 0.5), percentile(times, 0.95)
    return _svg(164, shapes) + f"<p>p50 {middle:.0f} ms，p95 {late:.0f} ms</p>"


def _legend(names: Sequence[str]) -> str:
    return "".join(
        f'<rect x="{_LEFT + 150 * i}" y="6" width="12" height="12" '
        f'fill="{_COLOURS[i % len(_COLOURS)]}"/>'
        f'<text x="{_LEFT + 150 * i + 18}" y="16">{escape(SPLIT_NAMES.get(name, name))}</text>'
        for i, name in enumerate(names)
    )


def _x(share: float) -> float:
    return round(_LEFT + share * _WIDTH, 1)


def _svg(height: float, shapes: Sequence[str]) -> str:
    width = _LEFT + _WIDTH + 70
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{''.join(shapes)}</svg>"
    )
