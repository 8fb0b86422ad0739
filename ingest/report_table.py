"""The report of an ingest for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.changes import Changes
from ingest.report import FileReport, IngestReport, Status

STATUS_WORDS = {
    Status.ADDED: "新增",
    Status.REPLACED: "替换",
    Status.UNCHANGED: "未变",
    Status.DUPLICATE: "重复",
    Status.FAILED: "失败",
}
_STYLES = {Status.ADDED: "green", Status.REPLACED: "yellow", Status.FAILED: "bold red"}
# A table of 10,000 unchanged files helps nobody; above this only what needs a look is listed.
MOST_ROWS = 60


def print_report(report: IngestReport, console: Console) -> None:
    """Files as a table, then what changed, what to look at, and the counts."""
    if report.files:
        console.print(_table(report.files))
    for file in report.files:
        for line in _remarks(file):
            console.print(line)
    for warning in report.warnings:
        console.print(f"[yellow]注意[/] {escape(warning.message)}")
    console.print(summary(report))


def summary(report: IngestReport) -> str:
    """新增 2 期，替换 0 期，未变 0 期，重复 0 期，失败 0 个"""
    counts = "，".join(
        f"{word} {report.count(status)} {'个' if status is Status.FAILED else '期'}"
        for status, word in STATUS_WORDS.items()
    )
    return f"{counts}，沿用原索引 {report.kept} 期" if report.kept else counts


def _table(files: Iterable[FileReport]) -> Table:
    rows = list(files)
    short = len(rows) > MOST_ROWS
    table = Table("结果", "期号", "日期", "条目", "提示")
    table.add_column("文件", overflow="fold")
    for file in rows:
        if short and file.status in (Status.ADDED, Status.UNCHANGED) and not file.warnings:
            continue
        style = _STYLES.get(file.status, "")
        word = STATUS_WORDS[file.status]
        table.add_row(
            f"[{style}]{word}[/]" if style else word,
            replace(file.issue, series="").label if file.issue else "",
            file.published.isoformat() if file.published else "",
            str(file.item_count) if file.issue else "",
            str(len(file.warnings)) if file.warnings else "",
            escape(_name(file)),
        )
    if short:
        table.caption = f"共 {len(rows)} 行，这里只列出需要看一看的"
    return table


def _name(file: FileReport) -> str:
    return file.path.replace("\\", "/").rpartition("/")[2]


def _remarks(file: FileReport) -> Iterator[str]:
    name = escape(_name(file))
    if file.error:
        yield f"[bold red]失败[/] {escape(file.error)}"
    if file.changes:
        yield f"[yellow]替换[/] {name}：{escape('；'.join(_changed(file.changes)))}"
    for warning in file.warnings:
        place = f"第{warning.line}行 " if warning.line else ""
        yield f"[dim]提示[/] {name} {place}{escape(warning.message)}"


def _changed(changes: Changes) -> Iterator[str]:
    if changes.added:
        yield f"新增{'、'.join(changes.added)}"
    if changes.removed:
        yield f"删去{'、'.join(changes.removed)}"
    for revision in changes.revised:
        before, after = revision.figures_before, revision.figures_after
        if before or after:
            yield (
                f"{revision.name}数字有改动："
                f"{'、'.join(before) or '（无）'} → {'、'.join(after) or '（无）'}"
            )
        else:
            yield f"{revision.name}文字有改动"
    if not (changes.added or changes.removed or changes.revised):
        yield "条目没有变化，改动在刊头或刊尾"
