"""The encoder that is committed with the project, through the door users take."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.encode.base import Encoder
from models.encode.load import load_encoder
from models.encode.onnx import OnnxEncoder
from models.errors import ArtifactError

ARTIFACT = Path(__file__).parents[3] / "models" / "weights" / "default" / "encoder"
TEXTS = [
    "",
    " ",
    "好的",
    "请问什么时候发货？",
    "收到的杯子碎了，我要退款！！",
    "非常抱歉给您带来不便，我马上为您登记补发，预计 3 天内送达。",
    "Where is my parcel? It was due on Monday.",
    "I'm sorry to hear that; let me check with the courier right away.",
    "👍👍👍",
    "订单号 20231111000123，麻烦催一下，谢谢~",
    "这已经是第三次联系你们了，每次都说会处理，" * 12,
    "物流" * 10_000,
]


@pytest.fixture(scope="module")
def encoder() -> Iterator[Encoder]:
    loaded = load_encoder(ARTIFACT, threads=2, cache=0)
    yield loaded
    loaded.close()


def test_unit_vectors(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_a_vector_is_a_function_of_the_text_alone(encoder: Encoder) -> None:
    """Whatever its neighbours, their order and the threads: equal to the last bit."""
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    single = load_encoder(ARTIFACT, threads=1, cache=0)
    chance = random.Random(7)
    for _ in range(4):
        picked = chance.choices(range(len(TEXTS)), k=chance.randint(2, 12))
        batch = [TEXTS[index] for index in picked]
        np.testing.assert_array_equal(encoder.encode(batch), alone[picked])
        np.testing.assert_array_equal(single.encode(batch), alone[picked])
    single.close()


def test_meaning_across_languages(encoder: Encoder) -> None:
    refund, same, other = encoder.encode(["我要退货退款", "I want to return it and get a refund", "这款有几种颜色？"])
    assert refund @ same > refund @ other


def test_what_lies_beyond_the_last_token_does_not_matter(encoder: Encoder) -> None:
    first, second = encoder.encode(["快递" * 3000, "快递" * 3000 + "谢谢"])
    np.testing.assert_array_equal(first, second)


def test_a_lone_surrogate_is_encoded(encoder: Encoder) -> None:
    np.testing.assert_array_equal(encoder.encode(["好\ud800"]), encoder.encode(["好?"]))


def test_the_fingerprint_is_that_of_the_files(encoder: Encoder, tmp_path: Path) -> None:
    assert len(encoder.fingerprint) == 64
    copy = shutil.copytree(ARTIFACT, tmp_path / "encoder")
    assert OnnxEncoder(copy).fingerprint == encoder.fingerprint
    manifest = json.loads((copy / "encoder.json").read_text(encoding="utf-8"))
    (copy / "encoder.json").write_text(json.dumps(manifest | {"prefix": "passage: "}), encoding="utf-8")
    assert OnnxEncoder(copy).fingerprint != encoder.fingerprint


def test_the_artifact_is_small_enough_to_commit() -> None:
    assert sum(path.stat().st_size for path in ARTIFACT.iterdir()) < 32e6


def test_damage_is_told_apart(tmp_path: Path) -> None:
    copy = shutil.copytree(ARTIFACT, tmp_path / "encoder")
    with (copy / "tokenizer.json").open("a") as file:
        file.write(" ")
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is not the one") as changed:
        load_encoder(copy)
    assert "不符" in changed.value.message_zh

    (copy / "tokenizer.json").unlink()
    with pytest.raises(ArtifactError, match=r"tokenizer\.json is missing"):
        load_encoder(copy)

    (copy / "encoder.json").write_text('{"format": "other"}', encoding="utf-8")
    with pytest.raises(ArtifactError, match="malformed"):
        load_encoder(copy)

    (copy / "encoder.json").unlink()
    with pytest.raises(ArtifactError, match="cannot be read") as missing:
        load_encoder(copy)
    assert missing.value.hint
    assert missing.value.location == str(copy / "encoder.json")


def test_a_file_that_is_no_model_is_an_artifact_error(tmp_path: Path) -> None:
    copy = shutil.copytree(ARTIFACT, tmp_path / "encoder")
    old = json.loads((copy / "encoder.json").read_text(encoding="utf-8"))["files"]["model.onnx"]
    (copy / "model.onnx").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    text = (copy / "encoder.json").read_text(encoding="utf-8").replace(old, empty)
    (copy / "encoder.json").write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_encoder(copy)
