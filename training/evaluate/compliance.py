"""Measures of script compliance: verdicts on whole conversations against people's.

Every labelled check counts by its verdict. The figure that matters is F1 of ``fail``: how many failures are found, and
how many of those found are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from models.domain.conversation import Conversation
from models.domain.scores import ComplianceScore, Verdict
from models.interchange import parse_conversation
from models.scorers.acts import ActsScorer
from models.scorers.compliance import ComplianceScorer, load_playbook
from models.scorers.sentiment import SentimentScorer
from training.data.acts import read_act_lines
from training.data.files import read_rows
from training.data.labels import STRENGTH, LabelledConversation
from training.data.replay import Observe, replay
from training.data.vectors import VectorStore
from training.evaluate.compliance_baselines import (
    ACT_OF,
    KEYWORD_PLAYBOOK,
    cosine_verdicts,
    exemplar_files,
    keyword_verdicts,
    summary,
)
from training.evaluate.measures import draw_resamples, interval, wilson_interval
from training.evaluate.rounding import rounded

DEFAULT_PLAYBOOK = "ecommerce-zh"
VERDICTS: tuple[str, ...] = get_args(Verdict)
_FAIL = "fail"
_KEYS = ("compliance", "verdicts", "expected")


@dataclass(frozen=True, slots=True)
class JudgedConversation:
    """A conversation with people's verdicts by check."""

    conversation: Conversation
    verdicts: Mapping[str, str]


def read_verdicts(path: Path) -> list[JudgedConversation]:
    """Return the conversations of an interchange file (``.jsonl``, ``.jsonl.gz``) that carry verdicts.

    They stand in ``labels.compliance``, or in ``compliance``, ``verdicts`` or ``expected`` at the top level or under
    ``labels`` or ``extra``: an object from check to verdict, or a list of ``{"check": …, "verdict": …}``.

    Raises:
        ValueError: A row has no verdicts or an unknown one; the message names it.
        InvalidConversationError: A row is no conversation.
        OSError: The file cannot be read.
    """
    judged = []
    for number, row in enumerate(read_rows(path), start=1):
        try:
            verdicts = _find_verdicts(row)
        except ValueError as problem:
            raise ValueError(f"{path}, row {number}: {problem}") from problem
        if not verdicts:
            raise ValueError(f"{path}, row {number}: no verdicts (labels.compliance)")
        if unknown := sorted(set(verdicts.values()) - set(VERDICTS)):
            raise ValueError(f"{path}, row {number}: unknown verdict {', '.join(unknown)}")
        plain = {key: value for key, value in row.items() if key not in ("labels", *_KEYS)}
        judged.append(JudgedConversation(parse_conversation(plain), verdicts))
    if not judged:
        raise ValueError(f"{path}: no conversations")
    return judged


def judged_by_people(labelled: Iterable[LabelledConversation]) -> list[JudgedConversation]:
    """Return the users' conversations that carry verdicts."""
    return [
        JudgedConversation(row.conversation, {label.check: label.verdict for label in row.compliance})
        for row in labelled
        if row.compliance
    ]


def _find_verdicts(row: Mapping[str, Any]) -> dict[str, str]:
    for place in (row.get("labels"), row, row.get("extra")):
        for key in _KEYS:
            found = place.get(key) if isinstance(place, Mapping) else None
            if isinstance(found, Mapping) and set(found) <= set(_KEYS):
                found = next((found[inner] for inner in _KEYS if inner in found), None)  # expected: {compliance: …}
            if isinstance(found, Mapping):
                return {str(check): _verdict(value) for check, value in found.items()}
            if isinstance(found, list):
                for item in found:
                    if not isinstance(item, Mapping) or not isinstance(item.get("check", item.get("id")), str):
                        raise ValueError(f"{key}: {item!r} is no object with check and verdict")
                # The strongest source comes last and stays: an appeal outranks the verdict it was made against.
                ranked = sorted(found, key=lambda item: _strength(item.get("source")))
                return {str(item.get("check", item.get("id"))): _verdict(item) for item in ranked}
    return {}


