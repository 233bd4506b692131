"""What a fit of the SSA benchmark is told: a YAML file with one table, ``ssa``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from training.config import ConfigError, fill_table


@dataclass(frozen=True, slots=True)
class SsaConfig:
    """A fit of the SSA benchmark.

    Attributes:
        name: Of the weights, ``<out>/<name>.safetensors``.
        seed: Of folds and networks.
        train: The file to learn from; nothing else is read while fitting but ``test``, to leave its copies out.
        test: The file the result is measured on, once.
        out: Directory of the weights.
        members: Networks in the ensemble; each leaves out a fold of its own, on which the decision rule is set.
        folds: Into which ``train`` is cut, at least ``members``.
        least: Words seen less often are unknown.
        dimension: Of the word vectors.
        channels: Of the convolution over words.
        hidden: GRU units per direction.
        dropout: Of turn vectors, states and pooled features.
        word_dropout: Share of words hidden while training.
        epochs: Passes over the training conversations.
        batch: Conversations per step.
        learning_rate: The highest of the one-cycle schedule.
        weight_decay: Of all weights but word vectors.
        smoothing: Label smoothing of the satisfaction loss.
        balance: Class weights are the inverse frequencies to this power; 0 for none.
        agent: Weight of an agent's turn in the sentiment loss, where a customer's has 1.
        linear_share: Of the linear member in the average with the networks, 0…1.
        linear_strength: Inverse of its L2 penalty.
        linear_terms: Words and pairs of words it keeps.
    """

    name: str
    seed: int
    train: Path
    test: Path
    out: Path
    members: int
    folds: int
    least: int
    dimension: int
    channels: int
    hidden: int
    dropout: float
    word_dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    smoothing: float
    balance: float
    agent: float
    linear_share: float
    linear_strength: float
    linear_terms: int


def load_ssa_config(path: Path) -> SsaConfig | None:
    """Read a configuration; relative paths are taken from the working directory.

    Returns:
        ``None`` where the file has no table ``ssa``: it is then of another kind.

    Raises:
        ConfigError: The table is not as described in :class:`SsaConfig`.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise ConfigError(f"{path}: {problem}") from problem
    if not isinstance(document, dict) or "ssa" not in document:
        return None
    table = document["ssa"]
    if isinstance(table, dict):
        table = {name: Path(str(value)) if name in ("train", "test", "out") else value for name, value in table.items()}
    config = fill_table(SsaConfig, table, f"{path}: ssa")
    if not 1 <= config.members <= config.folds or config.folds < 2:
        raise ConfigError(f"{path}: ssa.members must be 1 to ssa.folds, and ssa.folds at least 2")
    return config
