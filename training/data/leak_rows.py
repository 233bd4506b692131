"""Shows the search for leaks what every kind of corpus holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from models.domain.conversation import Conversation
from training.data.leakage import Part, Row
from training.data.sentiment import Context, Line, LineSplit, turns_before
from training.data.uss import UssDialogue


def line_rows(corpus: str, split: LineSplit) -> Iterator[Row]:
    """Yield lines; with other turns before it, a line is another line."""
    parts: tuple[tuple[Part, Sequence[Line]], ...] = (
        ("train", split.train),
        ("calibration", split.calibration),
        ("test", split.test),
    )
    for part, lines in parts:
        for line in lines:
            group = f"{corpus}/{line.group}" if line.group else f"{corpus}/{line.identity}"
            yield Row(line.identity, corpus, part, line.text, group, _setting(line.context))


def conversation_rows(corpus: str, conversations: Iterable[Conversation], part: Part) -> Iterator[Row]:
    """Yield conversations as wholes."""
    for conversation in conversations:
        text = "\n".join(turn.text for turn in conversation.turns)
        yield Row(conversation.id, corpus, part, text, f"{corpus}/{conversation.id}")


def rated_turn_rows(corpus: str, dialogues: Iterable[UssDialogue]) -> Iterator[Row]:
    """Yield the customer's turns of held-out USS dialogues: they must not teach sentiment either."""
    for dialogue in dialogues:
        turns = dialogue.conversation.turns
        for turn in turns:
            if turn.role == "customer" and turn.text.strip():
                identity = f"{dialogue.conversation.id}#{turn.index}"
                setting = _setting(turns_before(turns, turn.index))
                yield Row(identity, corpus, "test", turn.text, f"{corpus}/{dialogue.conversation.id}", setting)


def _setting(context: Context) -> str:
    return "\x1e".join(f"{role}\x1f{text}" for role, text in context)
