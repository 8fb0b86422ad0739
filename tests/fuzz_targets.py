"""What is fuzzed: bytes → an input of the parser, the question reader, the citation resolver or
the file loader, and what must hold for every one of them.

The first byte chooses the form: text as it stands, or pieces of real text that are chosen and
repeated byte by byte, which gets past the first line of a bulletin where random text does not.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.documents import to_docx, to_html, to_markdown, to_pdf, to_zip
from benchmarks.generate import make_issue
from benchmarks.typesetting import make_setting, render
from ingest.formats import ocr, office
from ingest.formats.office import ConversionError
from ingest.formats.page_layout import PageOfPieces
from ingest.loader import load
from ingest.parser import parse_bulletins
from page.issue_view import open_issue
from page.render import answer_text
from rag.chain import LONGEST_QUESTION, read_input
from rag.citations import CitationBook
from rag.errors import SourceError, StoreError
from rag.generative.engine import GenerativeEngine
from rag.query.conversation import resolve
from rag.schema import Answer
from rag.text import Span
from tests.archive import TODAY, ask, chain, texts

# The largest real issue has 7,000.
LONGEST_TEXT = 12_000
LONGEST_REPLY = 20_000
ROOT = Path(__file__).resolve().parent.parent

_ODD = (
    "（科工局）|(|）|【|】|【空】|一、强化领导|- 2 -|3|第18期|2023年4月21日|\f|\t1\t2|责任编辑：|签发|。|\x00|\u200b|\u202e|[图]"
    "|增刊|第十一期（总第3期）|本期要目|1.|（ 科 工 局 ）|（发改委 科工局）。|一是|目前，|（共印80份）|a b|总第|《第1期》"
    "|\ufeff|\ud800|𠮷|２０２３年|⼀季度|　| |9999999999999999999|\r|《|》|0|-|.|:|/|%|“|”|，"
)
_ASKED = (
    "2023年|去年|今年|前年|一季度|上半年|1月至3月|第9期|第99期|最新一期|应急局|柳河镇|县科工局|技改投资|青岚公路|救援装备|多少"
    "|多少亩|几|比|和|吗|呢|？|，|哪些|谁|哪里|为什么|怎么|【安全生产】|9999万元|責任編輯|要点|几条|历年|最新|[1]|《|%|'|\""
    '|NULL|它|其中|那|还有别的吗|同比|增长|封丘县|" OR 1=1 --|*|NEAR(|(|)|:|^|-|AND|col:|三万五千|二〇二三年|十|百|亿|13月|2月30日'
    "|0年|99999年|第0期|第九百九十九期|至|到|以来|以前|\u200b|\u202e|\x00|\ud800|\U0001f600|２０２４年|a|1|.|分别|加起来|忽略以上要求。"
)
_SAID = (
    "[1]|[2]|[3]|[99]|[1][3]|[1、3]|[2-4]|[4-2]|［1］|【1】|[0]|[-1]|[1,|]|[|2023年一季度|全县技改投资完成3280万元|同比增长21.5%|9999万元"
    "|科工局|教体局|。|！|\n|，|：|**|根据材料，|未找到。|抱歉|<think>|</think>|{|<|1. |- |一、|县科工局推进企业技术改造|累计完成投资6.2亿元"
    "|占总投资的50%|约|近|超过|2024年|去年|三千二百八十万元|归纳：|原文摘录：|（|）|“|”|\u200b|\ud800|\x00|abc|[1]。[2]"
)


class Bytes:
    """Reads choices off a string of bytes; when it is used up, every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def number(self, size: int) -> int:
        """Of `size` bytes, the largest first."""
        return int.from_bytes(bytes(self.byte() for _ in range(size)))

    def rest(self) -> bytes:
        taken, self._at = self._data[self._at :], len(self._data)
        return taken


_TIMES = (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 5, 10, 30, 300)
_BETWEEN = ("", "\n", " ", "\n\n")


def text_of(data: bytes, pieces: Sequence[str], longest: int) -> str:
    """Text from bytes, at most `longest` characters."""
    read = Bytes(data)
    if not read.byte() & 1:
        return read.rest().decode("utf-8", "surrogateescape")[:longest]
    parts: list[str] = []
    length = 0
    while read and length < longest:
        which, how = read.byte(), read.byte()
        literal = which == 255
        piece = chr(read.number(3) % 0x110000) if literal else pieces[which % len(pieces)]
        part = (piece + _BETWEEN[how >> 4 & 3]) * _TIMES[how & 15]
        parts.append(part)
        length += len(part)
    return "".join(parts)[:longest]


def assert_named(error: SourceError, name: str) -> None:
    assert name in str(error), "a refusal names the file"


# --- the parser ----------------------------------------------------------------------------------


@cache
def bulletin_pieces() -> list[str]:
    """Lines of real and made issues, and odd ones."""
    lines = [*_ODD.split("|")]
    for path in sorted((ROOT / "samples").glob("*.txt"))[:3]:
        lines += path.read_text("utf-8").splitlines()
    for seed in range(4):
        lines += render(make_issue(seed), make_setting(seed)).splitlines()
    return list(dict.fromkeys(line for line in lines if line.strip()))[:255]


