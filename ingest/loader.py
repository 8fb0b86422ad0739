"""Files and folders → texts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.decoding import NotTextError, decode
from rag.errors import SourceError
from rag.schema import ParseWarning

# The largest real issue has 20 KB; 20 MB is ten years of issues in one file.
LARGEST_TEXT = 20 * 2**20
TEXT_SUFFIXES = frozenset({".txt", ".text"})


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

    Hidden files, Office lock files and folders already visited through a link are passed over.
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
        else:
            yield Path(entry.path)


def load(path: Path) -> list[LoadedText]:
    """Read one file. Raises SourceError, naming the file and the reason, when it can't be read."""
    data = _read(path)
    if path.suffix.lower() not in TEXT_SUFFIXES:
        raise SourceError(f"{path.name}：不支持“{path.suffix}”格式，请另存为 .txt 或 .docx。")
    return [_load_text(path.name, data)]


def _load_text(name: str, data: bytes) -> LoadedText:
    if len(data) > LARGEST_TEXT:
        size = len(data) / 2**20
        raise SourceError(f"{name}：文件有 {size:.0f} MB，不像是快报；请拆成每期一个文件。")
    try:
        found = decode(data)
    except NotTextError:
        raise SourceError(f"{name}：内容不是文字，文件可能已损坏或后缀名不对。") from None
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
    return "链接互相指向，形成循环" if error.errno == 40 else (error.strerror or str(error))
