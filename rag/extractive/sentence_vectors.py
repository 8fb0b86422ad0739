"""Vectors of single sentences, for telling which one of an item answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

REMEMBERED = 50_000  # sentences; 384 float32 each, 77 MB


class Embedder(Protocol):
    def embed_query(self, text: str) -> list[float]: ...
    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...


class SentenceVectors:
    """Similarities of sentences to a question; vectors once computed are remembered."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def similarities(self, question: str, sentences: Sequence[str]) -> list[float]:
        """Cosine of each sentence with the question, in order."""
        if not sentences:
            return []
        with self._lock:
            missing = [s for s in dict.fromkeys(sentences) if s not in self._vectors]
        if missing:
            fresh = np.asarray(self._embedder.embed_documents(missing), dtype=np.float32)
            with self._lock:
                self._vectors.update(zip(missing, fresh, strict=True))
                while len(self._vectors) > REMEMBERED:
                    self._vectors.popitem(last=False)
        query = np.asarray(self._embedder.embed_query(question), dtype=np.float32)
        with self._lock:
            matrix = np.stack([self._vectors[s] for s in sentences if s in self._vectors])
        return [float(value) for value in matrix @ query]
