"""BM25 over segments: the formula of SQLite's FTS5, from arrays instead of its posting lists.

FTS5 scores every row that an OR query matches one by one, 18 ms over 20,000 items; here a word
costs one addition of two arrays a segment, 5 to 9 ms over 100,000 (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.catalog.segment import SEGMENT_ROWS, Mask, Segment, word_key

K1 = 1.2
B = 0.75
LEAST_IDF = 1e-6  # of a word in more than half of the rows, as in FTS5

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class WordIndex:
    """The words of all segments at one state of the catalogue."""

    segments: Sequence[Segment]

    @cached_property
    def rows(self) -> int:
        return sum(int(np.count_nonzero(s.alive)) for s in self.segments)

    @cached_property
    def items(self) -> int:
        return sum(int(np.count_nonzero(s.alive & s.first)) for s in self.segments)

    @cached_property
    def _norms(self) -> list[Scores]:
        """K1 · (1 − B + B · length / mean length) of every place."""
        words = sum(int(s.lengths[s.alive].sum(dtype=np.int64)) for s in self.segments)
        mean = words / max(self.rows, 1) or 1.0
        return [(K1 * (1 - B + B * s.lengths / mean)).astype(np.float64) for s in self.segments]

    def frequencies(self, tokens: Sequence[str]) -> list[int]:
        """How many rows hold each token."""
        return [int(count) for count in self._count(self._find(tokens), len(tokens))]

    def search(
        self, tokens: Sequence[str], k: int, masks: Sequence[Mask] | None
    ) -> list[tuple[int, float]]:
        """The rows that hold any of the tokens with their scores, best first, then by row.

        `masks` limits the rows of each segment; without it all rows count. Rows as good as the
        last one are given too, so that the caller may order them.
        """
        found = self._find(tokens)
        counts = self._count(found, len(tokens))
        idf = np.log((self.rows - counts + 0.5) / (counts + 0.5))
        idf = np.where(idf > 0, idf, LEAST_IDF)
        rows: list[Rows] = []
        scores: list[Scores] = []
        least = 0.0
        for at, (segment, postings) in enumerate(zip(self.segments, found, strict=True)):
            if not postings:
                continue
            mask = segment.alive if masks is None else masks[at]
            if masks is not None and not mask.any():
                continue
            total = np.zeros(SEGMENT_ROWS)
            norms = self._norms[at]
            for index, places, frequency in postings:
                often = frequency.astype(np.float64)
                total[places] += idf[index] * (often * (K1 + 1) / (often + norms[places]))
            if masks is not None or not segment.whole:
                total[~mask] = 0.0
            best = np.flatnonzero(total > 0 if least == 0 else total >= least)
            if len(best) > k:
                least = max(least, float(np.partition(total[best], -k)[-k]))
                best = best[total[best] >= least]
            rows.append(best + segment.base)
            scores.append(total[best])
        return best_rows(rows, scores, k)

    def holding(self, tokens: Sequence[str], masks: Sequence[Mask]) -> list[int]:
        """The rows under the masks that hold any of the tokens."""
        rows: list[int] = []
        found = self._find(tokens)
        for segment, mask, postings in zip(self.segments, masks, found, strict=True):
            held = np.zeros(SEGMENT_ROWS, dtype=np.bool_)
            for _, places, _ in postings:
                held[places] = True
            rows += (np.flatnonzero(held & mask) + segment.base).tolist()
        return rows

    def _find(
        self, tokens: Sequence[str]
    ) -> list[list[tuple[int, NDArray[np.uint16], NDArray[np.uint16]]]]:
        wanted = np.array([word_key(token) for token in tokens], dtype=np.uint64)
        return [segment.postings(wanted) for segment in self.segments]

    def _count(
        self, found: Sequence[Sequence[tuple[int, NDArray[np.uint16], object]]], tokens: int
    ) -> NDArray[np.int64]:
        counts = np.zeros(tokens, dtype=np.int64)
        for segment, postings in zip(self.segments, found, strict=True):
            for index, places, _ in postings:
                counts[index] += (
                    len(places) if segment.whole else np.count_nonzero(segment.alive[places])
                )
        return counts


def best_rows(
    rows: Sequence[NDArray[np.int64]], scores: Sequence[NDArray[np.float64]], k: int
) -> list[tuple[int, float]]:
    """The k highest scores of all segments and those equal to the last; best first, then by row."""
    if not rows:
        return []
    numbers, values = np.concatenate(rows), np.concatenate(scores)
    if len(values) > k:
        kept = values >= np.partition(values, -k)[-k]
        numbers, values = numbers[kept], values[kept]
    order = np.lexsort((numbers, -values))
    return list(zip(numbers[order].tolist(), values[order].tolist(), strict=True))
