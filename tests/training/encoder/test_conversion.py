"""The conversion on a tiny model with random weights: file in, ONNX and torch out, the same vectors from both."""

import struct
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from training.encoder.graph import build_graph
from training.encoder.packed_e5 import PackedE5, Q4Matrix, read_packed_e5
from training.encoder.torch_model import state_dict
from training.encoder.vocabulary import choose_pieces, pieces_of, prune

WIDTH, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES = 64, 2, 2, 128, 40, 16, 2
EPSILON = 1e-12


def tiny_model() -> PackedE5:
    chance = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> Q4Matrix:
        scales = chance.uniform(0.02, 0.04, (rows, columns // 32)).astype(np.float16)
        return Q4Matrix(chance.integers(0, 16, (rows, columns), np.uint8), scales)

    def vector(length: int, around: float = 0.0) -> np.ndarray:
        return (around + 0.1 * chance.standard_normal(length)).astype(np.float32)

    matrices = {"emb.word": matrix(VOCABULARY, WIDTH)}
    vectors = {"emb.pos": vector(POSITIONS * WIDTH), "emb.type": vector(TYPES * WIDTH)}
    shapes = {"q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "ao": (WIDTH, WIDTH)}
    shapes |= {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
    for layer in range(LAYERS):
        for name, (rows, columns) in shapes.items():
            matrices[f"l{layer}.{name}.w"] = matrix(rows, columns)
            vectors[f"l{layer}.{name}.b"] = vector(rows)
    for norm in ("emb.ln", *(f"l{layer}.{name}" for layer in range(LAYERS) for name in ("aln", "oln"))):
        vectors[f"{norm}.w"], vectors[f"{norm}.b"] = vector(WIDTH, 1.0), vector(WIDTH)
    pieces = tuple(f"p{index}" for index in range(VOCABULARY))
    return PackedE5(
        WIDTH, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES, EPSILON, pieces, matrices, vectors
    )  # fmt: skip


def packed_bytes(model: PackedE5) -> bytes:
    """The file format, written here from its description alone."""
    pieces = [piece.encode() for piece in model.pieces]
    offsets = np.cumsum([0, *map(len, pieces)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7ifi", WIDTH, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES, EPSILON, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + bytes(4 * len(pieces)) + b"".join(pieces)
    head += struct.pack("<iI", 0, 3) + b"xyz"
    tensors: list[tuple[str, int, int, bytes]] = []
    for name, matrix in model.matrices.items():
        blocks = matrix.nibbles.reshape(-1, 32)
        packed = blocks[:, :16] | (blocks[:, 16:] << 4)
        scales = matrix.scales.reshape(-1, 1).view(np.uint8)
        tensors.append((name, 1, blocks.size, np.concatenate([scales, packed], axis=1).tobytes()))
    tensors += [(name, 0, vector.size, vector.tobytes()) for name, vector in model.vectors.items()]
    at = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in tensors)
    directory, bodies = struct.pack("<i", len(tensors)), b""
    for name, kind, elements, body in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, elements, at + len(bodies), len(body))
        bodies += body
    return head + directory + bodies


def test_the_file_is_read_as_written(tmp_path: Path) -> None:
    model = tiny_model()
    path = tmp_path / "model.bin"
    path.write_bytes(packed_bytes(model))
    read = read_packed_e5(path)
    assert read.pieces == model.pieces
    assert (read.width, read.layers, read.heads, read.inner) == (WIDTH, LAYERS, HEADS, INNER)
    assert read.matrices.keys() == model.matrices.keys()
    for name, matrix in model.matrices.items():
        np.testing.assert_array_equal(read.matrices[name].nibbles, matrix.nibbles)
        np.testing.assert_array_equal(read.matrices[name].scales, matrix.scales)
    for name, vector in model.vectors.items():
        np.testing.assert_array_equal(read.vectors[name], vector)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not a packed e5 model"):
        read_packed_e5(path)


def test_the_graph_gives_the_vectors_of_torch() -> None:
    import torch
    from transformers import BertConfig, BertModel

    model = tiny_model()
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=INNER, max_position_embeddings=POSITIONS, type_vocab_size=TYPES, layer_norm_eps=EPSILON,
    )  # fmt: skip
    bert = BertModel(config).eval()
    bert.load_state_dict({name: torch.from_numpy(value) for name, value in state_dict(model).items()})
    keep = np.arange(3, VOCABULARY)
    session = onnxruntime.InferenceSession(build_graph(model, keep, 12).SerializeToString())

    for length in (1, 5, 12):
        ids = np.random.default_rng(length).integers(0, len(keep), (1, length))
        vector = session.run(None, {"input_ids": ids})[0][0]
        with torch.no_grad():
            expected = bert(torch.from_numpy(keep[ids])).last_hidden_state.mean(1)[0].numpy()
        assert vector @ expected / np.linalg.norm(expected) > 0.999
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_pieces_are_kept_by_script_frequency_and_evidence() -> None:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "，", "退货", "ありがとう", "спасибо", "ok", "123", "▁refund"]
    rare = [f"foreignword{index}" for index in range(80_000)]
    vocabulary = [[piece, 0.0 if index < 4 else -index / 1000] for index, piece in enumerate(pieces + rare)]
    vocabulary += [["▁bonjour", -90.0], ["▁colour", -90.0]]
    whole = {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
        "decoder": None, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "added_tokens": [], "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary},
    }  # fmt: skip
    keep = choose_pieces(whole, ["colour"])
    pruned = prune(whole, keep)
    kept = [piece for piece, _ in pruned["model"]["vocab"]]
    assert kept[:4] == pieces[:4]
    assert {"▁", "，", "退货", "ok", "123", "▁refund", "▁colour"} <= set(kept)
    assert not {"ありがとう", "спасибо", "▁bonjour"} & set(kept)
    np.testing.assert_array_equal(pieces_of(whole, pruned), keep)
