"""The commands of whoever looks after the installation: backup, restore, doctor."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag.backup import make_backup, restore_backup
from rag.doctor import Finding, examine, repair
from rag.settings import Settings

MARKS = {"ok": "✓", "warning": "！", "fault": "✗"}
PAGE_PORT = 7860


def add_upkeep_commands(commands: Any) -> None:
    """Add the commands to `python -m rag`."""
    backup = commands.add_parser("backup", help="备份数据目录，网页开着也可以")
    backup.add_argument("file", type=Path, metavar="FILE", help="备份文件，如 快报备份.tar.gz")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="从备份恢复；现有的数据移到一旁")
    restore.add_argument("file", type=Path, metavar="FILE", help="备份文件")
    restore.set_defaults(run=_restore)
    doctor = commands.add_parser("doctor", help="检查安装、数据和索引，指出毛病和办法")
    doctor.add_argument("--repair", action="store_true", help="能修的就修")
    doctor.add_argument("--json", action="store_true", help="输出 JSON")
    doctor.add_argument(
        "--port", type=int, default=PAGE_PORT, help="网页的端口（默认 %(default)s）"
    )
    doctor.set_defaults(run=_doctor)


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    backup = make_backup(settings.data_dir, options.file)
    size = options.file.stat().st_size / 2**20
    print(f"已备份到 {options.file}（{len(backup.files)} 个文件，{size:.1f} MB）")
    if settings.chroma_url:
        print(f"索引在 Chroma 服务器 {settings.chroma_url} 上，不在这份备份里，请另外备份服务器")
    return 0


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    backup, aside = restore_backup(options.file, settings.data_dir)
    print(f"已恢复 {backup.made} 的备份（{len(backup.files)} 个文件）到 {settings.data_dir}")
    if aside:
        print(f"原来的数据在 {aside}，确认无误后可以删去")
    return 0


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    """1 while a fault is left."""
    done: dict[str, str] = {}
    if options.repair:
        for finding, outcome in repair(lambda: examine(settings, options.port)):
            done[finding.check] = outcome
            print(f"修理：{finding.check}……{outcome}", file=sys.stderr)
    findings = list(examine(settings, options.port)) if options.json else []
    if options.json:
        print(json.dumps([_row(each, done) for each in findings], ensure_ascii=False))
    else:
        findings = _print(examine(settings, options.port))
    return 1 if any(each.state == "fault" for each in findings) else 0


def _row(finding: Finding, done: dict[str, str]) -> dict[str, Any]:
    return {
        "check": finding.check,
        "state": finding.state,
        "message": finding.message,
        "remedy": finding.remedy,
        "can_repair": finding.mend is not None,
        "repaired": done.get(finding.check),
    }


def _print(found: Iterable[Finding]) -> list[Finding]:
    findings = []
    for each in found:
        findings.append(each)
        print(f"{MARKS[each.state]} {each.check}：{each.message}", flush=True)
        if each.remedy:
            print(f"  办法：{each.remedy}")
    faults = [each for each in findings if each.state == "fault"]
    if any(each.mend for each in findings):
        print("可以试试：python -m rag doctor --repair")
    print(f"发现 {len(faults)} 个毛病" if faults else "没有毛病")
    return findings
