"""A conversation as a document: questions, answers, and numbered notes on the sources."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph

from page.conversation import Conversation
from page.render import shown_text
from page.sources import reference
from rag.extractive.wording import say_day
from rag.schema import Answer, Citation

_MARKER = re.compile(r"\[(\d{1,3})\]")
_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]#+!|~-])")
# XML holds no control characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A question and the paragraphs of its answer, [n] counting over the whole document."""

    question: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """`notes[n - 1]` is the source of [n], with its quote."""

    title: str
    made: date
    passages: tuple[Passage, ...]
    notes: tuple[str, ...]


def document(talk: Conversation, today: date) -> Document:
    """The conversation with its sources numbered from 1 to the end; failures are left out."""
    notes: list[str] = []
    passages = []
    for exchange in talk.exchanges:
        answer = exchange.answer
        if answer is None or exchange.failure or answer.error:
            continue
        text = _numbered_on(answer, notes)
        lines = tuple(line.strip() for line in text.split("\n") if line.strip())
        passages.append(Passage(exchange.question, lines))
    return Document(talk.title, today, tuple(passages), tuple(notes))


def _numbered_on(answer: Answer, notes: list[str]) -> str:
    """The answer's text with its markers counted on; its notes are appended to `notes`."""
    by_number: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        by_number.setdefault(citation.number, []).append(citation)
    places: dict[int, int] = {}
    for number, citations in sorted(by_number.items()):
        note = f"{reference(citations[0])}：“{'……'.join(c.quote for c in citations)}”"
        if note not in notes:
            notes.append(note)
        places[number] = notes.index(note) + 1

    def replaced(match: re.Match[str]) -> str:
        place = places.get(int(match.group(1)))
        return f"[{place}]" if place else match.group()

    return _MARKER.sub(replaced, shown_text(answer))


def as_markdown(paper: Document) -> str:
    """The document as Markdown in which every sign of a source is shown as it is."""
    lines = [f"# {_plain(paper.title)}", "", f"政务快报问答，{say_day(paper.made)}", ""]
    for passage in paper.passages:
        lines += [f"## {_plain(passage.question)}", ""]
        for paragraph in passage.paragraphs:
            lines += [_plain(paragraph), ""]
    if paper.notes:
        lines += ["## 来源", ""]
        lines += [f"{number}. {_plain(note)}" for number, note in enumerate(paper.notes, 1)]
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    one_line = " ".join(text.split("\n"))
    escaped = _MARKDOWN_SIGNS.sub(r"\\\1", one_line)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_docx(paper: Document) -> bytes:
    """The document for Word and WPS, in the fonts of official papers."""
    file = docx.Document()
    style = file.styles["Normal"]
    style.font.size = Pt(14)
    _set_font(style.element.get_or_add_rPr(), "仿宋_GB2312")
    title = _paragraph(file, paper.title, "方正小标宋简体", 20)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _paragraph(
        file, f"政务快报问答，{say_day(paper.made)}", "楷体_GB2312", 12
    ).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for passage in paper.passages:
        _paragraph(file, passage.question, "黑体", 15)
        for text in passage.paragraphs:
            _with_raised_markers(file.add_paragraph(), text, len(paper.notes))
    if paper.notes:
        _paragraph(file, "来源", "黑体", 15)
        for number, note in enumerate(paper.notes, 1):
            _paragraph(file, f"[{number}] {note}", "仿宋_GB2312", 12)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _paragraph(file: docx.document.Document, text: str, font: str, size: int) -> Paragraph:
    paragraph = file.add_paragraph()
    run = paragraph.add_run(_CONTROL.sub("", text))
    run.font.size = Pt(size)
    _set_font(run._element.get_or_add_rPr(), font)
    return paragraph


def _set_font(properties: object, name: str) -> None:
    fonts = properties.get_or_add_rFonts()  # type: ignore[attr-defined]
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        fonts.set(qn(attribute), name)


def _with_raised_markers(paragraph: Paragraph, text: str, notes: int) -> None:
    at = 0
    for match in _MARKER.finditer(text):
        if not 0 < int(match.group(1)) <= notes:
            continue
        paragraph.add_run(_CONTROL.sub("", text[at : match.start()]))
        paragraph.add_run(match.group()).font.superscript = True
        at = match.end()
    paragraph.add_run(_CONTROL.sub("", text[at:]))


def file_name(paper: Document, suffix: str) -> str:
    """A name that every system can store."""
    kept: Sequence[str] = [c if c.isalnum() else " " for c in paper.title[:40]]
    return f"{' '.join(''.join(kept).split()) or '对话'}.{suffix}"
