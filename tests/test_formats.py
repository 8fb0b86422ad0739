"""Every format that offices keep issues in gives what the .txt of the same issue gives."""

from __future__ import annotations

import io
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from benchmarks.documents import FORMATS, to_docx, to_pdf, to_zip
from benchmarks.generate import MadeIssue, make_issue
from benchmarks.typesetting import Setting, make_setting, render
from ingest.formats import archive, ocr, office
from ingest.formats.html import html_text
from ingest.formats.markdown import markdown_text
from ingest.formats.page_layout import PageOfPieces, Piece, pages_text
from ingest.loader import load
from ingest.parser import parse_bulletin
from rag.errors import SourceError
from rag.schema import Bulletin

ISSUE = make_issue(7)
SETTING = Setting()
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")


def read(path: Path, data: bytes) -> Bulletin:
    path.write_bytes(data)
    (loaded,) = load(path)
    assert loaded.error == ""
    return parse_bulletin(loaded.text, loaded.source, scanned=loaded.scanned)


def told(bulletin: Bulletin) -> tuple[object, ...]:
    items = tuple(
        (item.section, item.title, item.body, item.departments) for item in bulletin.items
    )
    return (bulletin.issue, bulletin.published, bulletin.publisher, bulletin.footer, items)


def from_text(issue: MadeIssue, setting: Setting) -> tuple[object, ...]:
    return told(parse_bulletin(render(issue, setting), "快报.txt"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("seed", range(8))
def test_formats_agree(tmp_path: Path, kind: str, seed: int) -> None:
    # Print wraps lines and ends pages by itself.
    setting = replace(make_setting(seed), wrap=0, page_length=0)
    data = FORMATS[kind](make_issue(seed), setting)
    assert told(read(tmp_path / f"快报.{kind}", data)) == from_text(make_issue(seed), setting)


def test_pdf_in_two_columns_reads_the_left_one_first(tmp_path: Path) -> None:
    data = to_pdf(ISSUE, SETTING, columns=2)
    assert told(read(tmp_path / "快报.pdf", data)) == from_text(ISSUE, SETTING)


# 190: a heading, and the space after it, end with the page. 253: a signature is wider than its
# column, so it begins left of all other lines.
@pytest.mark.parametrize("seed", [190, 253])
def test_two_columns_with_lines_that_just_fit(tmp_path: Path, seed: int) -> None:
    setting = replace(make_setting(seed), wrap=0, page_length=0)
    data = to_pdf(make_issue(seed), setting, columns=2)
    assert told(read(tmp_path / "快报.pdf", data)) == from_text(make_issue(seed), setting)


def test_page_heads_and_numbers_of_a_pdf_go_and_its_title_stays(tmp_path: Path) -> None:
    issue = make_issue(7, items=10)
    data = to_pdf(issue, SETTING, header=issue.series)
    bulletin = read(tmp_path / "快报.pdf", data)
    assert told(bulletin) == from_text(issue, SETTING)
    assert bulletin.masthead[0] == issue.series


def test_the_format_is_told_by_content_when_the_name_is_wrong(tmp_path: Path) -> None:
    assert told(read(tmp_path / "快报.doc", to_docx(ISSUE, SETTING))) == from_text(ISSUE, SETTING)


@needs_office
@pytest.mark.parametrize("suffix", [".wps", ".rtf"])
def test_old_formats_are_read_through_libreoffice(tmp_path: Path, suffix: str) -> None:
    rtf = (
        "{\\rtf1\\ansi "
        + "".join(
            f"\\u{ord(char)}?" if ord(char) > 127 else "\\par " if char == "\n" else char
            for char in render(ISSUE, SETTING)
        ).replace("\\u-", "\\u-")
        + "}"
    )
    assert told(read(tmp_path / f"快报{suffix}", rtf.encode())) == from_text(ISSUE, SETTING)


def test_docx_text_boxes_deletions_and_numbers(tmp_path: Path) -> None:
    document = docx.Document()
    for line in ("延津政务快报", "第18期", "2023年4月21日", "【全力拼经济】"):
        document.add_paragraph(line)
    paragraph = document.add_paragraph("县科工局加速技改 投资")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    element = docx.oxml.parse_xml
    paragraph._p.append(element(f"<w:del {space}><w:r><w:delText>9999</w:delText></w:r></w:del>"))
    paragraph._p.append(element(f"<w:ins {space}><w:r><w:t>5452</w:t></w:r></w:ins>"))
    paragraph.add_run("万元，成效明显。（科工局）")
    box = "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>责任编辑：李勉</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    last = document.add_paragraph()
    last._p.append(element(box.replace("<w:r>", f"<w:r {space}>", 1)))
    stream = io.BytesIO()
    document.save(stream)
    bulletin = read(tmp_path / "快报.docx", stream.getvalue())
    assert bulletin.items[0].body == "投资5452万元，成效明显。"
    assert bulletin.footer.editor == "李勉"


def test_web_page_keeps_what_is_shown_only() -> None:
    page = (
        "<html><head><title>题</title><script>var a=1</script></head><body><nav>首页</nav>"
        "<p>县科工局<b>加速</b>技改<br>投资&nbsp;5452&nbsp;万元</p><!-- 注 -->"
        '<p style="display:none">隐藏</p><table><tr><th>单位</th><th>投资</th></tr></table></body>'
    )
    assert html_text(page).split("\n") == ["县科工局加速技改", "投资\xa05452\xa0万元", "单位\t投资"]


def test_headings_of_a_web_page_name_sections() -> None:
    page = (
        "<h1>延津政务快报</h1><h2>第18期</h2><h2>全力拼经济</h2><h3>县科工局加速技改</h3><p>文</p>"
    )
    assert html_text(page).split("\n")[2:4] == ["【全力拼经济】", "县科工局加速技改"]


def test_a_deeply_nested_page_is_read() -> None:
    assert html_text("<div>" * 5000 + "县科工局" + "</div>" * 5000) == "县科工局"


def test_markdown_loses_its_marks_and_keeps_lines_and_numbers() -> None:
    text = "# 延津政务快报\n\n**第18期**\n2023年4月21日\n\n1. 县科工局[加速](a.html)技改\n\n- 2 -\n"
    lines = [line for line in markdown_text(text).split("\n") if line]
    assert lines == ["延津政务快报", "第18期", "2023年4月21日", "1. 县科工局加速技改", "- 2 -"]


def test_lines_of_pieces_become_paragraphs_over_the_end_of_a_page() -> None:
    def line(text: str, top: float, left: float = 100) -> Piece:
        return Piece(text, left, left + 20 * len(text), top, top + 20)

    first = (line("甲" * 19, 800, 120), line("乙" * 20, 830), line("- 1 -", 960, 250))
    second = (line("丙" * 5 + "。", 100), line("丁" * 10 + "。", 130, 140), line("- 2 -", 960, 250))
    pages = [PageOfPieces(600, 1000, pieces) for pieces in (first, second)]
    assert pages_text(pages).split("\n") == [
        "甲" * 19 + "乙" * 20 + "丙" * 5 + "。",
        "\u3000\u3000" + "丁" * 10 + "。",
    ]


def test_a_picture_is_recognised_and_marked(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    # No Chinese font is sure to be there, so the picture holds what any font can show.
    image = Image.new("RGB", (600, 120), "white")
    ImageDraw.Draw(image).text((40, 40), "2023-04-21", fill="black", font_size=40)
    image.save(tmp_path / "扫描.png")
    (loaded,) = load(tmp_path / "扫描.png")
    assert loaded.scanned
    assert loaded.text == "2023-04-21"


def test_archive_gives_its_files_in_order_with_chinese_names(tmp_path: Path) -> None:
    issues = [("2015年/乙.txt", b"\xe4\xb9\x99"), ("2015年/丙.docx", b"broken"), ("甲.txt", b"")]
    path = tmp_path / "归档.zip"
    path.write_bytes(to_zip(issues))
    found = [(text.source, text.text, text.error) for text in load(path)]
    assert found == [
        (
            "归档.zip/2015年/丙.docx",
            "",
            "归档.zip/2015年/丙.docx：文件已损坏或不完整，打不开；请重新导出后再放入。",
        ),
        ("归档.zip/2015年/乙.txt", "乙", ""),
        ("归档.zip/甲.txt", "", "归档.zip/甲.txt：文件是空的。"),
    ]


def test_names_packed_by_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "归档.zip"
    data = to_zip([("____.txt", "甲".encode())]).replace(b"____", "快报".encode("gbk"))
    path.write_bytes(data)
    assert [text.source for text in load(path)] == ["归档.zip/快报.txt"]


def encrypted_pdf() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, encrypt="geheim")
    canvas.drawString(72, 72, "secret")
    canvas.save()
    return stream.getvalue()


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("炸弹.txt", bytes(64 * 2**20))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("乱码.pdf", lambda: bytes(range(256)) * 20, "已损坏或不完整"),
        ("半个.pdf", lambda: to_pdf(ISSUE, SETTING)[:200], "已损坏或不完整"),
        ("半个.docx", lambda: to_docx(ISSUE, SETTING)[:5000], "已损坏或不完整"),
        ("加密.pdf", encrypted_pdf, "设了密码"),
        ("加密.docx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "设了密码"),
        ("炸弹.zip", bomb, "压缩炸弹"),
        ("半个.zip", lambda: to_zip([("甲.txt", b"a" * 500)])[:60], "压缩包已损坏"),
        ("表格.xlsx", lambda: to_zip([("xl/a.xml", b"a")]), "不支持“.xlsx”"),
        ("程序.exe", lambda: b"MZ" + bytes(100), "不支持“.exe”"),
        ("坏图.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "已损坏或不完整"),
        ("空白.docx", lambda: b"", "文件是空的"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(
    tmp_path: Path, name: str, make: Callable[[], bytes], reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(SourceError, match=f"^{name}：.*{reason}"):
        list(load(path))


def test_without_libreoffice_the_message_says_to_save_as_docx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.shutil, "which", lambda name: None)
    path = tmp_path / "快报.wps"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(SourceError, match=r"另存为 \.docx"):
        load(path)


def test_without_recognition_a_scan_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    ocr._engine.cache_clear()
    path = tmp_path / "扫描.png"
    Image.new("RGB", (60, 60), "white").save(path)
    with pytest.raises(SourceError, match=r"扫描\.png：这是扫描件.*pip install"):
        load(path)


def test_an_archive_with_a_password_says_so(tmp_path: Path) -> None:
    data = bytearray(to_zip([("a.txt", b"abc")]))
    for at in (6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    (member,) = archive.members(archive.open_archive(bytes(data)))
    assert "设了密码" in member.error
