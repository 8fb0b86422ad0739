"""An optional second look at the best hits by a CrossEncoder that the office has on its disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.errors import ModelError


class CrossEncoderReranker:
    """Scores (question, item) pairs; higher is better, only the order within one call matters."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score a text, in order; no texts gives an empty list."""
        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        return [float(score) for score in self._model.predict(pairs, show_progress_bar=False)]


def load_reranker(name: str) -> CrossEncoderReranker | None:
    """The model named in BULLETIN_RERANKER_MODEL, from this machine only; "" gives None.

    Raises ModelError when there is no such model here.
    """
    if not name:
        return None
    # Importing it takes several seconds, which only those who name a model should pay.
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(
            name,
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            # Whoever makes a pickle decides what runs while it is read.
            model_kwargs={"use_safetensors": True},
        )
        return CrossEncoderReranker(model)
    except Exception as error:
        where = "目录" if Path(name).exists() else "名称或目录"
        raise ModelError(
            f"重排模型 {name} 打不开：请检查 BULLETIN_RERANKER_MODEL 的{where}，"
            "应是本机上带 .safetensors 权重的 CrossEncoder 模型；不用重排就把它留空。"
        ) from error
