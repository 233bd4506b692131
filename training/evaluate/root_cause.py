"""How well root causes are suggested: on the project's own labelled conversations, beside keywords and a trained head.

``python -m training.evaluate.root_cause`` prints the report as JSON. Conversations of one scenario stand on one side of
the split. ``fit`` is what patterns and certainty were made with; ``test`` is not; ``fresh`` was written after both were
settled, and nothing was changed for it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.conversation import Conversation, Turn
from models.pipeline import Pipeline, PipelineConfig, load_pipeline
from models.qa.figures import Measured
from models.root_cause import Attributor, Taxonomy, load_taxonomy
from models.root_cause.suggest import rank
from models.root_cause.taxonomy import Certainty
from training.data.files import OWN, located
from training.evaluate.measures import grouped_interval, macro_f1_of, wilson_interval
from training.evaluate.root_cause_keywords import keyword_topic

FILE, FRESH = "root_cause.jsonl", "root_cause.fresh.jsonl"
NONE = "none"
_BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled conversation; ``topic`` is ``none`` where nothing in it tells one."""

    id: str
    group: str
    split: str
    language: str
    kind: str
    topic: str
    department: str
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a row."""

    kind: str
    topic: str
    department: str
    confidence: float


def read_rows(path: Path, split: str | None = None) -> list[Row]:
    """Return the labelled conversations of a file, all of ``split`` where one is given, else split by scenario."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        turns = tuple(Turn(place, one["role"], one["text"]) for place, one in enumerate(item["turns"]))
        rows.append(
            Row(
                id=item["id"],
                group=item["group"],
                split=split or split_of(item["group"]),
                language=item["language"],
                kind=item["kind"],
                topic=item["topic"] or NONE,
                department=item["department"] or NONE,
                conversation=Conversation(
                    id=item["id"], turns=turns, queue="complaint", language=item["language"].split("-")[0]
                ),
            )
        )
    return rows


def split_of(group: str) -> str:
    """Return ``fit`` or ``test``, half of the scenarios each, by a hash of the scenario."""
    return "fit" if hashlib.sha256(group.encode()).digest()[0] % 2 else "test"


def measure(pipeline: Pipeline, rows: Sequence[Row]) -> list[Measured]:
    """Return what the models say of the conversations."""
    bundles = pipeline.score([row.conversation for row in rows], explain=False)
    return [Measured(one.sentiment, one.csat, one.resolution, one.compliance, one.timing) for one in bundles]


def suggest_all(taxonomy: Taxonomy, rows: Sequence[Row], measured: Sequence[Measured | None]) -> list[Said]:
    """Return what the taxonomy's signs say."""
    attributor = Attributor(taxonomy)
    found = (attributor.suggest(row.conversation, one) for row, one in zip(rows, measured, strict=True))
    return [Said(one.kind, one.topic or NONE, one.department or NONE, one.confidence) for one in found]


def fit_certainty(taxonomy: Taxonomy, rows: Sequence[Row], measured: Sequence[Measured | None]) -> Certainty:
    """Return the scale and the points of an unknown cause that make the labels likeliest."""
    attributor = Attributor(taxonomy)
    tallies = [attributor.tallies(row.conversation, one) for row, one in zip(rows, measured, strict=True)]

    def loss(certainty: Certainty) -> float:
        total = 0.0
        for row, tally in zip(rows, tallies, strict=True):
            shares = {one.topic: one.probability for one in rank(tally, certainty)}
            shares[NONE] = 1.0 - sum(shares.values())
            total -= log(max(shares.get(row.topic, 0.0), 1e-3))
        return total

    tried = (
        replace(taxonomy.certainty, scale=scale / 10, unknown=unknown / 10)
        for scale in range(4, 31)
        for unknown in range(0, 31)
    )
    return min(tried, key=loss)


