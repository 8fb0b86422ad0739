"""Input that nobody types by accident: through the chain, and through the programs' interface.

Whatever is sent, the answer is one of the four outcomes, its quotes are true, nothing of the
inside is shown, and it does not take for ever (the guard is generous; measured figures stand in
docs/security.md).
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from ingest.formats import ocr
from ingest.formats.page_layout import PageOfPieces
from ingest.loader import load
from page.desk import build_desk
from page.server import desk_server
from rag.chain import LONGEST_HISTORY, LONGEST_QUESTION, LONGEST_TURN, read_input
from rag.errors import SourceError
from rag.schema import Answer
from rag.settings import Settings
from tests.archive import TODAY, ask, chain, texts
from tests.fuzz_targets import TARGETS, seed_files

REFORM = "2023年一季度技改投资完成多少"
TRUE = "3280万元"
# For a machine under load; what is measured is 2 seconds at most.
GUARD = 30.0

# The syntax of SQLite's full-text search, of SQL, of Chroma's filters, of templates and shells.
SYNTAX = [
    f'" OR 1=1 NEAR(技改 投资, 2) AND NOT * ^ - text: {REFORM}',
    '"技改投资',
    "技改* OR 投资*",
    "NEAR(技改 投资)",
    "tokens:技改 - 投资 ^",
    "((((((((((技改",
    "'; DROP TABLE chunks; --",
    "技改' UNION SELECT sql FROM sqlite_master --",
    "%' OR '1'='1",
    '{"$where": {"$ne": null}}',
    "{{settings}} ${jndi:ldap://x/} $(id) `id`",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "\\N{BULLET} %s %n %00 \\x00",
]
# Seen as the question itself: zero-width and direction marks, NUL, full width, other forms.
SEEN_ALIKE = [
    "2023年一季度\u200b技\u200b改\u200d投\ufeff资完成多少",
    "\u202e2023年一季度技改投资完成多少\u202c",
    "\u2067\u061c2023年一季度\u200f技改投资完成多少\u2069",
    "2023年一季度\x00技改投资完成多少\x1b",
    "２０２３年一季度技改投资完成多少",
    "𝟐𝟎𝟐𝟑年一季度技改投资完成多少",
    "2023年⼀季度技改投资完成多少",
    "2023年一季度技改投資完成多少",
    "2023年一季度技改投资完成多少\ufe0f\U000e0100",
    "2023年一季度技改投资\u00ad完成多少\ud800",
]
# Long runs of what the patterns of the reader look for.
RUNS = [
    "（",
    "县",
    "比",
    "，",
    "1",
    "一",
    "多少",
    "第9期",
    "2023年",
    "1月",
    "1亿",
    "应急局",
    "几个",
    "哪些",
    "【",
    "[1]",
    "至",
    "的",
    "\u200b",
    "😀",
    "́",
    "'",
]


def assert_sound(answer: Answer) -> None:
    assert answer.outcome in ("answered", "not_found", "out_of_scope", "error")
    assert "程序内部出错" not in answer.error
    stored = texts()
    for citation in answer.citations:
        assert citation.quote == stored[citation.chunk_id][citation.start : citation.end] != ""
    str(answer).encode()


# --- the chain -----------------------------------------------------------------------------------


@pytest.mark.parametrize("question", SYNTAX)
def test_syntax_is_words_like_any_other(question: str) -> None:
    held = len(chain().catalog.scan())
    assert_sound(ask(question))
    assert len(chain().catalog.scan()) == held
    assert TRUE in ask(REFORM).text


@pytest.mark.parametrize("question", SEEN_ALIKE)
def test_what_looks_the_same_is_answered_the_same(question: str) -> None:
    answer = ask(question)
    assert_sound(answer)
    assert answer.text == ask(REFORM).text


@pytest.mark.parametrize(
    "question",
    [
        "2О23年一季度技改投资完成多少",  # a Cyrillic О in the year
        "2023年一季度枝改投资完成多少",
        "2023年一季度技玫投资完成多少",
        "二O二三年一季度技改投资完成多少",
        "多少成完资投改技度季一年3202",
    ],
)
def test_what_only_resembles_it_never_gets_the_figure_of_another_year(question: str) -> None:
    answer = ask(question)
    assert_sound(answer)
    assert TRUE in answer.text or answer.outcome != "answered"


def test_a_question_of_a_megabyte_is_refused_with_the_limit() -> None:
    started = time.perf_counter()
    answer = ask("技改投资" * 2**18)
    assert time.perf_counter() - started < GUARD
    assert answer.outcome == "error"
    assert f"最多 {LONGEST_QUESTION} 个字" in answer.error
    assert len(answer.question) < LONGEST_QUESTION


@pytest.mark.parametrize("run", RUNS)
def test_the_longest_question_is_answered_soon(run: str) -> None:
    started = time.perf_counter()
    assert_sound(ask((run * LONGEST_QUESTION)[:LONGEST_QUESTION]))
    assert time.perf_counter() - started < GUARD


@pytest.mark.parametrize("blank", ["\n", " ", "\t", "\u3000"])
@pytest.mark.parametrize("words", ["2023年", "去年的", "第", "截至", "2023年第9期", "1亿"])
def test_a_thousand_blanks_behind_a_word_are_passed_over(words: str, blank: str) -> None:
    # "2023年" and 1,200 line ends took minutes: three runs of blanks beside each other in a pattern.
    started = time.perf_counter()
    assert_sound(ask(f"技改{words}{blank * 1900}投资"))
    assert time.perf_counter() - started < GUARD


def test_ten_thousand_turns_are_no_obstacle() -> None:
    said = ["第三实验小学占地多少亩", "42亩[1]"] * 5000
    started = time.perf_counter()
    assert TRUE in ask(REFORM, *said).text
    assert time.perf_counter() - started < GUARD


@pytest.mark.parametrize("words", ["资", "x", "2023年", "青岚公路全长多少公里，", "\u200b"])
def test_turns_of_a_megabyte_are_no_obstacle(words: str) -> None:
    turn = words * (2**20 // len(words))
    started = time.perf_counter()
    assert_sound(ask("它同比增长多少", *[turn] * (2 * LONGEST_HISTORY)))
    assert time.perf_counter() - started < GUARD


def test_of_the_history_the_last_turns_are_read_and_the_start_of_each() -> None:
    turns = [{"role": "user", "content": f"{n}" * 5000} for n in range(10)] * 3
    _, history = read_input({"question": "技改", "history": turns})
    assert len(history) == LONGEST_HISTORY
    assert {len(turn.content) for turn in history} == {LONGEST_TURN}


# --- HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The interface for programs over the real chain."""
    desk = build_desk(
        Settings(data_dir=tmp_path_factory.mktemp("data"), today=TODAY),
        chain,  # type: ignore[arg-type]
    )
    desk.engine.load()
    return TestClient(desk_server(desk), raise_server_exceptions=False)


