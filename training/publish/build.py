"""The whole run behind ``python -m training fit``: from corpora to a verified artifact with figures and card."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.artifacts import Artifact, Component, DataSource, write_manifest
from models.encode.load import load_encoder
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.config import Config
from training.data.files import file_sha256
from training.data.replay import Observe
from training.data.sentiment import OWN, Line, LineSplit, corpus_path, read_lines, split_lines
from training.data.splits import hold_out
from training.data.stc3 import Dialogue, read_dialogues
from training.data.vectors import VectorStore
from training.evaluate.baselines import sentiment_baselines, stc3_baselines
from training.evaluate.sentiment import evaluate_sentiment
from training.evaluate.stc3 import evaluate_stc3
from training.fit.csat import fit_csat
from training.fit.csat_rule import fit_csat_rule
from training.fit.sentiment import fit_sentiment
from training.fit.sentiment_rule import fit_sentiment_rule
from training.publish.card import write_card


@dataclass(frozen=True, slots=True)
class _DialogueSplit:
    train: list[Dialogue]
    calibration: list[Dialogue]
    test: dict[str, list[Dialogue]]


def build(config: Config) -> Artifact:
    """Fit both scorers, measure them on held-out data and publish the artifact into ``config.out``.

    Encoded texts are kept in ``config.cache``, so an interrupted run goes on where it was and a refit takes minutes.
    """
    # One thread: results then do not depend on the machine's number of cores.
    torch.set_num_threads(1)
    encoder = load_encoder(config.encoder, cache=0)
    vectors = VectorStore(encoder, config.cache)
    dialogues, lines = _split_dialogues(config), _split_lines(config)
    _log("encoding")
    held_out = [dialogue for part in dialogues.test.values() for dialogue in part]
    annotated = [*dialogues.train, *dialogues.calibration, *held_out]
    vectors.warm(turn.text for dialogue in annotated for turn in dialogue.conversation.turns)
    vectors.warm(
        line.text for split in lines.values() for part in (split.train, split.calibration, split.test) for line in part
    )
    sentiment = Component("sentiment", _fit_sentiment(config, lines, vectors))
    observe = SentimentScorer.from_files(config.out / sentiment.directory, sentiment.config, "unpublished").observe
    components = {"csat": Component("csat", _fit_csat(config, dialogues, observe, vectors)), "sentiment": sentiment}
    encoder.close()
    described: dict[str, Any] = {
        "name": config.name,
        "version": config.version,
        "created": config.created,
        "encoder": encoder.fingerprint,
        "components": components,
        "data": _sources(config, dialogues, lines),
    }
    unmeasured = write_manifest(config.out, **described, metrics={})
    _log("measuring")
    metrics = {
        "csat": _measure_csat(unmeasured, dialogues, vectors),
        "sentiment": _measure_sentiment(unmeasured, lines, vectors),
    }
    artifact = write_manifest(config.out, **described, metrics=metrics)
    write_card(artifact)
    _log(f"published {artifact.id}")
    return artifact


def _log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def _split_dialogues(config: Config) -> _DialogueSplit:
    """Split by dialogue id, which translations share, so that no dialogue is in two parts in two languages."""
    by_language = {
        language: read_dialogues(config.data / file, language) for language, file in config.csat.files.items()
    }
    ids = [dialogue.conversation.id for dialogues in by_language.values() for dialogue in dialogues]
    sizes = [config.csat.test_dialogues, config.csat.calibration_dialogues]
    test, calibration, train = hold_out(ids, sizes, config.seed)
    everything = [dialogue for dialogues in by_language.values() for dialogue in dialogues]
    return _DialogueSplit(
        train=[dialogue for dialogue in everything if dialogue.conversation.id in train],
        calibration=[dialogue for dialogue in everything if dialogue.conversation.id in calibration],
        test={
            language: [dialogue for dialogue in dialogues if dialogue.conversation.id in test]
            for language, dialogues in by_language.items()
        },
    )


def _split_lines(config: Config) -> dict[str, LineSplit]:
    return {
        name: split_lines(read_lines(corpus_path(corpus, config.data), name), corpus, config.seed)
        for name, corpus in config.sentiment.corpora.items()
    }


def _fit_csat(config: Config, dialogues: _DialogueSplit, sentiment: Observe, vectors: VectorStore) -> dict[str, Any]:
    _log(f"fitting csat on {len(dialogues.train)} dialogues")
    directory = config.out / "csat"
    fit_csat(dialogues.train, sentiment, vectors, config.csat, config.seed, directory)
    prior = np.mean([dialogue.distribution("S") for dialogue in dialogues.train], axis=0)
    return fit_csat_rule(dialogues.calibration, prior, sentiment, vectors, directory, config.csat.coverage)


def _fit_sentiment(config: Config, lines: dict[str, LineSplit], vectors: VectorStore) -> dict[str, Any]:
    train = [line for split in lines.values() for line in split.train]
    _log(f"fitting sentiment on {len(train)} lines")
    directory = config.out / "sentiment"
    fit_sentiment(train, config.sentiment.corpora, vectors, config.sentiment, config.seed, directory)
    calibration = [line for split in lines.values() for line in split.calibration]
    own = [split for name, split in lines.items() if config.sentiment.corpora[name].file.startswith(OWN)]
    calm: list[Line] = [line for split in own for line in split.calibration if line.label == "neutral"]
    return fit_sentiment_rule(calibration, calm, vectors, directory, config.sentiment, config.seed)


def _sources(config: Config, dialogues: _DialogueSplit, lines: dict[str, LineSplit]) -> list[DataSource]:
    seen = [*dialogues.train, *dialogues.calibration]
    sources = [
        DataSource(
            f"stc3-{language}",
            file_sha256(config.data / file),
            sum(dialogue.conversation.language == language for dialogue in seen),
            config.csat.terms,
        )
        for language, file in config.csat.files.items()
    ]
    for name, corpus in config.sentiment.corpora.items():
        rows = len(lines[name].train) + len(lines[name].calibration)
        sources.append(DataSource(name, file_sha256(corpus_path(corpus, config.data)), rows, corpus.terms))
    return sources


def _measure_csat(artifact: Artifact, dialogues: _DialogueSplit, vectors: VectorStore) -> dict[str, Any]:
    scorer, sentiment = CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact)
    measures: dict[str, Any] = {}
    for language, test in dialogues.test.items():
        train = [dialogue for dialogue in dialogues.train if dialogue.conversation.language == language]
        measures[f"stc3-{language}"] = {
            **evaluate_stc3(test, scorer, sentiment, vectors),
            "baselines": stc3_baselines(train, test),
        }
    return measures


def _measure_sentiment(artifact: Artifact, lines: dict[str, LineSplit], vectors: VectorStore) -> dict[str, Any]:
    scorer = SentimentScorer.from_artifact(artifact)
    return {
        name: {
            **evaluate_sentiment(split.test, scorer, vectors),
            "baselines": sentiment_baselines(split.train, split.test),
        }
        for name, split in lines.items()
        if split.test
    }
