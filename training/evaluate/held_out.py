"""Measures an artifact on everything that a run has held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from models.artifacts import Artifact
from models.scorers.acts import ActsScorer
from models.scorers.compliance import ComplianceScorer, load_playbook
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.files import OWN
from training.data.prepared import Prepared, digest_rows
from training.data.vectors import VectorStore
from training.evaluate.baselines import sentiment_baselines, stc3_baselines
from training.evaluate.compliance import JudgedConversation, evaluate_compliance, judged_by_people
from training.evaluate.direction import evaluate_direction
from training.evaluate.sentiment import evaluate_sentiment
from training.evaluate.stc3 import evaluate_stc3
from training.evaluate.surveys import evaluate_surveys
from training.evaluate.uss import evaluate_uss

POOLED = "own_pooled"  # all sets of our own and of users' labels as one: each alone is mostly too small to be judged
MEASURED = ("csat", "sentiment", "direction", "compliance")
_LEAST_TAUGHT = 100  # training lines of a corpus under which a model fitted on it alone says nothing

Figures = dict[str, dict[str, Any]]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Held:
    """What is measured with: an artifact's parts, the data, and whether simple models are fitted beside."""

    artifact: Artifact
    csat: CsatScorer
    sentiment: SentimentScorer
    prepared: Prepared
    vectors: VectorStore
    baselines: bool


def measure(artifact: Artifact, prepared: Prepared, vectors: VectorStore, *, baselines: bool) -> dict[str, Figures]:
    """Return, by component and set of held-out rows, a report as ``evaluate`` prints it.

    Each has the hash of its ``rows``, too: figures on others are not to be compared.

    Args:
        artifact: Trained on the encoder of ``vectors``.
        prepared: Whose held-out rows to use.
        vectors: Encoded texts.
        baselines: Whether to add, under ``baselines``, what simple models reach.
    """
    held = _Held(
        artifact,
        CsatScorer.from_artifact(artifact),
        SentimentScorer.from_artifact(artifact),
        prepared,
        vectors,
        baselines,
    )
    return {
        "csat": {**_dialogues(held), **_ratings(held), **_surveys(held)},
        "sentiment": _lines(held),
        "direction": _directions(held),
        "compliance": _verdicts(held),
    }


def _dialogues(held: _Held) -> Figures:
    found: Figures = {}
    for language, test in held.prepared.dialogues.test.items():
        if not test:
            continue
        report = evaluate_stc3(test, held.csat, held.sentiment, held.vectors)
        if held.baselines:
            train = [row for row in held.prepared.dialogues.train if row.conversation.language == language]
            report["baselines"] = stc3_baselines(train, test)
        found[f"stc3-{language}"] = {**report, "rows": digest_rows(test)}
    return found


def _ratings(held: _Held) -> Figures:
    return _each(
        held.prepared.uss,
        lambda rows: evaluate_uss(rows, held.csat, held.sentiment, held.vectors, baselines=held.baselines),
    )


def _surveys(held: _Held) -> Figures:
    splits = {name: held.prepared.rated[name] for name in held.prepared.labelled}
    taught = [row for split in splits.values() for row in split.train]
    return _each(
        _with_pool({name: split.test for name, split in splits.items()}),
        lambda rows: evaluate_surveys(rows, held.csat, held.sentiment, held.vectors, taught, baselines=held.baselines),
    )


def _lines(held: _Held) -> Figures:
    splits = held.prepared.lines
    own = [
        name for name in splits if held.prepared.corpora[name].file.startswith(OWN) or name in held.prepared.labelled
    ]
    train = _with_pool({name: split.train for name, split in splits.items()}, own)
    found: Figures = {}
    for name, test in _with_pool({name: split.test for name, split in splits.items()}, own).items():
        if not test:
            continue
        report = evaluate_sentiment(test, held.sentiment, held.vectors)
        if held.baselines and len(train[name]) >= _LEAST_TAUGHT:
            report["baselines"] = sentiment_baselines(train[name], test)
        found[name] = {**report, "rows": digest_rows(test)}
    return found


def _directions(held: _Held) -> Figures:
    splits = held.prepared.labelled
    taught = [row for split in splits.values() for row in split.train]
    return _each(
        _with_pool({name: split.test for name, split in splits.items()}),
        lambda rows: evaluate_direction(rows, held.sentiment, held.vectors, taught, baselines=held.baselines),
    )


def _verdicts(held: _Held) -> Figures:
    acts = ActsScorer.from_artifact(held.artifact)
    found: Figures = {}
    by_playbook: dict[str, dict[str, list[JudgedConversation]]] = {}
    for name, split in held.prepared.labelled.items():
        by_playbook.setdefault(split.playbook, {})[name] = judged_by_people(split.test)
    for at, (spec, sets) in enumerate(by_playbook.items()):
        scorer = ComplianceScorer(load_playbook(spec), acts=acts is not None)

        def judge(rows: Sequence[JudgedConversation], scorer: ComplianceScorer = scorer) -> dict[str, Any]:
            return evaluate_compliance(rows, scorer, held.sentiment, held.vectors, acts, baselines=held.baselines)

        reports = _each(_with_pool(sets), judge)
        if at and POOLED in reports:  # of a second playbook: a pool of its own
            reports[f"{POOLED}-{scorer.playbook.id}"] = reports.pop(POOLED)
        found.update(reports)
    return found


def _each(sets: Mapping[str, Sequence[R]], report: Callable[[Sequence[R]], dict[str, Any]]) -> Figures:
    """Return the report of each set that has rows, unless it says that none of them can be judged."""
    found: Figures = {}
    for name, rows in sets.items():
        if rows and (measured := report(rows)).get("conversations", 1):
            found[name] = {**measured, "rows": digest_rows(rows)}
    return found


def _with_pool(sets: Mapping[str, Sequence[R]], own: Iterable[str] | None = None) -> dict[str, Sequence[R]]:
    """Return the sets, and where several of those named (default: of all) have rows, their pool."""
    parts = [sets[name] for name in (sets if own is None else own) if sets[name]]
    return {**sets, POOLED: [row for part in parts for row in part]} if len(parts) > 1 else dict(sets)
