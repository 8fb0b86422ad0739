"""Any local sentence-transformers model; importing torch takes several seconds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.embeddings.model_folder import Role, Vectors, pickled_weights, prompts_of
from rag.errors import ModelError


class SentenceTransformersEncoder:
    """Any other local model, through sentence-transformers; it applies the model's prompts."""

    def __init__(self, folder: Path) -> None:
        if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
            raise ModelError(
                f"{folder} 不是句向量模型文件夹（没有 modules.json 或 config.json）；"
                "请改正 BULLETIN_EMBEDDING_MODEL，或清空它使用自带的模型"
            )
        if pickled := pickled_weights(folder):
            # Whoever makes a pickle decides what runs while it is read.
            raise ModelError(
                f"{folder} 的权重 {pickled.name} 是 pickle 格式，可以夹带程序，本程序不读；"
                "请改用带 .safetensors 的同一模型，或请发布者转换后再用"
            )
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                f"模型 {folder} 需要 sentence-transformers（{error}）；"
                "请运行 pip install sentence-transformers，"
                "或清空 BULLETIN_EMBEDDING_MODEL 使用自带的模型"
            ) from error
        # Half precision is slow on most CPUs and changes the vectors from one CPU to the next.
        precision = {} if torch.cuda.is_available() else {"dtype": torch.float32}
        self._model = SentenceTransformer(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, **precision},
        )
        # Passed explicitly: version 6 adds an empty "document" prompt that hides a "passage" one.
        self._prompts = prompts_of(folder)
        # The tokenizer keeps its truncation as state: two threads at once raise "Already borrowed".
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        encode = self._model.encode_query if role == "query" else self._model.encode_document
        with self._lock:
            vectors: Any = encode(
                list(texts),
                prompt=self._prompts[role],
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)
