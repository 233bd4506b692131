"""What has to be quoted so that without it nothing forbidden is left: tried, not assumed.

Source: the deletion test of explanations (comprehensiveness), DeYoung et al., ERASER, ACL 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from models.domain.context import Context
from models.scorers.compliance.cues import TurnCues
from models.scorers.compliance.findings import Finding, Hit
from models.scorers.compliance.talk import Talk

# Returns the cues of the turns once some (their places) have other texts, and where they are others.
Again = Callable[[Context, Sequence[TurnCues], Sequence[int]], tuple[Sequence[TurnCues], Collection[int]]]

_ROUNDS = 12
# More pieces than this are quoted as one a message.
_MOST_PIECES = 50


def quote_enough(
    talk: Talk, found: Sequence[Hit], names: Container[str], again: Again, ask: Callable[[Talk], Finding]
) -> tuple[Hit, ...]:
    """Return what has to go until ``ask`` finds nothing any more; what was found comes first.

    Where leaving words out cannot help (an answer that came late, something that was not said), it is what was found.

    Args:
        talk: As it is.
        found: What is forbidden in it.
        names: The cues that it rests on.
        again: Looks at changed messages anew.
        ask: Whether it is still there.
    """
    quoted = _covered(found) if len(found) > _MOST_PIECES else list(found)
    for turn in range(_ROUNDS):
        rest = _Rest.of(talk, quoted, names, again)
        left = ask(rest.talk)
        if not left.holds:
            break
        further = [hit for hit in rest.original(left.hits) if hit not in quoted]
        if turn:  # the same message again: all of it
            known = {part.turn for hit in quoted for part in hit.parts}
            further = [talk.whole(hit.turn) if hit.turn in known else hit for hit in further]
        further = [hit for hit in dict.fromkeys(further) if hit not in quoted]
        if not further:
            break
        quoted += further
    return tuple(quoted)


def _covered(hits: Iterable[Hit]) -> list[Hit]:
    """Return one piece a message, from the first hit's beginning to the last one's end."""
    found: dict[int, Hit] = {}
    for part in (part for hit in hits for part in hit.parts):
        known = found.get(part.turn, part)
        found[part.turn] = replace(known, start=min(known.start, part.start), end=max(known.end, part.end))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Rest:
    """A talk without some of its words.

    Attributes:
        talk: What is left.
        kept: For the turns that changed: which characters are left.
    """

    talk: Talk
    kept: Mapping[int, Sequence[int]]

    @classmethod
    def of(cls, talk: Talk, hits: Iterable[Hit], names: Container[str], again: Again) -> _Rest:
        gone: dict[int, set[int]] = {}
        for part in (part for hit in hits for part in hit.parts):
            gone.setdefault(part.turn, set()).update(range(part.start, part.end))
        context = talk.context
        turns, texts = list(context.turns), list(context.texts)
        kept = {}
        for place, left_out in gone.items():
            kept[place] = [at for at in range(len(texts[place])) if at not in left_out]
            turns[place] = replace(turns[place], text="".join(turns[place].text[at] for at in kept[place]))
            texts[place] = "".join(texts[place][at] for at in kept[place])
        changed = replace(context, turns=tuple(turns), texts=tuple(texts))
        cues, others = again(changed, talk.cues, sorted(gone))
        return cls(talk.changed(changed, cues, others, names), kept)

    def original(self, hits: Iterable[Hit]) -> list[Hit]:
        """Return where the words of hits stand in the talk as it was."""
        found = []
        for part in (part for hit in hits for part in hit.parts):
            kept = self.kept.get(part.turn)
            if kept is None:
                found.append(part)
            elif part.start < part.end:
                found.append(replace(part, start=kept[part.start], end=kept[part.end - 1] + 1))
        return found
