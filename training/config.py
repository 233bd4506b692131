"""What a training run is told: read from a YAML file, checked, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


class ConfigError(ValueError):
    """The configuration file is not as described in :class:`Config`."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """One file of labelled lines and how it is used.

    Attributes:
        file: Relative to ``Config.data``, or to the package ``training/data`` where it starts with ``own/``.
        rows: How many rows to take for training, balanced over labels; 0 for all.
        weight: Of one of its lines in the loss.
        polar: True where only positive and negative were allowed as labels: the line then teaches positive against
            negative and says nothing of neutral.
        held_out: Rows never trained on. They are the test rows; with ``calibrate``, half of them.
        calibrate: True where the other half of the held-out rows sets temperature and thresholds.
        terms: The terms it comes under, for the model card.
    """

    file: str
    rows: int
    weight: float
    polar: bool
    held_out: int
    calibrate: bool
    terms: str


@dataclass(frozen=True, slots=True)
class SentimentFit:
    """The sentiment head: its corpora by name and the fitting's size."""

    corpora: Mapping[str, Corpus]
    members: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    neutral_gain: float
    emotional_gain: float


@dataclass(frozen=True, slots=True)
class CsatFit:
    """The satisfaction networks: files by language, the split (dialogues held out) and the fitting's size."""

    files: Mapping[str, str]
    terms: str
    test_dialogues: int
    calibration_dialogues: int
    members: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    earth_mover: float
    nugget: float
    prefix: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Config:
    """A training run.

    Attributes:
        name: Of the artifact.
        version: Of the artifact.
        created: ISO date written into the manifest.
        seed: Of splits, sampling and networks.
        data: Directory of the corpora.
        encoder: Directory of the encoder, or ``hashing``.
        cache: Where encoded corpora are kept between runs.
        out: The artifact directory to write; its ``encoder/`` is left as it is.
        sentiment: The sentiment head.
        csat: The satisfaction networks.
    """

    name: str
    version: int
    created: str
    seed: int
    data: Path
    encoder: str
    cache: Path
    out: Path
    sentiment: SentimentFit
    csat: CsatFit


def load_config(path: Path) -> Config:
    """Read a configuration; relative paths are taken from the working directory.

    Raises:
        ConfigError: A key is missing, unknown or of a wrong type.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise ConfigError(f"{path}: {problem}") from problem
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: not a table of settings")
    sentiment = dict(document.get("sentiment") or {})
    corpora = sentiment.get("corpora")
    if not isinstance(corpora, dict):
        raise ConfigError(f"{path}: sentiment.corpora is missing")
    sentiment["corpora"] = {
        name: fill_table(Corpus, table, f"sentiment.corpora.{name}") for name, table in corpora.items()
    }
    values = {
        **document,
        "sentiment": fill_table(SentimentFit, sentiment, "sentiment"),
        "csat": fill_table(CsatFit, document.get("csat"), "csat"),
    }
    for name in ("data", "cache", "out"):
        if name in values:
            values[name] = Path(str(values[name]))
    return fill_table(Config, values, str(path))


def fill_table(kind: type[T], table: Any, where: str) -> T:
    """Return a ``kind`` (a dataclass) with the values of ``table``.

    Raises:
        ConfigError: A key is missing, unknown or of a wrong type; the message names it after ``where``.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: not a table")
    wanted = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    if missing := sorted(wanted.keys() - table.keys()):
        raise ConfigError(f"{where}: missing {', '.join(missing)}")
    if unknown := sorted(table.keys() - wanted.keys()):
        raise ConfigError(f"{where}: unknown {', '.join(unknown)}")
    checks: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
    for name, type_name in wanted.items():
        allowed = checks.get(type_name)
        value = table[name]
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and type_name != "bool")):
            raise ConfigError(f"{where}.{name}: {value!r} is not of type {type_name}")
    return kind(**table)
