"""Which words of the archive mean nearly the same as a word of a question (电瓶车 → 电动自行车).

The embedding model gives every word of the index a vector once. Single words crowd together in
its space, so the mean of all words is taken off first; after that, words that answer to one
another have a cosine of 0.4 and more, chance neighbours less (docs/evaluation.md).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NEAR = 0.42  # cosine below which two words have nothing to do with one another
SAME = 0.70  # cosine from which they count for the most, yet less than a synonym of the table
MOST_RELATED = 24
BATCH = 256

Embed = Callable[[list[str]], list[list[float]]]
Vectors = NDArray[np.float32]


def is_word(token: str) -> bool:
    """A Chinese word of two to six characters: single ones have no meaning of their own."""
    return 2 <= len(token) <= 6 and all("一" <= char <= "龥" for char in token)


class WordVectors:
    """Vectors of the index words, kept in a file beside the catalogue; deleting it loses nothing."""

    def __init__(self, path: Path, model_id: str, embed: Embed) -> None:
        self._path = path
        self._model_id = model_id
        self._embed = embed
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._words: dict[str, int] = {}
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._mean: Vectors = np.zeros(0, dtype=np.float32)
        self._asked: dict[str, Mapping[str, float]] = {}

    def update(
        self, words: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Give vectors to the words that have none yet, and take in those another process made."""
        wanted = [word for word in dict.fromkeys(words) if is_word(word)]
        with self._writing:
            known = self._load()
            missing = [word for word in wanted if word not in known]
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                fresh = np.asarray(self._embed(batch), dtype=np.float16)
                known.update(zip(batch, fresh, strict=True))
                self._save(batch, fresh)
                if progress:
                    progress(min(start + BATCH, len(missing)), len(missing))
            self._use(known)

    def related(self, word: str) -> Mapping[str, float]:
        """Index words near in meaning with their weight, 0..1; none for a word of one character."""
        if not is_word(word) or not self._words:
            return {}
        with self._lock:
            if word in self._asked:
                return self._asked[word]
            place = self._words.get(word)
            matrix, mean = self._matrix, self._mean
        if place is not None:
            vector = matrix[place]
        else:
            vector = np.asarray(self._embed([word])[0], dtype=np.float32) - mean
            vector = vector / (np.linalg.norm(vector) + 1e-9)
        scores = matrix @ vector
        best = np.argsort(-scores)[:MOST_RELATED]
        with self._lock:
            names = list(self._words)
            found = {
                names[i]: min((float(scores[i]) - NEAR) / (SAME - NEAR), 1.0) * 0.45 + 0.4
                for i in best
                if scores[i] >= NEAR and i < len(names) and names[i] != word
            }
            if len(self._asked) > 20_000:
                self._asked.clear()
            self._asked[word] = found
        return found

    def _use(self, known: Mapping[str, NDArray[np.float16]]) -> None:
        if not known:
            return
        matrix = np.stack(list(known.values())).astype(np.float32)
        mean = matrix.mean(axis=0)
        matrix -= mean
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True) + 1e-9
        with self._lock:
            self._words = {word: place for place, word in enumerate(known)}
            self._matrix, self._mean = matrix, mean
            self._asked = {}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS words (model TEXT, word TEXT, vector BLOB,"
            " PRIMARY KEY (model, word)) WITHOUT ROWID"
        )
        return connection

    def _load(self) -> dict[str, NDArray[np.float16]]:
        try:
            with closing(self._connect()) as connection:
                rows = connection.execute(
                    "SELECT word, vector FROM words WHERE model = ?", (self._model_id,)
                ).fetchall()
        except sqlite3.DatabaseError:
            # Derived data: a broken file is thrown away and made anew.
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return {}
        return {word: np.frombuffer(blob, dtype=np.float16) for word, blob in rows}

    def _save(self, words: Sequence[str], vectors: NDArray[np.float16]) -> None:
        rows = [
            (self._model_id, word, vector.tobytes())
            for word, vector in zip(words, vectors, strict=True)
        ]
        with closing(self._connect()) as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO words VALUES (?, ?, ?)", rows)
