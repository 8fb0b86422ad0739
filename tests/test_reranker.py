"""A reranker changes the order of what was found, and never what was found."""

import pytest

from rag.errors import ModelError
from rag.reranker import CrossEncoderReranker, load_reranker


class CountsShared:
    """Stands for a CrossEncoder: the score is the number of characters the two share."""

    def predict(self, pairs, show_progress_bar):
        return [len(set(question) & set(text)) for question, text in pairs]


def test_scores_come_in_the_order_of_the_texts():
    reranker = CrossEncoderReranker(CountsShared())

    assert reranker.scores("技改投资", ["防汛", "技改投资5452万元", "招商投资"]) == [0.0, 4.0, 2.0]


def test_no_texts_give_no_scores():
    assert CrossEncoderReranker(CountsShared()).scores("技改投资", []) == []


def test_no_name_gives_no_reranker():
    assert load_reranker("") is None


def test_a_model_that_is_not_here_is_named_with_its_setting(tmp_path):
    with pytest.raises(ModelError, match="BULLETIN_RERANKER_MODEL"):
        load_reranker(str(tmp_path / "没有的模型"))
