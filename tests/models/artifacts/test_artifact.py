"""An artifact proves that it is whole, and its id changes with its content."""

import json
import shutil
from pathlib import Path

import pytest

from models.artifacts import (
    Component,
    DataSource,
    artifact_directory,
    default_artifact_path,
    load_artifact,
    packaged_artifacts,
    write_manifest,
)
from models.errors import ArtifactError


@pytest.fixture
def artifact_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "artifact"
    (directory / "csat").mkdir(parents=True)
    (directory / "csat" / "weights.bin").write_bytes(b"weights of some kind")
    (directory / "README.md").write_text("card", encoding="utf-8")
    write(directory)
    return directory


def write(directory: Path, version: int = 1) -> None:
    write_manifest(
        directory,
        name="tiny",
        version=version,
        created="2026-11-22",
        encoder="ab" * 32,
        components={"csat": Component("csat", {"threshold": 0.5, "名": "值"})},
        data=[DataSource("own", "cd" * 32, 3, "own writing")],
        metrics={"csat": {"S_NMD": 0.1}},
    )


def test_a_written_artifact_loads_with_what_was_said_of_it(artifact_dir: Path) -> None:
    artifact = load_artifact(artifact_dir)
    assert artifact.id.startswith("tiny@1+")
    assert len(artifact.id) == len("tiny@1+") + 8
    assert artifact.config("csat") == {"threshold": 0.5, "名": "值"}
    assert artifact.directory("csat") == artifact_dir / "csat"
    assert artifact.manifest.data[0].terms == "own writing"
    assert list(artifact.manifest.files) == ["csat/weights.bin"]


def test_the_same_content_gives_the_same_manifest_bytes(artifact_dir: Path) -> None:
    before = (artifact_dir / "manifest.json").read_bytes()
    write(artifact_dir)
    assert (artifact_dir / "manifest.json").read_bytes() == before


def test_versions_follow_the_content(artifact_dir: Path) -> None:
    first = load_artifact(artifact_dir)
    (artifact_dir / "csat" / "weights.bin").write_bytes(b"weights of other kind")
    write(artifact_dir)
    second = load_artifact(artifact_dir)
    assert first.id != second.id
    assert first.component_version("csat") != second.component_version("csat")


def test_one_changed_byte_is_refused(artifact_dir: Path) -> None:
    file = artifact_dir / "csat" / "weights.bin"
    content = bytearray(file.read_bytes())
    content[3] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(ArtifactError) as caught:
        load_artifact(artifact_dir)
    assert "csat/weights.bin" in caught.value.message_en
    assert "已损坏" in caught.value.message_zh
    assert caught.value.hint


def test_a_missing_file_is_refused(artifact_dir: Path) -> None:
    (artifact_dir / "csat" / "weights.bin").unlink()
    with pytest.raises(ArtifactError, match="missing"):
        load_artifact(artifact_dir)


def test_no_artifact_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        load_artifact(tmp_path)
    assert caught.value.location == str(tmp_path / "manifest.json")
    assert "模型包" in caught.value.message_zh


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": "something-else/1"}', b'{"format": "attune-artifact/1"}', b"\xff\xfe\x00"],
)
def test_a_broken_manifest_is_refused(artifact_dir: Path, content: bytes) -> None:
    (artifact_dir / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json is not a valid manifest"):
        load_artifact(artifact_dir)


def test_a_manifest_cannot_name_files_outside(artifact_dir: Path) -> None:
    path = artifact_dir / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"]["../../etc/passwd"] = {"sha256": "0", "size": 0}
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ArtifactError, match="outside"):
        load_artifact(artifact_dir)


def test_an_unknown_component_is_refused(artifact_dir: Path) -> None:
    with pytest.raises(ArtifactError, match="no component 'sentiment'"):
        load_artifact(artifact_dir).config("sentiment")


def test_the_packaged_artifact_is_whole_and_carries_no_pickle() -> None:
    artifact = load_artifact()
    assert artifact.path == default_artifact_path()
    assert {"csat", "sentiment"} <= set(artifact.manifest.components)
    assert {Path(name).suffix for name in artifact.manifest.files} <= {".json", ".safetensors", ".onnx"}
    files = [path for path in artifact.path.rglob("*") if path.is_file() and path.suffix != ".md"]
    present = {path.relative_to(artifact.path).as_posix() for path in files}
    assert present == set(artifact.manifest.files) | {"manifest.json"}
    assert any("non-commercial" in source.terms for source in artifact.manifest.data)
    assert artifact.id in (artifact.path / "README.md").read_text(encoding="utf-8")


def test_a_damaged_copy_of_the_packaged_artifact_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(default_artifact_path(), copy)
    weights = copy / "csat" / "ensemble.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0x40
    weights.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"csat/ensemble\.safetensors"):
        load_artifact(copy)


def test_a_packaged_artifact_goes_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()  # the packaged name comes first
    assert "default" in packaged_artifacts()
    for name in ("default", Path("default"), None):
        assert artifact_directory(name) == default_artifact_path()
    assert load_artifact("default").id == load_artifact().id


def test_a_directory_is_still_a_directory(artifact_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(artifact_dir.parent)
    assert load_artifact("artifact").id == load_artifact(artifact_dir).id
    for path in (Path("."), Path(".."), Path("no/such"), artifact_dir / "none"):
        assert artifact_directory(path) == path


def test_an_unknown_name_lists_the_packaged_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError, match="no model artifact named quick") as caught:
        load_artifact("quick")
    assert "没有名为 quick" in caught.value.message_zh
    assert "default" in str(caught.value.hint)
