"""A stretch of the catalogue's rows as arrays: which words stand in which item, and the filters.

Row numbers are never used twice and a row never changes, so a full segment is written to a file
once and mapped into memory by every process; only which of its rows still exist may change.
Words and filter values are known by 64 bits of their hash, so no table of words is kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.schema import Filters, IssueRef

# Arrays of one segment fit the processor's cache; building the last one takes 0.2 s.
SEGMENT_ROWS = 16_384

Mask = NDArray[np.bool_]
Hashes = NDArray[np.uint64]


@lru_cache(maxsize=100_000)  # hashing takes as long as cutting the text into words
def word_key(token: str) -> int:
    return _hash("w" + token)


def department_key(name: str) -> int:
    return _hash("d" + name)


def section_key(name: str) -> int:
    return _hash("s" + name)


def issue_keys(issue: IssueRef) -> tuple[int, int]:
    """By series, year and number, and by year and number alone."""
    return _hash("i" + issue.key), _hash(f"n{issue.year}-{issue.number}{issue.edition}")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def segment_of(row: int) -> int:
    return row // SEGMENT_ROWS


@dataclass(frozen=True, slots=True)
class Row:
    """What an index holds of one chunk; `counts` says how often each of `keys` occurs."""

    row: int
    published: int
    first: bool  # a whole item, or the first part of one
    length: int
    keys: bytes  # uint64
    counts: bytes  # uint16


@dataclass(frozen=True, slots=True)
class Segment:
    """Arrays over SEGMENT_ROWS places; the postings are sorted by key, then by place."""

    number: int
    alive: Mask
    first: Mask
    lengths: NDArray[np.int32]
    published: NDArray[np.int32]
    keys: Hashes
    starts: NDArray[np.uint32]
    places: NDArray[np.uint16]
    counts: NDArray[np.uint16]
    whole: bool = True  # no posting belongs to a deleted row

    @property
    def base(self) -> int:
        """The row number of place 0."""
        return self.number * SEGMENT_ROWS

    @classmethod
    def build(cls, number: int, rows: Sequence[Row]) -> Segment:
        """Of the rows that fall into the segment."""
        base = number * SEGMENT_ROWS
        alive = np.zeros(SEGMENT_ROWS, dtype=np.bool_)
        first = np.zeros(SEGMENT_ROWS, dtype=np.bool_)
        lengths = np.zeros(SEGMENT_ROWS, dtype=np.int32)
        published = np.zeros(SEGMENT_ROWS, dtype=np.int32)
        at = np.fromiter((row.row - base for row in rows), dtype=np.uint16, count=len(rows))
        alive[at] = True
        first[at] = [row.first for row in rows]
        lengths[at] = [row.length for row in rows]
        published[at] = [row.published for row in rows]
        keys = np.frombuffer(b"".join(row.keys for row in rows), dtype=np.uint64)
        counts = np.frombuffer(b"".join(row.counts for row in rows), dtype=np.uint16)
        places = np.repeat(at, [len(row.keys) // 8 for row in rows])
        order = np.argsort(keys, kind="stable")
        unique, starts = np.unique(keys[order], return_index=True)
        bounds = np.append(starts, len(keys)).astype(np.uint32)
        return cls(
            number,
            alive,
            first,
            lengths,
            published,
            unique,
            bounds,
            places[order],
            counts[order],
        )

    def write(self, path: Path) -> None:
        """Written whole or not at all."""
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        sizes = np.array([len(self.keys), len(self.places)], dtype=np.int64)
        arrays: list[NDArray[Any]] = [sizes, self.keys, self.lengths, self.published]
        arrays += [self.starts, self.places, self.counts, self.alive, self.first]
        with partial.open("wb") as file:
            for array in arrays:
                file.write(np.ascontiguousarray(array).data)
        os.replace(partial, path)

    @classmethod
    def read(cls, number: int, path: Path) -> Segment:
        """The file mapped into memory; ValueError when it is not whole, OSError without one."""
        raw = np.memmap(path, dtype=np.uint8, mode="r")
        if len(raw) < 16:
            raise ValueError(f"{path} is cut short")
        words, postings = (int(size) for size in raw[:16].view(np.int64))
        offset = 16

        def take(kind: Any, count: int) -> Any:
            nonlocal offset
            end = offset + count * np.dtype(kind).itemsize
            part = raw[offset:end].view(kind)
            offset = end
            return part

        keys = take(np.uint64, words)
        lengths, published = (take(np.int32, SEGMENT_ROWS) for _ in range(2))
        starts = take(np.uint32, words + 1)
        places, counts = (take(np.uint16, postings) for _ in range(2))
        alive, first = (take(np.bool_, SEGMENT_ROWS) for _ in range(2))
        if len(raw) != offset:
            raise ValueError(f"{path} is not whole")
        return cls(number, alive, first, lengths, published, keys, starts, places, counts)

    def living(self, rows: Sequence[int]) -> Segment | None:
        """The segment less the rows that are gone; None when it lacks some of `rows`."""
        alive = np.zeros(SEGMENT_ROWS, dtype=np.bool_)
        alive[np.array(rows, dtype=np.int64) - self.base] = True
        if bool((alive & ~self.alive).any()):
            return None
        return replace(self, alive=alive, whole=bool((alive == self.alive).all()) and self.whole)

    def postings(self, wanted: Hashes) -> list[tuple[int, NDArray[np.uint16], NDArray[np.uint16]]]:
        """(index into `wanted`, places, counts) of the keys that occur; deleted rows included."""
        if not len(self.keys):
            return []
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = []
        for index in np.flatnonzero(self.keys[at] == wanted):
            start, end = int(self.starts[at[index]]), int(self.starts[at[index] + 1])
            found.append((int(index), self.places[start:end], self.counts[start:end]))
        return found

    def under(self, filters: Filters) -> Mask:
        """The rows that exist under the filters."""
        mask = self.alive
        if filters.published:
            first, last = (_number(day) for day in (filters.published.start, filters.published.end))
            mask = mask & (self.published >= first) & (self.published <= last)
        if filters.issues:
            mask = mask & self._holding(
                issue_keys(issue)[0 if issue.series else 1] for issue in filters.issues
            )
        if filters.departments:
            mask = mask & self._holding(map(department_key, filters.departments))
        if filters.sections:
            mask = mask & self._holding(map(section_key, filters.sections))
        return mask

    def _holding(self, keys: Iterable[int]) -> Mask:
        mask = np.zeros(SEGMENT_ROWS, dtype=np.bool_)
        for _, places, _ in self.postings(np.array(list(keys), dtype=np.uint64)):
            mask[places] = True
        return mask


def _number(day: Any) -> int:
    return int(day.year * 10000 + day.month * 100 + day.day)
