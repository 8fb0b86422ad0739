from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.catalog.segment import (
    SEGMENT_ROWS,
    Row,
    Segment,
    department_key,
    issue_keys,
    section_key,
    word_key,
)
from rag.schema import Filters, IssueRef, Period

ISSUE = IssueRef(2023, 18, series="延津政务快报")
OTHER = IssueRef(2025, 14, series="延津政务快报")


def row(
    number: int, words: Mapping[str, int], *, day: int = 20230421, issue: IssueRef = ISSUE
) -> Row:
    keys = [*map(word_key, words), *issue_keys(issue)]
    keys += [section_key("三农"), department_key("农业农村局" if number % 2 else "科工局")]
    counts = [*words.values(), 1, 1, 1, 1]
    return Row(
        number,
        day,
        True,
        sum(words.values()),
        np.array(keys, dtype=np.uint64).tobytes(),
        np.array(counts, dtype=np.uint16).tobytes(),
    )


SEGMENT = Segment.build(
    0,
    [
        row(1, {"投资": 2, "农田": 1}),
        row(2, {"投资": 1}),
        row(5, {"农田": 3}, day=20250403, issue=OTHER),
    ],
)


def holding(segment: Segment, *words: str) -> dict[str, dict[int, int]]:
    wanted = np.array([word_key(word) for word in words], dtype=np.uint64)
    return {
        words[index]: dict(zip(places.tolist(), counts.tolist(), strict=True))
        for index, places, counts in segment.postings(wanted)
    }


def test_a_word_leads_to_its_rows_and_how_often_each_has_it() -> None:
    assert holding(SEGMENT, "投资", "火星", "农田") == {
        "投资": {1: 2, 2: 1},
        "农田": {1: 1, 5: 3},
    }


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        (Filters(), [1, 2, 5]),
        (Filters(departments=("农业农村局",)), [1, 5]),
        (Filters(departments=("农业农村局", "科工局")), [1, 2, 5]),
        (Filters(sections=("三农",)), [1, 2, 5]),
        (Filters(sections=("农田",)), []),  # a word is no section
        (Filters(issues=(OTHER,)), [5]),
        (Filters(issues=(IssueRef(2023, 18),)), [1, 2]),
        (Filters(issues=(IssueRef(2023, 18, series="别的快报"),)), []),
        (Filters(published=Period(date(2023, 4, 21), date(2023, 4, 21))), [1, 2]),
        (Filters(issues=(ISSUE,), departments=("科工局",)), [2]),
    ],
)
def test_filters_pick_rows(filters: Filters, places: list[int]) -> None:
    assert np.flatnonzero(SEGMENT.under(filters)).tolist() == places


def test_a_file_gives_the_same_segment(tmp_path: Path) -> None:
    SEGMENT.write(tmp_path / "0.rows")
    read = Segment.read(0, tmp_path / "0.rows")
    for name in ("alive", "first", "lengths", "published", "keys", "starts", "places", "counts"):
        assert np.array_equal(getattr(read, name), getattr(SEGMENT, name)), name
    assert [path.name for path in tmp_path.iterdir()] == ["0.rows"]


@pytest.mark.parametrize("kept", [0, 7, 1000, -1])
def test_a_file_cut_short_is_not_taken(tmp_path: Path, kept: int) -> None:
    SEGMENT.write(tmp_path / "0.rows")
    whole = (tmp_path / "0.rows").read_bytes()
    (tmp_path / "0.rows").write_bytes(whole[:kept])
    with pytest.raises(ValueError, match=r"0\.rows|mmap"):
        Segment.read(0, tmp_path / "0.rows")


def test_deleted_rows_are_under_no_filter() -> None:
    rest = SEGMENT.living([1, 5])
    assert rest is not None
    assert np.flatnonzero(rest.under(Filters())).tolist() == [1, 5]
    assert np.flatnonzero(rest.under(Filters(issues=(ISSUE,)))).tolist() == [1]
    assert (SEGMENT.whole, rest.whole) == (True, False)


def test_a_segment_does_not_pass_for_one_with_more_rows() -> None:
    assert SEGMENT.living([1, 2, 5, 6]) is None


def test_rows_of_later_segments_count_from_their_base() -> None:
    third = Segment.build(2, [row(2 * SEGMENT_ROWS, {"投资": 1}), row(3 * SEGMENT_ROWS - 1, {})])
    assert np.flatnonzero(third.alive).tolist() == [0, SEGMENT_ROWS - 1]
    assert holding(third, "投资") == {"投资": {0: 1}}