def parser(data: bytes) -> None:
    """A text is parsed or refused with a Chinese reason; titles and bodies stand in the items."""
    text = text_of(data, bulletin_pieces(), LONGEST_TEXT)
    try:
        bulletins = parse_bulletins(text, "快报.txt")
    except SourceError as error:
        assert_named(error, "快报.txt")
        return
    assert bulletins
    for bulletin in bulletins:
        for item in bulletin.items:
            assert item.body in item.text
            assert (item.title or "") in item.text


# --- the question reader -------------------------------------------------------------------------


def question(data: bytes) -> None:
    """A question in its conversation is read; what is found in it stands where it says."""
    read = Bytes(data)
    turns = read.byte() % 4
    asked: list[str] = []
    rest = read.rest()
    # Lone surrogates and the like are cleaned before a question is read.
    pieces = _ASKED.split("|")
    size = len(rest) // (turns + 1)
    for place in range(turns + 1):
        end = len(rest) if place == turns else (place + 1) * size
        asked.append(text_of(rest[place * size : end], pieces, LONGEST_QUESTION))
    history = [
        {"role": ("user", "assistant")[place % 2], "content": words}
        for place, words in enumerate(asked[:-1])
    ]
    words, before = read_input({"question": asked[-1], "history": history})
    reading = resolve(chain()._current().reader, words, before, TODAY, chain().search.search)
    standalone = reading.query.standalone
    for mention in (*reading.times, *reading.issues, *reading.names):
        assert mention.start <= mention.end
    assert isinstance(standalone, str)
    for period in reading.query.periods:
        assert period.start <= period.end


def answer(data: bytes) -> None:
    """A question has an outcome, and every quote stands in its item."""
    asked = text_of(data, _ASKED.split("|"), LONGEST_QUESTION)
    assert_cited(chain().invoke({"question": asked, "history": []}))


def assert_cited(given: Answer) -> None:
    """Every quote is the text at its place, every marker has a source, no inner fault."""
    assert given.outcome in ("answered", "not_found", "out_of_scope", "error")
    assert "程序内部出错" not in given.error
    stored = texts()
    for citation in given.citations:
        assert stored[citation.chunk_id][citation.start : citation.end] == citation.quote != ""
    str(answer_text(given.text, {c.number for c in given.citations}, given.citations))


# --- the citation resolver -----------------------------------------------------------------------

_QUESTIONS = (
    "2023年一季度技改投资完成多少",
    "青岚公路怎么推进",
    "2024年一季度比2023年一季度技改投资多多少",
    "2024年安全生产有哪些信息",
)


@cache
def plain_answer(place: int) -> Answer:
    return ask(_QUESTIONS[place])


class Said:
    """A chat model that says this, some characters at a time."""

    def __init__(self, text: str, size: int) -> None:
        self._text, self._size = text, size

    def write(self, turns: Any, config: Any = None, cost: Any = None) -> Iterator[str]:
        for at in range(0, len(self._text), self._size):
            yield self._text[at : at + self._size]


def citations(data: bytes) -> None:
    """Whatever a model points at, what is shown is cited verbatim and its figures are verified;
    a place that is not in an item is refused."""
    read = Bytes(data)
    place, size = read.byte() % len(_QUESTIONS), read.byte() + 1
    start, end = read.number(2) - 100, read.number(2) - 100
    reply = text_of(read.rest(), _SAID.split("|"), LONGEST_REPLY)
    plain = plain_answer(place)
    engine = GenerativeEngine(Said(reply, size), chain().departments, lambda: TODAY)
    for given in engine.answers(plain):
        assert_cited(given)
        assert given.checks.figures == given.checks.verified
    str(answer_text(reply, range(1, 9), plain.citations))
    chunk = plain.evidence[0].chunk
    book = CitationBook()
    try:
        number = book.cite(chunk, Span(start, end))
    except StoreError:
        assert not 0 <= start < end <= len(chunk.text)
    else:
        assert book.citations[number - 1].quote == chunk.text[start:end]
    html = str(open_issue(chain().catalog, chunk.id, start, end))
    assert html.count("<mark") == html.count("</mark>")


# --- the file loader -----------------------------------------------------------------------------

SUFFIXES = (".txt", ".md", ".html", ".docx", ".pdf", ".zip", ".png", ".doc", ".odt", ".rtf", ".xyz")
_WORD = "word/document.xml"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@contextmanager
def _without_other_programs() -> Iterator[None]:
    """Character recognition takes seconds a page, LibreOffice starts a process."""

    def unread(*arguments: object) -> Any:
        raise ConversionError

    with (
        patch.object(ocr, "recognise", lambda image: PageOfPieces(1.0, 1.0, ())),
        patch.object(office, "convert_to_docx", unread),
        patch("ingest.loader.convert_to_docx", unread),
    ):
        yield


