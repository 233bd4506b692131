"""Reads lines labelled with what they do: one message each, with the turns before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.domain.acts import ACTS, acts_of
from training.data.files import read_rows


@dataclass(frozen=True, slots=True)
class ActLine:
    """One labelled message.

    Attributes:
        text: As written.
        role: ``agent`` or ``customer``.
        context: Role and text of up to three turns before, oldest first.
        acts: What it does.
        not_acts: What it resembles and does not do.
        known: Acts the file's author looked for; the line says nothing of others.
        group: Lines of one group share text and are never split.
        told: By act how much the line counts in the loss; what is not in it counts by the rules of the fitting.
    """

    text: str
    role: str
    context: tuple[tuple[str, str], ...]
    acts: frozenset[str]
    not_acts: frozenset[str]
    known: frozenset[str]
    group: str
    told: Mapping[str, float] = field(default_factory=dict)


def read_act_lines(path: Path) -> list[ActLine]:
    """Return the agents' and customers' lines of a ``.jsonl`` file of labelled acts.

    Acts that no line of a file has were not looked for in it: there, their absence means nothing.

    Raises:
        ValueError: A row lacks a field or names an unknown act; the message names file and row.
        OSError: The file cannot be read.
    """
    rows = read_rows(path)
    lines = []
    for number, row in enumerate(rows, start=1):
        try:
            acts, not_acts = frozenset(row["acts"]), frozenset(row["not"])
            context = tuple((str(turn["role"]), str(turn["text"])) for turn in row["context"])
            text, role, group = str(row["text"]), str(row["role"]), str(row["group"])
        except (KeyError, TypeError) as problem:
            raise ValueError(f"{path}, row {number}: not a labelled line ({problem!r})") from problem
        if unknown := sorted((acts | not_acts) - set(ACTS)):
            raise ValueError(f"{path}, row {number}: unknown acts {', '.join(unknown)}")
        lines.append((text, role, context, acts, not_acts, group))
    looked_for = frozenset(act for _, _, _, acts, _, _ in lines for act in acts)
    return [
        ActLine(text, role, context, acts, not_acts, (looked_for | acts | not_acts) & set(acts_of(role)), group)
        for text, role, context, acts, not_acts, group in lines
        if acts_of(role)
    ]


def fold_by_group(lines: Sequence[ActLine], folds: int) -> list[int]:
    """Return each line's fold, 0 … ``folds`` - 1: groups go in turn, so a group is never split."""
    groups = {group: place % folds for place, group in enumerate(sorted({line.group for line in lines}))}
    return [groups[line.group] for line in lines]
