"""What is said in two breaths: a match split over messages of one speaker that follow each other (加我微, 信).

Messages are read on only where one of two is a fragment, and a match counts only if it crosses the border, shows
nothing that a message shows alone, and takes up half of one of its messages: else the end of one thought and the
beginning of the next would now and then make a third.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise

from models.domain.conversation import Turn
from models.scorers.compliance.cues import Part, TurnCues
from models.text.pieces import Span, count_words, overlap

# Messages before the newest that are read on; and how long a fragment is, in characters.
REACH = 3
_FRAGMENT = 12
# What is read of a longer message, next to the border: enough for what guards look at.
_WINDOW = 40


def run_before(turns: Sequence[Turn], cues: Sequence[TurnCues], place: int) -> list[int]:
    """Return the places of the messages that the one at ``place`` may go on, in order.

    They have its speaker and nothing in between, not even a picture; those between the first and it are fragments.
    """
    first = place
    while first and place - first < REACH:
        earlier = turns[first - 1]
        same = (earlier.role, earlier.agent_id) == (turns[place].role, turns[place].agent_id)
        if not same or cues[first - 1].blank:
            break
        first -= 1
        if len(earlier.text) > _FRAGMENT:
            break
    return list(range(first, place))


def find_across(
    find: Callable[[str], Mapping[str, Sequence[Span]]],
    names: frozenset[str],
    texts: Sequence[str],
    cues: Sequence[TurnCues],
) -> dict[str, tuple[tuple[Part, ...], ...]]:
    """Return per cue what shows only where the messages are read as one; each match in its parts.

    Args:
        find: Returns a text's cues with their spans.
        names: The cues that matter.
        texts: The newest message with those that it goes on, in order.
        cues: What each shows alone.
    """
    if len(texts) < 2 or min(len(texts[-1]), len(texts[-2])) > _FRAGMENT:
        return {}
    cut = max(0, len(texts[0]) - _WINDOW)
    pieces = [texts[0][cut:], *texts[1:-1], texts[-1][:_WINDOW]]
    borders = [0, *accumulate(len(piece) for piece in pieces)]
    found: dict[str, tuple[tuple[Part, ...], ...]] = {}
    for name, spans in find("".join(pieces)).items():
        if name not in names:
            continue
        matches = []
        for start, end in spans:
            if not start < borders[-2] < end:
                continue
            inside: list[Part] = []
            for place, (left, right) in enumerate(pairwise(borders)):
                first, last = max(start, left), min(end, right)
                if first < last:
                    shift = (cut if place == 0 else 0) - left
                    inside.append((len(texts) - 1 - place, first + shift, last + shift))
            if _is_new(name, inside, texts, cues):
                matches.append(tuple(inside))
        if matches:
            found[name] = tuple(matches)
    return found


def _is_new(name: str, parts: Sequence[Part], texts: Sequence[str], cues: Sequence[TurnCues]) -> bool:
    """Tell whether a match says something in each message, shows in none alone, and is most of one of them."""
    main = False
    for back, start, end in parts:
        place = len(texts) - 1 - back
        said = count_words(texts[place][start:end])
        if not said or any(overlap((start, end), span) for span in cues[place].seen.get(name, ())):
            return False
        main = main or 2 * said >= count_words(texts[place])
    return main
