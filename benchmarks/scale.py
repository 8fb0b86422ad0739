"""Answers at size: python -m benchmarks.scale [--folder DIR] [--memory-from N] [ITEMS …].

For every size (10,000 100,000 1,000,000) an archive whose facts are known is generated, ten items
an issue over ten years, each item with a name of its own, and put into an index; then a fresh
process opens it and answers questions that it has not seen. Prints per size: time to the first
answer, p50 and p95 in wall and processor time, the share of right answers and of those that cite
the asked item first (hit@1), the peak of resident memory, and the size on the disk.

Vectors of items are put together (benchmarks.scale_archive), questions are embedded by the model as
ever. From --memory-from items on (default 1,000,000) Chroma is left out, whose part is to keep the
record, and a stand-in hands over the same rows and vectors. With --folder the archives stay there
and are used again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.scale_archive import PER_ISSUE, Prepared, Topics, make_issue, make_item
from rag.catalog import Catalog
from rag.chain import BulletinChain, build_chain
from rag.departments import load_departments
from rag.embeddings import load_embeddings
from rag.schema import Answer
from rag.settings import Settings, load_settings
from rag.vector_store import NewIssue, VectorStore

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 200  # issues
QUESTIONS = 60  # of each kind
TODAY = date(2025, 12, 31)


def build(items: int, settings: Settings, chroma: bool) -> None:
    embeddings = load_embeddings(settings.embedding_model, settings.data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with closing(Catalog(settings.data_dir / "catalog.sqlite3")) as catalog:
        if not chroma:
            catalog.sync(Prepared(items, embeddings))  # type: ignore[arg-type]
            return
        store = VectorStore.open(settings.data_dir, "", embeddings.model_id, embeddings.dimension)
        topics = Topics(embeddings)
        have = len(store.versions())
        for start in range(have, items // PER_ISSUE, BATCH):
            batch = []
            for index in range(start, min(start + BATCH, items // PER_ISSUE)):
                record, chunks, made = make_issue(index, items)
                batch.append(NewIssue(record, chunks, topics.vectors(made).tolist()))
            store.add_issues(batch)
        catalog.sync(store)


def open_chain(items: int, settings: Settings, chroma: bool) -> BulletinChain:
    if chroma:
        return build_chain(settings)
    embeddings = load_embeddings(settings.embedding_model, settings.data_dir)
    catalog = Catalog(settings.data_dir / "catalog.sqlite3")
    store = Prepared(items, embeddings)
    catalog.sync(store)  # type: ignore[arg-type]
    return BulletinChain(settings, catalog, store, embeddings, load_departments())  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what its answer holds when it is right, and the item that it cites."""

    kind: str
    question: str
    expected: str
    item: str = ""


def questions(items: int) -> Iterator[Asked]:
    chance = random.Random(7)
    for _ in range(QUESTIONS):
        item = make_item(chance.randrange(items), items)
        chunk = f"{item.issue.key}-{item.number % PER_ISSUE:02d}"
        yield Asked("数字", f"{item.name}项目完成投资多少", f"{item.invested}万元", chunk)
        item = make_item(chance.randrange(items), items)
        chunk = f"{item.issue.key}-{item.number % PER_ISSUE:02d}"
        day = item.published
        yield Asked(
            "时间和部门",
            f"{day.year}年{day.month}月{item.office}{item.name}项目惠及群众多少户",
            f"{item.households}户",
            chunk,
        )
        item = make_item(chance.randrange(items), items)
        year, number = item.issue.year, item.issue.number
        chunk = f"{item.issue.key}-{item.number % PER_ISSUE:02d}"
        yield Asked("本期要点", f"{year}年第{number}期要点", item.title)
        yield Asked("刊头", f"{year}年第{number}期是谁签发的", "高望")
        day = item.published
        matter = item.matter
        yield Asked(
            "列举", f"{item.office}{day.year}年{day.month}月{matter}有哪些工作", item.matter, chunk
        )
        yield Asked("没有登过", f"第{chance.randint(3, 40)}届龙舟赛冠军队奖金多少", "没有找到")


@dataclass(frozen=True, slots=True)
class Times:
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        return cls(*(round(1000 * float(np.percentile(seconds, p)), 1) for p in (50, 95)))


def measure(items: int, settings: Settings, chroma: bool, started: float) -> dict[str, object]:
    chain = open_chain(items, settings, chroma)
    opened, used_to_open = time.time() - started, time.process_time()
    chain.invoke("技改项目完成投资多少")
    first = time.time() - started
    wall: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    ranked: list[bool] = []
    right: dict[str, list[bool]] = {}
    for asked in questions(items):
        at, used = time.perf_counter(), time.process_time()
        answer: Answer = chain.invoke(asked.question)
        processor.setdefault(asked.kind, []).append(time.process_time() - used)
        wall.setdefault(asked.kind, []).append(time.perf_counter() - at)
        cited = [citation.chunk_id for citation in answer.citations]
        holds = asked.expected in answer.text and (not asked.item or asked.item in cited)
        right.setdefault(asked.kind, []).append(holds)
        if asked.kind in ("数字", "时间和部门"):
            ranked.append(cited[:1] == [asked.item])
    return {
        "items": items,
        "opened": round(opened, 1),
        "opened_processor": round(used_to_open, 1),
        "first_answer": round(first, 1),
        "wall": asdict(Times.of([t for times in wall.values() for t in times])),
        "processor": asdict(Times.of([t for times in processor.values() for t in times])),
        "kinds": {
            kind: {
                "wall": asdict(Times.of(wall[kind])),
                "processor": asdict(Times.of(processor[kind])),
                "right": round(float(np.mean(right[kind])), 3),
            }
            for kind in wall
        },
        "hit_at_1": round(float(np.mean(ranked)), 3),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "disk_gb": round(
            sum(p.stat().st_blocks * 512 for p in settings.data_dir.rglob("*") if p.is_file())
            / 1e9,
            2,
        ),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("items", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory-from", type=int, default=1_000_000)
    parser.add_argument("--step", choices=["build", "measure"])
    parser.add_argument("--started", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for items in options.items:
            chroma = items < options.memory_from
            changes = {"data_dir": folder / str(items), "today": TODAY}
            settings = load_settings().model_copy(update=changes)
            if options.step == "build":
                build(items, settings, chroma)
            elif options.step == "measure":
                measured = measure(items, settings, chroma, options.started)
                print(json.dumps(measured, ensure_ascii=False), flush=True)
            else:
                _both(items, folder, options.memory_from)


def _both(items: int, folder: Path, memory_from: int) -> None:
    """Build and measure, each in a process of its own."""
    common = [sys.executable, "-m", "benchmarks.scale", str(items)]
    common += ["--folder", str(folder), "--memory-from", str(memory_from)]
    started = time.time()
    subprocess.run([*common, "--step", "build"], check=True)
    print(f"{items} 条入库：{time.time() - started:.0f} 秒", flush=True)
    subprocess.run([*common, "--step", "measure", "--started", str(time.time())], check=True)


if __name__ == "__main__":
    main()
