"""A topic's figures as an SVG chart, each point a button that opens its source."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from page.facts import Fact
from page.facts_file import base_unit
from page.topic import day_of, kind_of
from rag.extractive.wording import say_spoken

WIDTH, HEIGHT = 960, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 60, 34, 36
_SCALES = ((10**8, "亿"), (10**4, "万"), (1, ""))


def chart(facts: Sequence[Fact], label: str) -> Markup:
    """The facts, in order of day, as points; those of one kind are joined by a line."""
    days = [day_of(fact).toordinal() for fact in facts]
    first, last = min(days), max(days)
    top = max(float(fact.figure.value) for fact in facts) or 1.0
    scale, word = next(pair for pair in _SCALES if top >= pair[0] or pair[0] == 1)

    def x(day: int) -> float:
        share = (day - first) / (last - first) if last > first else 0.5
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM), 1)

    parts = [_grid(top, scale, f"{word}{base_unit(facts[0].figure.family)}", y)]
    parts += [_year(year, x(day)) for year, day in _new_years(facts, first, last)]
    lines: dict[str, list[str]] = {}
    for fact, day in zip(facts, days, strict=True):
        lines.setdefault(kind_of(fact), []).append(f"{x(day)},{y(float(fact.figure.value))}")
    parts += [
        Markup('<polyline points="{}"/>').format(" ".join(points))
        for points in lines.values()
        if len(points) > 1
    ]
    parts += [
        _point(fact, x(day), y(float(fact.figure.value)))
        for fact, day in zip(facts, days, strict=True)
    ]
    return Markup(
        '<div class="chart"><svg viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg></div>'
    ).format(WIDTH, HEIGHT, f"{label}的走势", Markup("").join(parts))


def _grid(top: float, scale: int, unit: str, y: object) -> Markup:
    assert callable(y)
    parts = []
    for share in (0, 0.5, 1):
        value = top * share
        parts.append(
            Markup(
                '<line class="axis" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>'
                '<text class="tick" x="{3}" y="{4}" text-anchor="end">{5:g}</text>'
            ).format(_LEFT, WIDTH - 16, y(value), _LEFT - 8, y(value) + 4, round(value / scale, 2))
        )
    parts.append(Markup('<text class="tick" x="8" y="16">单位：{}</text>').format(unit))
    return Markup("").join(parts)


def _new_years(facts: Sequence[Fact], first: int, last: int) -> list[tuple[int, int]]:
    years = range(day_of(facts[0]).year, day_of(facts[-1]).year + 1)
    starts = [(year, day_of(facts[0]).replace(year, 1, 1).toordinal()) for year in years]
    return [(year, min(max(day, first), last)) for year, day in starts]


def _year(year: int, x: float) -> Markup:
    return Markup(
        '<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<text class="tick" x="{3}" y="{4}">{5}年</text>'
    ).format(x, _TOP, HEIGHT - _BOTTOM, x + 3, HEIGHT - 14, year)


def _point(fact: Fact, x: float, y: float) -> Markup:
    chunk = fact.chunk
    told = f"{say_spoken(fact.time, chunk)}：{fact.figure.text}，{chunk.issue.label}"
    return Markup(
        '<g role="button" tabindex="0" data-open="{}" data-start="{}" data-end="{}"'
        ' aria-label="{}"><title>{}</title><circle cx="{}" cy="{}" r="6"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>'
    ).format(
        chunk.id,
        fact.sentence.start,
        fact.sentence.end,
        told,
        told,
        x,
        y,
        x,
        y - 12,
        fact.figure.text,
    )
