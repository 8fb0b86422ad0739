"""Does the search find the right text? Two parts, one run, the same embedder:

    python -m benchmarks.retrieval CMRC.json NEWS.txt DISTRACTORS SAMPLES QA.jsonl DATA_DIR

1. CMRC 2018: the paragraph of a question among all paragraphs and DISTRACTORS news paragraphs, by
   words alone, by vectors alone, by reciprocal ranks, and by the weighted sum that is used.
2. The questions of QA.jsonl on the index in DATA_DIR, beside the pipeline of a tutorial on the same
   files (RecursiveCharacterTextSplitter 500/50, vectors, the nearest four pieces): does what is
   handed on hold the gold quote?
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from langchain_text_splitters import RecursiveCharacterTextSplitter

from rag.catalog import Catalog
from rag.chain import build_chain
from rag.embeddings import BulletinEmbeddings, load_embeddings
from rag.fusion import reciprocal_rank_fusion, weighted_sum
from rag.retriever import CANDIDATES
from rag.schema import Chunk, Filters, Footer, IssueRecord, IssueRef
from rag.settings import load_settings
from rag.text import search_tokens, strip_space
from rag.vector_store import NewIssue, VectorStore

QUESTIONS = 500
HANDED_ON = 4
BATCH = 200


def main() -> None:
    cmrc_file, news_file, distractors, samples, qa, data_dir = sys.argv[1:7]
    settings = load_settings()
    embeddings = load_embeddings(settings.embedding_model, Path(data_dir))
    beside_a_tutorial(embeddings, Path(samples), Path(qa), Path(data_dir))
    among_news(embeddings, Path(cmrc_file), Path(news_file), int(distractors))


def among_news(embeddings: BulletinEmbeddings, cmrc: Path, news: Path, distractors: int) -> None:
    texts: dict[str, str] = {}
    asked: list[tuple[str, str]] = []
    for entry in json.loads(cmrc.read_text(encoding="utf-8"))["data"]:
        for paragraph in entry["paragraphs"]:
            texts[paragraph["id"]] = paragraph["context"]
            asked += [(qa["question"], paragraph["id"]) for qa in paragraph["qas"]]
    lines = news.read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(lines)
    texts |= {f"NEWS_{number}": line for number, line in enumerate(lines[:distractors])}
    with tempfile.TemporaryDirectory() as folder:
        store = VectorStore.open(Path(folder), "", embeddings.model_id, embeddings.dimension)
        names = list(texts)
        for start in range(0, len(names), BATCH):
            part = names[start : start + BATCH]
            vectors = embeddings.embed_documents([texts[name] for name in part])
            store.add_issues([as_issue(start, {n: texts[n] for n in part}, vectors)])
        catalog = Catalog(Path(folder) / "catalog.sqlite3")
        catalog.sync(store)
        found: dict[str, int] = {}
        sample = random.Random(2).sample(asked, QUESTIONS)
        for question, wanted in sample:
            words = catalog.search(search_tokens(question), CANDIDATES, Filters())
            vector = store.search(embeddings.embed_query(question), CANDIDATES, Filters())
            rankings = {
                "只用字词": words,
                "只用向量": vector,
                "倒数排名": reciprocal_rank_fusion([[k for k, _ in r] for r in (vector, words)]),
                "分数相加": weighted_sum([(dict(vector), 0.5), (dict(words), 0.5)]),
            }
            for name, ranking in rankings.items():
                found[name] = found.get(name, 0) + bool(ranking and ranking[0][0] == wanted)
    for name, count in found.items():
        print(f"CMRC hit@1（{len(texts)} 段，{QUESTIONS} 问）{name}：{count / QUESTIONS:.3f}")


def as_issue(number: int, texts: dict[str, str], vectors: Sequence[Sequence[float]]) -> NewIssue:
    ref = IssueRef(2025, number // BATCH + 1, series="CMRC")
    day = date(2025, 1, 1)
    chunks = [
        Chunk(name, ref, day, "", "", (), text, place, "cmrc")
        for place, (name, text) in enumerate(texts.items())
    ]
    record = IssueRecord(ref, day, "", Footer(), "", tuple(texts), "cmrc", ref.key)
    return NewIssue(record, chunks, vectors)


def beside_a_tutorial(
    embeddings: BulletinEmbeddings, samples: Path, qa: Path, data_dir: Path
) -> None:
    splitter = RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=50)
    pieces = [
        piece
        for file in sorted(samples.glob("*.txt"))
        for piece in splitter.split_text(file.read_text(encoding="utf-8"))
    ]
    matrix = np.asarray(embeddings.embed_documents(pieces))
    chain = build_chain(load_settings().model_copy(update={"data_dir": data_dir}))

    def tutorial(question: str) -> list[str]:
        scores = matrix @ np.asarray(embeddings.embed_query(question))
        return [pieces[place] for place in np.argsort(-scores)[:HANDED_ON]]

    def product(question: str) -> list[str]:
        return [hit.chunk.text for hit in chain.invoke(question).retrieved[:HANDED_ON]]

    ways: dict[str, Callable[[str], list[str]]] = {"教程做法": tutorial, "本产品": product}
    rows = [json.loads(line) for line in qa.read_text(encoding="utf-8").splitlines()]
    for split in ("dev", "test"):
        chosen = [
            r
            for r in rows
            if r["split"] == split
            and r["answerable"]
            and r["gold"][0]["section"]
            and not r["history"]
        ]
        for name, way in ways.items():
            places = [place_of(r["gold_quote"], way(r["question"])) for r in chosen]
            at_one = sum(p == 0 for p in places) / len(chosen)
            at_four = sum(p is not None for p in places) / len(chosen)
            print(
                f"{split}（{len(chosen)} 问）{name}：引文在第一段 {at_one:.3f}，在前四段 {at_four:.3f}"
            )


def place_of(quote: str, texts: Sequence[str]) -> int | None:
    wanted = strip_space(quote)
    return next((i for i, text in enumerate(texts) if wanted in strip_space(text)), None)


if __name__ == "__main__":
    main()
