"""Speed and memory of taking in generated archives of several sizes.

    python -m benchmarks.ingest [100 1000 10000] [--model FOLDER] [--embed 400]

For each size, each step in a process of its own: parsing on one core, a first ingest with vectors
that cost nothing (so that the stores are measured), a second run over unchanged files, and then
questions' searches. Embedding is measured apart, on items of 200 to 280 characters, with the
default model. 10,000 issues take about a quarter of an hour and 2 GB of disk.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from ingest.indexer import ingest_paths
from ingest.loader import load
from ingest.parser import parse_bulletins
from ingest.report import Status
from rag.catalog import Catalog
from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model
from rag.embeddings import load_embeddings
from rag.schema import Filters, Period
from rag.settings import Settings
from rag.text import search_tokens
from rag.vector_store import VectorStore

ROOT = Path(__file__).resolve().parent.parent
ISSUES_A_YEAR = 100
ITEMS = 8
OFFICES = [
    "科工局",
    "交通运输局",
    "应急管理局",
    "自然资源局",
    "住建城管局",
    "农业农村局",
    "水利局",
    "生态环境局",
]
SECTIONS = ["全力拼经济", "项目建设", "安全生产", "城市建设", "乡村振兴", "民生实事"]
MATTERS = [
    "技改投资",
    "公路建设",
    "防汛物资",
    "土地处置",
    "管网改造",
    "高标准农田",
    "河道治理",
    "空气质量",
]
PHRASES = (
    "成立工作专班，加强与上级部门的沟通协调，明确时间节点和责任人",
    "坚持问题导向，逐一建立台账，实行销号管理，做到情况清、底数明",
    "强化要素保障，优化审批流程，推行容缺受理和全程代办服务",
    "组织业务骨干深入一线开展现场指导，帮助解决实际困难",
    "压实属地责任和部门责任，形成上下联动、齐抓共管的工作格局",
    "充分利用广播、宣传栏、微信群等方式广泛宣传，提高群众知晓率",
    "定期召开推进会，通报工作进度，对进展缓慢的单位进行督导",
)


class HashVectors:
    """A vector drawn from the text's SHA-256: the same every time, and free of charge."""

    model_id = "hash-vectors"
    dimension = 384

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        drawn = np.random.default_rng(seed).standard_normal(self.dimension)
        vector: list[float] = (drawn / np.linalg.norm(drawn)).tolist()
        return vector


def item_text(chance: random.Random, office: str, matter: str) -> str:
    """An item of about 240 characters with figures of its own."""
    body = "。".join(chance.sample(PHRASES, 6))
    amount, share = chance.randint(100, 99999), chance.randint(100, 999) / 10
    return (
        f"县{office}扎实推进{matter}工作 {body}。截至目前，累计完成{matter}投资{amount}万元，"
        f"占年度计划的{share}%，涉及{chance.randint(2, 19)}个乡镇{chance.randint(20, 400)}个村。"
    )


