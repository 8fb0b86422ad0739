"""The data folder as a whole: its format, who may write, and what was put aside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import StoreError
from rag.faults import broken_index, naming_faults

FORMAT = 1  # raised when a file in the folder is stored in another way; see MIGRATIONS
FORMAT_FILE = "format.json"

Migration = Callable[[Path], None]
# Format before → the step to the next. A step that was interrupted is run again from its start.
# 0: folders from before the format was written down; nothing is stored differently.
MIGRATIONS: Mapping[int, Migration] = {0: lambda data_dir: None}


def keep_private() -> None:
    """From now on this process writes files and folders that only its own user can open.

    For programs to call first. Without effect on Windows, where folders carry such rights.
    """
    os.umask(0o077)


def program_version() -> str:
    """The version installed; 开发版 where the program runs from its folder."""
    try:
        return version("bulletin-qa")
    except PackageNotFoundError:
        return "开发版"


@contextmanager
def ingest_lock(data_dir: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One writer at a time on a data folder; the second waits. The folder has this format then."""
    with naming_faults(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / "ingest.lock", thread_local=False)
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            on_wait()
            lock.acquire(poll_interval=0.2)
        try:
            if format_of(data_dir) != FORMAT:
                migrate(data_dir)
            yield
        finally:
            lock.release()


def prepare(data_dir: Path) -> None:
    """Make the folder where there is none; bring an older one up to date, refuse a newer one."""
    with naming_faults(data_dir):
        current = format_of(data_dir) == FORMAT
    if not current:
        with ingest_lock(data_dir):
            pass


def format_of(data_dir: Path) -> int:
    """The format written in the folder; 0 where none is."""
    file = data_dir / FORMAT_FILE
    try:
        return int(json.loads(file.read_text("utf-8"))["format"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError):
        # Written in one step, so only damage from outside comes here.
        return 0


def migrate(
    data_dir: Path, migrations: Mapping[int, Migration] = MIGRATIONS, to: int = FORMAT
) -> None:
    """Take the steps from the stored format on, each noted when it is done.

    StoreError for a folder that a newer program has written. Call it under the ingest lock.
    """
    stored = format_of(data_dir)
    if stored > to:
        raise StoreError(
            f"数据目录 {data_dir} 的格式是 {stored}，本程序（{program_version()}）只认到 {to}："
            "它由更新的版本写过。请升级本程序，或用 BULLETIN_DATA_DIR 指定别的目录；数据未作改动"
        )
    for step in range(stored, to):
        migrations[step](data_dir)
        new = data_dir / f"{FORMAT_FILE}.new"
        noted = {"format": step + 1, "program": program_version()}
        new.write_text(json.dumps(noted), encoding="utf-8")
        os.replace(new, data_dir / FORMAT_FILE)


def check_index_is_there(data_dir: Path) -> None:
    """IndexBrokenError when something was indexed and the database is gone or empty.

    Chroma would begin an empty one, and the catalogue, which follows it, would be emptied as well.
    """
    if (data_dir / "chroma.before").exists() or not _was_written(data_dir / "chroma.stamp"):
        return
    database = data_dir / "chroma" / "chroma.sqlite3"
    if not database.exists() or database.stat().st_size == 0:
        raise broken_index(data_dir, "不见了")


def _was_written(stamp_file: Path) -> bool:
    try:
        stamp = json.loads(stamp_file.read_text("utf-8"))
        return bool(stamp["unsaved"] or stamp["stored"])
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        return True  # killed while writing it


def put_aside(path: Path) -> Path:
    """Move a broken file or folder out of the way, beside itself; gives its new place."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    os.replace(path, aside)
    return aside
