"""Whether a passage answers a question, told by a small model of the project's own.

The encoder is that of the default embedding model with a low-rank change to its upper layers (LoRA,
Hu et al. 2021, arXiv:2106.09685), which reads question and passage together. benchmarks/answer_model
trains the change; adapter.safetensors holds it.
"""

from __future__ import annotations

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.answer_model.adapter import ADAPTER, Adapter, read_adapter
from rag.embedding_model import DEFAULT_MODEL_NAME, MARKER_FILE, ensure_default_model
from rag.embeddings.onnx_encoder import open_session

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

MOST_QUESTION = 60  # tokens
MOST_PASSAGE = 190
REMEMBERED = 256  # one answer may ask twice
_BOS, _EOS = 0, 2  # ids of the default encoder
_logger = logging.getLogger(__name__)


class AnswerModel:
    """Made below the data folder and loaded when it is first asked; safe from several threads.

    `embedding_model` and `data_dir` are the settings: the encoder's weights come from the folder
    named there, when that is the default model, or else from the one below the data folder.
    """

    def __init__(self, embedding_model: str, data_dir: Path) -> None:
        named = Path(embedding_model).expanduser()
        own = bool(embedding_model) and (named / MARKER_FILE).is_file()
        self._models = data_dir / "models"
        self._encoder = named if own else self._models / DEFAULT_MODEL_NAME
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._absent = False

    def logit(self, question: str, title: str, passage: str) -> float | None:
        """How likely the passage below its title answers, 0 at even odds; None without the model."""
        loaded = self._load()
        if loaded is None:
            return None
        return loaded.logit(question, title, passage)

    def _load(self) -> _Loaded | None:
        with self._lock:
            if self._loaded is None and not self._absent:
                try:
                    self._loaded = _open(self._encoder, self._models)
                except Exception as error:  # onnxruntime raises classes of its own
                    # Answers go on without it, a little less sure.
                    _logger.warning("回答判别模型用不了，问答照常：%s", error)
                    self._absent = True
            return self._loaded


class _Loaded:
    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: tokenizers.Tokenizer,
        adapter: Adapter,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._adapter = adapter
        self.logit = lru_cache(maxsize=REMEMBERED)(self._logit)

    def _logit(self, question: str, title: str, passage: str) -> float:
        ids = np.array([token_ids(self._tokenizer, question, title, passage)], np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        ((hidden,),) = self._session.run(None, feeds)
        pooled = np.concatenate([hidden[0], hidden.mean(axis=0)])
        return float(pooled @ self._adapter.head + self._adapter.bias)


def open_tokenizer(encoder: Path) -> tokenizers.Tokenizer:
    """The tokenizer of an encoder's folder, which cuts and fills nothing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def token_ids(
    tokenizer: tokenizers.Tokenizer, question: str, title: str, passage: str
) -> list[int]:
    """What the model reads: <s> question </s></s> title。passage </s>."""
    below = f"{title}。{passage}" if title else passage
    asked, told = (
        tokenizer.encode(text, add_special_tokens=False).ids[:most]
        for text, most in ((question, MOST_QUESTION), (below, MOST_PASSAGE))
    )
    return [_BOS, *asked, _EOS, _EOS, *told, _EOS]


def _open(encoder: Path, models: Path) -> _Loaded:
    from rag.answer_model.graph import ready_graph

    ensure_default_model(encoder)
    adapter = read_adapter(ADAPTER)
    session = open_session(ready_graph(encoder, adapter, models))
    return _Loaded(session, open_tokenizer(encoder), adapter)