def _word_document(body: bytes, raw: bool) -> bytes:
    """A Word document with this as its body, well-formed around it unless `raw`."""
    if not raw:
        body = f"<w:document {_W}><w:body>".encode() + body + b"</w:body></w:document>"
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(seed_files()[".docx"])) as whole,
        zipfile.ZipFile(made, "w") as new,
    ):
        for info in whole.infolist():
            new.writestr(info, body if info.filename == _WORD else whole.read(info))
    return made.getvalue()


def loader(data: bytes) -> None:
    """A file gives its text or a Chinese reason that names it."""
    read = Bytes(data)
    suffix = SUFFIXES[read.byte() % len(SUFFIXES)]
    form = read.byte() % 8
    content = read.rest()
    if form == 1:
        content = _word_document(content, raw=True)
    elif form == 2:
        content = _word_document(content, raw=False)
    elif form == 3:
        content, suffix = to_zip([(f"第18期{suffix}", content)]), ".zip"
    elif form == 4:
        # Word by word of real text, in an encoding of its own.
        text = text_of(b"\1" + content[1:], bulletin_pieces(), LONGEST_TEXT)
        names = ("utf-8", "gb18030", "utf-16", "utf-16-le", "big5", "utf-32")
        content = text.encode(names[(content or b"\0")[0] % len(names)], "replace")
    with (
        _without_other_programs(),
        TemporaryDirectory(prefix="fuzz-", dir=_memory()) as folder,
    ):
        path = Path(folder) / f"第18期{suffix}"
        path.write_bytes(content)
        try:
            for loaded in load(path):
                assert loaded.error == "" or "第18期" in loaded.error
                assert not (loaded.error and loaded.text)
        except SourceError as error:
            assert_named(error, "第18期")


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def seed_files() -> dict[str, bytes]:
    """A made issue in every format."""
    issue, setting = make_issue(5, items=3), make_setting(5)
    text = render(issue, setting)
    return {
        ".txt": text.encode("gb18030"),
        ".md": to_markdown(issue, setting),
        ".html": to_html(issue, setting),
        ".docx": to_docx(issue, setting),
        ".pdf": to_pdf(issue, setting),
        ".zip": to_zip(
            [("第18期.txt", text.encode()), ("二/第19期.html", to_html(issue, setting))]
        ),
    }


# --- seeds ---------------------------------------------------------------------------------------


def parser_seeds() -> Iterator[bytes]:
    for path in sorted((ROOT / "samples").glob("*.txt"))[:2]:
        yield b"\0" + path.read_bytes()
    for seed in range(6):
        yield b"\0" + render(make_issue(seed, items=2), make_setting(seed)).encode()
    yield b"\1" + bytes(range(256))


def question_seeds() -> Iterator[bytes]:
    for asked in (*_QUESTIONS, "去年第9期谁签发的", "应急局最近做了哪些工作", "封丘县的技改投资"):
        yield b"\0\0" + asked.encode()
    for start in range(0, 80, 8):
        yield b"\1\1" + bytes(range(start, start + 8)) + b"\1" + bytes(range(start, start + 16, 2))


def answer_seeds() -> Iterator[bytes]:
    return (seed[1:] for seed in question_seeds())


def citation_seeds() -> Iterator[bytes]:
    head = b"\7\0\x64\0\x74"
    for place in range(len(_QUESTIONS)):
        for said in ("技改投资完成3280万元[3]。", "一季度[1][2]。9999万元[99]", "【1】【2-4】\n"):
            yield bytes([place]) + head + b"\0" + said.encode()
        yield bytes([place]) + head + b"\1" + bytes(range(60))


def loader_seeds() -> Iterator[bytes]:
    for suffix, content in seed_files().items():
        yield bytes([SUFFIXES.index(suffix), 0]) + content
    for raw in (1, 2):
        yield bytes([3, raw]) + f"<w:p {_W}><w:r><w:t>延津政务快报</w:t></w:r></w:p>".encode()
    yield bytes([0, 4]) + bytes(range(200))
    yield bytes([2, 0]) + b'<meta charset="gbk"><table><tr><td>1</td></tr></table>'


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterator[bytes]]]] = {
    "parser": (parser, parser_seeds),
    "question": (question, question_seeds),
    "citations": (citations, citation_seeds),
    "loader": (loader, loader_seeds),
    "answer": (answer, answer_seeds),
}
# Pieces of input that a fuzzer would be long in finding.
WORDS = {
    "parser": _ODD,
    "question": _ASKED,
    "citations": _SAID,
    "loader": "<w:p>|</w:p>|<w:tbl>|<w:tr>|<w:tc>|<w:t>|<w:br/>|<!ENTITY|&a;|%PDF-1.4|obj|endobj|stream|BT|ET|/Page"
    "|PK\x03\x04|charset=|punycode|utf-7|idna|<table>|<tr>|<td>|<br>|<h1>|```|> |- |1. ||||[a](b)",
    "answer": _ASKED,
}
