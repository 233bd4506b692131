"""What the verdicts on whole conversations must beat: keywords only, and cosine to exemplars only.

Both know nothing of conditions, of when a step is due, or of who is quoted. An agent's message shows an act or not; a
forbidden check fails where one shows it, any other where none does. ``keywords``: the message matches a pattern of
``ecommerce-zh@1`` that stands for the act (``training.evaluate.acts.KEYWORDS``). ``cosine``: by the encoder alone, the
message's nearest exemplar with the act is nearer than the nearest without by a margin; the exemplars are the project's
own labelled lines, and the margin the one with the best F1 on them, each line without those of its group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.acts import BREACHES
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.scorers.compliance.cues import CueFinder
from models.text.pii import mask
from training.data.acts import ActLine
from training.data.files import OWN, located
from training.data.vectors import VectorStore
from training.evaluate.acts import KEYWORDS, best_cut

# Which act a check is about: the checks of the packaged playbooks by their ids.
ACT_OF: Mapping[str, str] = {
    "greeting": "greet",
    "issue_confirmed": "clarify",
    "empathy": "empathy",
    "solution_offered": "solve",
    "eta_given": "eta",
    "closing": "close",
    **{act: act for act in BREACHES},
}
EXEMPLARS = "compliance_lines.*.jsonl"  # among the project's own data
KEYWORD_PLAYBOOK = "ecommerce-zh@1"

Verdicts = list[dict[str, str]]


def exemplar_files() -> list[Path]:
    """Return the files of labelled lines that ``cosine`` compares with."""
    return sorted(located(OWN, Path()).glob(EXEMPLARS))


def keyword_verdicts(
    conversations: Sequence[Conversation], forbidden: Mapping[str, bool], playbook: Playbook
) -> Verdicts:
    """Return by conversation the verdict on each check of ``ACT_OF`` by keywords only.

    Args:
        conversations: To judge.
        forbidden: Of each check whether it forbids something; others than those of ``ACT_OF`` get no verdict.
        playbook: Whose patterns are the keywords.
    """
    finder = CueFinder(playbook)
    said = [
        [frozenset(finder.find(mask(turn.text), None).seen) for turn in item.turns if turn.role == "agent"]
        for item in conversations
    ]
    return [
        {
            check: _verdict(any(seen & set(KEYWORDS[ACT_OF[check]]) for seen in messages), forbids)
            for check, forbids in _known(forbidden).items()
        }
        for messages in said
    ]


def cosine_verdicts(
    conversations: Sequence[Conversation],
    forbidden: Mapping[str, bool],
    lines: Sequence[ActLine],
    vectors: VectorStore,
) -> Verdicts:
    """Return by conversation the verdict on each check of ``ACT_OF`` by the encoder alone.

    Args:
        conversations: To judge.
        forbidden: As for :func:`keyword_verdicts`.
        lines: Labelled ones, the exemplars; those of agents count.
        vectors: Of the encoder.
    """
    exemplars = [line for line in lines if line.role == "agent" and line.text.strip()]
    texts = [[turn.text for turn in item.turns if turn.role == "agent" and turn.text.strip()] for item in conversations]
    vectors.warm([*(line.text for line in exemplars), *(text for part in texts for text in part)])
    known = _unit(vectors.matrix([line.text for line in exemplars]))
    groups = np.unique([line.group for line in exemplars], return_inverse=True)[1]
    apart = known @ known.T
    apart[groups[:, None] == groups[None]] = -1.0
    likeness = [_unit(vectors.matrix(part)) @ known.T if part else None for part in texts]
    verdicts: Verdicts = [{} for _ in conversations]
    for check, forbids in _known(forbidden).items():
        act = ACT_OF[check]
        asked = np.array([act in line.known for line in exemplars])
        shown = np.array([act in line.acts for line in exemplars])
        cut = best_cut(_margin(apart, asked, shown)[asked], shown[asked])
        for row, found in zip(verdicts, likeness, strict=True):
            seen = found is not None and bool((_margin(found, asked, shown) >= cut).any())
            row[check] = _verdict(seen, forbids)
    return verdicts


def _known(forbidden: Mapping[str, bool]) -> dict[str, bool]:
    return {check: forbids for check, forbids in forbidden.items() if check in ACT_OF}


def _verdict(seen: bool, forbids: bool) -> str:
    return "fail" if seen == forbids else "pass"


def _unit(found: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def _margin(likeness: NDArray[np.float32], asked: NDArray[np.bool_], shown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return by row how much nearer the nearest exemplar with the act is than the nearest without."""
    with_act, without = likeness[:, asked & shown], likeness[:, asked & ~shown]
    return np.asarray(with_act.max(axis=1) - without.max(axis=1))


def summary(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return of ``compare_verdicts``' figures those that a baseline is compared by."""
    kept = ("precision", "precision_interval", "recall", "recall_interval", "f1", "f1_interval")
    return {
        "macro_f1": figures["macro_f1"],
        "macro_f1_interval": figures["intervals"]["macro_f1"],
        "forbidden_false_positive_rate": figures["forbidden_false_positive_rate"],
        "checks": {check: {name: one[name] for name in kept} for check, one in figures["checks"].items()},
    }
