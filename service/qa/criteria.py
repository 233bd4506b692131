"""What of a score people can decide: its criteria, and what the machine said of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["check", "figure", "manual"]
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class MachineCriterion:
    """One criterion of a score.

    Attributes:
        id: As in the score, e.g. ``script.greeting``.
        key: The same whatever the version of playbook and rubric, e.g. ``ecommerce-zh/greeting``; figures of agreement
            and automation levels go by it.
        source: Where its value comes from.
        kind: Of its source.
        verdict: The machine's, for a check; ``None`` for others.
        value: What it earned, 0…1; ``None`` where it does not count.
        confidence: Of the check's verdict.
        critical: Whether the playbook calls the check critical.
        reason: In Chinese.
        reason_en: In English.
    """

    id: str
    key: str
    source: str
    kind: Kind
    verdict: str | None
    value: float | None
    confidence: float | None
    critical: bool
    reason: str
    reason_en: str


def criteria_of(bundle: Mapping[str, Any]) -> dict[str, MachineCriterion]:
    """Return the criteria of a score's bundle, by id, in the rubric's order."""
    checks = {check["id"]: check for check in bundle["compliance"]["checks"]}
    versions = bundle["versions"]
    found = {}
    for item in bundle["qa"]["criteria"]:
        kind, _, name = item["source"].partition(":")
        check = checks.get(name) if kind == "check" else None
        found[item["id"]] = MachineCriterion(
            id=item["id"],
            key=key_of(item["id"], item["source"], versions["playbook"], versions["rubric"]),
            source=item["source"],
            kind="check" if kind == "check" else "manual" if kind == "manual" else "figure",
            verdict=check["verdict"] if check else None,
            value=item["value"],
            confidence=check["confidence"] if check else None,
            critical=bool(check and check["critical"]),
            reason=item["reason"],
            reason_en=item["reason_en"],
        )
    return found


def key_of(criterion_id: str, source: str, playbook: str, rubric: str) -> str:
    """Return the key of a criterion, by the labels (``id@version…``) of the playbook and rubric that it comes from."""
    kind, _, name = source.partition(":")
    owner, what = (playbook, name) if kind == "check" else (rubric, criterion_id)
    return f"{owner.partition('@')[0]}/{what}"


def agrees(machine: MachineCriterion, verdict: str | None, value: float | None) -> bool | None:
    """Tell whether a person's verdict or value is the machine's; ``None`` where it said nothing to compare with."""
    if machine.kind == "check":
        return None if machine.verdict in (None, "abstain") else machine.verdict == verdict
    if machine.kind == "manual" or machine.value is None:
        return None
    share = value if verdict is None else {"pass": 1.0, "fail": 0.0}.get(verdict)
    return share is not None and abs(share - machine.value) < _SAME
