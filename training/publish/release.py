"""Publishes a fitted artifact: through the gates, then in place of the old one as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.artifacts import Artifact, load_artifact, write_manifest
from models.artifacts.manifest import MANIFEST_NAME
from models.errors import ArtifactError, AttuneError
from training.config import Config
from training.evaluate.held_out import MEASURED, Figures, measure
from training.evaluate.tasks import opened_vectors
from training.publish.card import write_card
from training.publish.fitting import Fitted, playbook_hashes
from training.publish.gates import Check, best_figures, check_gates
from training.publish.stages import Stages, beside, code, log, write_whole


class GateError(AttuneError):
    """The new artifact is worse than it may be."""

    code = "gate-refused"


def publish(config: Config, fitted: Fitted, why: str | None = None) -> Artifact:
    """Compare, and write the artifact into ``config.out``; an interruption leaves the old or the new one, whole.

    Every comparison goes to ``<work>/gates.json``.

    Args:
        config: The run.
        fitted: Its outcome.
        why: Publish even if a gate refuses; the reason and what was refused stay in the manifest and the card.

    Raises:
        GateError: A gate refuses.
    """
    old, figures, problem = _published(config, fitted)
    new, gates, coverage = _sets(fitted.artifact.manifest.metrics), config.gates, config.csat.coverage
    before = old.manifest.metrics.get("best") if old else None
    checks = check_gates(new, figures, gates, coverage, before)
    best = best_figures(best_figures(before, figures or {}, gates, coverage), new, gates, coverage)
    report = {"published": old.id if old else None, "checks": [asdict(check) for check in checks]}
    write_whole(config.workplace / "gates.json", json.dumps(report, ensure_ascii=False, indent=1))
    refused = [problem] if problem else []
    refused += [str(check) for check in checks if not check.passed]
    warnings = [str(check) for check in checks if check.warning]
    log(f"gates: {len(checks)} comparisons, {len(refused)} refused, {len(warnings)} warnings")
    for line in warnings:
        log(f"  ! {line}")
    if refused and why is None:
        lines = "\n".join(f"  ✗ {line}" for line in refused)
        raise GateError(
            f"not published, {len(refused)} gate(s) refuse:\n{lines}",
            f"未发布:{len(refused)} 项未通过",
            hint='--force --why "…" publishes it all the same and says so in the model card / '
            '加 --force --why "原因" 可强制发布,并写入模型卡',
            location=str(config.workplace / "gates.json"),
        )
    notes = _notes(old, fitted.artifact, checks, refused, why)
    return _replace(config.out, fitted.artifact, {**notes, **({"best": best} if best else {})})


def _sets(metrics: Mapping[str, Any]) -> dict[str, Figures]:
    """Return the reports of held-out rows; those of other kinds (acts: lines left out crosswise) are not compared."""
    return {name: metrics[name] for name in MEASURED if name in metrics}


def _published(config: Config, fitted: Fitted) -> tuple[Artifact | None, dict[str, Figures] | None, str | None]:
    """Return the published artifact, its figures on this run's held-out rows, and what kept it from being measured."""
    if not (config.out / MANIFEST_NAME).exists():
        return None, None, None
    old: Artifact | None = None
    try:
        old = load_artifact(config.out.resolve())
        return old, _measure(old, config, fitted), None
    except (ArtifactError, KeyError, TypeError, ValueError) as problem:  # damaged, or of another version of the code
        reason = str(problem) or type(problem).__name__
        return old, None, f"已发布的模型包无法测量 the published artifact cannot be measured: {reason}"


def _measure(old: Artifact, config: Config, fitted: Fitted) -> dict[str, Figures]:
    run = code("training/evaluate/*.py", "training/data/replay.py", "models/scorers/**/*.py", "models/text/**/*.py")
    data = [fitted.prepared.digests, playbook_hashes(fitted.prepared)]
    inputs = {"artifact": old.id, "data": data, "code": run}

    def action() -> dict[str, Figures]:
        if old.manifest.encoder == fitted.vectors.fingerprint:
            return measure(old, fitted.prepared, fitted.vectors, baselines=False)
        encoder = None if (old.path / "encoder").is_dir() else config.encoder
        with opened_vectors(old, config.cache, encoder) as vectors:
            return measure(old, fitted.prepared, vectors, baselines=False)

    figures: dict[str, Figures] = Stages(config.workplace).run("published", inputs, action)[0]
    return figures


def _notes(
    old: Artifact | None, new: Artifact, checks: Sequence[Check], refused: Sequence[str], why: str | None
) -> dict[str, Any]:
    """Return what the manifest must say of this publication beside the figures."""
    notes: dict[str, Any] = {}
    if excused := {f"{check}": check.excused for check in checks if check.excused}:
        notes["excused"] = excused
    if warned := [str(check) for check in checks if check.warning]:
        notes["warnings"] = warned
    if refused:
        notes["forced"] = {"why": why, "refused": list(refused)}
    elif old and "forced" in old.manifest.metrics and _same(old, new):
        notes["forced"] = old.manifest.metrics["forced"]  # publishing the same once more does not wash it clean
    return notes


def _same(old: Artifact, new: Artifact) -> bool:
    return old.manifest.files == new.manifest.files and old.manifest.components == new.manifest.components


def _replace(out: Path, artifact: Artifact, notes: dict[str, Any]) -> Artifact:
    staged, before = beside(out)
    shutil.rmtree(staged, ignore_errors=True)
    staged.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(artifact.path, staged)
    manifest = artifact.manifest
    if notes:
        noted = write_manifest(
            staged,
            name=manifest.name,
            version=manifest.version,
            created=manifest.created,
            encoder=manifest.encoder,
            components=manifest.components,
            data=manifest.data,
            metrics={**manifest.metrics, **notes},
        )
        write_card(noted)
    load_artifact(staged)  # verified before anything is touched
    if out.exists():
        out.rename(before)
    staged.rename(out)
    shutil.rmtree(before, ignore_errors=True)
    published = load_artifact(out.resolve())
    log(f"published {published.id} in {out}")
    return published
