"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.embedding_model import DEFAULT_MODEL_NAME, ensure_default_model

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The default embedding model, made once and kept between runs."""
    parent = os.environ.get("BULLETIN_TEST_MODEL_DIR") or ROOT / ".cache" / "models"
    return ensure_default_model(Path(parent) / DEFAULT_MODEL_NAME)
