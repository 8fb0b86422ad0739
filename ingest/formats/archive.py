"""The files inside a .zip, within limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

MOST_FILES = 20_000
LARGEST_FILE = 200 * 2**20
LARGEST_WHOLE = 4 * 2**30
# Chinese text packs to a quarter, an empty scan to a fiftieth; a bomb to a thousandth.
MOST_PACKED = 200
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


class ArchiveError(ValueError):
    """The archive is broken or beyond the limits; the text is a Chinese reason."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name, and its content or the reason why there is none."""

    name: str
    data: bytes = b""
    error: str = ""


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open a .zip and check it against the limits; raises ArchiveError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ArchiveError("压缩包已损坏或不完整，请重新打包") from error
    infos = archive.infolist()
    if len(infos) > MOST_FILES:
        raise ArchiveError(f"压缩包里有 {len(infos)} 个文件，最多 {MOST_FILES} 个，请分成几个")
    if is_bomb(archive):
        raise ArchiveError("压缩包解开后过大（可能是压缩炸弹），没有解开")
    return archive


def is_bomb(archive: zipfile.ZipFile) -> bool:
    """Whether the files are far larger than what they are packed in."""
    infos = archive.infolist()
    total = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    return total > LARGEST_WHOLE or (total > 2**24 and total > MOST_PACKED * max(packed, 1))


def members(archive: zipfile.ZipFile) -> Iterator[Member]:
    """The files in order of name, hidden ones left out; each is read when it is its turn."""
    named = sorted((_name(info), info.header_offset, info) for info in archive.infolist())
    for name, _, info in named:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        hidden = any(part.startswith((".", "~$", "__MACOSX")) for part in parts)
        if info.is_dir() or hidden or not parts or parts[-1] in ("Thumbs.db", "desktop.ini"):
            continue
        yield _read(archive, info, "/".join(parts))


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Member:
    if info.flag_bits & _ENCRYPTED:
        return Member(name, error="压缩包设了密码，请去掉密码再放入")
    try:
        with archive.open(info) as file:
            # The header's size can lie, so what is really there is counted.
            data = file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        return Member(name, error=f"压缩包里的这个文件已损坏（{type(error).__name__}）")
    except Exception as error:  # zlib.error and those of other packers
        return Member(name, error=f"压缩包里的这个文件解不开（{type(error).__name__}）")
    if len(data) > LARGEST_FILE:
        return Member(name, error="压缩包里的这个文件解开后过大，没有解开")
    return Member(name, data)


def _name(info: zipfile.ZipInfo) -> str:
    """Windows packs Chinese names as GBK without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
