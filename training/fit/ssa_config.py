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
        folds: Into which ``train`` is cut, at least 2; members that have not seen a fold judge it for the stack.
        repeats: Networks per fold, at least 1.
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
        linear_strength: Inverse of the L2 penalty of the linear model of conversations.
        linear_terms: Words and pairs of words it keeps.
        turn_strength: As ``linear_strength``, of the linear model of turns.
        turn_terms: As ``linear_terms``.
        stack_strength: Inverse of the L2 penalty of the stack's regression.
        trees: Of the stack, per class.
    """

    name: str
    seed: int
    train: Path
    test: Path
    out: Path
    folds: int
    repeats: int
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
    linear_strength: float
    linear_terms: int
    turn_strength: float
    turn_terms: int
    stack_strength: float
    trees: int


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
    if config.folds < 2 or config.repeats < 1:
        raise ConfigError(f"{path}: ssa.folds must be at least 2 and ssa.repeats at least 1")
    return config
