"""Hybrid search: vectors and words under the same filters, fused by a weighted sum of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.fusion import weighted_sum
from rag.schema import Chunk, Filters, Hit
from rag.text import search_tokens

CANDIDATES = 50  # fused over the top 50 of each side, as measured in docs/evaluation.md
VECTOR_WEIGHT = 0.5


class Embedder(Protocol):
    def embed_query(self, text: str) -> list[float]: ...


class VectorIndex(Protocol):
    def nearest(
        self, vector: Sequence[float], k: int, filters: Filters
    ) -> list[tuple[str, float]]: ...


class LexicalIndex(Protocol):
    def search(
        self, tokens: Sequence[str], k: int, filters: Filters
    ) -> list[tuple[str, float]]: ...

    def chunks(self, ids: Sequence[str]) -> list[Chunk]: ...


class Reranker(Protocol):
    def scores(self, question: str, texts: Sequence[str]) -> list[float]: ...


class HybridRetriever:
    """Finds the items nearest to a question."""

    def __init__(
        self,
        embedder: Embedder,
        vectors: VectorIndex,
        words: LexicalIndex,
        vector_weight: float = VECTOR_WEIGHT,
        reranker: Reranker | None = None,
    ) -> None:
        self._reranker = reranker
        self._embedder = embedder
        self._vectors = vectors
        self._words = words
        self._weight = vector_weight

    def search(self, text: str, k: int, filters: Filters | None = None) -> list[Hit]:
        """The k best items, best first; nothing under the filters gives an empty list."""
        filters = filters or Filters()
        vector = (
            dict(self._vectors.nearest(self._embedder.embed_query(text), CANDIDATES, filters))
            if self._weight > 0
            else {}
        )
        lexical = (
            dict(self._words.search(search_tokens(text), CANDIDATES, filters))
            if self._weight < 1
            else {}
        )
        fused = dict(weighted_sum([(vector, self._weight), (lexical, 1 - self._weight)])[:k])
        chunks = {chunk.id: chunk for chunk in self._words.chunks(list(fused))}
        fused = self._reranked(text, {k: s for k, s in fused.items() if k in chunks}, chunks)
        return [
            Hit(chunks[key], score, vector.get(key, 0.0), lexical.get(key, 0.0))
            for key, score in fused.items()
        ]

    def _reranked(
        self, text: str, fused: Mapping[str, float], chunks: Mapping[str, Chunk]
    ) -> dict[str, float]:
        """The same items, ordered by the reranker's scores and the fused ones in equal parts."""
        if self._reranker is None or not fused:
            return dict(fused)
        scores = self._reranker.scores(text, [chunks[key].text for key in fused])
        second = dict(zip(fused, scores, strict=True))
        return dict(weighted_sum([(second, 0.5), (fused, 0.5)]))


class BulletinRetriever(BaseRetriever):
    """The hybrid search as a LangChain retriever; one Document an item, metadata as in citations."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    hybrid: HybridRetriever
    k: int = 5

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        return [
            Document(
                id=hit.chunk.id,
                page_content=hit.chunk.text,
                metadata={
                    "label": hit.chunk.label,
                    "year": hit.chunk.issue.year,
                    "issue": hit.chunk.issue.number,
                    "date": hit.chunk.published.isoformat(),
                    "section": hit.chunk.section,
                    "title": hit.chunk.title,
                    "departments": list(hit.chunk.departments),
                    "score": hit.score,
                },
            )
            for hit in self.hybrid.search(query, self.k)
        ]
