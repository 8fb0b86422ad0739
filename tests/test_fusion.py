from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import min_max, reciprocal_rank_fusion, weighted_sum

SCORES = st.dictionaries(st.sampled_from("abcdefg"), st.floats(-10, 10), max_size=7)


def test_scores_are_scaled_between_the_worst_and_the_best() -> None:
    # (5 - 2) / (6 - 2) = 0.75
    assert min_max({"a": 6.0, "b": 5.0, "c": 2.0}) == {"a": 1.0, "b": 0.75, "c": 0.0}


def test_equal_scores_all_become_one() -> None:
    assert min_max({"a": 3.0, "b": 3.0}) == {"a": 1.0, "b": 1.0}


def test_no_scores_stay_none() -> None:
    assert min_max({}) == {}


@given(SCORES)
def test_scaled_scores_lie_between_zero_and_one(scores: dict[str, float]) -> None:
    assert all(0.0 <= value <= 1.0 for value in min_max(scores).values())


def test_the_weighted_scores_are_added() -> None:
    vector = {"a": 0.9, "b": 0.8}  # scaled: 1, 0
    lexical = {"b": 12.0, "c": 3.0, "a": 6.0}  # scaled: 1, 0, 1/3
    fused = dict(weighted_sum([(vector, 0.4), (lexical, 0.6)]))
    assert fused == pytest.approx({"a": 0.4 + 0.6 / 3, "b": 0.6, "c": 0.0})


def test_an_item_of_one_list_only_gets_nothing_from_the_other() -> None:
    assert dict(weighted_sum([({"a": 1.0}, 0.5), ({"b": 7.0}, 0.5)])) == {"a": 0.5, "b": 0.5}


def test_the_best_comes_first_and_ties_keep_their_order() -> None:
    fused = weighted_sum([({"a": 1.0, "b": 2.0, "c": 2.0}, 1.0)])
    assert [key for key, _ in fused] == ["b", "c", "a"]


@given(SCORES, SCORES)
def test_every_item_found_by_either_side_is_ranked_once(
    vector: dict[str, float], lexical: dict[str, float]
) -> None:
    fused = weighted_sum([(vector, 0.5), (lexical, 0.5)])
    assert sorted(key for key, _ in fused) == sorted(vector.keys() | lexical.keys())
    assert [score for _, score in fused] == sorted((s for _, s in fused), reverse=True)


def test_reciprocal_ranks_are_added() -> None:
    fused = dict(reciprocal_rank_fusion([["a", "b"], ["b", "c"]], k=60))
    assert fused == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62})


def test_an_item_high_in_both_lists_comes_first() -> None:
    fused = reciprocal_rank_fusion([["a", "b", "c"], ["c", "b", "d"], ["b"]])
    assert fused[0][0] == "b"


@pytest.mark.parametrize("rankings", [[], [[]], [[], []]])
def test_no_rankings_give_nothing(rankings: list[list[str]]) -> None:
    assert reciprocal_rank_fusion(rankings) == []
