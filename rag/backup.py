"""A copy of the data folder in one file, made while the product runs, and the way back.

Left out is what can be made again at no loss (the catalogue, models, logs, page files) and what
belongs to the moment (locks). The index stands still meanwhile: whoever writes to it waits.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rag.data_folder import FORMAT, FORMAT_FILE, ingest_lock, program_version
from rag.errors import BackupError
from rag.faults import database_problem, named_fault, naming_faults
from rag.vector_store.lock import StoreLock

CONTENTS = "backup.json"
# Also left where they are by a restore.
LEFT_OUT = frozenset({"models", "logs", "page", "chroma.partial", "chroma.before"})
_LEFT_OUT_ENDINGS = (".lock", ".new", "-wal", "-shm", "-journal")
_ASIDE = ("before-restore-", "restoring-", "rebuilding", ".backup-")
# Follows the index by itself, under a new identity: what processes hold of the old one is void.
_CATALOG = "catalog."
_DATABASE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself; `files` has SHA-256 by path."""

    made: str
    program: str
    format: int
    files: dict[str, str]


def make_backup(data_dir: Path, file: Path) -> Backup:
    """Write a backup; the file appears whole or not at all."""
    if not data_dir.is_dir():
        raise BackupError(f"没有数据目录 {data_dir}，没有可以备份的")
    if file.is_dir():
        raise BackupError(f"{file} 是文件夹，请写出备份文件的名字，如 {file / '快报备份.tar.gz'}")
    with (
        naming_faults(data_dir),
        tempfile.TemporaryDirectory(
            prefix=".backup-", dir=data_dir, ignore_cleanup_errors=True
        ) as work,
    ):
        copy = Path(work)
        with ingest_lock(data_dir):
            # Whoever opens the index puts back what a killed run left in disorder.
            _settle_index(data_dir)
            for path in _members(data_dir):
                copy_file(path, copy / path.relative_to(data_dir))
        _check_databases(copy)
        made = datetime.now().astimezone().isoformat(timespec="seconds")
        backup = Backup(made, program_version(), FORMAT, _digests(copy))
        _write(copy, backup, file)
    return backup


def restore_backup(file: Path, data_dir: Path) -> tuple[Backup, Path | None]:
    """Put a backup in place of what the folder holds; also where that was moved to.

    Nothing changes unless the backup is whole. A page that runs goes on with what was restored.
    """
    with naming_faults(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix="restoring-", dir=data_dir, ignore_cleanup_errors=True
        ) as work:
            fresh = Path(work)
            backup = _unpack(file, fresh)
            (fresh / CONTENTS).unlink()
            with ingest_lock(data_dir), StoreLock(data_dir, "chroma", lambda: None).writing():
                aside = _put_aside(data_dir)
                for path in sorted(fresh.iterdir()):
                    os.replace(path, data_dir / path.name)
                renew_stamp(data_dir)
    return backup, aside


def renew_stamp(data_dir: Path) -> None:
    """Tell every process that has the index open that it is another one now."""
    file = data_dir / "chroma.stamp"
    stamp = {"unsaved": 0, "stored": 0}
    if file.exists():
        stamp = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**stamp, "stamp": uuid.uuid4().hex}), encoding="utf-8")


def copy_file(source: Path, target: Path) -> None:
    """A copy; of a database, its state at one moment, though others write to it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        database = file.read(len(_DATABASE)) == _DATABASE
    if not database:
        shutil.copy2(source, target)
        return
    try:
        with (
            closing(sqlite3.connect(source, timeout=60)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    except sqlite3.DatabaseError as error:
        if named_fault(error, source.parent) is None:
            raise
        raise BackupError(
            f"{source} 读不出来（{error}），备份没有做成；请先运行 python -m rag doctor"
        ) from error
    shutil.copymode(source, target)


def _check_databases(copy: Path) -> None:
    for path in sorted(copy.rglob("*.sqlite3")):
        if problem := database_problem(path):
            name = path.relative_to(copy).as_posix()
            raise BackupError(
                f"数据目录里的 {name} {problem}，备份没有做成；请先运行 python -m rag doctor --repair"
            )


def _settle_index(data_dir: Path) -> None:
    if (data_dir / "chroma.before").exists():
        from rag.vector_store.connection import chroma_folder

        with chroma_folder(data_dir).reading():
            pass


def _belongs(name: str) -> bool:
    return not (
        name in LEFT_OUT
        or name.endswith(_LEFT_OUT_ENDINGS)
        or name.startswith(_ASIDE)
        or ".broken-" in name
    )


def _members(data_dir: Path) -> Iterator[Path]:
    for entry in sorted(data_dir.iterdir()):
        if not _belongs(entry.name) or entry.name.startswith(_CATALOG):
            continue
        for path in [entry] if entry.is_file() else sorted(entry.rglob("*")):
            if path.is_file() and not path.is_symlink() and _belongs(path.name):
                yield path


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(copy: Path, backup: Backup, file: Path) -> None:
    (copy / CONTENTS).write_text(
        json.dumps(
            {name: getattr(backup, name) for name in Backup.__slots__}, ensure_ascii=False, indent=1
        ),
        encoding="utf-8",
    )
    partial = file.with_name(f"{file.name}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Accounts and conversations are in it.
        partial.touch(mode=0o600)
        with tarfile.open(partial, "w:gz", compresslevel=1) as archive:
            for name in (CONTENTS, *backup.files):
                archive.add(copy / name, name)
        os.replace(partial, file)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise BackupError(
            f"备份文件 {file} 写不了（{error.strerror}），请检查磁盘空间和权限"
        ) from error


def _unpack(file: Path, folder: Path) -> Backup:
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        backup = Backup(**json.loads((folder / CONTENTS).read_text("utf-8")))
        found = {name: digest for name, digest in _digests(folder).items() if name != CONTENTS}
        whole = found == backup.files
    except FileNotFoundError as error:
        raise BackupError(f"没有备份文件 {file}，或它不是本程序的备份") from error
    except (
        gzip.BadGzipFile,
        zlib.error,
        tarfile.TarError,
        EOFError,
        ValueError,
        TypeError,
    ) as error:
        raise BackupError(f"{file} 不是本程序的备份，或没有写完；数据未作改动") from error
    if not whole:
        raise BackupError(f"备份 {file} 已损坏（内容与清单不符）；数据未作改动，请用另一份备份")
    if backup.format > FORMAT:
        raise BackupError(
            f"备份 {file} 由更新的版本（{backup.program}）写成，请先升级本程序；数据未作改动"
        )
    return backup


def _put_aside(data_dir: Path) -> Path | None:
    held = [path for path in data_dir.iterdir() if _belongs(path.name)]
    # What SQLite keeps beside a database must not meet the restored one.
    held += [path for path in data_dir.iterdir() if path.name.endswith(("-wal", "-shm"))]
    if {path.name for path in held} <= {FORMAT_FILE}:
        return None  # a folder made just now
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    aside = Path(tempfile.mkdtemp(prefix=f"before-restore-{stamp}-", dir=data_dir))
    for path in held:
        os.replace(path, aside / path.name)
    return aside
