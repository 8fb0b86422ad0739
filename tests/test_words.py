"""The words of a question: names that no dictionary has stay whole where the archive prints them."""

from __future__ import annotations

import pytest

from rag.query.words import content_words


@pytest.mark.parametrize(
    ("question", "printed", "words"),
    [
        ("禾槐梓莲项目完成投资", "禾槐梓莲项目", ("禾槐梓莲", "项目", "完成", "投资")),
        ("禾澜高速全长", "禾澜高速", ("禾澜", "高速", "全长")),
        # printed nowhere: no name is made up
        ("禾槐梓莲项目", "梓莲", ("禾", "槐梓莲", "项目")),
    ],
)
def test_a_name_printed_as_it_stands_is_one_word(
    question: str, printed: str, words: tuple[str, ...]
) -> None:
    assert content_words(question, "岚水", lambda part: part in printed) == words
