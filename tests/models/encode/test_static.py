"""The fast encoder on a tiny table, and the one that is committed with the project."""

import json
import random
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from models.encode.load import load_encoder
from models.encode.manifest import EncoderManifest, file_digest
from models.encode.static import StaticEncoder
from models.errors import ArtifactError

PACKAGED = Path(__file__).parents[3] / "models" / "weights" / "fast" / "encoder"
WIDTH, LONGEST = 8, 12
TEXTS = ["", " ", "好", "不好", "好不", "退货退款", "good", "x\ud800y", "👍", "物流" * 5_000, "没有好货"]


def write_encoder(directory: Path, *, width: int = WIDTH, zero: bool = False) -> Path:
    directory.mkdir()
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "好", "不", "没", "有", "退货", "退款", "物流", "good"]
    tokenizer = Tokenizer(models.Unigram([(piece, -float(at)) for at, piece in enumerate(pieces)], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(pieces[:4])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    chance = np.random.default_rng(3)
    rows = chance.integers(-127, 128, (len(pieces), width)).astype(np.int8) * np.int8(not zero)
    table = {"rows": rows, "steps": np.full(len(pieces), 0.01, np.float16)}
    save_file(table, directory / "table.safetensors")
    describe(directory)
    return directory


def describe(directory: Path, **changes: object) -> None:
    files = {name: file_digest(directory / name) for name in ("table.safetensors", "tokenizer.json")}
    text = EncoderManifest("tiny", WIDTH, "", LONGEST, files, "static").to_json()
    (directory / "encoder.json").write_text(json.dumps(json.loads(text) | changes), encoding="utf-8")


@cache
def tiny() -> StaticEncoder:
    with TemporaryDirectory() as work:
        return StaticEncoder(write_encoder(Path(work) / "encoder"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder")


def test_the_directory_says_that_it_is_static(directory: Path) -> None:
    assert isinstance(load_encoder(directory, cache=0), StaticEncoder)
    assert load_encoder(directory).dimension == WIDTH


def test_unit_vectors_of_any_text(directory: Path) -> None:
    encoder = StaticEncoder(directory)
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    assert encoder.encode([]).shape == (0, WIDTH)


def test_a_vector_is_a_function_of_the_text_alone(directory: Path) -> None:
    encoder, chance = StaticEncoder(directory), random.Random(7)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    for _ in range(4):
        picked = chance.choices(range(len(TEXTS)), k=9)
        np.testing.assert_array_equal(encoder.encode([TEXTS[at] for at in picked]), alone[picked])


def test_what_lies_beyond_the_last_piece_does_not_matter(directory: Path) -> None:
    np.testing.assert_array_equal(*StaticEncoder(directory).encode(["物流" * 500, "物流" * 500 + "不好"]))


def test_rows_that_cancel_out_still_give_a_unit_vector(tmp_path: Path) -> None:
    vector = StaticEncoder(write_encoder(tmp_path / "zero", zero=True)).encode(["好"])[0]
    assert vector.tolist() == [1.0] + [0.0] * (WIDTH - 1)


@given(st.text())
def test_any_text_gets_a_unit_vector(text: str) -> None:
    vector = tiny().encode([text])[0]
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-6


def test_a_change_of_file_changes_the_fingerprint_or_is_refused(directory: Path) -> None:
    before = StaticEncoder(directory).fingerprint
    path = directory / "table.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"table\.safetensors is not the one"):
        load_encoder(directory)
    describe(directory)
    assert StaticEncoder(directory).fingerprint != before


def test_a_table_that_does_not_fit_is_refused(directory: Path, tmp_path: Path) -> None:
    (directory / "table.safetensors").write_bytes(b"no table")
    describe(directory)
    with pytest.raises(ArtifactError, match="table cannot be used"):
        load_encoder(directory)
    with pytest.raises(ArtifactError, match="table cannot be used"):
        load_encoder(write_encoder(tmp_path / "wide", width=WIDTH + 1))


def test_an_unknown_kind_is_refused(directory: Path) -> None:
    describe(directory, kind="quantum")
    with pytest.raises(ArtifactError, match=re.escape("kind 'quantum', one of onnx, static expected")):
        load_encoder(directory)


def test_a_manifest_without_a_kind_is_onnx_and_keeps_its_bytes() -> None:
    manifest = EncoderManifest("any", 4, "", 8, {})
    assert manifest.kind == "onnx"
    assert "kind" not in json.loads(manifest.to_json())


@pytest.mark.skipif(not PACKAGED.is_dir(), reason="the fast tier is not here")
def test_the_packaged_one_is_small_and_knows_what_texts_mean() -> None:
    encoder = load_encoder(PACKAGED, cache=0)
    assert sum(path.stat().st_size for path in PACKAGED.iterdir()) < 5.5e6
    angry, angrier, asking = encoder.encode(["太差了，我要投诉", "服务太差，必须投诉你们", "请问这款有几种颜色？"])
    assert angry @ angrier > angry @ asking
