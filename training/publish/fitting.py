"""Fits an artifact in the work directory, stage by stage: data, encoder, vectors, heads, figures, card."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from models.artifacts import Artifact, Component, DataSource, write_manifest
from models.scorers.compliance import load_playbook
from models.scorers.sentiment import SentimentScorer
from training.config import Config
from training.data.act_verdicts import lines_of_verdicts
from training.data.acts import ActLine, read_act_lines
from training.data.enough import surveys_to_calibrate
from training.data.files import OWN, file_sha256, located
from training.data.prepare import prepare_data
from training.data.prepared import Prepared, digest_rows
from training.data.rated import as_dialogue
from training.data.replay import Observe
from training.data.vectors import VectorStore
from training.evaluate.acts import measure_acts
from training.evaluate.compliance_baselines import exemplar_files
from training.evaluate.held_out import measure
from training.fit.acts import fit_acts
from training.fit.csat import fit_csat
from training.fit.csat_examples import dialogue_examples, rated_examples
from training.fit.csat_rule import fit_csat_rule
from training.fit.direction import with_direction
from training.fit.sentiment import fit_sentiment
from training.fit.sentiment_rule import fit_sentiment_rule
from training.publish.card import write_card
from training.publish.encoder import is_learnt, place_encoder
from training.publish.gates import check_names
from training.publish.stages import Stages, code, fingerprint, finish_interrupted, log, write_whole

_SENTIMENT_CODE = ("training/fit/sentiment*.py", "training/fit/direction.py", "models/scorers/sentiment/*.py")
_KEYWORDS = "ecommerce-zh@1"  # patterns only: what the heads of acts are compared with
_CSAT_CODE = ("training/fit/csat*.py", "models/scorers/csat/*.py")
_TEXT_CODE = ("training/publish/fitting.py", "training/fit/heads.py", "models/text/**/*.py")
_ACTS_CODE = (
    *_TEXT_CODE,
    "training/fit/acts.py",
    "training/data/act*.py",  # act_verdicts, too
    "training/evaluate/acts.py",
    "models/domain/acts.py",
    "models/domain/cue.py",
    "models/scorers/acts/*.py",
    "models/scorers/compliance/cues.py",
    "models/scorers/compliance/keywords.py",
    "models/scorers/compliance/patterns.py",
)
_ENCODING_CODE = ("models/encode/tokens.py", "models/encode/onnx.py", "models/encode/static.py")
_SHARED_CODE = (
    *_TEXT_CODE,
    "training/fit/calibrate.py",
    "training/data/rated.py",
    "training/data/replay.py",
    "training/data/sentiment.py",
    "training/data/splits.py",
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted artifact that is not published, with the data it was made from and the vectors of its encoder."""

    artifact: Artifact
    prepared: Prepared
    vectors: VectorStore


def prepare(config: Config) -> Prepared:
    """Read, check, split and clean the data; write the summary ``prepared.json`` into the work directory."""
    finish_interrupted(config.out)  # the encoder may be in there
    log("data …")
    started = time.monotonic()
    prepared = prepare_data(config)
    log(f"data: {time.monotonic() - started:.0f} s, {len(prepared.leaks)} rows dropped that leak into held-out ones")
    write_whole(
        config.workplace / "prepared.json",
        json.dumps({**prepared.summary(), "digests": prepared.digests}, ensure_ascii=False, indent=1),
    )
    return prepared


def prepare_and_encode(config: Config) -> Prepared:
    """Prepare, and encode every text with the run's encoder, unless that is yet to be learnt."""
    prepared = prepare(config)
    if is_learnt(config):
        return prepared
    with _vectors(config, prepared, Stages(config.workplace)):
        return prepared


@contextmanager
def fitted(config: Config, prepared: Prepared, *, finished: bool = False) -> Iterator[Fitted]:
    """Fit what is not fitted yet, measure it, and give the artifact in ``<work>/artifact``.

    Args:
        config: The run.
        prepared: Its data.
        finished: Only look: everything must be there and up to date.

    Raises:
        StaleError: With ``finished``, a stage is missing or out of date.
    """
    check_names(config.gates)
    # One thread, also in linear algebra: results then do not depend on the machine's number of cores.
    torch.set_num_threads(1)
    stages = Stages(config.workplace, finished=finished)
    with threadpool_limits(1), _vectors(config, prepared, stages) as (vectors, encoder):
        components, made = _fit_heads(config, prepared, vectors, encoder, stages)
        acts, acts_made = _fit_acts_stage(config, prepared, vectors, encoder, stages)
        if acts:
            components["acts"] = Component("acts", acts["config"])
        reports = {"acts": acts["figures"]} if acts else {}
        artifact = _describe(config, prepared, vectors, components, fingerprint([made, acts_made]), reports, stages)
        yield Fitted(artifact, prepared, vectors)


