"""The trained change to the encoder's weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ADAPTER = Path(__file__).with_name("adapter.safetensors")
Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Adapter:
    """`factors` gives for a layer's name the pair (down, up): its weight becomes
    weight + up @ down. `head` and `bias` make a logit of the first token's vector and the mean of
    all, side by side."""

    factors: dict[str, tuple[Float32, Float32]]
    head: Float32
    bias: float

    def applied(self, name: str, weight: Float32) -> Float32:
        """A linear layer's weight, changed where the adapter has a change for it."""
        if name not in self.factors:
            return weight
        down, up = self.factors[name]
        return weight + up @ down


def read_adapter(path: Path) -> Adapter:
    from safetensors.numpy import load_file

    tensors = {name: values.astype(np.float32) for name, values in load_file(path).items()}
    names = [name.removesuffix(".down") for name in tensors if name.endswith(".down")]
    factors = {name: (tensors[f"{name}.down"], tensors[f"{name}.up"]) for name in names}
    return Adapter(factors, tensors["head.weight"], float(tensors["head.bias"][0]))


def adapter_digest() -> str:
    """Twelve hex digits by which the model made with it is called."""
    return hashlib.sha256(ADAPTER.read_bytes()).hexdigest()[:12]
