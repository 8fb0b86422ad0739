"""Facts as a spreadsheet: CSV and xlsx."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from page.facts import Fact
from rag.extractive.wording import say_spoken

HEADS = (
    "数字",
    "数值",
    "单位",
    "是什么",
    "所指时间",
    "原句",
    "期号",
    "日期",
    "栏目",
    "部门",
)
_WIDTHS = (14, 14, 8, 30, 20, 60, 28, 12, 16, 18)
_BASE_UNITS = {
    "money": "元",
    "percent": "%",
    "area": "亩",
    "length": "米",
    "weight": "吨",
    "volume": "立方米",
    "energy": "千瓦",
    "time": "天",
    "people": "人",
    "household": "户",
    "times": "次",
    "multiple": "倍",
}
# Excel runs a cell that begins with one of these as a formula.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def base_unit(family: str) -> str:
    """The unit that a figure's value is in: 元 for money, the measure word for things."""
    return _BASE_UNITS.get(family, family)


def fact_cells(fact: Fact) -> tuple[str | float, ...]:
    """One row in the order of HEADS."""
    chunk, figure = fact.chunk, fact.figure
    return (
        figure.text,
        float(figure.value),
        base_unit(figure.family),
        fact.label,
        say_spoken(fact.time, chunk),
        fact.sentence.of(chunk.text),
        chunk.issue.label,
        chunk.published.isoformat(),
        chunk.section,
        "、".join(chunk.printed or chunk.departments),
    )


def _safe(cells: Iterable[str | float]) -> Iterator[str | float]:
    for cell in cells:
        if isinstance(cell, str):
            cell = _CONTROL.sub("", cell)
            if _FORMULA.match(cell):
                cell = f"'{cell}"
        yield cell


def as_csv(facts: Iterable[Fact]) -> bytes:
    """CSV with a byte order mark, which Excel needs to read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for fact in facts:
        writer.writerow(list(_safe(fact_cells(fact))))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(facts: Iterable[Fact]) -> bytes:
    """A workbook with one sheet, its first row fixed and filterable."""
    # Imported late, so that the page is there sooner.
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "速查"
    sheet.append(HEADS)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for fact in facts:
        sheet.append(list(_safe(fact_cells(fact))))
    for column, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
