"""Distillation from a made-up teacher on generated texts: it learns, it repeats, it writes what it learnt."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from models.encode.hashing import HashingEncoder
from models.encode.load import load_encoder
from training.encoder.distil import DistilFit, distil, keep_seen
from training.encoder.student import Student

WORDS = ["快递", "退货", "谢谢", "投诉", "几点", "颜色", "满意", "生气", "发货", "尺码"]
FIT = DistilFit(
    name="tiny", teacher="-", dimension=32, least=2, max_tokens=32, epochs=30, batch=32,
    learning_rate=0.02, dropout=0.1,
)  # fmt: skip


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *WORDS, "never"]
    made = Tokenizer(models.Unigram([(piece, -float(at)) for at, piece in enumerate(pieces)], unk_id=3))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.add_special_tokens(pieces[:4])
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    path = tmp_path / "tokenizer.json"
    made.save(str(path))
    return path


def texts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(WORDS, k=chance.randint(1, 6))) for _ in range(count)]


def test_it_learns_what_the_teacher_knows_of_unseen_texts(tokenizer: Path, tmp_path: Path) -> None:
    teacher, learnt, unseen = HashingEncoder(96), texts(500, 1), texts(80, 2)
    manifest = distil(learnt, teacher.encode(learnt), tokenizer, FIT, 5, tmp_path / "encoder")
    encoder = load_encoder(tmp_path / "encoder", cache=0)
    assert encoder.fingerprint == manifest.fingerprint
    pairs = np.triu_indices(len(unseen), 1)
    similarity = [(vectors @ vectors.T)[pairs] for vectors in (encoder.encode(unseen), teacher.encode(unseen))]
    assert np.corrcoef(similarity)[0, 1] > 0.8


def test_the_same_seed_gives_the_same_bytes(tokenizer: Path, tmp_path: Path) -> None:
    learnt = texts(60, 1)
    vectors = HashingEncoder(48).encode(learnt)
    seen = [distil(learnt, vectors, tokenizer, FIT, seed, tmp_path / str(at)) for at, seed in enumerate((5, 5, 6))]
    assert seen[0].fingerprint == seen[1].fingerprint != seen[2].fingerprint


def test_what_is_written_gives_the_vectors_that_were_learnt(tokenizer: Path, tmp_path: Path) -> None:
    torch.manual_seed(2)
    student = Student(tokenizer, dimension=32, max_tokens=32)
    student.write(tmp_path / "encoder", "tiny")
    some = ["", *texts(40, 3)]
    with torch.no_grad():
        wanted = student([student.ids(text) for text in some]).numpy()
    found = load_encoder(tmp_path / "encoder", cache=0).encode(some)
    assert (wanted * found).sum(axis=1).min() > 0.9995


def test_pieces_that_do_not_occur_are_dropped(tokenizer: Path) -> None:
    kept = keep_seen(tokenizer, texts(60, 1), 2)
    assert [piece for piece, _ in kept["model"]["vocab"]] == ["<s>", "<pad>", "</s>", "<unk>", "▁", *WORDS]  # type: ignore[index]
    assert Tokenizer.from_str(json.dumps(kept)).encode("快递never").ids[-1] == 2
