"""How well root causes are suggested: on the project's own labelled conversations, beside keywords and signs alone.

``python -m training.evaluate.root_cause`` prints the report as JSON, ``--write`` fits the packaged head first.

Three sets, of which no two share a scenario. ``root_cause.jsonl``: patterns were written with it in sight, so what
signs get right there says nothing of others. ``root_cause.fresh.jsonl``: written afterwards in other words; how the
head reads exchanges was chosen on it. ``root_cause.final.jsonl``: written last; nothing was changed for it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from models.documents import document_hash
from models.domain.conversation import Conversation, Role, Turn
from models.pipeline import Pipeline, PipelineConfig, load_pipeline
from models.qa.figures import Measured
from models.root_cause import Attributor, Taxonomy, TopicHead, load_taxonomy, packaged_head
from models.root_cause.head import WEIGHTS, Vector
from training.data.files import OWN, located
from training.evaluate.measures import grouped_interval, macro_f1_of, wilson_interval
from training.evaluate.root_cause_keywords import keyword_topic
from training.fit.root_cause import Example, fit_head, write_head

FILES = {name: f"root_cause{dotted}.jsonl" for name, dotted in (("main", ""), ("fresh", ".fresh"), ("final", ".final"))}
COURTESY = "root_cause.courtesy.jsonl"
NONE = "none"
_BEFORE: Sequence[tuple[Role, str]] = (
    ("customer", "客服你好呀"),
    ("agent", "您好,这里是售后专员小夏,很荣幸为您服务"),
    ("customer", "想咨询下我上次拍的那单"),
    ("agent", "好嘞,方便把订单编号发我吗"),
    ("customer", "编号 20261103-3356"),
    ("agent", "已经看到您的订单了,您请讲"),
)
_AFTER: Sequence[tuple[Role, str]] = (
    ("customer", "嗯那先这样"),
    ("agent", "给您添麻烦了,请问还有别的需要吗"),
    ("customer", "暂时没了"),
    ("agent", "感谢咨询,祝您一切顺利"),
)
_BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled conversation; ``topic`` is ``none`` where nothing in it tells one."""

    id: str
    group: str
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


@dataclass(frozen=True, slots=True)
class Part:
    """Rows with what the models measured, and a vector a turn."""

    rows: Sequence[Row]
    measured: Sequence[Measured]
    vectors: Sequence[Sequence[Vector | None]]


def read_rows(path: Path) -> list[Row]:
    """Return the labelled conversations of a file."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        turns = tuple(Turn(place, one["role"], one["text"]) for place, one in enumerate(item["turns"]))
        language = item["language"].split("-")[0]
        rows.append(
            Row(
                id=item["id"],
                group=item["group"],
                language=item["language"],
                kind=item["kind"],
                topic=item["topic"] or NONE,
                department=item["department"] or NONE,
                conversation=Conversation(id=item["id"], turns=turns, queue="complaint", language=language),
            )
        )
    return rows


def prepare(pipeline: Pipeline, rows: Sequence[Row]) -> Part:
    """Return the rows with what the models say of them."""
    bundles = pipeline.score([row.conversation for row in rows], explain=False)
    measured = [Measured(one.sentiment, one.csat, one.resolution, one.compliance, one.timing) for one in bundles]
    texts = sorted({turn.text for row in rows for turn in row.conversation.turns if turn.text.strip()})
    vectors = dict(zip(texts, pipeline.encoder.encode(texts), strict=True))
    return Part(rows, measured, [[vectors.get(turn.text) for turn in row.conversation.turns] for row in rows])


def padded(row: Row) -> Row:
    """Return the row as part of a longer conversation: courtesies before and after, which tell no cause."""
    own = [(turn.role, turn.text) for turn in row.conversation.turns]
    turns = tuple(Turn(place, role, text) for place, (role, text) in enumerate((*_BEFORE, *own, *_AFTER)))
    return replace(row, conversation=replace(row.conversation, turns=turns))


def examples_of(parts: Iterable[Part]) -> list[Example]:
    """Return what a head is fitted on; a topic of open kind would teach none, and is left out."""
    return [
        Example(row.conversation.turns, vectors, NONE if row.topic == NONE else f"{row.topic}/{row.kind}", row.group)
        for part in parts
        for row, vectors in zip(part.rows, part.vectors, strict=True)
        if row.topic == NONE or row.kind != "undetermined"
    ]


def suggest_all(taxonomy: Taxonomy, head: TopicHead | None, part: Part) -> list[Said]:
    """Return what the taxonomy's signs say, and the head where there is one."""
    attributor = Attributor(taxonomy, head)
    said = []
    for row, measured, vectors in zip(part.rows, part.measured, part.vectors, strict=True):
        one = attributor.suggest(row.conversation, measured, vectors)
        said.append(Said(one.kind, one.topic or NONE, one.department or NONE, one.confidence))
    return said


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
    for low, high in pairwise(_BINS):
        inside = (sure > low) & (sure <= high) if low else (sure <= high)
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    return round(float(error), 3)


