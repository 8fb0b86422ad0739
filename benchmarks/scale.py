"""Answers at size: python -m benchmarks.scale [--folder DIR] [--memory-from N] [ITEMS …].

For every size (10,000 100,000 1,000,000) an archive whose facts are known is generated, ten items
an issue over ten years, each item with a name of its own, and put into an index; then a fresh
process opens it and answers questions that it has not seen. Prints per size: time to the first
answer, p50 and p95 in wall and processor time, the share of right answers and of those that cite
the asked item first (hit@1), the peak of resident memory, and the size on the disk.

Vectors are put together: the model's vector of an item's topic, something of its vectors of the
two halves of the item's name, and chance. Questions are embedded by the model as ever. From --memory-from items on (default
1,000,000) Chroma is left out, whose part is to keep the record, and a stand-in hands over the
same rows and vectors. With --folder the archives stay there and are used again.
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
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.catalog import Catalog
from rag.chain import BulletinChain, build_chain
from rag.departments import load_departments
from rag.embeddings import BulletinEmbeddings, load_embeddings
from rag.schema import Answer, Chunk, Footer, IssueRecord, IssueRef
from rag.settings import Settings, load_settings
from rag.vector_store import NewIssue, StoredIssue, VectorStore

SIZES = (10_000, 100_000, 1_000_000)
PER_ISSUE = 10
YEARS = range(2016, 2026)
BATCH = 200  # issues
QUESTIONS = 60  # of each kind
APART = 0.4  # length of the chance part of a vector, beside the topic's of 1
NAMED = 0.4  # of the part for each half of the name
SERIES = "云禾政务快报"
TODAY = date(2025, 12, 31)
# Syllables of invented names; two of them and two more make one of 2.56 million.
SYLLABLES = "恒禾澜岚泽宏裕昌瑞祥隆泰晟鼎盛嘉润丰茂源溪榆槐柏桐枫杉梓楠樟芦苇荷莲菱蒲葵蓝翠"
OFFICES = "科工局 交通运输局 应急管理局 农业农村局 自然资源局 住建城管局 生态环境局 商务局".split()  # noqa: SIM905
TOWNS = "槐浦镇 青渠镇 麦垄镇 沙垄镇 柏桥镇 芦湾镇 榆坡镇 南苇镇".split()  # noqa: SIM905
MATTERS = (  # noqa: SIM905
    "技改 高速公路 防汛物资 高标准农田 污水管网 招商引资 秸秆禁烧 安全培训 老旧小区 农村道路 职业技能 医保参保"
    " 企业走访 人居环境 养老服务 校园食堂"
).split()
VERBS = "摸排 督导 走访 改造 巡查 帮扶 整治 宣传 培训 调度".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Item:
    """One invented item with the facts that are asked for."""

    number: int
    issue: IssueRef
    published: date
    name: str
    office: str
    matter: str
    verb: str
    invested: int
    households: int

    @property
    def topic(self) -> str:
        return f"{self.office}推进{self.matter}{self.verb}"

    @property
    def title(self) -> str:
        return f"{self.office}扎实推进{self.name}{self.matter}{self.verb}工作"

    def text(self, chance: random.Random) -> str:
        return (
            f"{self.title} 成立{self.matter}工作专班，建立“{self.verb}—交办—整改—销号”机制，"
            f"抽调{chance.randint(3, 40)}名骨干分片包干，对{chance.choice(TOWNS)}等"
            f"{chance.randint(3, 13)}个乡镇逐一{self.verb}，明确责任人和完成时限，每周通报进度，"
            f"对进展缓慢的单位进行约谈，确保各项任务落到实处。目前，{self.name}项目完成投资"
            f"{self.invested}万元，同比增长{chance.randint(1, 600) / 10}%，惠及群众{self.households}户，"
            f"发现问题{chance.randint(1, 90)}处。"
        )


def make_item(number: int, items: int) -> Item:
    """Item `number` of an archive of so many items; any one can be made without the others."""
    chance = random.Random(number)
    issue = number // PER_ISSUE
    per_year = items // PER_ISSUE // len(YEARS)
    year, place = YEARS[issue // per_year], issue % per_year
    # Multiplying by a number without common factors spreads neighbours over all names.
    code = number * 1_000_003 % len(SYLLABLES) ** 4
    name = ""
    for _ in range(4):
        code, syllable = divmod(code, len(SYLLABLES))
        name += SYLLABLES[syllable]
    return Item(
        number,
        IssueRef(year, place + 1, series=SERIES),
        date(year, 1, 2) + timedelta(days=place * 362 // per_year),
        name,
        chance.choice(OFFICES + TOWNS),
        chance.choice(MATTERS),
        chance.choice(VERBS),
        chance.randint(100, 99_999),
        chance.randint(100, 20_000),
    )


def make_issue(index: int, items: int) -> tuple[IssueRecord, tuple[Chunk, ...], list[Item]]:
    made = [make_item(index * PER_ISSUE + place, items) for place in range(PER_ISSUE)]
    ref, day = made[0].issue, made[0].published
    chunks = tuple(
        Chunk(
            f"{ref.key}-{place:02d}",
            ref,
            day,
            f"{item.matter}工作",
            item.title,
            (item.office,),
            item.text(random.Random(item.number + 1)),
            place,
            f"{ref.key}.txt",
            (item.office,),
        )
        for place, item in enumerate(made)
    )
    text = "\n".join((*(chunk.text for chunk in chunks), "责任编辑：林晓", "签发：高望"))
    ids = tuple(chunk.id for chunk in chunks)
    footer = Footer("县四大班子领导", "林晓", "周明", "高望")
    return IssueRecord(ref, day, "", footer, text, ids, f"{ref.key}.txt", ref.key), chunks, made


class Topics:
    """The vectors of the items."""

    def __init__(self, embeddings: BulletinEmbeddings) -> None:
        self._embeddings = embeddings
        self._topic = lru_cache(maxsize=None)(self._embed)
        self._mean = np.mean([self._topic(a + b) for a, b in pairwise(SYLLABLES)], axis=0)

    def _embed(self, topic: str) -> NDArray[np.float32]:
        return np.asarray(self._embeddings.embed_documents([topic])[0], dtype=np.float32)

    def vectors(self, items: Sequence[Item]) -> NDArray[np.float32]:
        size = self._embeddings.dimension
        moved = [
            np.random.default_rng(item.number).standard_normal(size, dtype=np.float32)
            for item in items
        ]
        # One topic an office and matter: 256 texts for the model, and 1,600 halves of names.
        topics = [self._topic(f"{item.office}推进{item.matter}工作") for item in items]
        names = [self._topic(i.name[:2]) + self._topic(i.name[2:]) - 2 * self._mean for i in items]
        vectors = np.stack(topics) + NAMED * np.stack(names) + APART / size**0.5 * np.stack(moved)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class Prepared:
    """What the catalogue asks of a vector store, out of the generator."""

    fault = ""

    def __init__(self, items: int, embeddings: BulletinEmbeddings) -> None:
        self._items = items
        self._topics = Topics(embeddings)
        self.model = (embeddings.model_id, embeddings.dimension)

    def epoch(self) -> str:
        return "prepared"

    def versions(self, keys: Sequence[str] | None = None) -> dict[str, str]:
        issues = range(self._items // PER_ISSUE)
        return {make_item(i * PER_ISSUE, self._items).issue.key: str(i) for i in issues}

    def stored(self, keys: Sequence[str]) -> list[StoredIssue]:
        per_year = self._items // PER_ISSUE // len(YEARS)
        found = []
        for key in keys:
            year, number = (int(part) for part in key.split("-")[1:])
            index = (year - YEARS[0]) * per_year + number - 1
            record, chunks, _ = make_issue(index, self._items)
            found.append(StoredIssue(str(index), record, chunks))
        return found

    def vectors(self, issues: Sequence[StoredIssue]) -> NDArray[np.float32]:
        numbers = [int(i.version) * PER_ISSUE + c.ordinal for i in issues for c in i.chunks]
        return self._topics.vectors([make_item(number, self._items) for number in numbers])


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
