"""Cost against size, log–log: python -m benchmarks.scale_plot RESULTS.jsonl PLOT.png.

RESULTS.jsonl holds the lines that benchmarks.scale prints, one a size. Labels are in Latin
letters, since no Chinese font is at hand everywhere.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 40, 16, 150
ITEMS = (10_000, 1_000_000)
COSTS = (1, 10_000)
# name, where it stands in a line of results, factor, colour
SERIES = (
    ("p95, ms", ("processor", "p95"), 1.0, "#b04a2f"),
    ("p50, ms", ("processor", "p50"), 1.0, "#2f6fb0"),
    ("memory, MB", ("memory_gb",), 1000.0, "#2a9d8f"),
    ("disk, MB", ("disk_gb",), 1000.0, "#8a8f98"),
)


def main() -> None:
    lines = Path(sys.argv[1]).read_text("utf-8").splitlines()
    results = sorted((json.loads(line) for line in lines if line), key=lambda r: r["items"])
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)
    for exponent in range(int(math.log10(ITEMS[0])), int(math.log10(ITEMS[1])) + 1):
        x = _x(10**exponent)
        draw.line([(x, TOP), (x, HEIGHT - BOTTOM)], "#e1e5ea")
        draw.text((x, HEIGHT - BOTTOM + 8), f"{10**exponent:,}", "#444", font, anchor="mt")
    for exponent in range(int(math.log10(COSTS[1])) + 1):
        y = _y(10**exponent)
        draw.line([(LEFT, y), (WIDTH - RIGHT, y)], "#e1e5ea")
        draw.text((LEFT - 6, y), f"{10**exponent:,}", "#444", font, anchor="rm")
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6), "items", "#444", font, anchor="mb")
    for name, path, factor, colour in SERIES:
        points = [(_x(r["items"]), _y(factor * _value(r, path))) for r in results]
        draw.line(points, colour, 2)
        for x, y in points:
            draw.ellipse([x - 3, y - 3, x + 3, y + 3], colour)
        draw.text((points[-1][0] + 8, points[-1][1]), name, colour, font, anchor="lm")
    image.quantize(32).save(sys.argv[2], optimize=True)


def _value(result: Any, path: Sequence[str]) -> float:
    for key in path:
        result = result[key]
    return float(result)


def _x(items: float) -> float:
    share = math.log(items / ITEMS[0]) / math.log(ITEMS[1] / ITEMS[0])
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(cost: float) -> float:
    share = math.log(max(cost, COSTS[0]) / COSTS[0]) / math.log(COSTS[1] / COSTS[0])
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


if __name__ == "__main__":
    main()
