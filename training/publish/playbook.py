"""``python -m training tune-playbook``: a playbook with thresholds and confidences from labelled conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from models.artifacts import Artifact
from models.domain.acts import ACTS, acts_of
from models.domain.playbook import Playbook
from models.scorers.acts import ActsScorer
from models.scorers.compliance.loading import read_playbook
from models.scorers.sentiment import SentimentScorer
from training.config import Config
from training.data.act_verdicts import lines_of_verdicts
from training.data.labels import LabelledConversation, read_labels
from training.data.replay import replay
from training.data.vectors import VectorStore
from training.evaluate.rounding import rounded
from training.evaluate.tasks import opened_vectors
from training.fit.acts import fit_acts
from training.fit.dials import Acts, Bench, Case, Dial, dials_of
from training.fit.thresholds import Tuned, f1, false_rate, tune
from training.publish.fitting import act_lines

FOLDS = 5
_FIELDS = {"passed": "pass", "failed": "fail", "na": "na", "no_evidence": "no_evidence"}
_DECIMALS = 2

Numbers = dict[tuple[str | int, ...], float]
"""By path in a YAML document a number."""


def tune_playbook(
    spec: str,
    labels: Sequence[Path],
    out: Path,
    artifact: Artifact,
    cache: Path | None,
    *,
    bound: float = 0.01,
    version: int | None = None,
    config: Config | None = None,
) -> dict[str, Any]:
    """Write ``out``: the playbook's own file with other numbers, everything else as it was; return what it measured.

    Only numbers that stand in the file are changed: thresholds of its cues, those of ``thresholds``, and confidences.

    Args:
        spec: A packaged playbook or a YAML file.
        labels: Files of labelled conversations.
        out: Where to write.
        artifact: Whose encoder and heads are asked.
        cache: Of vectors.
        bound: The largest share of clean conversations that a forbidden check may accuse.
        version: Of the new playbook; by default the next one.
        config: Where the labels taught the artifact's heads: the configuration that did. Heads are then fitted anew, so
            that none has seen the conversations it is asked about.

    Raises:
        ValueError: No label is about a check of the playbook, or no number can be turned.
    """
    playbook, document = read_playbook(spec)
    source = Path(document.source)
    seen: dict[str, str] = {}
    rows = [row for path in labels for row in read_labels(path, seen)]
    checks = {check.id for check in playbook.checks}
    rows = [row for row in rows if any(label.check in checks for label in row.compliance)]
    text = source.read_text(encoding="utf-8-sig")
    places = scalars(text)
    start = dials_of(playbook)
    free = [dial for dial in start if _place(dial, places)]
    if not rows or not free:
        raise ValueError(f"{source}: {'no threshold stands in it' if rows else 'no label is about its checks'}")
    with opened_vectors(artifact, cache) as vectors:
        vectors.warm(turn.text for row in rows for turn in row.conversation.turns)
        bench = Bench(playbook, _cases(rows, playbook, artifact, vectors, config))
    tuned = tune(bench, start, free, FOLDS, bound)
    numbers: dict[tuple[str | int, ...], float] = {
        place: tuned.setting[dial] for dial in free if (place := _place(dial, places))
    }
    numbers |= _sure(tuned, bench, text, places)
    numbers[("version",)] = playbook.version + 1 if version is None else version
    out.write_text(with_numbers(text, numbers), encoding="utf-8")
    read_playbook(out)  # what is written can be read
    return {"playbook": str(out), "conversations": len(rows), **_report(bench, start, tuned)}


def _cases(
    rows: Sequence[LabelledConversation],
    playbook: Playbook,
    artifact: Artifact,
    vectors: VectorStore,
    config: Config | None,
) -> list[Case]:
    sentiment = SentimentScorer.from_artifact(artifact)
    heads = ActsScorer.from_artifact(artifact)
    unseen = _unseen(rows, playbook, vectors, config) if config and config.acts else None
    cases = []
    for row in rows:
        observers = {heads.name: heads.observe} if heads and not unseen else {}
        context = replay(row.conversation, {**observers, sentiment.name: sentiment.observe}, vectors)
        acts: list[Acts | None] = list(context.signals.get(ActsScorer.name, [None] * len(context.turns)))
        if unseen:
            spoken = (bool(acts_of(turn.role)) and bool(turn.text.strip()) for turn in context.turns)
            acts = [next(unseen) if said else None for said in spoken]
        cases.append(Case(context, acts, {label.check: label.verdict for label in row.compliance}))
    return cases


def _unseen(
    rows: Sequence[LabelledConversation], playbook: Playbook, vectors: VectorStore, config: Config
) -> Iterator[Acts]:
    """Yield the acts of each message of an agent or a customer, by heads that have not seen its conversation."""
    assert config.acts is not None, "asked for only where there are acts"
    lines, told = act_lines(config), lines_of_verdicts(rows, playbook)
    with TemporaryDirectory() as scratch:
        found = fit_acts([*lines, *told], vectors, config.acts, config.seed, Path(scratch))
    for line, given in zip(told, found[len(lines) :], strict=True):
        yield {act: float(given[ACTS.index(act)]) for act in acts_of(line.role)}


def scalars(text: str) -> dict[tuple[str | int, ...], tuple[int, int]]:
    """Return where each scalar of a YAML text begins and ends, in characters, by its path."""
    found: dict[tuple[str | int, ...], tuple[int, int]] = {}
    ahead: list[tuple[tuple[str | int, ...], yaml.Node | None]] = [((), yaml.compose(text, yaml.SafeLoader))]
    while ahead:
        path, node = ahead.pop()
        if isinstance(node, yaml.ScalarNode):
            found[path] = (node.start_mark.index, node.end_mark.index)
        elif isinstance(node, yaml.MappingNode):
            ahead += [((*path, str(key.value)), value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            ahead += [((*path, at), item) for at, item in enumerate(node.value)]
    return found


def with_numbers(text: str, numbers: Mapping[tuple[str | int, ...], float]) -> str:
    """Return the YAML text with these numbers at these paths; nothing else changes, comments neither."""
    places = scalars(text)
    for path in sorted(numbers, key=lambda one: places[one], reverse=True):
        begin, end = places[path]
        text = text[:begin] + f"{numbers[path]:g}" + text[end:]
    return text


def _place(dial: Dial, places: Mapping[tuple[str | int, ...], tuple[int, int]]) -> tuple[str, ...] | None:
    """Return the path of the number in the file that sets a dial."""
    name, kind = dial
    return next((path for path in (("thresholds", name, kind), ("cues", name, kind, "least")) if path in places), None)


def _sure(tuned: Tuned, bench: Bench, text: str, places: Mapping[tuple[str | int, ...], tuple[int, int]]) -> Numbers:
    """Return the confidences that stand in the file, as measured."""
    found: Numbers = {}
    for at, check in enumerate(yaml.safe_load(text).get("checks") or []):
        for field, verdict in _FIELDS.items():
            path = ("checks", at, "confidence", field)
            if path in places and bool((bench.truth(check["id"]) != "").any()):
                found[path] = round(tuned.confidence[check["id"]][verdict], _DECIMALS)
    return found


def _report(bench: Bench, start: Mapping[Dial, float], tuned: Tuned) -> dict[str, Any]:
    checks = {}
    for check in bench.judges:
        real = bench.truth(check)
        if (real != "").any():
            before, after = bench.verdicts(check, start), tuned.unseen[check]
            checks[check] = {"before": _figures(before, real), "cross_validated": _figures(after, real)}
    macro = {
        when: float(np.mean([found for row in checks.values() if (found := row[when]["f1"]) is not None] or [0.0]))
        for when in ("before", "cross_validated")
    }
    changed = {f"{name}.{kind}": least for (name, kind), least in tuned.setting.items() if start[name, kind] != least}
    return rounded({"macro_f1": macro, "ece": tuned.ece, "checks": checks, "changed": changed})


def _figures(said: Any, real: Any) -> dict[str, float | None]:
    claimed, true = (said == "fail") & (real != ""), real == "fail"
    hits = int((claimed & true).sum())
    return {
        "precision": hits / int(claimed.sum()) if claimed.any() else None,
        "recall": hits / int(true.sum()) if true.any() else None,
        "f1": f1(said, real),
        "false_positive_rate": false_rate(said, real),
    }
