"""Writes the float32 reference: a ``transformers`` BertModel in a directory that sentence-transformers loads."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.encoder.packed_e5 import PackedE5

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PREFIX = "query: "
_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_SUFFIXES = {"w": "weight", "b": "bias"}


def state_dict(model: PackedE5) -> dict[str, npt.NDArray[np.float32]]:
    """The weights under the names of ``transformers.BertModel``.

    The model has no pooler, but loaders expect one and would fill it with random numbers: here it is zero.
    """
    width = model.width
    state = {
        "pooler.dense.weight": np.zeros((width, width), np.float32),
        "pooler.dense.bias": np.zeros(width, np.float32),
        "embeddings.word_embeddings.weight": model.dense("emb.word"),
        "embeddings.position_embeddings.weight": model.dense("emb.pos").reshape(model.positions, width),
        "embeddings.token_type_embeddings.weight": model.dense("emb.type").reshape(model.types, width),
        "embeddings.LayerNorm.weight": model.dense("emb.ln.w"),
        "embeddings.LayerNorm.bias": model.dense("emb.ln.b"),
    }
    for layer in range(model.layers):
        for short, long in _NAMES.items():
            for suffix, word in _SUFFIXES.items():
                state[f"encoder.layer.{layer}.{long}.{word}"] = model.dense(f"l{layer}.{short}.{suffix}")
    return state


def write_sentence_transformer(model: PackedE5, tokenizer: Path, directory: Path) -> None:
    """Write weights, tokenizer and the modules Transformer, mean Pooling and Normalize."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=model.vocabulary,
        hidden_size=model.width,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        intermediate_size=model.inner,
        max_position_embeddings=model.positions,
        type_vocab_size=model.types,
        layer_norm_eps=model.epsilon,
        hidden_act="gelu",
    )
    bert = BertModel(config)
    weights = {name: torch.from_numpy(np.array(value)) for name, value in state_dict(model).items()}
    bert.load_state_dict(weights)
    with TemporaryDirectory() as plain:
        _write_plain(bert, Path(plain), tokenizer, model.positions)
        modules = [Transformer(plain), Pooling(model.width, "mean"), Normalize()]
        SentenceTransformer(modules=modules, device="cpu", prompts={"query": PREFIX}).save(str(directory))


def _write_plain(bert: PreTrainedModel, plain: Path, tokenizer: Path, positions: int) -> None:
    bert.save_pretrained(plain)
    (plain / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    (plain / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": positions,
                "bos_token": "<s>",
                "eos_token": "</s>",
                "sep_token": "</s>",
                "cls_token": "<s>",
                "unk_token": "<unk>",
                "pad_token": "<pad>",
                "mask_token": "<mask>",
            }
        ),
        encoding="utf-8",
    )