def figures(rows: Sequence[Row], said: Sequence[Said]) -> dict[str, Any]:
    """Return how often topic, kind and department are right, with intervals over scenarios."""
    groups = {name: place for place, name in enumerate(sorted({row.group for row in rows}))}
    of_row = [groups[row.group] for row in rows]
    result: dict[str, Any] = {"conversations": len(rows), "scenarios": len(groups)}
    for field in ("topic", "kind", "department"):
        true = np.array([getattr(row, field) for row in rows])
        told = np.array([getattr(one, field) for one in said])
        result[field] = {
            "macro_f1": round(macro_f1_of(told, true), 3),
            "interval": _rounded(grouped_interval(macro_f1_of, [told, true], of_row)),
            "accuracy": round(float((told == true).mean()), 3),
        }
    open_kind = "undetermined"
    for field, open_ in (("topic", NONE), ("kind", open_kind)):
        made = [(getattr(row, field), getattr(one, field)) for row, one in zip(rows, said, strict=True)]
        told_ = [(real, guess) for real, guess in made if guess != open_]
        right = sum(real == guess for real, guess in told_)
        result[field] |= {
            "told": round(len(told_) / len(made), 3),
            "right_of_told": round(right / len(told_), 3) if told_ else None,
            "right_of_told_interval": _rounded(wilson_interval(right, len(told_))),
        }
    return result


def abstention(rows: Sequence[Row], ranked: Sequence[Said]) -> list[dict[str, float | None]]:
    """Return, for several least confidences, how many topics are told and how many of these are right."""
    curve = []
    for least in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        told = [(row.topic, one.topic) for row, one in zip(rows, ranked, strict=True) if one.confidence >= least]
        told = [(real, guess) for real, guess in told if guess != NONE]
        right = sum(real == guess for real, guess in told)
        curve.append(
            {
                "least": least,
                "told": round(len(told) / len(rows), 3),
                "right_of_told": round(right / len(told), 3) if told else None,
            }
        )
    return curve


def calibration_error(rows: Sequence[Row], ranked: Sequence[Said]) -> float:
    """Return the expected calibration error of the likeliest topic's confidence, in five bins."""
    sure = np.array([one.confidence for one in ranked])
    right = np.array([row.topic == one.topic for row, one in zip(rows, ranked, strict=True)], dtype=float)
    error = 0.0
    for low, high in zip(_BINS[:-1], _BINS[1:], strict=True):
        inside = (sure > low) & (sure <= high) if low else (sure <= high)
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    return round(float(error), 3)


def likeliest(taxonomy: Taxonomy, rows: Sequence[Row], measured: Sequence[Measured | None]) -> list[Said]:
    """Return the likeliest topic however unsure it is."""
    bold = replace(taxonomy, certainty=replace(taxonomy.certainty, topic_least=0.0, kind_least=0.0))
    return suggest_all(bold, rows, measured)


def keyword_baseline(taxonomy: Taxonomy, rows: Sequence[Row]) -> list[Said]:
    """Return what plain keywords say: the topic most of whose words the customer uses, and its nature."""
    said = []
    for row in rows:
        text = " ".join(turn.text for turn in row.conversation.turns if turn.role == "customer")
        topic = taxonomy.topic(keyword_topic(text) or "")
        if topic is None:
            said.append(Said("undetermined", NONE, NONE, 0.0))
            continue
        kind = "system" if topic.kind == "depends" else topic.kind
        said.append(Said(kind, topic.id, taxonomy.responsible(topic, kind) or NONE, 1.0))
    return said


def head_says(
    taxonomy: Taxonomy,
    pipeline: Pipeline,
    fit: tuple[Sequence[Row], Sequence[Measured]],
    asked: tuple[Sequence[Row], Sequence[Measured]],
    *,
    with_points: bool,
) -> list[Said]:
    """Return what a logistic regression says that was fitted on ``fit``.

    It sees the mean vector of the customer's messages, and ``with_points`` the points of every topic.
    """
    from sklearn.linear_model import LogisticRegression

    features = [_features(taxonomy, pipeline, rows, measured, with_points) for rows, measured in (fit, asked)]
    model = LogisticRegression(C=10.0, max_iter=2000)
    model.fit(features[0], [row.topic for row in fit[0]])
    shares = model.predict_proba(features[1])
    said = []
    for share in shares:
        place = int(share.argmax())
        topic = taxonomy.topic(str(model.classes_[place]))
        kind = "undetermined" if topic is None else "system" if topic.kind == "depends" else topic.kind
        department = taxonomy.responsible(topic, kind) if topic else None
        said.append(Said(kind, topic.id if topic else NONE, department or NONE, float(share[place])))
    return said


