"""The small model that tells whether a passage answers a question."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from rag.answer_model import AnswerModel
from rag.answer_model.adapter import ADAPTER, Adapter, adapter_digest, read_adapter
from tests.commands import new_data_folder


def test_the_change_is_added_to_the_layers_that_have_one() -> None:
    down, up = np.array([[1.0, 2.0]], np.float32), np.array([[3.0], [4.0]], np.float32)
    adapter = Adapter({"layer": (down, up)}, np.zeros(2, np.float32), 0.0)
    one = np.ones((2, 2), np.float32)
    assert adapter.applied("layer", one).tolist() == [[4.0, 7.0], [5.0, 9.0]]
    assert adapter.applied("another", one) is one


def test_the_shipped_change_is_of_the_models_linear_layers() -> None:
    adapter = read_adapter(ADAPTER)
    assert adapter.head.shape == (768,)
    assert {down.shape[0] for down, _ in adapter.factors.values()} == {8}
    assert len(adapter.factors) == 8 * 6  # layers, and linear layers in each


# Invented, and in none of the pairs that were learned from.
TITLE = "县林业局抓实春季造林"
TEXT = "在柳河沿岸栽植垂柳、白蜡等苗木3.4万株，出动挖坑机26台，成活率达到95%，由护林员王建国等12人管护。"


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("河边栽下的树苗有几成活了", True),
        ("春季造林用了多少台挖坑机", True),
        ("今年树苗买来花了多少钱", False),
        ("林业局一共有多少名干部职工", False),
    ],
)
def test_it_tells_what_a_passage_leaves_open(
    model_folder: Path, tmp_path: Path, question: str, answers: bool
) -> None:
    folder = new_data_folder(tmp_path / "data", model_folder)
    logit = AnswerModel("", folder).logit(question, TITLE, TEXT)
    assert logit is not None
    assert (logit > 0) == answers


def test_the_file_is_made_once_and_again_when_it_is_not_whole(
    tmp_path: Path, model_folder: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    file = models / f"answers-{adapter_digest()}.onnx"
    old = models / "answers-000000000000.onnx"
    old.touch()
    folder = str(model_folder)
    beside = set(model_folder.parent.iterdir())
    first = AnswerModel(folder, tmp_path).logit("问", TITLE, TEXT)
    made = file.stat().st_mtime_ns
    assert not old.exists()
    assert AnswerModel(folder, tmp_path).logit("问", TITLE, TEXT) == first
    assert file.stat().st_mtime_ns == made
    file.write_bytes(file.read_bytes()[:1000])
    assert AnswerModel(folder, tmp_path).logit("问", TITLE, TEXT) == first
    # A folder of the office's own that the settings name is only read.
    assert set(model_folder.parent.iterdir()) == beside


def test_without_the_model_there_is_no_opinion_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(folder: Path) -> Path:
        raise OSError("磁盘已满")

    monkeypatch.setattr("rag.answer_model.ensure_default_model", fails)
    with caplog.at_level(logging.WARNING):
        model = AnswerModel("", tmp_path)
        assert model.logit("问", TITLE, TEXT) is None
        assert model.logit("问", TITLE, TEXT) is None
    assert len(caplog.records) == 1
    assert "磁盘已满" in caplog.text
