"""Made-up issues as files of every format that offices keep them in."""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Sequence

import docx
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.generate import MadeIssue
from benchmarks.typesetting import Paragraph, Setting, paragraphs, render

_FONT = "STSong-Light"
_SIZE = 12
_LEADING = 22
_MARGIN = 72
_NO_LINE_START = "，。、；：！？）)”》】%"


def to_docx(issue: MadeIssue, setting: Setting) -> bytes:
    """A Word document: paragraphs, and tables where the issue has rows."""
    document = docx.Document()
    for paragraph in paragraphs(issue, setting):
        if paragraph.rows:
            table = document.add_table(rows=0, cols=len(paragraph.rows[0]))
            for row in paragraph.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(paragraph.text)
    return _saved(document)


def _saved(document: object) -> bytes:
    stream = io.BytesIO()
    document.save(stream)  # type: ignore[attr-defined]
    return stream.getvalue()


def to_html(issue: MadeIssue, setting: Setting) -> bytes:
    """A web page in UTF-8, a block a paragraph."""
    blocks = []
    for paragraph in paragraphs(issue, setting):
        if paragraph.rows:
            rows = ("".join(f"<td>{cell}</td>" for cell in row) for row in paragraph.rows)
            blocks.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        else:
            tag = {"head": "h1", "section": "h2"}.get(paragraph.kind, "p")
            blocks.append(f"<{tag}>{html.escape(paragraph.text)}</{tag}>")
    head = '<head><meta charset="utf-8"><title>政务快报</title><style>p{margin:0}</style></head>'
    return f"<!DOCTYPE html><html>{head}<body>{''.join(blocks)}</body></html>".encode()


def to_markdown(issue: MadeIssue, setting: Setting) -> bytes:
    """Markdown: # before the title, ## before sections, tables with bars."""
    lines: list[str] = []
    for place, paragraph in enumerate(paragraphs(issue, setting)):
        if paragraph.rows:
            lines += ["| " + " | ".join(row) + " |" for row in paragraph.rows]
            lines.insert(
                len(lines) - len(paragraph.rows) + 1, "|---" * len(paragraph.rows[0]) + "|"
            )
        elif paragraph.kind == "section" or not place:
            lines.append(("## " if place else "# ") + paragraph.text)
        else:
            lines.append(paragraph.text)
        lines.append("")
    return "\n".join(lines).encode()


def to_pdf(issue: MadeIssue, setting: Setting, columns: int = 1, header: str = "") -> bytes:
    """A PDF with page numbers, paragraphs indented, one or two columns, and maybe page heads."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    width, height = A4
    page, column = 1, 0
    gutter = 30
    wide = (width - 2 * _MARGIN - gutter * (columns - 1)) / columns
    top = height - _MARGIN
    y = top

    def begin_page() -> None:
        canvas.setFont(_FONT, _SIZE)
        canvas.drawCentredString(width / 2, 30, f"- {page} -")
        if header:
            canvas.drawCentredString(width / 2, height - 40, header)

    begin_page()
    for paragraph in paragraphs(issue, setting):
        for text, x in _printed_lines(
            paragraph, wide if paragraph.kind != "head" else width - 2 * _MARGIN
        ):
            if y < _MARGIN:
                column += 1
                if column == columns:
                    canvas.showPage()
                    page, column = page + 1, 0
                    begin_page()
                    top = height - _MARGIN
                y = top
            left = _MARGIN + column * (wide + gutter)
            if paragraph.kind == "head":
                canvas.drawCentredString(width / 2, y, text)
            elif paragraph.rows:
                canvas.setFont(_FONT, _SIZE if columns == 1 else 7)
                for place, cell in enumerate(text.split("\t")):
                    canvas.drawString(left + place * wide / len(text.split("\t")), y, cell)
                canvas.setFont(_FONT, _SIZE)
            else:
                canvas.drawString(left + x, y, text)
            y -= _LEADING
        if paragraph.kind == "head":
            top = y
    canvas.save()
    return stream.getvalue()


def _printed_lines(paragraph: Paragraph, width: float) -> Sequence[tuple[str, float]]:
    """The lines of a paragraph with the place where each begins."""
    if paragraph.kind == "head":
        return [(paragraph.text, 0)]
    if paragraph.rows:
        return [("\t".join(row), 0) for row in paragraph.rows]
    if paragraph.kind == "signature":
        return [(paragraph.text, width - pdfmetrics.stringWidth(paragraph.text, _FONT, _SIZE))]
    lines: list[tuple[str, float]] = []
    indent = 2.0 * _SIZE if paragraph.kind != "section" else 0.0
    line = ""
    for char in paragraph.text:
        room = width - indent
        # One sign may hang over the edge, as Word lets it.
        hangs = char in _NO_LINE_START and pdfmetrics.stringWidth(line, _FONT, _SIZE) <= room
        if pdfmetrics.stringWidth(line + char, _FONT, _SIZE) > room and not hangs:
            lines.append((line, indent))
            line, indent = "", 0.0
        line += char
    return [*lines, (line, indent)]


def to_zip(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Files packed together."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files:
            packed.writestr(name, data)
    return stream.getvalue()


FORMATS = {
    "txt": lambda issue, setting: render(issue, setting).encode(),
    "docx": to_docx,
    "html": to_html,
    "md": to_markdown,
    "pdf": to_pdf,
}
