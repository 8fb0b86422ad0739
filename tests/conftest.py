"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model
from tests.commands import SAMPLE_ISSUES, new_data_folder, run_python

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The default embedding model, made once and kept between runs."""
    parent = os.environ.get("BULLETIN_TEST_MODEL_DIR") or ROOT / ".cache" / "models"
    return ensure_default_model(Path(parent) / DEFAULT_MODEL_NAME)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of one's own with two issues in it, to be damaged."""
    # It brings Chroma, which most tests need not wait for.
    from tests.fault_archive import new_archive

    return new_archive(tmp_path / "data")


@pytest.fixture(scope="session")
def sample_archive(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A data folder with the twelve demo issues in it; for reading only."""
    folder = new_data_folder(tmp_path_factory.mktemp("samples") / "data", model_folder)
    done = run_python("-m", "ingest", *SAMPLE_ISSUES, data_dir=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
