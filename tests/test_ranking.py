from __future__ import annotations

import random
import sqlite3
from collections import Counter

import numpy as np
import pytest

from rag.catalog.ranking import WordIndex
from rag.catalog.segment import SEGMENT_ROWS, Row, Segment, word_key

WORDS = [f"词{n}" for n in range(30)]


def texts(count: int) -> list[list[str]]:
    """Of 1 to 40 words each, the first words of WORDS most often."""
    chance = random.Random(5)
    weights = [1 / (n + 1) for n in range(len(WORDS))]
    return [chance.choices(WORDS, weights, k=chance.randint(1, 40)) for _ in range(count)]


def as_row(number: int, words: list[str]) -> Row:
    counted = Counter(words)
    return Row(
        number,
        20230421,
        True,
        len(words),
        np.array([word_key(word) for word in counted], dtype=np.uint64).tobytes(),
        np.array(list(counted.values()), dtype=np.uint16).tobytes(),
    )


def index(rows: dict[int, list[str]]) -> WordIndex:
    """In as many segments as the row numbers ask for."""
    numbers = sorted({number // SEGMENT_ROWS for number in rows})
    return WordIndex(
        [
            Segment.build(n, [as_row(r, w) for r, w in rows.items() if r // SEGMENT_ROWS == n])
            for n in numbers
        ]
    )


def fts5(rows: dict[int, list[str]], asked: list[str]) -> dict[int, float]:
    """What SQLite makes of the same rows and words."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE lexical USING fts5(tokens)")
        connection.executemany(
            "INSERT INTO lexical(rowid, tokens) VALUES (?, ?)",
            [(number, " ".join(words)) for number, words in rows.items()],
        )
        query = " OR ".join(f'"{word}"' for word in asked)
        found = connection.execute(
            "SELECT rowid, -rank FROM lexical WHERE lexical MATCH ?", (query,)
        ).fetchall()
    return dict(found)


# Rows far apart fall into three segments.
SPREAD = {number * 150 + 1: words for number, words in enumerate(texts(300))}


@pytest.mark.parametrize(
    "asked",
    [["词0"], ["词29"], ["词0", "词7", "词29"], WORDS, ["词3", "没有"]],
    ids=["frequent", "rare", "mixed", "all", "unknown"],
)
def test_scores_are_those_of_fts5(asked: list[str]) -> None:
    expected = fts5(SPREAD, asked)
    found = dict(index(SPREAD).search(asked, len(SPREAD), None))
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_best_come_first_with_all_as_good_as_the_last() -> None:
    rows = {n: ["甲", "乙"] for n in range(1, 6)} | {7: ["甲", "甲"], 8: ["丙", "丁"]}
    found = index(rows).search(["甲"], 2, None)
    assert [row for row, _ in found] == [7, 1, 2, 3, 4, 5]


def test_the_best_of_all_segments_are_found() -> None:
    expected = sorted(fts5(SPREAD, ["词5", "词9"]).items(), key=lambda pair: (-pair[1], pair[0]))
    found = index(SPREAD).search(["词5", "词9"], 10, None)
    assert [row for row, _ in found][:10] == [row for row, _ in expected[:10]]


def test_only_rows_under_the_masks_are_found_with_their_scores_unchanged() -> None:
    words = index(SPREAD)
    masks = [np.zeros(SEGMENT_ROWS, dtype=np.bool_) for _ in words.segments]
    masks[1][[r - SEGMENT_ROWS for r in SPREAD if 16_500 < r < 20_000]] = True
    everywhere = dict(words.search(["词1"], len(SPREAD), None))
    within = dict(words.search(["词1"], len(SPREAD), masks))
    assert within == {r: s for r, s in everywhere.items() if 16_500 < r < 20_000}


def test_deleted_rows_count_nowhere() -> None:
    rest = {r: w for n, (r, w) in enumerate(SPREAD.items()) if n % 3}
    segments = index(SPREAD).segments
    cut = [s.living([r for r in rest if r // SEGMENT_ROWS == s.number]) for s in segments]
    words = WordIndex([segment for segment in cut if segment is not None])
    assert (words.rows, words.items) == (200, 200)
    assert words.frequencies(["词2"]) == [sum("词2" in w for w in rest.values())]
    found = dict(words.search(["词2", "词4"], 300, None))
    assert found == pytest.approx(fts5(rest, ["词2", "词4"]), rel=1e-9)


def test_the_rows_that_hold_a_word_are_found_without_ranking() -> None:
    words = index(SPREAD)
    masks = [segment.alive for segment in words.segments]
    expected = [r for r, w in SPREAD.items() if "词8" in w or "词20" in w]
    assert words.holding(["词8", "词20", "没有"], masks) == expected


def test_nothing_in_gives_nothing_out() -> None:
    assert index({}).search(["词1"], 5, None) == []
    assert index({}).frequencies(["词1"]) == [0]
    assert index(SPREAD).search(["没有"], 5, None) == []