def likeliest(taxonomy: Taxonomy, head: TopicHead | None, part: Part) -> list[Said]:
    """Return the likeliest topic however unsure it is."""
    bold = replace(taxonomy, certainty=replace(taxonomy.certainty, topic_least=0.0, kind_least=0.0))
    return suggest_all(bold, head, part)


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


def compare(taxonomy: Taxonomy, head: TopicHead, part: Part) -> dict[str, Any]:
    """Return the figures of keywords, of signs alone, of the head alone and of both together, which is what ships."""
    alone = replace(taxonomy, certainty=replace(taxonomy.certainty, beside_head=0.0))
    bold = likeliest(taxonomy, head, part)
    return {
        "keywords": figures(part.rows, keyword_baseline(taxonomy, part.rows)),
        "signs": figures(part.rows, suggest_all(taxonomy, None, part)),
        "head": figures(part.rows, suggest_all(alone, head, part)),
        "both": figures(part.rows, suggest_all(taxonomy, head, part)),
        "both_never_abstaining": figures(part.rows, bold),
        "abstention": abstention(part.rows, bold),
        "ece": calibration_error(part.rows, bold),
    }


def report(taxonomy: Taxonomy, pipeline: Pipeline, *, write: bool = False) -> dict[str, Any]:
    """Return all figures."""
    own = located(OWN, Path())
    parts = {name: prepare(pipeline, read_rows(own / file)) for name, file in FILES.items()}
    courtesy = prepare(pipeline, read_rows(own / COURTESY))
    encoder = pipeline.encoder.fingerprint
    before = fit_head(examples_of([parts["main"], courtesy]), "root-cause", taxonomy.id, encoder)
    if write:
        whole = fit_head(examples_of([parts["main"], parts["fresh"], courtesy]), "root-cause", taxonomy.id, encoder)
        files = [own / FILES["main"], own / FILES["fresh"], own / COURTESY]
        digest = document_hash([file.read_text(encoding="utf-8") for file in files])
        write_head(whole, WEIGHTS, digest)
        packaged_head.cache_clear()
    shipped = packaged_head(taxonomy.id, encoder)
    if shipped is None:
        raise SystemExit("no head ships for this encoder: run with --write")
    long = {name: prepare(pipeline, [padded(row) for row in parts[name].rows]) for name in ("fresh", "final")}
    return {
        "taxonomy": f"{taxonomy.label}+{taxonomy.hash.removeprefix('sha256:')[:12]}",
        "model": pipeline.model,
        "head": shipped.label,
        "sharpness": shipped.sharpness,
        "fresh, by a head that knows only main": compare(taxonomy, before, parts["fresh"]),
        "fresh padded, by the same": compare(taxonomy, before, long["fresh"]),
        "final": compare(taxonomy, shipped, parts["final"]),
        "final padded": compare(taxonomy, shipped, long["final"]),
    }


def _rounded(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else [round(value, 3) for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taxonomy", default="ecommerce-zh")
    parser.add_argument("--artifact", default=None, help="whose encoder and scores are used")
    parser.add_argument("--write", action="store_true", help="fit the packaged head of this encoder first")
    given = parser.parse_args(arguments)
    pipeline = load_pipeline(PipelineConfig(artifact=given.artifact, threads=1))
    try:
        found = report(load_taxonomy(given.taxonomy), pipeline, write=given.write)
    finally:
        pipeline.close()
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
