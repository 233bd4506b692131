"""Judge a conversation again after small changes to it, from the first change on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from models.domain.conversation import Conversation, Role, Turn
from models.domain.scores import CheckResult
from models.pipeline.engine import Pipeline
from models.pipeline.run import open_context

Span = tuple[int, int]
# By a turn's place in the conversation: pieces of its text, in order and without overlaps, and what replaces each.
Edits = Mapping[int, Sequence[tuple[Span, str]]]


class Replay:
    """A conversation as it was judged, ready to be judged with changes. What came before the first is not redone."""

    def __init__(self, pipeline: Pipeline, conversation: Conversation) -> None:
        """Take in the conversation as it is."""
        self.conversation = conversation
        self._pipeline = pipeline
        self._before = [open_context(conversation)]
        for turn in conversation.turns:
            self._before.append(pipeline.follow(self._before[-1], [turn]))

    def results(self, edits: Edits) -> dict[str, CheckResult]:
        """Return every check's result with these changes, by id; evidence is placed in the changed texts."""
        turns = self.conversation.turns
        first = min(edits, default=len(turns))
        changed = [
            replace(turn, text=edited(turn.text, edits.get(place, ())))
            for place, turn in enumerate(turns[first:], start=first)
        ]
        return self._judged(first, changed)

    def with_message(self, place: int, role: Role, text: str) -> dict[str, CheckResult]:
        """Return every check's result with a further message before the turn at ``place``."""
        turns = self.conversation.turns
        beside = turns[place - 1] if place else turns[place] if turns else None
        said = Turn(index=place, role=role, text=text, at=beside.at if beside else None)
        later = [replace(turn, index=turn.index + 1) for turn in turns[place:]]
        return self._judged(place, [said, *later])

    def _judged(self, first: int, turns: Sequence[Turn]) -> dict[str, CheckResult]:
        context = self._pipeline.follow(self._before[first], turns)
        return {result.id: result for result in self._pipeline.judge(context).checks}


def edited(text: str, pieces: Sequence[tuple[Span, str]]) -> str:
    """Return ``text`` with each piece replaced; pieces are in order and do not overlap."""
    done = 0
    parts: list[str] = []
    for (start, end), instead in pieces:
        parts += (text[done:start], instead)
        done = end
    return "".join((*parts, text[done:]))


def merged(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, joined where they touch or overlap."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
