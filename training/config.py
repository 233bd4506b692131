"""What a training run is told: read from a YAML file, checked, typed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
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
    """The sentiment head: its corpora by name and the fitting's size.

    Attributes:
        intensity_strength: Of the ridge penalty of the intensity.
        lexical_share: Of the linear model in the logits of the classes, 0…1.
        neutral_gain: How far one surely neutral turn pulls the smoothed level, 0…1.
        emotional_gain: The same of a surely emotional one.
    """

    corpora: Mapping[str, Corpus]
    members: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    intensity_strength: float
    lexical_share: float
    neutral_gain: float
    emotional_gain: float


@dataclass(frozen=True, slots=True)
class CsatFit:
    """The satisfaction ensemble: files by language, the split (dialogues held out) and the fitting's size.

    Attributes:
        test_dialogues: Held out; with 0 satisfaction is not measured on STC-3.
        members: Networks, at least 2; each leaves out one fold, on which the whole is calibrated.
        earth_mover: Weight of the earth mover's term beside the cross-entropy.
        nugget: Weight of the nugget types beside quality.
        resolution: Weight of whether the matter was resolved beside quality.
        prefix: Share of conversations that are cut off at a random round, for every second network.
        lexical_share: Of the linear model in quality, 0…1.
        lexical_strength: Of the linear model's ridge penalty.
        coverage: Of the interval, above 0 and below 1.
    """

    files: Mapping[str, str]
    terms: str
    test_dialogues: int
    members: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    earth_mover: float
    nugget: float
    resolution: float
    prefix: float
    lexical_share: float
    lexical_strength: float
    coverage: float


@dataclass(frozen=True, slots=True)
class ActsFit:
    """The head of acts that playbooks ask for: its files and the fitting's size.

    Attributes:
        files: Of labelled lines, as ``file`` in :class:`Corpus`.
        terms: As in :class:`Corpus`.
        folds: Lines are left out in that many parts to calibrate and to measure.
        near_miss: Weight in the loss of an act that a line resembles and does not perform, where others have 1.
        unlooked: The same of a breach in lines whose author did not look for breaches; they count as absent.
    """

    files: tuple[str, ...]
    terms: str
    folds: int
    near_miss: float
    unlooked: float
    members: int
    hidden: int
    dropout: float
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    lexical_share: float


@dataclass(frozen=True, slots=True)
class RatedCorpus:
    """A corpus of conversations with ratings of satisfaction only (USS).

    Attributes:
        file: As in :class:`Corpus`.
        weight: Of one conversation in the loss, where an STC-3 dialogue has 1; 0 to measure on it only.
        held_out: Conversations never trained on: the test rows.
        terms: As in :class:`Corpus`.
    """

    file: str
    weight: float
    held_out: int
    terms: str


@dataclass(frozen=True, slots=True)
class OwnLabels:
    """A user's own conversations with labels in the interchange format.

    Attributes:
        files: As in :class:`Corpus`, or an absolute path; may be a pattern such as ``labels/*.jsonl``.
        sentiment_weight: Of a corrected line in the loss, beside the corpora's; the label's own weight multiplies it.
        survey_weight: Of a surveyed conversation in the loss, where an STC-3 dialogue has 1.
        held_out: Conversations never trained on, whatever labels they carry: the test rows.
        terms: As in :class:`Corpus`.
        playbook: The one that the verdicts are about: a packaged id or a YAML file.
        verdict_weight: Of what a verdict tells of a message in the loss of the acts, where a labelled line has 1.
    """

    files: str
    sentiment_weight: float
    survey_weight: float
    held_out: int
    terms: str
    playbook: str = "ecommerce-zh"
    verdict_weight: float = 1.0


# A 90 % interval that covers 88 to 92 % wherever one looks, and probabilities that are right on average.
BOUNDS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "csat": {"interval_coverage": (0.88, 0.92), "ece": (0.0, 0.03)},
}
_ABOUT = 0.02  # how far the share covered may be from what was promised, where no bounds are given

# Lowest and highest by the name of a setting, whatever table it is in.
_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("members", "batch"), (1, math.inf)),
    **dict.fromkeys(("dropout", "lexical_share", "neutral_gain", "emotional_gain", "prefix"), (0, 1)),
    **dict.fromkeys(("rows", "held_out", "test_dialogues"), (0, math.inf)),
    **dict.fromkeys(("weight", "sentiment_weight", "survey_weight", "verdict_weight"), (0, math.inf)),
    **dict.fromkeys(("weight_decay", "earth_mover", "nugget", "resolution", "near_miss", "unlooked"), (0, math.inf)),
}


@dataclass(frozen=True, slots=True)
class Gates:
    """What a new artifact must show before it is published.

    Attributes:
        tolerance: By measure how much worse it may be, on the same held-out rows, than the published artifact and than
            the best one ever published in its place: many steps within the tolerance must not add up.
        beat: Measures in which it must be better than every baseline that has them.
        excused: By ``component/set against measure`` why it may fail there: ``against`` is a baseline's name, ``best``
            or ``bounds``, and a bound's slice is part of the set (``csat/stc3-zh/turns=3-4 bounds ece``). ``*`` stands
            for anything. Excuses that were needed end up in the model card.
        least: Sets with fewer held-out rows are reported but not judged: there, one row moves more than a tolerance.
        bounds: By component and measure what is allowed, lowest and highest, in every set and slice of at least
            100 rows: outside of it with the whole 95 % interval is refused, with a part of it a warning. Where
            absent, coverage may be 0.02 off ``csat.coverage``, and ``ece`` is at most 0.03.
    """

    tolerance: Mapping[str, float] = field(default_factory=dict)
    beat: tuple[str, ...] = ()
    excused: Mapping[str, str] = field(default_factory=dict)
    least: int = 0
    bounds: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=lambda: BOUNDS)


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
        out: The artifact directory that ``publish`` writes.
        sentiment: The sentiment head.
        csat: The satisfaction networks.
        ratings: Conversations with ratings only, by name.
        own_labels: Users' own labels, by name.
        acts: The head of acts; ``None`` fits none, and playbooks that ask for acts fall back to their patterns.
        gates: What is asked of the result.
        work: Where stages and the unpublished artifact are kept; ``var/training/<name>`` where absent.
        distil: Where not empty, the encoder is first distilled: the fields of ``training.encoder.distil.DistilFit``.
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
    ratings: Mapping[str, RatedCorpus] = field(default_factory=dict)
    own_labels: Mapping[str, OwnLabels] = field(default_factory=dict)
    acts: ActsFit | None = None
    gates: Gates = field(default_factory=Gates)
    work: Path | None = None
    distil: Mapping[str, Any] = field(default_factory=dict)

    @property
    def workplace(self) -> Path:
        """The directory of stages and of the unpublished artifact."""
        return self.work or Path("var/training") / self.name


def load_config(path: Path) -> Config:
    """Read a configuration; relative paths are taken from the working directory.

    Raises:
        ConfigError: A key is missing, unknown, of a wrong type or out of range.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise ConfigError(f"{path}: {problem}") from problem
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: not a table of settings")
    sentiment = document.get("sentiment")
    if not isinstance(sentiment, dict):
        raise ConfigError(f"{path}: sentiment is missing or not a table")
    sentiment = {**sentiment, "corpora": _tables(Corpus, sentiment.get("corpora"), "sentiment.corpora")}
    gates = document.get("gates") or {}
    if isinstance(gates, dict):
        gates = {**gates, "beat": tuple(gates.get("beat") or ())}
        if "bounds" in gates:
            gates["bounds"] = _bounds(gates["bounds"])
    acts = document.get("acts")
    if isinstance(acts, dict):
        acts = {**acts, "files": tuple(map(str, acts.get("files") or ()))}
    values = {
        **document,
        "acts": None if acts is None else fill_table(ActsFit, acts, "acts"),
        "sentiment": fill_table(SentimentFit, sentiment, "sentiment"),
        "csat": fill_table(CsatFit, document.get("csat"), "csat"),
        "ratings": _tables(RatedCorpus, document.get("ratings") or {}, "ratings"),
        "own_labels": _tables(OwnLabels, document.get("own_labels") or {}, "own_labels"),
        "gates": fill_table(Gates, gates, "gates"),
    }
    for name in ("data", "cache", "out", "work"):
        if values.get(name) is not None:
            values[name] = Path(str(values[name]))
    config = fill_table(Config, values, str(path))
    names = [*config.sentiment.corpora, *config.ratings, *config.own_labels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: corpora of the same name: {', '.join(twice)}")
    if config.csat.members < 2:
        raise ConfigError(f"csat.members: {config.csat.members} is less than 2: each leaves out what others learn from")
    coverage = config.csat.coverage
    if not 0 < coverage < 1:
        raise ConfigError(f"csat.coverage: {coverage} is not between 0 and 1")
    if "bounds" not in gates:
        about = (round(max(coverage - _ABOUT, 0.0), 9), round(min(coverage + _ABOUT, 1.0), 9))
        bounds = {**BOUNDS, "csat": {**BOUNDS["csat"], "interval_coverage": about}}
        config = replace(config, gates=replace(config.gates, bounds=bounds))
    return config


def _bounds(given: Any) -> dict[str, dict[str, tuple[float, float]]]:
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for component, measures in ({} if given is None else given if isinstance(given, dict) else {"": given}).items():
        where = f"gates.bounds.{component}" if component else "gates.bounds"
        if not isinstance(measures, dict):
            raise ConfigError(f"{where}: not a table")
        for measure, pair in measures.items():
            numbers = isinstance(pair, list) and all(type(one) in (int, float) for one in pair)
            if not numbers or len(pair) != 2 or pair[0] > pair[1]:
                raise ConfigError(f"{where}.{measure}: {pair!r} is not [lowest, highest]")
            found.setdefault(str(component), {})[str(measure)] = (float(pair[0]), float(pair[1]))
    return found


def _tables(kind: type[T], tables: Any, where: str) -> dict[str, T]:
    if not isinstance(tables, dict):
        raise ConfigError(f"{where}: missing, or not a table")
    return {str(name): fill_table(kind, table, f"{where}.{name}") for name, table in tables.items()}


def fill_table(kind: type[T], table: Any, where: str) -> T:
    """Return a ``kind`` (a dataclass) with the values of ``table``; fields with a default may be absent.

    Raises:
        ConfigError: A key is missing, unknown, of a wrong type or out of range; the message names it after ``where``.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: not a table")
    wanted: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    needed = {name for name, item in wanted.items() if item.default is MISSING and item.default_factory is MISSING}
    if missing := sorted(needed - table.keys()):
        raise ConfigError(f"{where}: missing {', '.join(missing)}")
    if unknown := sorted(map(str, table.keys() - wanted.keys())):
        raise ConfigError(f"{where}: unknown {', '.join(unknown)}")
    checks: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "str": (str,),
        "bool": (bool,),
        "Mapping": (dict,),
    }
    for name, value in table.items():
        type_name = str(wanted[name].type)
        allowed = checks.get(type_name.partition("[")[0])
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and type_name != "bool")):
            raise ConfigError(f"{where}.{name}: {value!r} is not of type {type_name}")
        low, high = _RANGES.get(name, (-math.inf, math.inf))
        if name in _RANGES and type(value) in (int, float) and not low <= value <= high:
            raise ConfigError(f"{where}.{name}: {value!r} is not in {low}…{high}")
    return kind(**table)
