"""Learns the fast, static encoder from a slow one: each text's teacher vector is regressed from its pieces.

Source: model2vec (Tulkens and van Dongen, 2024) and its tokenlearn step, which also regresses a teacher's vectors on
whole texts; here the rows start at random, because they see enough text.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import nn

from models.encode.manifest import EncoderManifest
from training.encoder.student import Student
from training.encoder.vocabulary import prune

_SPECIAL = 4  # <s>, <pad>, </s>, <unk>
_MAP_LEARNING_RATE = 0.002


@dataclass(frozen=True, slots=True)
class DistilFit:
    """The section ``distil`` of a configuration.

    Attributes:
        name: Of the encoder, for people.
        teacher: The encoder directory to learn from; its tokenizer is pruned.
        dimension: Of the vectors.
        least: Pieces seen fewer times in the texts are dropped; what they stood for splits into smaller ones.
        max_tokens: Texts are cut after this many pieces.
        epochs: Passes over the texts.
        batch: Texts a step.
        learning_rate: Of the rows, at its peak.
        dropout: Share of a text's pieces left out in a step.
    """

    name: str
    teacher: str
    dimension: int
    least: int
    max_tokens: int
    epochs: int
    batch: int
    learning_rate: float
    dropout: float


def distil(
    texts: Sequence[str],
    vectors: npt.NDArray[np.float32],
    tokenizer: Path,
    fit: DistilFit,
    seed: int,
    out: Path,
) -> EncoderManifest:
    """Learn an encoder and write its directory.

    The loss is one minus the cosine between the teacher's vector, less the mean of all (which most of a teacher's
    vectors share), and a linear map of the student's. The map is thrown away: heads learn their own.

    Args:
        texts: Masked as in the pipeline, distinct, none from held-out rows.
        vectors: The teacher's, ``(len(texts), D)``.
        tokenizer: The teacher's ``tokenizer.json``.
        fit: The settings.
        seed: Of the first rows and the order of the texts.
        out: Directory to write.
    """
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    with TemporaryDirectory() as work:
        pruned = Path(work) / "tokenizer.json"
        pruned.write_text(json.dumps(keep_seen(tokenizer, texts, fit.least), ensure_ascii=False), encoding="utf-8")
        student = Student(pruned, fit.dimension, fit.max_tokens)
        _teach(student, texts, vectors, fit, chance)
        return student.write(out, fit.name)


def keep_seen(tokenizer: Path, texts: Sequence[str], least: int) -> dict[str, object]:
    """The content of a ``tokenizer.json`` with those pieces only that occur at least so often in the texts."""
    whole = json.loads(tokenizer.read_bytes())
    counts: Counter[int] = Counter()
    for encoding in Tokenizer.from_str(json.dumps(whole)).encode_batch(list(texts)):
        counts.update(encoding.ids)
    size = len(whole["model"]["vocab"])
    return prune(whole, np.array([at for at in range(size) if at < _SPECIAL or counts[at] >= least], np.int64))


def _teach(
    student: Student,
    texts: Sequence[str],
    vectors: npt.NDArray[np.float32],
    fit: DistilFit,
    chance: np.random.Generator,
) -> None:
    pieces = [student.ids(text) for text in texts]
    target = nn.functional.normalize(torch.from_numpy(vectors - vectors.mean(axis=0)), dim=1)
    # Unit vectors are small in every coordinate; at this scale the map starts in a sensible range.
    mapping, scale = nn.Linear(fit.dimension, vectors.shape[1]), float(np.sqrt(fit.dimension))
    optimiser = torch.optim.Adam([{"params": student.parameters()}, {"params": mapping.parameters()}])
    steps = -(-len(texts) // fit.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [fit.learning_rate, _MAP_LEARNING_RATE], total_steps=fit.epochs * steps
    )
    student.train()
    for epoch in range(fit.epochs):
        losses = []
        for places in np.array_split(chance.permutation(len(texts)), steps):
            seen = [_thinned(pieces[place], fit.dropout, chance) for place in places]
            cosines = nn.functional.cosine_similarity(mapping(student(seen) * scale), target[places])
            loss = 1.0 - cosines.mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"distil: epoch {epoch + 1}/{fit.epochs}, loss {np.mean(losses):.4f}", file=sys.stderr, flush=True)


def _thinned(ids: npt.NDArray[np.int64], dropout: float, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    kept = ids[chance.random(len(ids)) >= dropout]
    return kept if len(kept) else ids
