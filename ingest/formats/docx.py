"""Word documents (.docx) → text, a paragraph a line, tables as rows with tabs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import docx

from ingest.formats.archive import is_bomb
from ingest.formats.errors import BrokenDocumentError
from ingest.formats.numbering import Numbering

# An issue has 100 KB of markup; ten years of issues in one file have 50 MB.
LARGEST_XML = 100 * 2**20

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SKIPPED = {f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}instrText"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(data: bytes) -> str:
    """The text of a document in reading order: paragraphs, text boxes, tables; no page headers.

    Text that change tracking has deleted is left out. Raises BrokenDocumentError.
    """
    _check_size(data)
    try:
        document = docx.Document(io.BytesIO(data))
        body, numbering = document.element.body, Numbering.of(document)
    except Exception as error:  # python-docx raises whatever a broken file leads it to.
        raise BrokenDocumentError(str(error)) from error
    if body is None:
        raise BrokenDocumentError("no body")
    return "\n".join(_blocks(body, numbering))


def _check_size(data: bytes) -> None:
    """Refuse a document that unpacks to what no memory holds; the reader unpacks it whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            text = sum(i.file_size for i in package.infolist() if i.filename.endswith(".xml"))
            if is_bomb(package) or text > LARGEST_XML:
                raise BrokenDocumentError("unpacks to too much")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BrokenDocumentError(str(error)) from error


def _blocks(parent: Any, numbering: Numbering) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{_W}p":
            yield from _paragraph(child, numbering)
        elif child.tag == f"{_W}tbl":
            yield from _table(child, numbering)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _blocks(child, numbering)


def _paragraph(paragraph: Any, numbering: Numbering) -> Iterator[str]:
    boxes: list[str] = []
    text = "".join(_runs(paragraph, boxes, numbering))
    # A text box floats beside the paragraph it is anchored in; most hold the masthead.
    yield from boxes
    label = numbering.label(paragraph) if text.strip() else ""
    indent = "\u3000\u3000" if text.strip() and _indented(paragraph) else ""
    yield indent + label + text


def _indented(paragraph: Any) -> bool:
    indent = paragraph.find(f"{_W}pPr/{_W}ind")
    if indent is None:
        return False
    return any(
        indent.get(f"{_W}{name}", "0") not in ("0", "") for name in ("firstLine", "firstLineChars")
    )


def _runs(node: Any, boxes: list[str], numbering: Numbering) -> Iterator[str]:
    for child in node:
        tag = child.tag
        if tag in _SKIPPED or tag == _FALLBACK:
            continue
        if tag == f"{_W}t":
            yield child.text or ""
        elif tag in (f"{_W}tab", f"{_W}ptab"):
            yield "\t"
        elif tag == f"{_W}br":
            yield "\f" if child.get(f"{_W}type") == "page" else "\n"
        elif tag == f"{_W}cr":
            yield "\n"
        elif tag == f"{_W}noBreakHyphen":
            yield "-"
        elif tag == f"{_W}txbxContent":
            boxes.extend(_blocks(child, numbering))
        else:
            yield from _runs(child, boxes, numbering)


def _table(table: Any, numbering: Numbering) -> Iterator[str]:
    for row in table.iterchildren(f"{_W}tr"):
        cells = [list(_blocks(cell, numbering)) for cell in row.iterchildren(f"{_W}tc")]
        filled = [[line.strip() for line in cell if line.strip()] for cell in cells]
        if sum(bool(cell) for cell in filled) <= 1:
            # A table with one cell a row is a frame around running text.
            yield from (line for cell in cells for line in cell)
        elif all(len(cell) <= 2 for cell in filled):
            yield "\t".join("".join(cell) for cell in filled)
        else:
            yield from (line for cell in cells for line in cell)
