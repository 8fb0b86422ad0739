"""What the machine did when a store fails: a full disk, a folder that is read-only, a broken index.

SQLite, Chroma and the operating system each say it in their own way, and Chroma in a text only.
"""

from __future__ import annotations

import errno
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import BulletinError, DiskError, IndexBrokenError, StoreError

REPAIR = "python -m rag doctor --repair"
REBUILD = "python -m ingest 快报文件夹 --rebuild"

FULL = 16 * 2**20  # bytes left after a write has been taken back
ROW = 20 * 2**10  # bytes an item takes in all files together, generously

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
# How Chroma's database layer and its Rust core put a number into their messages.
_SQLITE_CODE = re.compile(r"\(code: (\d+)\)")
_SYSTEM_CODE = re.compile(r"os error (\d+)")
_BROKEN_VECTORS = re.compile(r"hnsw|pickle|error finding id", re.IGNORECASE)


def named_fault(error: BaseException, data_dir: Path) -> BulletinError | None:
    """The fault behind an error with its remedy; None when the machine is not to blame."""
    if isinstance(error, BulletinError) and not isinstance(error, StoreError):
        return None  # it knows better
    for cause in _causes(error):
        if isinstance(cause, DiskError | IndexBrokenError):
            return cause
        system, sqlite = _codes(cause)
        if system in _FULL or sqlite == sqlite3.SQLITE_FULL:
            return _full_disk(data_dir)
        if system in _CLOSED or sqlite in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            return DiskError(
                f"数据目录 {data_dir} 不能写入{_place(cause)}。请让运行本程序的用户有写权限，"
                "检查磁盘是否成了只读，或用 BULLETIN_DATA_DIR 指定别的目录"
            )
        if sqlite == sqlite3.SQLITE_IOERR:
            return DiskError(f"磁盘读写出错（数据目录 {data_dir}）。请检查磁盘空间和磁盘是否损坏")
        if _is_broken_index(cause, sqlite):
            return broken_index(data_dir)
        if _is_chroma_error(cause) and _free(data_dir) < FULL:
            return _full_disk(data_dir)  # Chroma often does not say why it could not write
    return None


@contextmanager
def naming_faults(data_dir: Path) -> Iterator[None]:
    """Raise the fault in place of whatever it made fail; other errors pass."""
    try:
        yield
    except Exception as error:
        fault = named_fault(error, data_dir)
        if fault is None or fault is error:
            raise
        raise fault from error


def broken_index(data_dir: Path, what: str = "已损坏") -> IndexBrokenError:
    return IndexBrokenError(
        f"索引 {data_dir / 'chroma'} {what}。请运行 {REPAIR}（从目录库重建，不丢内容），"
        f"或重新入库：{REBUILD}"
    )


def database_problem(path: Path) -> str:
    """What is wrong with an SQLite file; empty when it is whole or not there."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            [(said,), *_] = database.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        return f"已损坏（{error}）"
    return "" if said == "ok" else f"已损坏（{' '.join(said.split())}）"


def _full_disk(data_dir: Path) -> DiskError:
    return DiskError(
        f"磁盘满了，数据目录 {data_dir} 写不进去。已入库的内容没有变；请腾出磁盘空间后再试一次"
    )


def check_space(data_dir: Path, rows: int) -> None:
    """DiskError when there is no room for so many rows: Chroma 1.5.9 may wait for ever on a disk
    that fills while it writes."""
    if rows and _free(data_dir) < FULL + rows * ROW:
        raise _full_disk(data_dir)


def _free(data_dir: Path) -> int:
    try:
        return shutil.disk_usage(data_dir).free
    except OSError:
        return 2**62  # unknown: the write will tell


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _codes(error: BaseException) -> tuple[int | None, int | None]:
    """The numbers of the operating system and of SQLite."""
    if isinstance(error, OSError):
        return error.errno, None
    if isinstance(error, sqlite3.Error):
        # The low byte is the kind, the rest its variety.
        return None, getattr(error, "sqlite_errorcode", 0) & 0xFF
    if not _is_chroma(error):
        return None, None
    text = str(error)
    system, sqlite = _SYSTEM_CODE.search(text), _SQLITE_CODE.search(text)
    return int(system[1]) if system else None, int(sqlite[1]) & 0xFF if sqlite else None


def _is_chroma_error(error: BaseException) -> bool:
    # By name, so that Chroma need not be imported to tell.
    return type(error).__module__.startswith("chromadb")


def _is_chroma(error: BaseException) -> bool:
    return _is_chroma_error(error) or isinstance(error, ValueError)  # the latter while opening


def _is_broken_index(error: BaseException, sqlite: int | None) -> bool:
    if isinstance(error, sqlite3.Error) or not _is_chroma(error):
        return False  # a database of our own: whoever opened it knows what is to be done
    broken = sqlite in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return broken or bool(_BROKEN_VECTORS.search(str(error)))


def _place(error: BaseException) -> str:
    return f"（{error.filename}）" if isinstance(error, OSError) and error.filename else ""
