"""The comparison of two artifacts as a Markdown page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST = 200  # changed verdicts that are listed; all of them are in the JSON


def as_markdown(report: Mapping[str, Any]) -> str:
    """Return the page of a report of :func:`training.evaluate.comparison.compare_artifacts`."""
    books = " → ".join(dict.fromkeys(report["playbook"]))
    unseen = report["held_out"]
    basis = (
        "It is not known which of them were learnt from (no `--config`): agreement may be too good."
        if unseen is None
        else f"Agreement is on the {unseen} that neither artifact has learnt from."
    )
    lines = [
        f"# {report['before']} → {report['after']}",
        "",
        f"Playbook {books}. {report['conversations_compared']} conversations with people's verdicts. {basis}",
        "Intervals: Wilson, 95 %; of all checks together too narrow, for verdicts of one conversation hang together.",
        "p: McNemar's exact test, two-sided, not adjusted for the number of checks.",
        "",
        "| check | changed | labels | agreement before | after | fixed | broken | p | random sample: before → after |",
        "|---|---|---|---|---|---|---|---|---|",
        _row("**all**", report["total"]),
        *(_row(f"`{check}`", one) for check, one in report["checks"].items()),
        "",
        "## Verdicts that changed",
        "",
    ]
    changed = report["conversations"]
    if not changed:
        return "\n".join([*lines, "None.", ""])
    lines += ["| conversation | check | before | after | people | held out |", "|---|---|---|---|---|---|"]
    for one in changed[:_MOST]:
        held_out = {True: "yes", False: "no", None: "?"}[one["held_out"]]
        name = str(one["id"]).replace("|", "\\|")
        lines.append(
            f"| {name} | `{one['check']}` | {one['before']} | {one['after']} | {one['people'] or ''} | {held_out} |"
        )
    if len(changed) > _MOST:
        lines += ["", f"And {len(changed) - _MOST} more, in the JSON."]
    return "\n".join([*lines, ""])


def _row(name: str, one: Mapping[str, Any]) -> str:
    agreed, drawn = one["agreement"], one["random"]
    p = "" if agreed["p"] is None else "< 0.001" if agreed["p"] < 0.001 else f"{agreed['p']:.3f}"
    random = "" if not drawn["n"] else f"{drawn['before']:.3f} → {drawn['after']:.3f} (n = {drawn['n']})"
    before, after = _share(agreed["before"]), _share(agreed["after"])
    return (
        f"| {name} | {one['changed']} | {agreed['n']} | {before} | {after} | {agreed['fixed']} | {agreed['broken']} "
        f"| {p} | {random} |"
    )


def _share(one: Mapping[str, Any]) -> str:
    if one["share"] is None:
        return ""
    low, high = one["interval"]
    return f"{one['share']:.3f} ({low:.3f}–{high:.3f})"
