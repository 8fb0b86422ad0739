"""Encoder models exported to ONNX, through onnxruntime and tokenizers: no torch is imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.embeddings.model_folder import Pooling, Role, Vectors, max_tokens, pooling_of, prompts_of

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

ONNX_FILES = ("onnx/model_int8.onnx", "onnx/model.onnx")

_TOKEN_OUTPUTS = ("last_hidden_state", "token_embeddings")
_MAX_THREADS = 8


class OnnxEncoder:
    """A BERT-like encoder through onnxruntime, pooled as the folder's configuration says."""

    def __init__(
        self,
        file: Path,
        session: onnxruntime.InferenceSession,
        tokenizer: tokenizers.Tokenizer,
        output: str,
        pooling: Pooling,
        prompts: dict[Role, str],
    ) -> None:
        self.file = file
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = {value.name for value in session.get_inputs()}
        self._output = output
        self._pooling = pooling
        self._prompts = prompts

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        # Each text by itself, one thread a text: no padding, and int8 activations share their
        # range over a batch, so a neighbour would change the vector. It is also the fastest:
        # 250 characters on 2 cores 56 texts/s, in batches of 4 or 8 16-25.
        prompted = [self._prompts[role] + text for text in texts]
        threads = min(len(prompted), _core_count(), _MAX_THREADS)
        if threads == 1:
            return np.stack([self._encode_one(text) for text in prompted])
        with ThreadPoolExecutor(threads, "embed") as pool:
            return np.stack(list(pool.map(self._encode_one, prompted)))

    def _encode_one(self, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        feeds = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (batch,) = self._session.run([self._output], {name: feeds[name] for name in self._inputs})
        hidden = batch[0]
        pooled = hidden[0] if self._pooling == "cls" else hidden.mean(axis=0)
        vector: Vectors = (pooled / np.linalg.norm(pooled)).astype(np.float32)
        return vector


def open_onnx_encoder(folder: Path) -> OnnxEncoder | None:
    """The folder's ONNX export, or None where sentence-transformers has to serve the folder."""
    file = next((folder / name for name in ONNX_FILES if (folder / name).is_file()), None)
    tokenizer_file = folder / "tokenizer.json"
    pooling = pooling_of(folder)
    if file is None or pooling is None or not tokenizer_file.is_file():
        return None
    from tokenizers import Tokenizer

    session = open_session(file)
    outputs = {value.name for value in session.get_outputs()}
    output = next((name for name in _TOKEN_OUTPUTS if name in outputs), None)
    known = {"input_ids", "attention_mask", "token_type_ids"}
    if output is None or not {value.name for value in session.get_inputs()} <= known:
        return None
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens(folder))
    return OnnxEncoder(file, session, tokenizer, output, pooling, prompts_of(folder))


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """An ONNX file for one thread a call."""
    # Else its native part queues events with the program's path, to be sent to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def _core_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