def write_archive(folder: Path, issues: int) -> None:
    """Issues of eight items in the form of the real ones, a hundred a year."""
    folder.mkdir(parents=True)
    chance = random.Random(20230421)
    for place in range(issues):
        year, number = 1900 + place // ISSUES_A_YEAR, place % ISSUES_A_YEAR + 1
        day = date(year, 1, 3) + timedelta(days=3 * (number - 1))
        lines = ["云禾政务快报", f"第 {number} 期", "云禾县人民政府办公室"]
        lines.append(f"{day.year} 年 {day.month} 月 {day.day} 日")
        for section in range(2):
            lines.append(f"【{SECTIONS[(place + section) % len(SECTIONS)]}】")
            for _ in range(ITEMS // 2):
                which = chance.randrange(len(OFFICES))
                lines.append(
                    f"{item_text(chance, OFFICES[which], MATTERS[which])}（{OFFICES[which]}）"
                )
        lines.append("责任编辑：赵一  审核：钱二  签发：孙三")
        (folder / f"{year}年第{number:03d}期.txt").write_text("\n\n".join(lines), encoding="utf-8")


# --- the steps, each run as a process ----------------------------------------------------------


def step_parse(folder: Path, data_dir: Path) -> dict[str, float]:
    files = sorted(folder.iterdir())[:1000]
    started = time.perf_counter()
    items = sum(
        len(bulletin.items)
        for path in files
        for text in load(path)
        for bulletin in parse_bulletins(text.text, text.source)
    )
    return {"解析，条/秒": items / (time.perf_counter() - started)}


def step_ingest(folder: Path, data_dir: Path) -> dict[str, float]:
    seconds, statuses = _ingest(folder, data_dir)
    return {"首次入库，秒": seconds, "新增，期": statuses[Status.ADDED]}


def step_again(folder: Path, data_dir: Path) -> dict[str, float]:
    seconds, statuses = _ingest(folder, data_dir)
    return {"再次入库，秒": seconds, "未变，期": statuses[Status.UNCHANGED]}


def _ingest(folder: Path, data_dir: Path) -> tuple[float, dict[Status, int]]:
    started = time.perf_counter()
    report = ingest_paths([folder], _settings(data_dir), embeddings=HashVectors())
    seconds = time.perf_counter() - started
    return seconds, {status: report.count(status) for status in Status}


def step_search(folder: Path, data_dir: Path) -> dict[str, float]:
    store = VectorStore.open(data_dir, "", HashVectors.model_id, HashVectors.dimension)
    vectors = [HashVectors().vector(f"问题{n}") for n in range(40)]
    year = Period(date(1900, 1, 1), date(1900, 12, 31))
    filters = Filters(published=year, departments=("科工局",))
    with closing(Catalog(data_dir / "catalog.sqlite3")) as catalog:
        tokens = search_tokens("1900年科工局技改投资累计完成多少万元")
        started = time.perf_counter()
        store.search(vectors[0], 40)
        opening = time.perf_counter() - started
        return {
            "打开后第一次向量检索，毫秒": 1000 * opening,
            "向量检索，毫秒": _median(lambda n: store.search(vectors[n], 40)),
            "向量检索（年份+部门），毫秒": _median(lambda n: store.search(vectors[n], 40, filters)),
            "词语检索，毫秒": _median(lambda n: catalog.search(tokens, 40)),
            "词语检索（年份+部门），毫秒": _median(lambda n: catalog.search(tokens, 40, filters)),
            "无人写入时的 sync，毫秒": _median(lambda n: catalog.sync(store)),
        }


def _median(call: Callable[[int], object]) -> float:
    times = []
    for n in range(20):
        started = time.perf_counter()
        call(n)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def step_embed(folder: Path, data_dir: Path) -> dict[str, float]:
    model = load_embeddings(os.environ["BENCHMARK_MODEL"], data_dir)
    chance = random.Random(1)
    wanted = int(os.environ["BENCHMARK_EMBED"])
    texts = [item_text(chance, OFFICES[n % 8], MATTERS[n % 8]) for n in range(wanted)]
    model.embed_documents(texts[:8])
    started = time.perf_counter()
    model.embed_documents(texts)
    seconds = time.perf_counter() - started
    return {
        "句向量，条/秒": wanted / seconds,
        "平均字数": statistics.mean(len(text) for text in texts),
    }


STEPS = {
    "parse": step_parse,
    "ingest": step_ingest,
    "again": step_again,
    "search": step_search,
    "embed": step_embed,
}


def _settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, _env_file=None)  # type: ignore[call-arg]


def run_step(name: str, folder: Path, data_dir: Path) -> None:
    """Print the figures of one step as JSON, with the peak memory of this process."""
    figures = STEPS[name](folder, data_dir)
    figures["内存峰值，MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures, ensure_ascii=False))


def measure(name: str, folder: Path, data_dir: Path, **extra: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", "--step", name, str(folder), str(data_dir)],
        cwd=ROOT,
        env={**os.environ, "OMP_WAIT_POLICY": "passive", **extra},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for figure, value in json.loads(done.stdout.splitlines()[-1]).items():
        print(f"  {name:<7}{figure}：{value:,.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="入库的速度与内存")
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 1000, 10000], metavar="期数")
    parser.add_argument("--model", type=Path, help="模型文件夹；默认 .cache/models 下的自带模型")
    parser.add_argument("--embed", type=int, default=400, help="测句向量速度用的条数")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        model = options.model or ensure_default_model(
            ROOT / ".cache" / "models" / DEFAULT_MODEL_NAME
        )
        print(f"句向量（{os.cpu_count()} 核）", flush=True)
        extra = {"BENCHMARK_MODEL": str(model), "BENCHMARK_EMBED": str(options.embed)}
        measure("embed", Path(place), Path(place), **extra)
        for size in options.sizes:
            folder, data_dir = Path(place) / f"{size}", Path(place) / f"data-{size}"
            write_archive(folder, size)
            print(f"{size} 期，{size * ITEMS} 条", flush=True)
            for name in ("parse", "ingest", "again", "search"):
                measure(name, folder, data_dir)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        run_step(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
