"""Writes the model card beside the manifest: what it is, what it has seen, its figures and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.artifacts import Artifact
from models.encode.manifest import MANIFEST, parse_manifest
from training.evaluate.measures import DIRECTION

_ARROWS = {"higher": "↑", "lower": "↓", "target": "→ target"}
_LIMITS = """\
## What it is for, and its limits

Scores conversations between customers and service staff, Chinese first, English too, to support review by people.
It is not made for decisions about a person without review.

- **Terms.** The weights have learnt from every corpus above that has rows, and come under the terms of all of them.
  Where one of these is for research only, so are they: fit them again on your own labelled conversations
  (`docs/guides/training.md`) for other uses.
{satisfaction}- Irony is often read literally.
- Bots count as the service side for satisfaction; system messages are skipped.

## How the figures were made

On rows that took no part in fitting or calibration, one split, fixed by a hash of each row's group (a conversation with
its translation, a line). Training and calibration rows that repeat a held-out row, word for word or nearly, were
dropped first. ↑ higher is better, ↓ lower is better, → closer to the target is better. Intervals: 95 %, bootstrap over
conversations or lines; they tell sampling error only, not how your conversations differ from these.
"""
_STC3_LIMITS = """\
- Satisfaction and resolution were learnt mostly from public Weibo dialogues of 2–7 turns about telecom, phones and
  software. Shop chats are longer, and their messages shorter. Consecutive messages of one side are read as one turn to
  bring the two closer. Trust the order of conversations more than the absolute level.
- STC-3 ratings are those of 19 annotators who read the dialogue, not of the customers. The 90 % interval is about one
  annotator's rating (1…5) of a finished dialogue like those of STC-3; of a running one it covers less. It was
  calibrated on what single members say of dialogues they never saw, which err more than all members together.
- "Resolved" is derived: an annotator counts if they marked a turn where the customer confirms a solution, or one
  where the helpdesk states a solution and rated task accomplishment 1 or better.
- English satisfaction was learnt from translations of the Chinese dialogues; English sentiment from few own lines.
"""
_SURVEY_LIMITS = """\
- Satisfaction and resolution were learnt from surveys alone: one customer's rating and an outcome for each
  conversation. Which turn states or confirms a solution was never labelled.
"""


def write_card(artifact: Artifact) -> None:
    """Write ``README.md`` into the artifact's directory."""
    manifest = artifact.manifest
    metrics = manifest.metrics
    parts = [
        f"# Model card: {artifact.id}",
        "Written by `training.publish.card` from `manifest.json`; not to be edited.",
        _encoder(artifact),
        *_notices(metrics),
        "## Data",
        _table(
            ("corpus", "rows learnt from", "terms", "sha256"),
            [(s.name, f"{s.rows:,}", s.terms, f"`{s.sha256[:12]}…`") for s in manifest.data],
        ),
        "## Satisfaction and resolution, held-out conversations",
        *(f"### {name}\n\n{_report(report)}" for name, report in metrics.get("csat", {}).items()),
        "## Sentiment, held-out lines",
        _lines(metrics.get("sentiment", {})),
        *_intensities(metrics.get("sentiment", {})),
        *(
            f"### Direction of sentiment, {name}\n\n{_report(report)}"
            for name, report in metrics.get("direction", {}).items()
        ),
        *(
            f"## Compliance, held-out conversations of {name}, {report['playbook']}\n\n{_report(report)}"
            for name, report in metrics.get("compliance", {}).items()
        ),
        *(f"## Acts, {name}\n\n{_acts(report)}" for name, report in metrics.get("acts", {}).items()),
        _LIMITS.format(
            satisfaction=_STC3_LIMITS if any(s.name.startswith("stc3-") for s in manifest.data) else _SURVEY_LIMITS
        ),
    ]
    (artifact.path / "README.md").write_text("\n\n".join(parts), encoding="utf-8")


def _encoder(artifact: Artifact) -> str:
    directory = artifact.path / "encoder"
    name = parse_manifest(directory).name if (directory / MANIFEST).exists() else "none of its own"
    return f"Encoder: {name}, fingerprint `{artifact.manifest.encoder[:16]}…`."