def completion(client: TestClient, *messages: str, **more: Any) -> Any:
    roles = ("user", "assistant")
    sent = [{"role": roles[i % 2], "content": words} for i, words in enumerate(messages)]
    # Halves of surrogate pairs travel as escapes.
    return client.post("/v1/chat/completions", content=json.dumps({"messages": sent, **more}))


@pytest.mark.parametrize("question", [*SYNTAX, *SEEN_ALIKE])
@pytest.mark.parametrize("stream", [False, True])
def test_the_interface_answers_whatever_is_asked(
    client: TestClient, question: str, stream: bool
) -> None:
    answer = completion(client, question, stream=stream)
    assert answer.status_code == 200
    assert "程序内部出错" not in answer.text
    if question in SEEN_ALIKE:
        assert TRUE in answer.text


def test_the_interface_refuses_a_megabyte(client: TestClient) -> None:
    answer = completion(client, "技改投资" * 2**18)
    assert answer.status_code in (400, 413)
    assert "太长" in answer.text or "太大" in answer.text
    assert "最多 2000 个字" in completion(client, "技" * 2001).json()["error"]["message"]


def test_the_interface_takes_ten_thousand_turns(client: TestClient) -> None:
    answer = completion(client, *["占地多少亩", "42亩"] * 5000, REFORM)
    assert answer.status_code == 200
    assert TRUE in answer.text


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["messages", "role", "content", "type", "text", "stream", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(ANYTHING)
def test_any_json_is_answered_or_refused(client: TestClient, body: object) -> None:
    for sent in (body, {"messages": body}, {"messages": [{"role": "user", "content": body}]}):
        answer = client.post("/v1/chat/completions", content=json.dumps(sent))
        assert answer.status_code in (200, 400)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_any_verdict_is_refused_with_a_reason(client: TestClient, body: object) -> None:
    sent = {"talk": body, "turn": body, "helpful": body, "correct": body}
    for each in (body, sent):
        assert client.post("/desk/feedback", content=json.dumps(each)).status_code == 400
    assert client.post("/desk/feedback", content=b"\xff{").status_code == 400


PATHS = (
    "/desk/facts",
    "/desk/facts.csv",
    "/desk/facts.xlsx",
    "/desk/journal/issue",
    "/desk/journal/items",
    "/desk/journal/timeline",
    "/desk/conversations/x.docx",
    "/desk/evaluate/run/x",
    "/desk/import/job/x",
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PATHS), st.text(max_size=30), st.integers())
def test_any_parameter_is_answered_or_refused(
    client: TestClient, path: str, words: str, number: int
) -> None:
    sent = {"q": words, "key": words, "name": words, "by": "section", "year": str(number)}
    sent |= {"series": str(number), "section": words, "department": words}
    answer = client.get(path, params={k: v.encode("utf-8", "replace") for k, v in sent.items()})
    assert answer.status_code in (200, 400, 422)


