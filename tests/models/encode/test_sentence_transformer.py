"""The torch adapter, on a tiny BERT with random weights made on the spot."""

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing

from models.encode.load import load_encoder
from models.encode.sentence_transformer import SentenceTransformerEncoder

ALPHABET = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz: 好的退货"]
TEXTS = ["好的", "", "refund", "退货 退货 退货 退货", "hello there", "a", "好"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel

    root = tmp_path_factory.mktemp("st")
    tokenizer = Tokenizer(WordLevel({piece: index for index, piece in enumerate(ALPHABET)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    plain = root / "plain"
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(ALPHABET), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(plain)
    tokenizer.save(str(plain / "tokenizer.json"))
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    (plain / "tokenizer_config.json").write_text(json.dumps(names))
    modules = [Transformer(str(plain)), Pooling(16, "mean"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(root / "model"))
    return root / "model"


def test_unit_vectors_of_the_text_alone(directory: Path) -> None:
    encoder = load_encoder(f"st:{directory}", cache=0)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension) == (len(TEXTS), 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(np.concatenate([encoder.encode([text]) for text in TEXTS]), vectors)
    assert encoder.encode([]).shape == (0, 16)
    encoder.close()


def test_padded_batches_give_nearly_the_same(directory: Path) -> None:
    alone = SentenceTransformerEncoder(str(directory))
    batched = SentenceTransformerEncoder(str(directory), token_budget=64)
    np.testing.assert_allclose(batched.encode(TEXTS), alone.encode(TEXTS), atol=1e-5)
    assert batched.fingerprint == alone.fingerprint


def test_options_and_weights_make_the_fingerprint(directory: Path) -> None:
    query = SentenceTransformerEncoder(str(directory))
    assert SentenceTransformerEncoder(str(directory)).fingerprint == query.fingerprint
    assert SentenceTransformerEncoder(str(directory), prefix="").fingerprint != query.fingerprint


def test_long_texts_are_cut(directory: Path) -> None:
    encoder = SentenceTransformerEncoder(str(directory), max_tokens=20)
    first, second = encoder.encode(["a" * 40, "a" * 50])
    np.testing.assert_array_equal(first, second)
