from __future__ import annotations

from pathlib import Path

import pytest

from rag.query.question_kind import KindModel, Shape, features, kind_model, shape_of, write_model
from rag.schema import Intent
from rag.text import Span


def shape(text: str, intent: Intent = Intent.FACT) -> Shape:
    return Shape(text, intent, 0, 0, 0)


def test_what_the_question_is_about_is_put_aside() -> None:
    text = "2024年科工局第9期报了几条"
    found = shape_of(text, Intent.COUNT, [Span(0, 5)], [Span(5, 8)], [Span(8, 11)])
    assert found == Shape("TDN报了几条", Intent.COUNT, 1, 1, 1)
    assert shape_of("12345热线", Intent.FACT, [], [], []).text == "0热线"


def test_characters_and_pairs_have_length_one() -> None:
    values = [v for name, v in features(shape("哪些单位")).items() if name.startswith("g:")]
    assert sum(value * value for value in values) == pytest.approx(1.0)


def model(weight: float) -> KindModel:
    return KindModel(["one", "scan"], [0.0, 0.0], {"g:哪": [0.0, weight]})


def test_the_rules_stand_unless_the_model_is_sure() -> None:
    assert model(1.0).correction(shape("哪")) is None
    assert model(20.0).correction(shape("哪")) == "scan"
    assert model(20.0).correction(shape("哪", Intent.LIST)) is None  # the same
    assert model(20.0).correction(shape("哪", Intent.SUM)) is None  # never learned


def test_a_written_model_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "kinds.json"
    write_model(path, ["one", "scan"], [0.0, 0.0], {"g:哪": [0.0, 20.0], "g:些": [0.001, 0.0]})
    assert "些" not in path.read_text(encoding="utf-8")


def test_probabilities_of_the_model_shipped_add_up() -> None:
    found = kind_model().probabilities(shape("T都有哪些单位报过这项工作"))
    assert set(found) == {"one", "scan", "table", "masthead"}
    assert sum(found.values()) == pytest.approx(1.0)
    assert max(found, key=lambda kind: found[kind]) == "scan"