@pytest.mark.parametrize("question", [*SYNTAX[:4], *SEEN_ALIKE])
def test_every_question_is_a_line_of_the_audit_log(
    client: TestClient, tmp_path: Path, question: str
) -> None:
    desk = build_desk(Settings(data_dir=tmp_path, today=TODAY), chain)  # type: ignore[arg-type]
    desk.engine.load()
    list(desk.ask("甲", question, [], "api"))
    desk.audit.close()
    [line] = (tmp_path / "audit" / "audit.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["outcome"] in ("answered", "not_found", "out_of_scope")


# --- what is fuzzed ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzers_seeds_are_well(target: str) -> None:
    run, seeds = TARGETS[target]
    for seed in seeds():
        run(seed)


@pytest.mark.parametrize("target", ["parser", "question", "citations"])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_well(target: str, data: bytes) -> None:
    TARGETS[target][0](data)


# --- files ---------------------------------------------------------------------------------------

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word_file(body: bytes, **more: bytes) -> bytes:
    """A Word document with this as its main part."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(seed_files()[".docx"])) as whole,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in whole.infolist():
            is_body = info.filename == "word/document.xml"
            new.writestr(info.filename, body if is_body else whole.read(info))
        for name, content in more.items():
            new.writestr(f"word/{name}.xml", content)
    return made.getvalue()


def paragraph(text: str, head: str = "") -> bytes:
    inside = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
    return f'{head}<w:document xmlns:w="{WORD}"><w:body>{inside}</w:body></w:document>'.encode()


def read(folder: Path, name: str, data: bytes) -> str:
    """The text of a file, or why there is none; nothing but a SourceError comes out."""
    path = folder / name
    path.write_bytes(data)
    started = time.perf_counter()
    try:
        loaded = [text.error or text.text for text in load(path)]
    except SourceError as error:
        loaded = [str(error)]
    assert time.perf_counter() - started < GUARD
    return "\n".join(loaded)


def test_a_word_document_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    data = word_file(b" " * 2**25 + paragraph("x"))
    assert len(data) < 2**18
    assert "打不开" in read(tmp_path, "快报.docx", data)
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as packed:
        packed.writestr("快报.docx", data)
    assert "打不开" in read(tmp_path, "快报.zip", inside.getvalue())


@pytest.mark.parametrize("part", ["document", "styles", "footnotes"])
def test_markup_of_any_part_of_a_word_document_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr("ingest.formats.docx.LARGEST_XML", 10_000)
    more = {} if part == "document" else {f"more-{part}": bytes(range(65, 91)) * 400}
    body = paragraph("快" * 10_000 if part == "document" else "快")
    assert "打不开" in read(tmp_path, "快报.docx", word_file(body, **more))


def test_entities_of_a_word_document_read_no_file_and_do_not_multiply(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("不可外传", encoding="utf-8")
    file = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    assert "不可外传" not in read(tmp_path, "a.docx", word_file(paragraph("&x;", file)))
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE a [<!ENTITY l0 "haha">{lol}]>'
    assert len(read(tmp_path, "b.docx", word_file(paragraph("&l9;", laughs)))) < 10_000


@pytest.mark.parametrize(
    "body",
    [
        f'<w:p xmlns:w="{WORD}"/>',
        f'<w:document xmlns:w="{WORD}"/>',
        "<a/>",
        "",
        "<w:document",
        f'<w:document xmlns:w="{WORD}"><w:body><!-- a --><?b c?></w:body></w:document>',
    ],
)
def test_a_word_document_of_another_make_is_refused_or_empty(tmp_path: Path, body: str) -> None:
    assert "程序" not in read(tmp_path, "快报.docx", word_file(body.encode()))


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "undefined", "zip", "utf-7", "unicode_escape"]
)
def test_a_page_may_claim_any_encoding(tmp_path: Path, name: str) -> None:
    # punycode took 33 seconds over 300 KB.
    body = b"a" * 100_000 + b"-" + b"z" * 300_000
    read(tmp_path, "快报.html", f'<meta charset="{name}">'.encode() + body)


def test_a_page_in_a_declared_chinese_encoding_is_read(tmp_path: Path) -> None:
    for name in ("gbk", "gb2312", "gb18030", "big5", "utf-8"):
        page = f'<meta charset="{name}"><p>政府公告</p>'.encode(name)
        assert read(tmp_path, "快报.html", page) == "政府公告"


def test_a_picture_of_endless_pages_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.formats.ocr.recognise", lambda image: PageOfPieces(1.0, 1.0, ()))
    made = io.BytesIO()
    frame = Image.new("1", (8, 8))
    frame.save(made, "TIFF", save_all=True, append_images=[frame] * ocr.MOST_PAGES)
    assert "打不开" in read(tmp_path, "快报.tiff", made.getvalue())


def test_a_picture_larger_than_any_page_is_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    assert len(made.getvalue()) < 2**17
    assert "打不开" in read(tmp_path, "快报.png", made.getvalue())
    first, second = Image.new("1", (8, 8)), Image.new("1", (20_000, 20_000))
    made = io.BytesIO()
    first.save(made, "TIFF", save_all=True, append_images=[second], compression="group4")
    assert "程序" not in read(tmp_path, "快报.tiff", made.getvalue())


def pdf_file(size: tuple[float, float], draw: Callable[[Canvas], None]) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=size, pageCompression=1)
    draw(canvas)
    canvas.save()
    return made.getvalue()


def test_a_pdf_page_of_a_million_characters_is_refused(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 1)
        for row in range(1, 1001):
            canvas.drawString(0, row, "ab" * 500)

    data = pdf_file((1010, 1010), draw)
    assert len(data) < 2**18
    assert "打不开" in read(tmp_path, "快报.pdf", data)


def test_a_pdf_page_of_any_size_is_drawn_small_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def recognise(image: Image.Image) -> PageOfPieces:
        drawn.append(image.width * image.height)
        return PageOfPieces(1.0, 1.0, ())

    monkeypatch.setattr("ingest.formats.ocr.recognise", recognise)
    monkeypatch.setattr("ingest.formats.ocr.LARGEST_PICTURE", 1_000_000)
    read(tmp_path, "快报.pdf", pdf_file((14_000, 14_000), lambda canvas: canvas.showPage()))
    assert drawn
    assert max(drawn) <= 1_010_000


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from([".docx", ".pdf", ".html", ".md", ".zip"]), cuts=st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, kind: str, cuts: st.DataObject) -> None:
    data = bytearray(seed_files()[kind])
    for _ in range(cuts.draw(st.integers(1, 8))):
        data[cuts.draw(st.integers(0, len(data) - 1))] = cuts.draw(st.integers(0, 255))
    end = cuts.draw(st.integers(1, len(data)))
    # No text is a possible reading; `read` lets no other error through than a SourceError.
    read(tmp_path, f"快报{kind}", bytes(data[:end]) + b"x")
