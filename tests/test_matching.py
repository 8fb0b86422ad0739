from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.extractive.matching import Term, coverage, presence, weigh_terms

ITEMS = 1000
COUNTS = {"投资": 600, "香菇": 3, "大棚": 40, "电动自行车": 5}


def counts(tokens: Sequence[str]) -> Mapping[str, int]:
    return {token: COUNTS.get(token, 0) for token in tokens}


def terms(*words: str, related: Mapping[str, Mapping[str, float]] | None = None) -> list[Term]:
    near = related or {}
    return list(weigh_terms(words, counts, ITEMS, lambda word: near.get(word, {})))


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    common, rare = terms("投资", "香菇")
    assert rare.weight > common.weight > 0


def test_a_word_is_marked_as_seen_or_unseen() -> None:
    seen, unseen = terms("香菇", "羊肚菌")
    assert seen.seen
    assert not unseen.seen


def test_no_words_have_no_terms() -> None:
    assert terms() == []


def test_a_word_that_stands_in_the_text_is_present_in_full() -> None:
    (term,) = terms("香菇")
    assert presence(term, "年产香菇1500吨") == 1.0


def test_a_word_that_stands_nowhere_is_absent() -> None:
    (term,) = terms("香菇")
    assert presence(term, "建设大棚86座") == 0.0


def test_a_word_near_in_meaning_counts_in_part() -> None:
    (term,) = terms("电瓶车", related={"电瓶车": {"电动自行车": 0.8}})
    assert 0 < presence(term, "整治电动自行车充电隐患") < 1


def test_part_of_a_long_word_counts_in_part() -> None:
    (term,) = terms("消防救援队")
    assert 0 < presence(term, "县消防大队") < presence(term, "县消防救援大队") < 1


def test_all_terms_found_is_full_coverage() -> None:
    assert coverage(terms("香菇", "大棚"), ("大棚里种香菇", 1.0)) == pytest.approx(1.0)


def test_the_share_found_is_weighted() -> None:
    both = terms("投资", "香菇")
    assert coverage(both, ("香菇", 1.0)) > coverage(both, ("投资", 1.0))


def test_a_weaker_field_counts_less_and_the_best_field_counts() -> None:
    words = terms("香菇")
    assert coverage(words, ("香菇", 0.6)) == pytest.approx(0.6)
    assert coverage(words, ("香菇", 0.6), ("香菇大棚", 0.9)) == pytest.approx(0.9)


def test_full_width_letters_match_half_width_ones() -> None:
    assert coverage(terms("pm"), ("ＰＭ2.5平均浓度", 1.0)) == pytest.approx(1.0)


def test_no_terms_cover_nothing() -> None:
    assert coverage([], ("香菇", 1.0)) == 0.0


@given(st.lists(st.sampled_from(["投资", "香菇", "大棚", "图书馆", "a"]), unique=True), st.text())
def test_coverage_lies_between_zero_and_one(words: list[str], text: str) -> None:
    assert 0.0 <= coverage(terms(*words), (text, 1.0)) <= 1.0