def _notices(metrics: Mapping[str, Any]) -> Iterator[str]:
    if forced := metrics.get("forced"):
        yield "## Published although a gate refused"
        yield f"Reason given: {forced['why']}\n\n" + "\n".join(f"- {line}" for line in forced["refused"])
    if excused := metrics.get("excused"):
        yield "## Excused: baselines that win, bounds that are missed"
        yield "\n".join(f"- {check}: {why}" for check, why in excused.items())
    if warnings := metrics.get("warnings"):
        yield "## Bounds missed, by no more than sampling error explains"
        yield "\n".join(f"- {line}" for line in warnings)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _report(report: Mapping[str, Any]) -> str:
    """Return a table of the measures that have a direction, and one of the slices."""
    figures = {**report, **{f"prefix{percent}": value for percent, value in report.get("prefix", {}).items()}}
    intervals = {**report.get("intervals", {}), **report.get("dialogue_intervals", {})}
    rows = [
        (
            f"{name} {_ARROWS[DIRECTION[name]]}",
            _show(figures[name]),
            _bounds(intervals.get(name)),
            _best(name, report.get("baselines", {})),
        )
        for name in figures
        if name in DIRECTION
    ]
    size = next((f"{report[kind]:,} {kind}." for kind in ("dialogues", "conversations") if kind in report), "")
    parts = [size, _table(("measure", "figure", "95 % interval", "best baseline"), rows)]
    if slices := [
        (f"{by} {value}", *(_show(figures.get(name)) for name in _slice_names(report)))
        for by, values in report.get("slices", {}).items()
        for value, figures in values.items()
        if len(figures) > 1
    ]:
        parts.append(_table(("slice", *_slice_names(report)), slices))
    return "\n\n".join(filter(None, parts))


def _slice_names(report: Mapping[str, Any]) -> list[str]:
    slices = report.get("slices", {}).values()
    names = dict.fromkeys(name for values in slices for figures in values.values() for name in figures)
    return [name for name in names if name != "intervals"]


def _lines(by_corpus: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, report in by_corpus.items():
        intervals, baselines = report.get("intervals", {}), report.get("baselines", {})
        rows.append(
            (
                name,
                str(report["lines"]),
                str(report["classes"]),
                *(
                    f"{_show(report[measure])} {_bounds(intervals.get(measure))} / {_best(measure, baselines)}"
                    for measure in ("accuracy", "macro_f1")
                ),
            )
        )
    head = ("corpus", "lines", "classes", "accuracy ↑ / best baseline", "macro-F1 ↑ / best baseline")
    return "The baselines are fitted on the same corpus, ours once for all.\n\n" + _table(head, rows)


def _intensities(by_corpus: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a table of how well the strength of the feeling is told, where a corpus has it."""
    rows = [
        (
            name,
            str(report["intensity_lines"]),
            f"{_show(report['intensity_mae'])} {_bounds(report['intervals']['intensity_mae'])}",
            _show(report["intensity_of_mean_mae"]),
            _show(report["intensity_of_score_mae"]),
            f"{_show(report['intensity_spearman'])} {_bounds(report['intervals']['intensity_spearman'])}",
        )
        for name, report in by_corpus.items()
        if "intensity_lines" in report
    ]
    if rows:
        head = ("corpus", "lines", "mean absolute error ↓", "always the mean", "the score's size", "Spearman ↑")
        yield "### Intensity, 0 (none) … 1\n\n" + _table(head, rows)


def _acts(report: Mapping[str, Any]) -> str:
    """Return a table of what single messages do, by act."""
    rows = [
        (
            act,
            str(found["n"]),
            *(f"{_show(found[of])} {_bounds(found[f'{of}_interval'])}" for of in ("precision", "recall")),
            _show(found["f1"]),
            *(_show(found["baselines"][name]["f1"]) for name in ("keywords", "cosine")),
        )
        for act, found in report["acts"].items()
    ]
    means = [
        _show(one["macro_f1"]) for one in (report, *(report["baselines"][name] for name in ("keywords", "cosine")))
    ]
    head = ("act", "lines", "precision at 0.5", "recall", "F1 ↑", "F1 of keywords only", "F1 of cosine only")
    text = "By heads that have not seen the line's group. Lines are evasive on purpose: most breaches have no keyword."
    return f"{text}\n\n" + _table(head, [*rows, ("mean", "", "", "", *means)])


def _best(measure: str, baselines: Mapping[str, Mapping[str, Any]]) -> str:
    known = {name: figures[measure] for name, figures in baselines.items() if figures.get(measure) is not None}
    if not known:
        return "–"
    sign = -1 if DIRECTION[measure] == "lower" else 1
    name = max(known, key=lambda name: sign * known[name])
    return f"{_show(known[name])} ({name})"


def _bounds(interval: Sequence[float] | None) -> str:
    return f"[{_show(interval[0])}, {_show(interval[1])}]" if interval else "–"


def _show(value: Any) -> str:
    if isinstance(value, list):
        return _bounds(value)
    return "–" if value is None else str(value)