@contextmanager
def _vectors(config: Config, prepared: Prepared, stages: Stages) -> Iterator[tuple[VectorStore, str]]:
    encoder, made = place_encoder(config, prepared, config.workplace / "artifact", stages)
    try:
        vectors = VectorStore(encoder, config.cache)
        encoded_by = code(*_ENCODING_CODE)
        inputs = {"encoder": encoder.fingerprint, "data": prepared.digests, "code": encoded_by}
        stages.run("vectors", inputs, lambda: vectors.warm(prepared.texts()))
        yield vectors, fingerprint([made, encoded_by])
    finally:
        encoder.close()


def _fit_heads(
    config: Config, prepared: Prepared, vectors: VectorStore, encoder: str, stages: Stages
) -> tuple[dict[str, Component], str]:
    """Return the components and the fingerprint of all that was fitted."""
    data, artifact = prepared.digests, config.workplace / "artifact"
    inputs: dict[str, Any] = {
        "encoder": [encoder, vectors.fingerprint],
        "data": [data["lines"], data["labelled"], data["dialogues"]],
        "settings": [asdict(config.sentiment), {name: asdict(own) for name, own in config.own_labels.items()}],
        "seed": config.seed,
        "code": code(*_SENTIMENT_CODE, *_SHARED_CODE),
    }
    directory = artifact / "sentiment"
    found, sentiment = stages.run(
        "sentiment", inputs, lambda: _fit_sentiment(config, prepared, vectors, directory), directory
    )
    components = {"sentiment": Component("sentiment", found)}
    observe = SentimentScorer.from_files(directory, found, "unpublished").observe
    inputs = {
        "sentiment": sentiment,
        "data": [data["dialogues"], data["rated"]],
        "settings": asdict(config.csat),
        "seed": config.seed,
        "code": code(*_CSAT_CODE, *_SHARED_CODE),
    }
    directory = artifact / "csat"
    found, csat = stages.run(
        "csat", inputs, lambda: _fit_csat(config, prepared, observe, vectors, directory), directory
    )
    return {"csat": Component("csat", found), **components}, fingerprint([sentiment, csat])


def _fit_sentiment(config: Config, prepared: Prepared, vectors: VectorStore, directory: Path) -> dict[str, Any]:
    shutil.rmtree(directory, ignore_errors=True)
    # What weighs nothing would still count for how rare words are and how wide the inputs spread.
    train = [
        line for name, split in prepared.lines.items() if prepared.corpora[name].weight > 0 for line in split.train
    ]
    fit_sentiment(train, prepared.corpora, vectors, config.sentiment, config.seed, directory)
    calibration = [line for split in prepared.lines.values() for line in split.calibration]
    own = {name for name in prepared.lines if prepared.corpora[name].file.startswith(OWN)}
    still = [line for line in calibration if line.label == "neutral"]
    calm = [line for line in still if line.corpus in own] or still  # those of service chats, where there are any
    found = fit_sentiment_rule(calibration, calm, vectors, directory, config.sentiment, config.seed)
    observe = SentimentScorer.from_files(directory, found, "unpublished").observe
    # Turns that taught the head look too sure to teach what a shift is called; better others, where there are any.
    unseen = {name for name, own in config.own_labels.items() if not own.sentiment_weight}
    chats = [row for name, split in prepared.labelled.items() if name in unseen or not unseen for row in split.train]
    return with_direction(found, chats, prepared.dialogues.train, observe, vectors)


def _fit_csat(
    config: Config, prepared: Prepared, sentiment: Observe, vectors: VectorStore, directory: Path
) -> dict[str, Any]:
    shutil.rmtree(directory, ignore_errors=True)
    dialogues = prepared.dialogues.train
    if not dialogues:
        return _fit_csat_on_surveys(config, prepared, sentiment, vectors, directory)
    examples = dialogue_examples(dialogues, sentiment, vectors)
    for split in prepared.rated.values():
        examples += rated_examples(split.train, sentiment, vectors)
    unseen = fit_csat(examples, vectors.dimension, config.csat, config.seed, directory)
    told = list(zip(examples, unseen, strict=True))[len(dialogues) :]
    return fit_csat_rule(dialogues, unseen[: len(dialogues)], config.csat, told)


