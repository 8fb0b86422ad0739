"""What each part is worth: python -m benchmarks.ablation DATA_DIR QA.jsonl [MODEL].

The same questions to the whole engine and to engines that lack one part, on an index that exists.
Set BULLETIN_TODAY as the question set says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

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


def _weighted(chain: BulletinChain, weight: float) -> None:
    chain.search = HybridRetriever(chain.embeddings, chain.catalog, chain.catalog, weight)
    _rebuild(chain, search=chain.search)


def _rebuild(chain: BulletinChain, **parts: object) -> None:
    kept = {
        "archive": chain.catalog,
        "search": chain.search,
        "related": chain.words.related,
    }
    chain._engine = ExtractiveEngine(**{**kept, **parts})  # type: ignore[arg-type]


VARIANTS: dict[str, Callable[[BulletinChain], None]] = {
    "完整": lambda chain: None,
    "只用字词": lambda chain: _weighted(chain, 0.0),
    "只用向量": lambda chain: _weighted(chain, 1.0),
    "检索不加条件": lambda chain: _rebuild(chain, search=Unfiltered(chain.search)),
    "不用近义词": lambda chain: _rebuild(chain, related=lambda word: {}),
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
