"""Checks of the files in the data folder that are neither index nor catalogue."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rag.accounts import Accounts
from rag.data_folder import FORMAT, format_of, ingest_lock, migrate, put_aside
from rag.departments import load_departments
from rag.doctor.finding import Finding, fault, ok, warning
from rag.errors import BulletinError, StoreError
from rag.faults import database_problem

# Left behind by what was killed; nothing reads them.
_LEFTOVERS = (".backup-*", "restoring-*", "rebuilding", "chroma.partial", "models/.*.building-*")
DAY = 86400.0


def check_format(data_dir: Path) -> Finding:
    """The folder's format is the one that this program writes."""
    check = "数据格式"
    stored = format_of(data_dir)
    if stored == FORMAT:
        return ok(check, str(stored))
    if stored > FORMAT:
        try:
            migrate(data_dir)
        except StoreError as error:
            return fault(check, str(error), "升级本程序，或用 BULLETIN_DATA_DIR 指定别的目录")

    def bring_up_to_date() -> str:
        with ingest_lock(data_dir):
            return f"已升级到格式 {FORMAT}"

    return warning(
        check, f"格式 {stored}，本程序用 {FORMAT}", "下次启动时自动升级", bring_up_to_date
    )


def check_leftovers(data_dir: Path) -> Finding:
    """Nothing lies about from a run that was killed."""
    check = "中断的操作"
    if (data_dir / "chroma.before").exists():
        return ok(check, "上次存盘中断，打开索引时自动复原")
    left = sorted(path for pattern in _LEFTOVERS for path in data_dir.glob(pattern))
    if not left:
        return ok(check, "没有")

    def clear_away() -> str:
        with ingest_lock(data_dir):
            for path in left:
                shutil.rmtree(path, ignore_errors=True)
        return f"已删去 {len(left)} 个临时文件夹"

    names = "、".join(path.name for path in left)
    return warning(
        check, f"留下了 {names}", "备份或恢复中断过：原来的数据没有变，需要时再做一次", clear_away
    )


def check_databases(data_dir: Path) -> Iterator[Finding]:
    """The small databases can be read. Two of them are memories that save time."""
    for name, what, derived in (
        ("files.sqlite3", "文件登记", True),
        ("words.sqlite3", "词向量", True),
        ("conversations.sqlite3", "对话记录", False),
    ):
        path = data_dir / name
        problem = database_problem(path)
        if not path.exists():
            continue
        if not problem:
            yield ok(what, name)
        elif derived:
            yield fault(what, f"{path} {problem}", f"删去 {name}，会自动重建", _deleting(path))
        else:
            yield fault(
                what,
                f"{path} {problem}",
                "从备份恢复；没有备份就移走它，对话记录从头开始",
                _moving_aside(path),
            )


def delete_database(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _deleting(path: Path) -> Callable[[], str]:
    def mend() -> str:
        with ingest_lock(path.parent):
            delete_database(path)
        return f"已删去 {path.name}"

    return mend


def _moving_aside(path: Path) -> Callable[[], str]:
    def mend() -> str:
        with ingest_lock(path.parent):
            aside = put_aside(path)
            delete_database(path)  # what SQLite kept beside it
        return f"已移到 {aside.name}"

    return mend


def check_accounts(data_dir: Path) -> Iterator[Finding]:
    """The accounts can be read, by their owner alone."""
    check, path = "账户", data_dir / "accounts.json"
    if not path.exists():
        return
    try:
        accounts = Accounts(path).all()
    except BulletinError as error:
        yield fault(
            check,
            str(error),
            "从备份恢复；没有备份就移走 accounts.json，再用 python -m rag user add 建账户",
        )
        return
    if os.name == "posix" and path.stat().st_mode & 0o077:

        def close() -> str:
            path.chmod(0o600)
            return "已改为只有所有者可读"

        yield warning(check, f"{path} 别的用户也能读", f"chmod 600 {path}", close)
    else:
        yield ok(check, f"{len(accounts)} 个")


def check_own_files(data_dir: Path) -> Iterator[Finding]:
    """What a person or a reader has written."""
    path = data_dir / "departments.toml"
    if path.exists():
        try:
            load_departments(path)
            yield ok("部门别名", path.name)
        except BulletinError as error:
            yield fault("部门别名", str(error), f"改正 {path}，或移走它")
    feedback = data_dir / "feedback.jsonl"
    if feedback.exists():
        bad = [
            number
            for number, line in enumerate(feedback.read_bytes().split(b"\n"), 1)
            if line.strip() and not _is_json(line)
        ]
        if bad:
            yield warning(
                "读者评价", f"{feedback} 第 {bad[0]} 行读不出来", "已跳过这几行，其余照用"
            )


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def check_clock(data_dir: Path, now: float | None = None) -> Finding:
    """The machine's clock is not behind what was written."""
    check = "时钟"
    now = time.time() if now is None else now
    newest = max((path.stat().st_mtime for path in data_dir.glob("*")), default=now)
    if newest > now + DAY:
        ahead = time.strftime("%Y-%m-%d", time.localtime(newest))
        today = time.strftime("%Y-%m-%d", time.localtime(now))
        return warning(
            check,
            f"本机日期 {today}，而数据目录里有 {ahead} 写的文件：时钟可能被调回了",
            "校准本机时间；“今年”“最近”按本机日期计算，也可用 BULLETIN_TODAY 指定",
        )
    return ok(check, time.strftime("%Y-%m-%d", time.localtime(now)))
