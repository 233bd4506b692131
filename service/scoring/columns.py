"""A score bundle as a row: the whole as JSON, and the figures that KPIs and filters read as columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.domain.scores import ScoreBundle
from service.scoring.engine import versions_hash
from service.scoring.provenance import Provenance

_TIMING = ("first_response_s", "mean_response_s", "longest_response_s", "handle_s")


def score_row(
    bundle: ScoreBundle, document: Mapping[str, Any], revision: int, provenance: Provenance, now: datetime
) -> dict[str, Any]:
    """Return the columns of a score.

    Args:
        bundle: The score.
        document: The same as JSON values; the columns are taken from it, so that both show the same figures.
        revision: The conversation's revision that was scored.
        provenance: What it was made with.
        now: The time of scoring.
    """
    return {
        "conversation_id": bundle.id,
        "revision": revision,
        "versions_hash": versions_hash(bundle.versions, provenance),
        "input_version": bundle.versions.input,
        "playbook_version": bundle.versions.playbook,
        "rubric_version": bundle.versions.rubric,
        "model_version": bundle.versions.model,
        "code_version": bundle.versions.code,
        "bundle": dict(document),
        "provenance": provenance.document(revision, bundle.versions.input),
        "shift": document["sentiment"]["shift"],
        "direction": document["sentiment"]["direction"],
        "csat_mean": document["csat"]["mean"],
        "p_dissatisfied": document["csat"]["p_dissatisfied"],
        "csat_label": document["csat"]["label"],
        "p_resolved": document["resolution"]["p_resolved"],
        "compliance_score": document["compliance"]["score"],
        "critical_fail": any(
            check["critical"] and check["verdict"] == "fail" for check in document["compliance"]["checks"]
        ),
        "qa_score": document["qa"]["score"],
        "qa_passed": document["qa"]["passed"],
        "auto_fail": document["qa"]["auto_fail"],
        **{name: document["timing"].get(name) for name in _TIMING},
        "created_at": now,
    }
