"""The vectors of the catalogue's rows in a file mapped into memory, and the nearest of them.

Chroma's filtered search takes a time that is linear in the collection (90 to 390 ms at
100,000 items) and reopens the whole index after another process has written. Here the rows under
the filters are known beforehand: few are compared one by one, very many by one bit a dimension
first, and the best of those exactly.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.catalog.ranking import best_rows
from rag.catalog.segment import SEGMENT_ROWS, Mask, Segment

Vectors = NDArray[np.float32]
Bits = NDArray[np.uint64]

EXACT_ROWS = 250_000  # compared one by one in 45 ms of one core
# Rows that are compared exactly after the bits (docs/performance.md has the recall).
CANDIDATES = 20_000
GATHERED = 0.25  # share of a segment below which its rows are picked out first


class VectorFile:
    """Row r stands at r · dimension · 4 bytes; rows never written read as zeros."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._path = path
        self._size = 4 * dimension
        self._dimension = dimension
        self._matrix: Vectors = np.zeros((0, dimension), dtype=np.float32)
        self._bits: dict[int, Bits] = {}
        self._centre: Vectors | None = None

    def write(self, rows: Sequence[int], vectors: Vectors) -> None:
        """Store unit vectors; on the disk when it returns."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units = np.ascontiguousarray(vectors / np.where(lengths > 0, lengths, 1), dtype="<f4")
        self._path.parent.mkdir(exist_ok=True)
        with open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
            for row, vector in zip(rows, units, strict=True):
                file.seek(row * self._size)
                file.write(vector.data)
            file.flush()
            os.fsync(file.fileno())

    def covers(self, row: int) -> bool:
        """Whether the file is there and reaches up to the row."""
        try:
            return self._path.stat().st_size >= (row + 1) * self._size
        except OSError:
            return False

    def refresh(self, row: int) -> None:
        """Map what was written since, up to the row."""
        if len(self._matrix) <= row:
            shape = (self._path.stat().st_size // self._size, self._dimension)
            self._matrix = np.memmap(self._path, dtype="<f4", mode="r", shape=shape)

    def prepare(self, segments: Sequence[Segment]) -> None:
        """Have the bits of all full segments at hand where there are too many rows without."""
        if len(segments) * SEGMENT_ROWS > EXACT_ROWS:
            for segment in segments[:-1]:
                self._bits_of(segment, full=True)

    def nearest(
        self, vector: Sequence[float], k: int, segments: Sequence[Segment], masks: Sequence[Mask]
    ) -> list[tuple[int, float]]:
        """The rows of the highest cosine under the masks, best first."""
        asked = np.asarray(vector, dtype=np.float32)
        asked /= np.linalg.norm(asked) or 1.0
        if sum(int(np.count_nonzero(mask)) for mask in masks) > EXACT_ROWS:
            masks = self._likely(asked, segments, masks)
        rows: list[NDArray[np.int64]] = []
        scores: list[NDArray[np.float64]] = []
        for segment, mask in zip(segments, masks, strict=True):
            places = np.flatnonzero(mask)
            if not len(places):
                continue
            block = self._matrix[segment.base : segment.base + SEGMENT_ROWS]
            if len(places) < GATHERED * SEGMENT_ROWS:
                found = block[places] @ asked
            else:
                found = (block @ asked)[places]
            if len(found) > k:
                best = np.argpartition(-found, k - 1)[:k]
                places, found = places[best], found[best]
            rows.append(places + segment.base)
            scores.append(found.astype(np.float64))
        return best_rows(rows, scores, k)

    def _likely(
        self, asked: Vectors, segments: Sequence[Segment], masks: Sequence[Mask]
    ) -> list[Mask]:
        """The masks less the rows whose signs differ from the question's in many dimensions."""
        signs = _signs(asked[None, :] - self._mean())[0]
        apart = []
        for segment, mask in zip(segments, masks, strict=True):
            bits = self._bits_of(segment, full=segment is not segments[-1])
            distance = np.bitwise_count(bits ^ signs).sum(axis=1, dtype=np.uint16)
            far = np.full(SEGMENT_ROWS, np.iinfo(np.uint16).max, dtype=np.uint16)
            far[: len(bits)] = np.where(mask[: len(bits)], distance, far[: len(bits)])
            apart.append(far)
        tally = np.cumsum(sum(np.bincount(a, minlength=65_536) for a in apart))
        limit = int(np.searchsorted(tally, CANDIDATES))
        return [far <= limit for far in apart]

    def _mean(self) -> Vectors:
        """Of the first rows, which never change; the signs are taken around it, since the vectors
        of one model all point much the same way."""
        if self._centre is None:
            self._centre = np.asarray(self._matrix[1:SEGMENT_ROWS].mean(axis=0))
        return self._centre

    def _bits_of(self, segment: Segment, full: bool) -> Bits:
        """Of a full segment, whose rows never change, kept for good."""
        end = segment.base + SEGMENT_ROWS
        if full and segment.number in self._bits:
            return self._bits[segment.number]
        path = self._path.with_name(f"{self._path.stem}-{segment.number}.bits.npy")
        if full:
            with suppress(OSError, ValueError):
                self._bits[segment.number] = bits = np.load(path)
                if len(bits) == SEGMENT_ROWS:
                    return bits  # type: ignore[no-any-return]
        bits = _signs(self._matrix[segment.base : end] - self._mean())
        if full:
            self._bits[segment.number] = bits
            # A reader that may not write here computes them again with every start.
            with suppress(OSError):
                partial = path.with_name(f"{path.name}.{os.getpid()}.partial.npy")
                np.save(partial, bits)
                os.replace(partial, path)
        return bits


def _signs(vectors: Vectors) -> Bits:
    """One bit a dimension, in words of 64."""
    width = -vectors.shape[1] % 64
    positive = np.pad(vectors > 0, ((0, 0), (0, width)))
    return np.packbits(positive, axis=1).view(np.uint64)
