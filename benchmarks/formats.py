"""Does every format give what was put in: python -m benchmarks.formats [ISSUES]

Generated issues (300) are printed in each format, read back, and compared with the .txt of the
same issue: number, date, footer, sections, titles, bodies, departments. That the .txt gives what was
made is the property test of tests/test_parser_properties.py.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.documents import FORMATS, to_pdf
from benchmarks.generate import MadeIssue, make_issue
from benchmarks.typesetting import Setting, make_setting, render
from ingest.loader import load
from ingest.parser import parse_bulletin
from rag.schema import Bulletin

Print = Callable[[MadeIssue, Setting], bytes]


def told(bulletin: Bulletin) -> tuple[object, ...]:
    items = tuple((i.section, i.title, i.body, i.departments) for i in bulletin.items)
    return (bulletin.issue, bulletin.published, bulletin.footer, items)


def read(path: Path, data: bytes) -> tuple[object, ...]:
    path.write_bytes(data)
    (loaded,) = load(path)
    return told(parse_bulletin(loaded.text, loaded.source))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    prints: dict[str, Print] = {
        **FORMATS,
        "两栏 pdf": lambda issue, setting: to_pdf(issue, setting, columns=2),
        "带页眉的 pdf": lambda issue, setting: to_pdf(issue, setting, header=issue.series),
    }
    wrong = dict.fromkeys(prints, 0)
    items = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            issue = make_issue(seed)
            items += len(issue.items)
            # Print wraps lines and ends pages by itself.
            setting = replace(make_setting(seed), wrap=0, page_length=0)
            expected = told(parse_bulletin(render(issue, setting), "快报.txt"))
            for kind, make in prints.items():
                path = Path(folder) / f"快报.{kind.split()[-1]}"
                wrong[kind] += read(path, make(issue, setting)) != expected
    print(f"{count} 期，{items} 条；与 .txt 不一致的期数：")
    for kind, number in wrong.items():
        print(f"{kind}：{number}")


if __name__ == "__main__":
    main()
