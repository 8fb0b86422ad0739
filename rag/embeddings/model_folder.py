"""What the configuration files of a sentence-transformers folder say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding_model import MARKER_FILE

Role = Literal["query", "document"]
Pooling = Literal["mean", "cls"]
Vectors = NDArray[np.float32]

# The names under which sentence-transformers looks for a prompt; an empty one gives way to the next.
_PROMPT_NAMES: dict[Role, tuple[str, ...]] = {
    "query": ("query",),
    "document": ("document", "passage", "corpus"),
}
_PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
_WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin", ".model", ".txt"})


def pooling_of(folder: Path) -> Pooling | None:
    """How modules.json pools tokens; None for anything but Transformer, Pooling, Normalize."""
    modules = _read_json(folder / "modules.json") or []
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    config = _read_json(folder / modules[1]["path"] / "config.json") or {}
    # Written as one name by newer versions, as a row of switches by older ones.
    switched = [
        name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for name, value in config.items()
        if name.startswith("pooling_mode_") and value is True
    ]
    mode = config.get("pooling_mode") or (switched[0] if len(switched) == 1 else None)
    if mode == "mean":
        return "mean"
    return "cls" if mode == "cls" else None


def prompts_of(folder: Path) -> dict[Role, str]:
    """The prefixes from the model's own configuration; none: no prefix."""
    config = _read_json(folder / "config_sentence_transformers.json") or {}
    prompts = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name")) or ""
    chosen: dict[Role, str] = {}
    for role, names in _PROMPT_NAMES.items():
        named = [prompts[name] or "" for name in names if name in prompts]
        chosen[role] = next(filter(None, named), "" if named else default)
    return chosen


def max_tokens(folder: Path) -> int:
    """The longest input that the configuration allows; 512 where it says nothing."""
    sources = (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
        ("config.json", "max_position_embeddings"),
    )
    sizes = [(_read_json(folder / name) or {}).get(key) for name, key in sources]
    return int(min((size for size in sizes if size), default=512))


def weight_files(folder: Path) -> list[Path]:
    """The weights and vocabularies that sentence-transformers reads."""
    # Exports for other runtimes lie in folders of their own and play no part here.
    others = {"onnx", "openvino"}
    return [
        path
        for path in folder.rglob("*")
        if path.suffix in _WEIGHT_SUFFIXES and others.isdisjoint(path.relative_to(folder).parts)
    ]


def pickled_weights(folder: Path) -> Path | None:
    """Weights that only a pickle holds, in any of the folders that modules.json names."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PICKLES and not any(path.parent.glob("*.safetensors")):
            return path
    return None


def content_hash(folder: Path, weights: Iterable[Path]) -> str:
    """Twelve hex digits over all that shapes a vector: configuration, tokenizer and weights."""
    configuration = (path for path in folder.rglob("*.json") if path.name != MARKER_FILE)
    total = hashlib.sha256()
    for path in sorted({*configuration, *weights}):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + digest)
    return total.hexdigest()[:12]


def _read_json(path: Path) -> Any:
    """The contents of a JSON file, None where there is no such file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