def _fit_csat_on_surveys(
    config: Config, prepared: Prepared, sentiment: Observe, vectors: VectorStore, directory: Path
) -> dict[str, Any]:
    """Fit without STC-3: ratings stand for all three qualities, outcomes are the users' own, nuggets stay unknown."""
    chosen = [
        (row, found[0])
        for row in surveys_to_calibrate(prepared)
        if (found := rated_examples([row], sentiment, vectors))
    ]
    known = {id(row) for row, _ in chosen}
    others = [row for split in prepared.rated.values() for row in split.train if id(row) not in known]
    examples = [*(example for _, example in chosen), *rated_examples(others, sentiment, vectors)]
    examples = [
        replace(example, quality=np.repeat(example.quality.max(axis=0)[None], len(example.quality), axis=0))
        for example in examples
    ]
    unseen = fit_csat(examples, vectors.dimension, config.csat, config.seed, directory)
    dialogues = [
        as_dialogue(row, ["customer" if part[0].side == "customer" else "agent" for part in example.rounds])
        for row, example in chosen
    ]
    return fit_csat_rule(dialogues, unseen[: len(dialogues)], config.csat)


def _fit_acts_stage(
    config: Config, prepared: Prepared, vectors: VectorStore, encoder: str, stages: Stages
) -> tuple[dict[str, Any] | None, str]:
    """Return the component's configuration with its figures, and the stage's fingerprint; ``None`` without acts."""
    directory = config.workplace / "artifact" / "acts"
    if config.acts is None:
        shutil.rmtree(directory, ignore_errors=True)
        return None, ""
    inputs = {
        "encoder": [encoder, vectors.fingerprint],
        "data": [
            *(source.sha256 for source in _acts_sources(config)),
            digest_rows(_told_by_verdicts(config, prepared)),
        ],
        "settings": asdict(config.acts),
        "keywords": load_playbook(_KEYWORDS).hash,
        "seed": config.seed,
        "code": code(*_ACTS_CODE),
    }
    return stages.run("acts", inputs, lambda: _fit_acts(config, prepared, vectors, directory), directory)


def _fit_acts(config: Config, prepared: Prepared, vectors: VectorStore, directory: Path) -> dict[str, Any]:
    assert config.acts is not None, "asked for only where there are acts"
    shutil.rmtree(directory, ignore_errors=True)
    lines = act_lines(config)
    unseen = fit_acts([*lines, *_told_by_verdicts(config, prepared)], vectors, config.acts, config.seed, directory)
    figures = measure_acts(lines, unseen[: len(lines)], vectors, config.acts.folds, load_playbook(_KEYWORDS))
    return {"config": {"lexical_share": config.acts.lexical_share}, "figures": {"lines left out": figures}}


def act_lines(config: Config) -> list[ActLine]:
    """Return the labelled lines that teach the heads of acts."""
    files = config.acts.files if config.acts else ()
    return [line for name in files for line in read_act_lines(located(name, config.data))]


def _told_by_verdicts(config: Config, prepared: Prepared) -> list[ActLine]:
    """Return what users' verdicts tell of single messages, those of held-out conversations left out."""
    return [
        line
        for name, split in prepared.labelled.items()
        if config.own_labels[name].verdict_weight
        for line in lines_of_verdicts(
            split.train, load_playbook(split.playbook), config.own_labels[name].verdict_weight
        )
    ]


def _acts_sources(config: Config) -> list[DataSource]:
    if config.acts is None:
        return []
    paths = [located(name, config.data) for name in config.acts.files]
    return [DataSource(path.stem, file_sha256(path), len(read_act_lines(path)), config.acts.terms) for path in paths]


def playbook_hashes(prepared: Prepared) -> dict[str, str]:
    """Return by section of users' labels the hash of the playbook that its verdicts are about."""
    return {name: load_playbook(split.playbook).hash for name, split in prepared.labelled.items()}


def _describe(
    config: Config,
    prepared: Prepared,
    vectors: VectorStore,
    components: dict[str, Component],
    made: str,
    reports: dict[str, Any],
    stages: Stages,
) -> Artifact:
    """Return the artifact with its manifest, figures included, and its card."""
    directory = config.workplace / "artifact"
    described: dict[str, Any] = {
        "name": config.name,
        "version": config.version,
        "created": config.created,
        "encoder": vectors.fingerprint,
        "components": components,
        "data": [*prepared.sources, *_acts_sources(config)],
    }
    unmeasured = write_manifest(directory, **described, metrics={})
    inputs = {
        "fitted": made,
        "data": [prepared.digests, playbook_hashes(prepared), *map(file_sha256, exemplar_files())],
        "code": code("training/evaluate/*.py", "models/scorers/compliance/*.py"),
    }
    figures, _ = stages.run("figures", inputs, lambda: measure(unmeasured, prepared, vectors, baselines=True))
    artifact = write_manifest(directory, **described, metrics={**figures, **reports})
    write_card(artifact)
    return artifact
