"""The model artifact: a directory of safetensors and JSON whose manifest says what it is and proves it is whole."""

from models.artifacts.load import Artifact, artifact_directory, default_artifact_path, load_artifact, packaged_artifacts
from models.artifacts.manifest import Component, DataSource, FileEntry, Manifest
from models.artifacts.write import write_manifest

__all__ = [
    "Artifact",
    "Component",
    "DataSource",
    "FileEntry",
    "Manifest",
    "artifact_directory",
    "default_artifact_path",
    "load_artifact",
    "packaged_artifacts",
    "write_manifest",
]
