"""What each part is worth: python -m benchmarks.ablation DATA_DIR QA.jsonl [MODEL].

The same questions to the whole engine and to engines that lack one part, on an index that exists.
Set BULLETIN_TODAY as the question set says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rag.chain import BulletinChain, build_chain
from rag.evaluation import chain_engine, run_evaluation, text_lookup
from rag.extractive.engine import ExtractiveEngine
from rag.retriever import HybridRetriever
from rag.schema import Filters, Hit
from rag.settings import load_settings


class Unfiltered:
    """Searches the whole archive, whatever the question names."""

    def __init__(self, search: HybridRetriever) -> None:
        self._search = search

    def search(self, text: str, k: int, filters: Filters | None = None) -> list[Hit]:
        return self._search.search(text, k)


class WithHeader:
    """Vectors of the items with section and departments before their text."""

    def __init__(self, chain: BulletinChain) -> None:
        self._catalog = chain.catalog
        chunks = chain.catalog.scan(Filters())
        texts = [f"【{c.section}】{'、'.join(c.departments)} {c.text}" for c in chunks]
        self._ids = [chunk.id for chunk in chunks]
        self._vectors = np.asarray(chain.embeddings.embed_documents(texts))

    def nearest(self, vector: Sequence[float], k: int, filters: Filters) -> list[tuple[str, float]]:
        within = {chunk.id for chunk in self._catalog.scan(filters)}
        scores = self._vectors @ np.asarray(vector)
        best = [(self._ids[i], float(scores[i])) for i in np.argsort(-scores)]
        return [(name, score) for name, score in best if name in within][:k]


def _with_header(chain: BulletinChain) -> None:
    chain.search = HybridRetriever(chain.embeddings, WithHeader(chain), chain.catalog)
    _rebuild(chain, search=chain.search)


def _weighted(chain: BulletinChain, weight: float) -> None:
    chain.search = HybridRetriever(chain.embeddings, chain.catalog, chain.catalog, weight)
    _rebuild(chain, search=chain.search)


def _rebuild(chain: BulletinChain, **parts: object) -> None:
    kept = {
        "archive": chain.catalog,
        "search": chain.search,
        "related": chain.words.related,
        "judge": chain.judge,
    }
    chain._engine = ExtractiveEngine(**{**kept, **parts})  # type: ignore[arg-type]


VARIANTS: dict[str, Callable[[BulletinChain], None]] = {
    "完整": lambda chain: None,
    "只用字词": lambda chain: _weighted(chain, 0.0),
    "只用向量": lambda chain: _weighted(chain, 1.0),
    "向量带栏目和部门": _with_header,
    "检索不加条件": lambda chain: _rebuild(chain, search=Unfiltered(chain.search)),
    "不用近义词": lambda chain: _rebuild(chain, related=lambda word: {}),
    "不用回答判别模型": lambda chain: _rebuild(chain, judge=None),
}
METRICS = ("correct", "answer_correct", "unanswerable_correct", "hit_at_1", "hit_at_5")


def main() -> None:
    data_dir, qa = Path(sys.argv[1]), Path(sys.argv[2])
    changes: dict[str, object] = {"data_dir": data_dir}
    if len(sys.argv) > 3:
        changes["embedding_model"] = sys.argv[3]
    settings = load_settings().model_copy(update=changes)
    for name, change in VARIANTS.items():
        chain = build_chain(settings)
        change(chain)
        evaluation = run_evaluation(
            qa,
            {"extractive": chain_engine(chain.invoke)},
            day=settings.current_date().isoformat(),
            text_of=text_lookup(chain.catalog),
            canonical=chain.departments.canonical,
        )
        splits = evaluation.results["engines"]["extractive"]["splits"]
        for split, summary in splits.items():
            values = {k: round(summary["metrics"][k]["value"], 3) for k in METRICS}
            print(name, split, values, flush=True)


if __name__ == "__main__":
    main()
