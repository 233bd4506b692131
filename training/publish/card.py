"""Writes the model card beside the manifest: what it is, what it has seen, its figures and its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.artifacts import Artifact

_LIMITS = """\
## What it is for, and its limits

Scores conversations between customers and service staff, Chinese first, English too, to support review by people.
It is not made for decisions about a person without review.

- **Not for commercial use as it stands.** The satisfaction weights were learnt from the STC-3 dialogues, which are for
  non-commercial research. Fit them again on your own labelled conversations (`python -m training fit`) for other uses.
- Satisfaction and resolution were learnt from public Weibo dialogues of 2–7 turns about telecom, phones and software.
  Shop chats are longer, and their messages shorter. Consecutive messages of one side are read as one turn to bring the
  two closer; positions after the seventh look alike. Trust the order of conversations more than the absolute level.
- Ratings are those of 19 annotators who read the dialogue, not of the customers. The 90 % interval is about one
  annotator's rating (1…5) of a conversation like the calibration split's.
- "Resolved" is derived: an annotator counts if they marked a turn where the customer confirms a solution, or one
  where the helpdesk states a solution and rated task accomplishment 1 or better.
- English satisfaction was learnt from translations of the Chinese dialogues; English sentiment from few own lines.
- Sentiment reads each customer turn by itself, without the turns before. Irony is often read literally.
- Bots count as the service side for satisfaction; system messages are skipped.
"""


def write_card(artifact: Artifact) -> None:
    """Write ``README.md`` into the artifact's directory."""
    manifest = artifact.manifest
    parts = [
        f"# Model card: {artifact.id}",
        "Written by `training.publish.card`; figures are measured on rows that took no part in fitting or calibration.",
        f"Encoder fingerprint `{manifest.encoder[:16]}…` (multilingual-e5-small, MIT, see `encoder/`). "
        "`sentiment/`: one-hidden-layer networks on the vector of each customer turn. "
        "`csat/`: bidirectional GRUs over the rounds of a conversation, joint for quality and nugget types.",
        "## Data",
        _table(
            ("corpus", "rows used", "terms", "sha256"),
            [(s.name, f"{s.rows:,}", s.terms, f"`{s.sha256[:12]}…`") for s in manifest.data],
        ),
        "## Satisfaction and resolution, held-out dialogues",
        _figures(manifest.metrics.get("csat", {})),
        "## Sentiment, held-out lines",
        _sentiment(manifest.metrics.get("sentiment", {})),
        _LIMITS,
    ]
    (artifact.path / "README.md").write_text("\n\n".join(parts), encoding="utf-8")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _show(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_show(item)}" for name, item in value.items())
    return "–" if value is None else str(value)


def _figures(by_set: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for measures in by_set.values() for name in measures if name != "baselines"))
    rows = [(name, *(_show(measures.get(name)) for measures in by_set.values())) for name in names]
    for baseline in dict.fromkeys(b for measures in by_set.values() for b in measures.get("baselines", {})):
        shown = (_show(measures.get("baselines", {}).get(baseline)) for measures in by_set.values())
        rows.append((f"baseline {baseline}", *shown))
    return _table(("measure", *by_set), rows)


def _sentiment(by_corpus: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, measures in by_corpus.items():
        tfidf, majority = measures["baselines"]["tfidf"], measures["baselines"]["majority"]
        rows.append(
            (
                name,
                str(measures["lines"]),
                str(measures["classes"]),
                f"{measures['accuracy']} / {measures['macro_f1']}",
                f"{tfidf['accuracy']} / {tfidf['macro_f1']}",
                f"{majority['accuracy']} / {majority['macro_f1']}",
            )
        )
    head = ("corpus", "lines", "classes", "accuracy / macro-F1", "TF-IDF of the same corpus", "majority")
    return _table(head, rows)
