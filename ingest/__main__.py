"""Command line: take files in, remove an issue, watch a folder."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar

from ingest.indexer import ingest_paths
from ingest.removal import remove_issue
from ingest.report import FileReport, IngestReport
from ingest.report_json import file_json, summary_json
from ingest.report_table import print_report
from ingest.run import Progress
from ingest.watch import changed_files
from rag.data_folder import keep_private
from rag.embeddings import load_embeddings
from rag.errors import BulletinError, SourceError
from rag.logs import start_logging
from rag.settings import Settings, load_settings

USAGE = """python -m ingest PATH... [--rebuild] [--json]
       python -m ingest remove 期号...
       python -m ingest watch 文件夹"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 all well, 1 something failed, 2 wrong usage."""
    keep_private()
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = words[0] if words else ""
    try:
        if command == "remove":
            return _remove(words[1:])
        if command == "watch":
            return _watch(words[1:])
        return _ingest(words)
    except BulletinError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断；已写入的各期保留，再次运行会接着做。", file=sys.stderr)
        return 130


def _ingest(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest", usage=USAGE, description="快报入库")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="文件或文件夹")
    parser.add_argument(
        "--rebuild", action="store_true", help="全部重新读取、重新建立索引（更换句向量模型后使用）"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    options = parser.parse_args(words)
    settings = _settings()
    if options.json:
        return _ingest_json(options.paths, settings, options.rebuild)
    with _progress_bar() as on_progress:
        report = ingest_paths(
            options.paths,
            settings,
            rebuild=options.rebuild,
            on_progress=on_progress,
            on_wait=_say_waiting,
        )
    print_report(report, Console(highlight=False))
    return 0 if report.ok else 1


def _ingest_json(paths: Sequence[Path], settings: Settings, rebuild: bool) -> int:
    # The items of ten years do not fit into memory comfortably, so the rows wait in a file; and
    # nothing is printed before it is known that there is a report to print.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as rows:

        def keep(file: FileReport) -> None:
            print(json.dumps(file_json(file), ensure_ascii=False), file=rows)

        with _progress_bar() as on_progress:
            report = ingest_paths(
                paths,
                settings,
                rebuild=rebuild,
                on_progress=on_progress,
                on_file=keep,
                on_wait=_say_waiting,
            )
        _print_json(report, rows)
    return 0 if report.ok else 1


def _print_json(report: IngestReport, rows: Iterator[str]) -> None:
    rows.seek(0)  # type: ignore[attr-defined]
    out = sys.stdout
    out.write('{"files": [')
    for place, row in enumerate(rows):
        out.write((",\n" if place else "\n") + row.rstrip("\n"))
    summary = json.dumps(summary_json(report), ensure_ascii=False)
    out.write(f"],\n{summary[1:]}\n")


def _remove(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest remove", description="删去一期")
    parser.add_argument("issues", nargs="+", metavar="期号", help="如 2023-18 或 2023年第18期")
    options = parser.parse_args(words)
    settings = _settings()
    model = load_embeddings(settings.embedding_model, settings.data_dir)
    failed = 0
    for name in options.issues:
        try:
            issue = remove_issue(name, settings, embeddings=model, on_wait=_say_waiting)
            print(f"已删去{issue.label}")
        except SourceError as error:
            failed += 1
            print(f"错误：{error}", file=sys.stderr)
    return 1 if failed else 0


def _watch(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ingest watch", description="文件放入文件夹后自动入库；按 Ctrl+C 结束"
    )
    parser.add_argument("folder", type=Path, metavar="文件夹")
    folder = parser.parse_args(words).folder
    if not folder.is_dir():
        raise SourceError(f"{folder}：没有这个文件夹，请检查路径。")
    settings = _settings()
    model = load_embeddings(settings.embedding_model, settings.data_dir)
    console = Console(highlight=False)
    console.print(f"正在看着 {escape(str(folder))}，按 Ctrl+C 结束")
    for files in changed_files(folder):
        try:
            report = ingest_paths(files, settings, embeddings=model, on_wait=_say_waiting)
        except BulletinError as error:
            console.print(f"[bold red]错误[/] {escape(str(error))}")
            continue
        print_report(report, console)
    return 0


def _settings() -> Settings:
    settings = load_settings()
    # What goes wrong with a file stands in the report; the terminal need not say it twice.
    start_logging(settings, "ingest", terminal=logging.ERROR)
    return settings


def _say_waiting() -> None:
    print("另一个入库正在进行，等它结束后开始……", file=sys.stderr)


@contextmanager
def _progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    with ProgressBar(
        TextColumn("入库"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None, rate="")

        def show(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{progress.items / elapsed:.0f} 条/秒" if elapsed > 1 else ""
            bar.update(task, total=progress.files_total, completed=progress.files, rate=rate)

        yield show


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # File names need not be valid UTF-8, and a Windows terminal may lack a character.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if hasattr(os, "nice"):
        os.nice(10)  # those who ask meanwhile go first
    sys.exit(main())
