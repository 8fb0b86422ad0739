"""Files and folders → texts."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.decoding import NotTextError, decode
from ingest.formats import archive, ocr, pdf
from ingest.formats.docx import read_docx
from ingest.formats.errors import BrokenDocumentError, EncryptedDocumentError
from ingest.formats.html import read_html
from ingest.formats.markdown import markdown_text
from ingest.formats.office import ConversionError, MissingOfficeError, convert_to_docx
from rag.errors import SourceError
from rag.schema import ParseWarning

# The largest real issue has 20 KB; 20 MB is ten years of issues in one file.
LARGEST_TEXT = 20 * 2**20
TEXT_SUFFIXES = frozenset({".txt", ".text"})
MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
# Files of programs, which lie in folders beside documents; named one by one they are refused.
PROGRAM_SUFFIXES = frozenset(
    ".py .pyc .json .jsonl .toml .yaml .yml .ini .log .sh .bat .lnk .sqlite3 .db .css .js".split()  # noqa: SIM905
)
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
WORD_SUFFIXES = frozenset({".docx", ".docm", ".dotx"})
OFFICE_SUFFIXES = frozenset({".doc", ".wps", ".rtf", ".odt", ".wpt", ".dot"})
_HTML_STARTS = (b"<html", b"<!doc", b"<?xml", b"<meta", b"<body")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.text"
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class LoadedText:
    """The text of one file, or of one file in an archive.

    `source` is the name shown to people. `scanned`: read by character recognition. `error` is a
    Chinese sentence when this part of an archive could not be read; then `text` is empty.
    """

    source: str
    text: str
    scanned: bool = False
    warnings: tuple[ParseWarning, ...] = ()
    error: str = ""


def find_files(path: Path) -> list[Path]:
    """The files to be read at a path: itself, or all files below a folder, in order of name.

    Hidden files, files of programs, Office lock files and folders already visited through a link are passed over.
    Raises SourceError when nothing is there or it cannot be opened.
    """
    try:
        if path.is_dir():
            return sorted(_walk(path, set()))
        path.stat()
    except FileNotFoundError:
        raise SourceError(f"{path}：没有这个文件或文件夹，请检查路径。") from None
    except PermissionError:
        raise SourceError(f"{path}：没有读取权限，请让管理员开放权限后再试。") from None
    except OSError as error:
        raise SourceError(f"{path}：无法打开（{_reason(error)}）。") from None
    return [path]


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for entry in os.scandir(folder):
        if entry.name.startswith((".", "~$")) or entry.name in ("Thumbs.db", "desktop.ini"):
            continue
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            yield from _walk(Path(entry.path), seen)
        elif Path(entry.name).suffix.lower() not in PROGRAM_SUFFIXES:
            yield Path(entry.path)


def load(path: Path) -> Iterable[LoadedText]:
    """The texts in one file: one, or those of all files in an archive, each read in its turn.

    Raises SourceError, naming the file and the reason, when the file as a whole can't be read.
    """
    data = _read(path)
    if _kind(data, path.suffix) == ".zip":
        return _load_archive(path.name, data)
    return [_load_one(path.name, data, path.suffix)]


def _load_archive(name: str, data: bytes) -> Iterable[LoadedText]:
    try:
        opened = archive.open_archive(data)
    except archive.ArchiveError as error:
        raise SourceError(f"{name}：{error}。") from error
    return _load_members(name, opened)


def _load_members(name: str, opened: zipfile.ZipFile) -> Iterator[LoadedText]:
    found = False
    for member in archive.members(opened):
        found = True
        label = f"{name}/{member.name}"
        if member.error:
            yield LoadedText(label, "", error=f"{label}：{member.error}。")
            continue
        suffix = Path(member.name).suffix
        try:
            if not member.data.strip():
                raise SourceError(f"{label}：文件是空的。")
            if _kind(member.data, suffix) == ".zip":
                raise SourceError(f"{label}：压缩包里还有压缩包，请先解开。")
            yield _load_one(label, member.data, suffix)
        except SourceError as error:
            yield LoadedText(label, "", error=str(error))
    if not found:
        yield LoadedText(name, "", error=f"{name}：压缩包里没有文件。")


def _kind(data: bytes, suffix: str) -> str:
    """The format by what the file holds, then by its name: a .doc is often a renamed .docx."""
    if data.startswith(b"%PDF-"):
        return ".pdf"
    if data.startswith(b"PK\x03\x04") and suffix.lower() != ".zip":
        if _OPEN_DOCUMENT in data[:100]:
            return ".odt"
        return ".docx" if b"word/" in data[:4096] else suffix.lower()
    if data.startswith(b"{\\rtf"):
        return ".rtf"
    if suffix.lower() in OFFICE_SUFFIXES and data[:200].lstrip()[:5].lower() in _HTML_STARTS:
        return ".html"
    return suffix.lower()


def _load_one(name: str, data: bytes, suffix: str) -> LoadedText:
    kind = _kind(data, suffix)
    try:
        if kind in TEXT_SUFFIXES:
            return _load_text(name, data)
        if kind in MARKDOWN_SUFFIXES:
            loaded = _load_text(name, data)
            return replace(loaded, text=markdown_text(loaded.text))
        if kind in HTML_SUFFIXES:
            _check_size(name, data)
            return LoadedText(name, read_html(data))
        if kind == ".pdf":
            found = pdf.read_pdf(data)
            return LoadedText(name, found.text, scanned=found.scanned)
        if kind in IMAGE_SUFFIXES:
            return LoadedText(name, ocr.read_image(data), scanned=True)
        if kind in WORD_SUFFIXES:
            if data.startswith(_OLE):
                raise EncryptedDocumentError
            return LoadedText(name, read_docx(data))
        if kind in OFFICE_SUFFIXES:
            if _ENCRYPTED_PACKAGE in data:
                raise EncryptedDocumentError
            return LoadedText(name, read_docx(convert_to_docx(data, kind)))
    except (BrokenDocumentError, ConversionError):
        raise SourceError(f"{name}：文件已损坏或不完整，打不开；请重新导出后再放入。") from None
    except EncryptedDocumentError:
        raise SourceError(f"{name}：文件设了密码，请去掉密码另存后再放入。") from None
    except MissingOfficeError:
        raise SourceError(
            f"{name}：读“{kind}”需要安装 LibreOffice；也可以用 Word 或 WPS 另存为 .docx 再放入。"
        ) from None
    except ocr.MissingOcrError:
        raise SourceError(
            f"{name}：这是扫描件，需要文字识别；请让管理员安装：pip install 'bulletin-qa[ocr]'"
        ) from None
    except NotTextError:
        raise SourceError(f"{name}：内容不是文字，文件可能已损坏或后缀名不对。") from None
    raise SourceError(f"{name}：不支持“{suffix}”格式，请另存为 .docx、.pdf 或 .txt。")


def _check_size(name: str, data: bytes) -> None:
    if len(data) > LARGEST_TEXT:
        size = len(data) / 2**20
        raise SourceError(f"{name}：文件有 {size:.0f} MB，不像是快报；请拆成每期一个文件。")


def _load_text(name: str, data: bytes) -> LoadedText:
    _check_size(name, data)
    found = decode(data)
    return LoadedText(name, found.text, warnings=found.warnings)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():
            raise SourceError(f"{path.name}：不是普通文件。")
        data = path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"{path}：没有这个文件，请检查路径。") from None
    except PermissionError:
        raise SourceError(f"{path.name}：没有读取权限，请让管理员开放权限后再试。") from None
    except OSError as error:
        raise SourceError(f"{path.name}：无法读取（{_reason(error)}）。") from None
    if not data.strip():
        raise SourceError(f"{path.name}：文件是空的。")
    return data


def _reason(error: OSError) -> str:
    return (
        "链接互相指向，形成循环" if error.errno == errno.ELOOP else (error.strerror or str(error))
    )