def _strength(source: Any) -> int:
    return STRENGTH.index(source) if source in STRENGTH else 0


def _verdict(value: Any) -> str:
    return str(value.get("verdict") if isinstance(value, Mapping) else value)


def evaluate_compliance(
    judged: Sequence[JudgedConversation],
    scorer: ComplianceScorer,
    sentiment: SentimentScorer,
    vectors: VectorStore,
    acts: ActsScorer | None = None,
    *,
    baselines: bool = True,
) -> dict[str, Any]:
    """Return measures of the scorer's verdicts; see :func:`compare_verdicts`.

    ``acts`` is the component that the scorer was made to ask, if any. With ``baselines``, those of
    :mod:`training.evaluate.compliance_baselines` are measured on the same verdicts, as far as they know the checks.
    Labels of checks that the playbook does not have are counted in ``unknown_checks`` and left out.
    """
    predicted = predict_verdicts([item.conversation for item in judged], scorer, sentiment, vectors, acts)
    known = {check.id: check.kind == "forbidden" for check in scorer.playbook.checks}
    unknown = Counter(check for item in judged for check in item.verdicts if check not in known)
    true = [{check: verdict for check, verdict in item.verdicts.items() if check in known} for item in judged]
    result = compare_verdicts(predicted, true, known)
    report = {"playbook": scorer.version, **result, "unknown_checks": dict(sorted(unknown.items()))}
    if baselines and any(check in ACT_OF for row in true for check in row):
        report["baselines"] = _baselines(judged, true, known, vectors)
    return report


