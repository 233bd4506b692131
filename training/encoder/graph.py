"""Builds the encoder as an ONNX graph: input ids of texts of one length in, unit vectors out.

The graph takes no attention mask: every row has the same number of tokens, so no padding can leak into a vector.

The file holds the weights in the 4 bits they come in. Rows of the embedding are expanded as they are looked up. The
matrices are expanded when the session loads: ONNX Runtime folds the nodes that depend on constants only, which leave
int8 matrices with one scale per output, so the file is small and the arithmetic fast (2.5 times ``MatMulNBits``).
Weights span -63..63 (7 bits): CPUs without VNNI saturate on full 8-bit products, and would give other vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.encoder.packed_e5 import BLOCK, PackedE5, Q4Matrix

_MICROSOFT = "com.microsoft"
_OPSET = 21  # the first with 4-bit tensors
_WEIGHT_LIMIT = 63
_FLOAT = TensorProto.FLOAT


class _Graph:
    """Collects nodes and initialisers; each method adds one operation and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, inputs: list[str], name: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def linear(self, source: str, name: str, matrix: Q4Matrix, bias: npt.NDArray[np.float32]) -> str:
        outputs, inputs = matrix.nibbles.shape
        limits = np.abs(matrix.dequantised()).max(axis=1)
        steps = (limits / _WEIGHT_LIMIT).astype(np.float32)  # one step of the int8 matrix, per output

        wide = self.op(
            "Cast", [self.packed(name, matrix, (outputs, inputs // BLOCK, BLOCK))], f"{name}.wide", to=_FLOAT
        )
        scales = self.op(
            "Cast", [self.constant(f"{name}.scales16", matrix.scales[:, :, None])], f"{name}.scales", to=_FLOAT
        )
        scaled = self.op("Mul", [wide, scales], f"{name}.scaled")
        flat = self.op("Reshape", [scaled, self.constant(f"{name}.shape", np.array([outputs, inputs]))], f"{name}.flat")
        stepped = self.op("Div", [flat, self.constant(f"{name}.divisors", steps[:, None])], f"{name}.stepped")
        rounded = self.op("Round", [stepped], f"{name}.rounded")
        turned = self.op("Transpose", [rounded], f"{name}.turned", perm=[1, 0])
        weight = self.op("Cast", [turned], f"{name}.int8", to=TensorProto.INT8)
        operands = [source, weight, self.constant(f"{name}.steps", steps), "", self.constant(f"{name}.bias", bias)]
        return self.op("DynamicQuantizeMatMul", operands, name, _MICROSOFT)

    def linear_by_row(self, source: str, name: str, matrix: Q4Matrix, bias: npt.NDArray[np.float32]) -> str:
        """The same, each row scaled to a largest magnitude of 1 before and back after.

        Quantisation takes one scale for all rows of its input. After the GELU the first token's row is up to thirty
        times larger than the others, which would be left with few of the 256 steps.
        """
        magnitude = self.op("Abs", [source], f"{name}.magnitude")
        largest = self.op("ReduceMax", [magnitude, "last"], f"{name}.largest", keepdims=1)
        factor = self.op("Max", [largest, "tiny"], f"{name}.factor")  # a row of zeros stays one
        even = self.op("Div", [source, factor], f"{name}.even")
        product = self.linear(even, f"{name}.product", matrix, np.zeros_like(bias))
        restored = self.op("Mul", [product, factor], f"{name}.restored")
        return self.op("Add", [restored, self.constant(f"{name}.bias", bias)], name)

    def embedding(self, ids: str, name: str, matrix: Q4Matrix) -> str:
        weight = self.packed(name, matrix, matrix.nibbles.shape)
        scales = self.op("Cast", [self.constant(f"{name}.scales16", matrix.scales)], f"{name}.scales", to=_FLOAT)
        return self.op(
            "GatherBlockQuantized", [weight, ids, scales], name, _MICROSOFT,
            gather_axis=0, quantize_axis=1, block_size=BLOCK,
        )  # fmt: skip

    def packed(self, name: str, matrix: Q4Matrix, shape: tuple[int, ...]) -> str:
        """The weights as signed 4-bit integers, two a byte: 0..15 around 8 becomes two's complement around 0."""
        signed = matrix.nibbles ^ 8
        pairs = signed[:, 0::2] | (signed[:, 1::2] << 4)
        tensor = helper.make_tensor(f"{name}.int4", TensorProto.INT4, shape, pairs.astype(np.uint8).tobytes(), raw=True)
        self.initialisers.append(tensor)
        return str(tensor.name)


def build_graph(model: PackedE5, rows: npt.NDArray[np.int64], max_tokens: int) -> onnx.ModelProto:
    """The whole encoder: BERT, mean pooling, L2 norm.

    Args:
        model: The source weights.
        rows: The rows of the source vocabulary to keep; a piece's new id is its place here.
        max_tokens: The longest text the graph must take, special tokens included.

    Returns:
        A model with the input ``input_ids`` (batch, length) int64 and the output ``vectors`` (batch, width) float32.
    """
    graph = _Graph()
    width, vectors = model.width, model.vectors
    words = graph.embedding("input_ids", "words", model.matrices["emb.word"].take(rows))
    table = vectors["emb.pos"].reshape(model.positions, width)[:max_tokens] + vectors["emb.type"][:width]
    graph.constant("zero", np.array([0], np.int64))
    graph.constant("one", np.array([1], np.int64))
    graph.constant("last", np.array([-1], np.int64))
    graph.constant("tiny", np.array([1e-6], np.float32))
    length = graph.op("Shape", ["input_ids"], "length", start=1, end=2)
    positions = graph.op("Slice", [graph.constant("position_table", table), "zero", length, "zero"], "positions")
    hidden = graph.op("Add", [words, positions], "embedded")
    hidden = graph.op(
        "LayerNormalization",
        [hidden, graph.constant("norm.w", vectors["emb.ln.w"]), graph.constant("norm.b", vectors["emb.ln.b"])],
        "hidden", axis=-1, epsilon=model.epsilon,
    )  # fmt: skip
    for layer in range(model.layers):
        hidden = _layer(graph, model, f"l{layer}", hidden)
    mean = graph.op("ReduceMean", [hidden, "one"], "mean", keepdims=0)
    norm = graph.op("ReduceL2", [mean, "one"], "norm", keepdims=1)
    graph.op("Div", [mean, norm], "vectors")

    body = helper.make_graph(
        graph.nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", width])],
        graph.initialisers,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=10, producer_name="attune")


def _layer(graph: _Graph, model: PackedE5, name: str, hidden: str) -> str:
    """Self-attention and feed-forward, each with its residual and layer norm after it."""
    matrices, vectors = model.matrices, model.vectors
    stacked = [matrices[f"{name}.{part}.w"] for part in "qkv"]
    joint = Q4Matrix(np.concatenate([m.nibbles for m in stacked]), np.concatenate([m.scales for m in stacked]))
    projected = graph.linear(
        hidden, f"{name}.qkv", joint, np.concatenate([vectors[f"{name}.{part}.b"] for part in "qkv"])
    )
    query, key, value = (f"{name}.{part}" for part in ("query", "key", "value"))
    graph.nodes.append(
        helper.make_node("Split", [projected], [query, key, value], name=f"{name}.split", axis=-1, num_outputs=3)
    )
    attended = graph.op("MultiHeadAttention", [query, key, value], f"{name}.heads", _MICROSOFT, num_heads=model.heads)
    attended = graph.linear(attended, f"{name}.attended", matrices[f"{name}.ao.w"], vectors[f"{name}.ao.b"])
    hidden = _residual(graph, model, f"{name}.aln", hidden, attended)
    inner = graph.linear(hidden, f"{name}.inner", matrices[f"{name}.fi.w"], vectors[f"{name}.fi.b"])
    inner = graph.op("Gelu", [inner], f"{name}.gelu", approximate="none")
    outer = graph.linear_by_row(inner, f"{name}.outer", matrices[f"{name}.fo.w"], vectors[f"{name}.fo.b"])
    return _residual(graph, model, f"{name}.oln", hidden, outer)


def _residual(graph: _Graph, model: PackedE5, name: str, before: str, change: str) -> str:
    weight, bias = (graph.constant(f"{name}.{part}", model.vectors[f"{name}.{part}"]) for part in "wb")
    return graph.op(
        "SkipLayerNormalization", [before, change, weight, bias], f"{name}.out", _MICROSOFT, epsilon=model.epsilon
    )
