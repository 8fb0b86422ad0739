from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.catalog import vectors as vectors_module
from rag.catalog.segment import SEGMENT_ROWS, Mask, Segment
from rag.catalog.vectors import VectorFile, Vectors

DIMENSION = 70  # no whole number of words of 64 bits
ROWS = np.array([*range(1, 3001), *range(SEGMENT_ROWS, SEGMENT_ROWS + 2000)])


@pytest.fixture
def stored() -> Vectors:
    made = np.random.default_rng(3).standard_normal((len(ROWS), DIMENSION), dtype=np.float32)
    made += 2.0  # crowded, as the vectors of a model are
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))


@pytest.fixture
def file(tmp_path: Path, stored: Vectors) -> VectorFile:
    file = VectorFile(tmp_path / "catalog.index" / "a.vectors", DIMENSION)
    file.write(ROWS.tolist(), 5 * stored)
    file.refresh(int(ROWS[-1]))
    return file


def masks(rows: np.ndarray) -> list[Mask]:  # type: ignore[type-arg]
    found = [np.zeros(SEGMENT_ROWS, dtype=np.bool_) for _ in range(2)]
    for row in rows:
        found[row // SEGMENT_ROWS][row % SEGMENT_ROWS] = True
    return found


SEGMENTS = [Segment.build(0, []), Segment.build(1, [])]


@pytest.mark.parametrize("step", [1, 2, 40])
def test_the_nearest_rows_under_the_masks_with_their_cosine(
    file: VectorFile, stored: Vectors, step: int
) -> None:
    cosines = stored[::step] @ stored[11]
    best = np.argsort(-cosines)[:5]
    found = file.nearest((3 * stored[11]).tolist(), 5, SEGMENTS, masks(ROWS[::step]))
    assert [row for row, _ in found] == ROWS[::step][best].tolist()
    assert [score for _, score in found] == pytest.approx(cosines[best], abs=1e-5)


def test_very_many_rows_are_sifted_by_signs_first(
    file: VectorFile, stored: Vectors, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(vectors_module, "EXACT_ROWS", 1000)
    monkeypatch.setattr(vectors_module, "CANDIDATES", 2500)  # half of the rows
    asked = stored[11] + 0.02 * stored[99]
    best = np.argsort(-(stored @ asked))[:10]
    found = [row for row, _ in file.nearest(asked.tolist(), 10, SEGMENTS, masks(ROWS))]
    assert found[0] == ROWS[11]
    assert len(set(found) & set(ROWS[best].tolist())) >= 9
    kept = [path.name for path in (tmp_path / "catalog.index").glob("*.bits.npy")]
    assert kept == ["a-0.bits.npy"]  # the last segment still grows


def test_few_rows_or_none_are_given_whole(file: VectorFile, stored: Vectors) -> None:
    vector = stored[0].tolist()
    assert len(file.nearest(vector, 10, SEGMENTS, masks(ROWS[:3]))) == 3
    assert file.nearest(vector, 10, SEGMENTS, masks(ROWS[:0])) == []


def test_rows_written_later_are_mapped_when_asked_for(file: VectorFile, stored: Vectors) -> None:
    row = int(ROWS[-1]) + 1
    assert not file.covers(row)
    file.write([row], stored[:1])
    assert file.covers(row)
    file.refresh(row)
    found = file.nearest(stored[0].tolist(), 1, SEGMENTS, masks(np.array([row])))
    assert found[0][0] == row


def test_a_missing_file_covers_nothing(tmp_path: Path) -> None:
    assert not VectorFile(tmp_path / "none.vectors", DIMENSION).covers(0)
