"""Puts the encoder of a run into its artifact: as it is, or made by a step that learns it from the training rows."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.encode.base import Encoder
from models.encode.load import load_encoder
from models.text.pii import mask
from training.config import Config, fill_table
from training.data.prepared import Prepared
from training.data.vectors import VectorStore
from training.encoder.distil import DistilFit, distil
from training.publish.stages import Stages, code, fingerprint

HASHING = "hashing"
_LEARNT_BY = (
    "training/encoder/distil.py",
    "training/encoder/student.py",
    "training/encoder/vocabulary.py",
    "models/encode/static.py",
    "models/encode/tokens.py",
    "models/text/**/*.py",  # texts are masked before
)


def is_learnt(config: Config) -> bool:
    """Tell whether the run makes an encoder of its own."""
    return bool(config.distil)


def place_encoder(config: Config, prepared: Prepared, artifact: Path, stages: Stages) -> tuple[Encoder, str]:
    """Return the run's encoder, loaded from the artifact's ``encoder/``, and the fingerprint of its stage.

    ``hashing`` needs no files: the artifact then has no ``encoder/``.
    """
    if config.encoder == HASHING and not is_learnt(config):
        return load_encoder(HASHING, cache=0), fingerprint(HASHING)
    target = artifact / "encoder"
    made = _distilled(config, prepared, target, stages) if config.distil else _copied(config, target, stages)
    return load_encoder(target, cache=0), made


def _copied(config: Config, target: Path, stages: Stages) -> str:
    source = Path(config.encoder)
    base = load_encoder(source, cache=0)
    base.close()

    def action() -> dict[str, Any]:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        return {"fingerprint": base.fingerprint}

    return stages.run("encoder", {"base": base.fingerprint}, action, target)[1]


def _distilled(config: Config, prepared: Prepared, target: Path, stages: Stages) -> str:
    fit = fill_table(DistilFit, config.distil, "distil")
    teacher = load_encoder(fit.teacher, cache=0)
    inputs = {
        "teacher": teacher.fingerprint,
        "data": prepared.digests,
        "settings": asdict(fit),
        "seed": config.seed,
        "code": code(*_LEARNT_BY),
    }

    def action() -> dict[str, Any]:
        shutil.rmtree(target, ignore_errors=True)
        texts = sorted({mask(text) for text in prepared.texts(held_out=False) if text.strip()})
        vectors = VectorStore(teacher, config.cache).matrix(texts)
        manifest = distil(texts, vectors, Path(fit.teacher) / "tokenizer.json", fit, config.seed, target)
        return {"fingerprint": manifest.fingerprint, "texts": len(texts)}

    try:
        return stages.run("encoder", inputs, action, target)[1]
    finally:
        teacher.close()