def _features(
    taxonomy: Taxonomy, pipeline: Pipeline, rows: Sequence[Row], measured: Sequence[Measured], with_points: bool
) -> NDArray[np.float64]:
    texts = [[turn.text for turn in row.conversation.turns if turn.role == "customer"] for row in rows]
    wanted = sorted({text for several in texts for text in several})
    vectors = dict(zip(wanted, pipeline.encoder.encode(wanted), strict=True))
    pooled = np.array([np.mean([vectors[text] for text in several], axis=0) for several in texts], dtype=np.float64)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    if not with_points:
        return pooled
    attributor = Attributor(taxonomy)
    places = {topic.id: place for place, topic in enumerate(taxonomy.topics)}
    points = np.zeros((len(rows), len(places)))
    for at, (row, one) in enumerate(zip(rows, measured, strict=True)):
        for tally in attributor.tallies(row.conversation, one):
            points[at, places[tally.topic.id]] = tally.points / 3
    return np.hstack([pooled, points])


def report(taxonomy: Taxonomy, pipeline: Pipeline, *, heads: bool = True) -> dict[str, Any]:
    """Return all figures."""
    rows = read_rows(located(OWN, Path()) / FILE)
    fresh = located(OWN, Path()) / FRESH
    rows += read_rows(fresh, "fresh") if fresh.exists() else []
    parts: dict[str, tuple[list[Row], list[Measured]]] = {}
    for split in ("fit", "test", "fresh"):
        mine = [row for row in rows if row.split == split]
        if mine:
            parts[split] = mine, measure(pipeline, mine)
    certainty = fit_certainty(taxonomy, *parts["fit"])
    result: dict[str, Any] = {
        "taxonomy": f"{taxonomy.label}+{taxonomy.hash.removeprefix('sha256:')[:12]}",
        "model": pipeline.model,
        "certainty_of_fit": {"scale": certainty.scale, "unknown": certainty.unknown},
        "certainty_in_use": {"scale": taxonomy.certainty.scale, "unknown": taxonomy.certainty.unknown},
    }
    for split, (mine, measured) in parts.items():
        bold = likeliest(taxonomy, mine, measured)
        result[split] = {
            "signs": figures(mine, suggest_all(taxonomy, mine, measured)),
            "keywords": figures(mine, keyword_baseline(taxonomy, mine)),
            "abstention": abstention(mine, bold),
            "ece": calibration_error(mine, bold),
        }
        if heads and split != "fit":
            for name, with_points in (("head", False), ("head_with_signs", True)):
                said = head_says(taxonomy, pipeline, parts["fit"], (mine, measured), with_points=with_points)
                result[split][name] = figures(mine, said)
    return result


def mistakes(taxonomy: Taxonomy, pipeline: Pipeline, split: str) -> Iterable[Mapping[str, Any]]:
    """Yield what the signs get wrong in a split; for whoever writes patterns, and only for ``fit``."""
    rows = [row for row in read_rows(located(OWN, Path()) / FILE) if row.split == split]
    measured = measure(pipeline, rows)
    for row, one in zip(rows, measured, strict=True):
        found = Attributor(taxonomy).suggest(row.conversation, one)
        if (found.kind, found.topic or NONE) != (row.kind, row.topic):
            yield {
                "id": row.id,
                "true": [row.kind, row.topic],
                "said": [found.kind, found.topic],
                "ranked": [(item.topic, item.points, item.probability) for item in found.ranked[:3]],
                "text": " / ".join(turn.text for turn in row.conversation.turns),
            }


def _rounded(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else [round(value, 3) for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report, or the mistakes of the ``fit`` part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taxonomy", default="ecommerce-zh")
    parser.add_argument("--artifact", default=None)
    parser.add_argument("--mistakes", action="store_true", help="those of the fit part")
    parser.add_argument("--no-heads", action="store_true", help="leave the trained heads out")
    given = parser.parse_args(arguments)
    taxonomy = load_taxonomy(given.taxonomy)
    pipeline = load_pipeline(PipelineConfig(artifact=given.artifact, threads=1))
    try:
        if given.mistakes:
            for one in mistakes(taxonomy, pipeline, "fit"):
                sys.stdout.write(json.dumps(one, ensure_ascii=False) + "\n")
        else:
            found = report(taxonomy, pipeline, heads=not given.no_heads)
            sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    finally:
        pipeline.close()


if __name__ == "__main__":
    main()
