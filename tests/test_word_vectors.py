from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rag.word_vectors import WordVectors, is_word

# Four directions of meaning; a word of none points away from all.
_MEANINGS = {"电动": 0, "电瓶": 0, "单车": 0, "道路": 1, "公路": 1, "学校": 2, "小学": 2, "医院": 3}
WORDS = list(_MEANINGS)


class Model:
    """Counts what it is asked, so that nothing is computed twice."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, words: list[str]) -> list[list[float]]:
        self.asked += words
        return [[float(_MEANINGS.get(word, -1) == i) for i in range(4)] for word in words]


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "words.sqlite3"


def vectors(path: Path, model: Model, model_id: str = "one") -> WordVectors:
    return WordVectors(path, model_id, model.embed)


def test_words_near_in_meaning_are_related(path: Path, model: Model) -> None:
    words = vectors(path, model)
    words.update(WORDS)
    assert set(words.related("电动")) == {"电瓶", "单车"}
    assert set(words.related("公路")) == {"道路"}
    assert all(0 < weight <= 1 for weight in words.related("电动").values())


def test_a_word_is_not_related_to_itself(path: Path, model: Model) -> None:
    words = vectors(path, model)
    words.update(WORDS)
    assert "小学" not in words.related("小学")


def test_a_word_that_the_index_lacks_finds_those_it_has(path: Path, model: Model) -> None:
    words = vectors(path, model)
    words.update([word for word in WORDS if word != "电瓶"])
    assert {"电动", "单车"} <= set(words.related("电瓶"))


def test_a_word_far_from_all_others_has_no_relatives(path: Path, model: Model) -> None:
    words = vectors(path, model)
    words.update(WORDS)
    assert not words.related("医院")


@pytest.mark.parametrize("word", ["车", "2023", "PM", "", "我们全县各级各部门"])
def test_only_chinese_words_of_two_to_six_characters_have_relatives(
    word: str, path: Path, model: Model
) -> None:
    words = vectors(path, model)
    words.update([*WORDS, word])
    assert not is_word(word)
    assert not words.related(word)
    assert word not in model.asked


def test_before_any_update_nothing_is_related(path: Path, model: Model) -> None:
    assert not vectors(path, model).related("电动")


def test_words_are_embedded_once_even_by_the_next_process(path: Path, model: Model) -> None:
    vectors(path, model).update(WORDS)
    model.asked.clear()
    later = vectors(path, model)
    later.update([*WORDS, "新词"])
    assert model.asked == ["新词"]
    assert set(later.related("公路")) == {"道路"}


def test_another_model_makes_its_own_vectors(path: Path, model: Model) -> None:
    vectors(path, model, "one").update(WORDS)
    model.asked.clear()
    vectors(path, model, "two").update(WORDS)
    assert sorted(model.asked) == sorted(WORDS)


def test_a_broken_file_is_made_anew(path: Path, model: Model) -> None:
    path.write_bytes(b"this is no database" * 100)
    words = vectors(path, model)
    words.update(WORDS)
    assert set(words.related("公路")) == {"道路"}


def test_the_file_can_be_deleted(path: Path, model: Model) -> None:
    vectors(path, model).update(WORDS)
    for file in path.parent.iterdir():
        file.unlink()
    words = vectors(path, model)
    words.update(WORDS)
    assert set(words.related("电动")) == {"电瓶", "单车"}


def test_progress_ends_at_the_number_of_new_words(path: Path, model: Model) -> None:
    steps: list[tuple[int, int]] = []
    vectors(path, model).update([*WORDS, *WORDS], lambda done, total: steps.append((done, total)))
    assert steps[-1] == (len(WORDS), len(WORDS))


def test_questions_can_be_asked_while_words_are_added(path: Path, model: Model) -> None:
    words = vectors(path, model)
    words.update(WORDS)
    failures: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(200):
                words.related("电动")
        except Exception as error:
            failures.append(error)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for first in "甲乙丙丁":
        words.update([*WORDS, first + "词"])
    for thread in asking:
        thread.join()
    assert not failures
