"""Time of one extractive answer at size: python benchmarks/ask.py [ITEMS] [DATA_DIR].

A generated archive of ITEMS items (10,000) is put into an index with made-up document vectors
(seeded by the text: the speed of a search doesn't depend on what the vectors mean); questions are
embedded by the real model, sentences compared by it too. Prints p50 and p95 in milliseconds by
kind of question, models loaded, each question asked once and never seen before.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from rag.chain import BulletinChain, build_chain
from rag.embeddings import load_embeddings
from rag.schema import Chunk, Footer, IssueRecord, IssueRef
from rag.settings import Settings
from rag.vector_store import NewIssue, VectorStore

SERIES = "云禾政务快报"
OFFICES = [
    "科工局",
    "交通运输局",
    "应急管理局",
    "农业农村局",
    "自然资源局",
    "住建城管局",
    "生态环境局",
    "商务局",
]
TOWNS = [f"{name}镇" for name in ["槐浦", "青渠", "麦垄", "沙垄", "柏桥", "芦湾", "榆坡", "南苇"]]
MATTERS = [
    "技改项目",
    "高速公路",
    "防汛物资",
    "高标准农田",
    "批而未供土地",
    "雨污水管网",
    "优良天数",
    "招商引资",
    "秸秆禁烧",
    "安全培训",
    "老旧小区",
    "农村道路",
    "职业技能",
    "医保参保",
    "企业走访",
    "人居环境",
]
VERBS = ["摸排", "督导", "走访", "改造", "巡查", "帮扶", "整治", "宣传", "培训", "调度"]
PER_ISSUE = 10
BATCH = 100


def item(chance: random.Random, day: date, number: int) -> tuple[str, str, str]:
    """Title, text and office of one invented item."""
    matter, verb = chance.choice(MATTERS), chance.choice(VERBS)
    office = chance.choice(OFFICES + TOWNS)
    place = chance.choice(TOWNS)
    title = f"{office}扎实推进{matter}{verb}工作"
    text = (
        f"{title} 成立{matter}工作专班，建立“{verb}—交办—整改—销号”机制，抽调{chance.randint(3, 40)}名"
        f"骨干分片包干，对{place}等{chance.randint(3, 13)}个乡镇逐一{verb}，明确责任人和完成时限，"
        f"每周通报进度，对进展缓慢的单位进行约谈，确保各项任务落到实处。{(day.month - 1) // 3 + 1}季度，"
        f"全县{matter}完成投资{chance.randint(100, 9999)}万元，同比增长{chance.randint(1, 600) / 10}%，"
        f"涉及群众{chance.randint(100, 20000)}户，发现问题{chance.randint(1, 90)}处，编号{number}。"
    )
    return title, text, office


def issues(items: int) -> Iterator[tuple[IssueRecord, list[Chunk]]]:
    chance = random.Random(1)
    numbers: dict[int, int] = {}
    day = date(2025, 10, 31) - timedelta(days=3 * (items // PER_ISSUE))
    for index in range(items // PER_ISSUE):
        day += timedelta(days=3)
        numbers[day.year] = numbers.get(day.year, 0) + 1
        ref = IssueRef(day.year, numbers[day.year], series=SERIES)
        chunks = []
        for place in range(PER_ISSUE):
            title, text, office = item(chance, day, index * PER_ISSUE + place)
            section = MATTERS[place] + "工作"
            chunks.append(
                Chunk(
                    f"{ref.key}-{place:02d}",
                    ref,
                    day,
                    section,
                    title,
                    (office,),
                    text,
                    place,
                    f"{ref.key}.txt",
                    (office,),
                )
            )
        full = "\n".join(chunk.text for chunk in chunks)
        ids = tuple(chunk.id for chunk in chunks)
        yield IssueRecord(ref, day, "", Footer(), full, ids, f"{ref.key}.txt", ref.key), chunks


def vector(text: str, size: int) -> list[float]:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    values = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    return (values / np.linalg.norm(values)).tolist()  # type: ignore[no-any-return]


def build(items: int, data_dir: Path, model: str) -> BulletinChain:
    embeddings = load_embeddings(model, data_dir)
    store = VectorStore.open(data_dir, "", embeddings.model_id, embeddings.dimension)
    if store.count() < items:
        batch: list[NewIssue] = []
        for record, chunks in issues(items):
            vectors = [vector(chunk.text, embeddings.dimension) for chunk in chunks]
            batch.append(NewIssue(record, chunks, vectors))
            if len(batch) == BATCH:
                store.add_issues(batch)
                batch.clear()
        store.add_issues(batch)
    settings = {"data_dir": data_dir, "embedding_model": model, "today": date(2025, 11, 21)}
    return build_chain(Settings.model_validate(settings))


def questions() -> dict[str, list[str]]:
    chance = random.Random(2)
    kinds: dict[str, list[str]] = {"数字": [], "条件": [], "列举": [], "刊头": [], "无": []}
    for number in range(40):
        matter, verb, year = (
            chance.choice(MATTERS),
            chance.choice(VERBS),
            chance.randint(2020, 2025),
        )
        office = chance.choice(OFFICES + TOWNS)
        kinds["数字"].append(f"{matter}{verb}{number}完成投资多少")
        kinds["条件"].append(f"{office}{year}年{chance.randint(1, 3)}季度{matter}涉及群众多少户")
        kinds["列举"].append(f"{office}{year}年{chance.randint(1, 9)}月做了哪些工作")
        kinds["刊头"].append(f"{year}年第{number + 1}期是哪天出的")
        kinds["无"].append(f"第{number}届龙舟赛冠军队奖金多少")
    return kinds


def main() -> None:
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        model = sys.argv[3] if len(sys.argv) > 3 else ""
        started = time.perf_counter()
        chain = build(items, data_dir, model)
        print(f"{items} 条入库并打开：{time.perf_counter() - started:.1f} 秒", flush=True)
        chain.invoke("技改项目完成投资多少")
        everything: list[float] = []
        for kind, texts in questions().items():
            times = []
            for text in texts:
                started = time.perf_counter()
                chain.invoke(text)
                times.append(1000 * (time.perf_counter() - started))
            everything += times
            print(
                f"{kind}：p50 {np.percentile(times, 50):.0f} ms，p95 {np.percentile(times, 95):.0f} ms",
                flush=True,
            )
        print(
            f"全部：p50 {np.percentile(everything, 50):.0f} ms，p95 {np.percentile(everything, 95):.0f} ms"
        )


if __name__ == "__main__":
    main()