def predict_verdicts(
    conversations: Sequence[Conversation],
    scorer: ComplianceScorer,
    sentiment: SentimentScorer,
    vectors: VectorStore,
    acts: ActsScorer | None = None,
) -> list[Mapping[str, str]]:
    """Return the scorer's verdicts by conversation and check; ``acts`` as in :func:`evaluate_compliance`."""
    vectors.warm(turn.text for conversation in conversations for turn in conversation.turns)
    before = {acts.name: acts.observe} if acts else {}
    observers: dict[str, Observe] = {**before, sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    predicted: list[Mapping[str, str]] = []
    for conversation in conversations:
        score: ComplianceScore = scorer.score(replay(conversation, observers, vectors))
        predicted.append({result.id: result.verdict for result in score.checks})
    return predicted


def _baselines(
    judged: Sequence[JudgedConversation],
    true: Sequence[Mapping[str, str]],
    forbidden: Mapping[str, bool],
    vectors: VectorStore,
) -> dict[str, Any]:
    conversations = [item.conversation for item in judged]
    lines = [line for path in exemplar_files() for line in read_act_lines(path)]
    said = {
        "keywords": keyword_verdicts(conversations, forbidden, load_playbook(KEYWORD_PLAYBOOK)),
        "cosine": cosine_verdicts(conversations, forbidden, lines, vectors),
    }
    asked = [{check: verdict for check, verdict in row.items() if check in ACT_OF} for row in true]
    return {name: summary(compare_verdicts(rows, asked, forbidden)) for name, rows in said.items()}


def compare_verdicts(
    predicted: Sequence[Mapping[str, str]], true: Sequence[Mapping[str, str]], forbidden: Mapping[str, bool]
) -> dict[str, Any]:
    """Return measures of verdicts by conversation and check.

    Args:
        predicted: By conversation the verdict of each check; all that are labelled must be there.
        true: The same by people; only these checks count.
        forbidden: Of each check whether it forbids something.

    Returns:
        ``macro_f1`` is the mean of the checks' F1 of ``fail``, over checks that fail at least once in truth or in
        prediction (a false alarm where nothing fails costs the whole check). ``forbidden_false_positive_rate`` is the
        share of conversations without a failure, over the forbidden checks together, for which one is claimed;
        ``…_worst`` that of the worst check. ``accuracy`` and ``confusion`` (a row per true verdict) are over all
        verdicts. Intervals of 95 %: bootstrap over conversations for ``macro_f1``, ``accuracy`` and F1, Wilson's for
        shares.
    """
    checks = [check for check in forbidden if any(check in row for row in true)]
    real = _table(true, true, checks)
    said = _table(predicted, true, checks)
    draws = draw_resamples(len(true))
    per_check = {check: _measure_check(real[:, at], said[:, at], draws) for at, check in enumerate(checks)}
    banned = np.array([forbidden[check] for check in checks], dtype=bool)
    alarms = [
        (int(((said[:, at] == _FAIL) & clean).sum()), int(clean.sum()))
        for at in np.flatnonzero(banned)
        for clean in [(real[:, at] != _FAIL) & (real[:, at] != "")]
    ]
    false, clean_total = sum(hits for hits, _ in alarms), sum(tries for _, tries in alarms)
    labelled = real != ""
    right = [int((real[labelled] == said[labelled]).sum()), int(labelled.sum())]
    return rounded(
        {
            "conversations": len(true),
            "verdicts": right[1],
            "macro_f1": _macro_f1(real, said),
            "accuracy": right[0] / right[1] if right[1] else None,
            "forbidden_false_positive_rate": false / clean_total if clean_total else None,
            "forbidden_false_positive_rate_worst": max((hits / tries for hits, tries in alarms if tries), default=None),
            "checks": per_check,
            "confusion": {
                verdict: {
                    other: int(((real == verdict) & (said == other)).sum())
                    for other in VERDICTS
                    if ((real == verdict) & (said == other)).any()
                }
                for verdict in VERDICTS
                if (real == verdict).any()
            },
            "intervals": {
                "macro_f1": interval(_macro_f1, (real, said), draws),
                "accuracy": interval(_accuracy, (real, said), draws),
                "forbidden_false_positive_rate": wilson_interval(false, clean_total),
            },
        }
    )


def _table(rows: Sequence[Mapping[str, str]], labelled: Sequence[Mapping[str, str]], checks: Sequence[str]) -> Any:
    """Return verdicts as an array, a row per conversation, a column per check; empty where nobody judged."""
    return np.array(
        [[row[check] if check in given else "" for check in checks] for row, given in zip(rows, labelled, strict=True)]
    )


def _f1(real: Any, said: Any) -> float | None:
    claimed, true = (said == _FAIL) & (real != ""), real == _FAIL
    total = int(claimed.sum() + true.sum())
    return 2 * int((claimed & true).sum()) / total if total else None


def _macro_f1(real: Any, said: Any) -> float | None:
    scores = [_f1(real[:, at], said[:, at]) for at in range(real.shape[1])]
    found = [score for score in scores if score is not None]
    return float(np.mean(found)) if found else None


def _accuracy(real: Any, said: Any) -> float | None:
    labelled = real != ""
    return float((real[labelled] == said[labelled]).mean()) if labelled.any() else None


def _measure_check(real: Any, said: Any, draws: Any) -> dict[str, Any]:
    labelled = real != ""
    claimed, true = (said == _FAIL) & labelled, real == _FAIL
    hits, claims, fails, clean = (int(each.sum()) for each in (claimed & true, claimed, true, labelled & ~true))
    return {
        "n": int(labelled.sum()),
        "fails": fails,
        "precision": hits / claims if claims else None,
        "precision_interval": wilson_interval(hits, claims),
        "recall": hits / fails if fails else None,
        "recall_interval": wilson_interval(hits, fails),
        "f1": _f1(real, said),
        "f1_interval": interval(_f1, (real, said), draws),
        "false_positive_rate": (claims - hits) / clean if clean else None,
        "accuracy": _accuracy(real, said),
    }
