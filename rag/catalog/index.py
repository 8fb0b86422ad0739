"""The arrays for searching, kept up to date with the rows of the catalogue.

The catalogue's tables are the record; the files below `catalog.index/` are made from them and
from the vectors of the store, and can be deleted without loss.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.catalog.ranking import WordIndex
from rag.catalog.segment import SEGMENT_ROWS, Mask, Row, Segment
from rag.catalog.vectors import VectorFile
from rag.schema import Filters


@dataclass(frozen=True, slots=True)
class State:
    """What the arrays were made from; other values mean that there is something new."""

    identity: str
    model: str
    dimension: int
    changes: int


@dataclass(frozen=True)
class Snapshot:
    """The arrays at one state of the catalogue."""

    state: State
    words: WordIndex
    vectors: VectorFile | None
    versions: tuple[int, ...]

    def masks(self, filters: Filters) -> list[Mask]:
        return [segment.under(filters) for segment in self.words.segments]

    def count(self, filters: Filters) -> int:
        """Items under the filters; the parts of a long one count once."""
        if filters.empty:
            return self.words.items
        masks = zip(self.words.segments, self.masks(filters), strict=True)
        return sum(int(np.count_nonzero(mask & segment.first)) for segment, mask in masks)

    def search(self, tokens: Sequence[str], k: int, filters: Filters) -> list[tuple[int, float]]:
        return self.words.search(tokens, k, None if filters.empty else self.masks(filters))

    def holding(self, tokens: Sequence[str], filters: Filters) -> list[int]:
        """Every row under the filters that holds one of the tokens."""
        return self.words.holding(tokens, self.masks(filters))

    def nearest(self, vector: Sequence[float], k: int, filters: Filters) -> list[tuple[int, float]]:
        """Nothing while there are no vectors, which the next sync makes again."""
        if self.vectors is None:
            return []
        return self.vectors.nearest(vector, k, self.words.segments, self.masks(filters))


class CatalogIndex:
    """Gives the snapshot of the present state; safe for many threads."""

    def __init__(self, catalog: Path) -> None:
        self._folder = catalog.with_name(f"{catalog.stem}.index")
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def vector_file(self, state: State) -> VectorFile:
        return VectorFile(self._folder / f"{state.identity}.vectors", state.dimension)

    def snapshot(self, connection: sqlite3.Connection) -> Snapshot:
        """Of what the connection sees; call it in a transaction, which holds for what follows."""
        known = self._snapshot
        if known is not None and known.state == read_state(connection):
            return known
        with self._lock:
            state = read_state(connection)
            if self._snapshot is None or self._snapshot.state != state:
                self._snapshot = self._read(connection, state, self._snapshot)
            return self._snapshot

    def _read(
        self, connection: sqlite3.Connection, state: State, known: Snapshot | None
    ) -> Snapshot:
        if known is not None and known.state.identity != state.identity:
            known = None
        if known is None:
            self._clear_others(state)
        before = (
            {
                segment.number: (version, segment)
                for version, segment in zip(known.versions, known.words.segments, strict=True)
            }
            if known
            else {}
        )
        listed = connection.execute("SELECT number, changes FROM segments ORDER BY number")
        numbers = [(int(number), int(changes)) for number, changes in listed]
        segments: list[Segment] = []
        versions: list[int] = []
        for number, changes in numbers:
            version, segment = before.get(number, (-1, None))
            if version != changes or segment is None:
                full = number < numbers[-1][0]
                segment = self._segment(connection, state, number, full, segment)
            if segment is not None:
                segments.append(segment)
                versions.append(changes)
        vectors = self._vectors(state, known, segments)
        return Snapshot(state, WordIndex(segments), vectors, tuple(versions))

    def _segment(
        self,
        connection: sqlite3.Connection,
        state: State,
        number: int,
        full: bool,
        known: Segment | None,
    ) -> Segment | None:
        """None when no row of it is left."""
        limits = (number * SEGMENT_ROWS, (number + 1) * SEGMENT_ROWS - 1)
        path = self._folder / f"{state.identity}-{number}.rows"
        if full:
            present = connection.execute(
                "SELECT row FROM postings WHERE row BETWEEN ? AND ?", limits
            )
            rows = [int(row) for (row,) in present]
            if not rows:
                path.unlink(missing_ok=True)
                return None
            with suppress(OSError, ValueError):
                known = known or Segment.read(number, path)
            if known is not None and (segment := known.living(rows)) is not None:
                return segment
        read = connection.execute(
            "SELECT row, published, first, length, keys, counts FROM postings"
            " WHERE row BETWEEN ? AND ? ORDER BY row",
            limits,
        )
        segment = Segment.build(number, [Row(*columns) for columns in read])
        if full:
            with suppress(OSError):  # a full disk costs time at the next start, no answer
                self._folder.mkdir(exist_ok=True)
                segment.write(path)
        return segment

    def _vectors(
        self, state: State, known: Snapshot | None, segments: Sequence[Segment]
    ) -> VectorFile | None:
        if not segments or not state.dimension:
            return None
        last = segments[-1].base + int(np.flatnonzero(segments[-1].alive)[-1])
        file = known.vectors if known and known.vectors else self.vector_file(state)
        if not file.covers(last):
            return None
        file.refresh(last)
        file.prepare(segments)
        return file

    def _clear_others(self, state: State) -> None:
        """Delete what belongs to a catalogue that is no more."""
        for path in self._folder.glob("*"):
            if not path.name.startswith(state.identity):
                with suppress(OSError):  # still open in another process, on Windows
                    path.unlink()


def read_state(connection: sqlite3.Connection) -> State:
    return State(
        *connection.execute("SELECT identity, model, dimension, changes FROM state").fetchone()
    )


def last_row(connection: sqlite3.Connection) -> int:
    """The highest row that exists; -1 without rows."""
    row = connection.execute("SELECT MAX(row) FROM postings").fetchone()[0]
    return -1 if row is None else int(row)
