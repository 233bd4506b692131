"""How many messages there are, and which are the same again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from rapidfuzz.distance import Indel

from models.domain.condition import Count, Repeated, Speaker
from models.scorers.compliance.findings import NO, Finding, unknown
from models.scorers.compliance.talk import Talk, among
from models.text.normalise import normalise

# Messages of a speaker further apart are not compared, so that the cost stays linear in the messages …
MOST_APART = 100
# … and nothing is compared beyond these first characters.
_LONGEST = 500
_ALIKE = 0.9


def read_count(talk: Talk, count: Count, default: Speaker | None) -> Finding:
    """Return whether there are so many messages."""
    speaker = count.by or default
    places = talk.messages(speaker)[: count.first]
    if count.last:
        places = places[-count.last :]
    hits = talk.hits(count.of, speaker) if count.of else [talk.whole(place) for place in places]
    if count.of and (count.first or count.last):
        hits = among(hits, places)
    number = len({hit.turn for hit in hits})
    enough = count.at_least is None or number >= count.at_least
    few = count.at_most is None or number <= count.at_most
    if talk.is_blind(count.of) and few and not (enough and count.at_most is None):
        return unknown("encoder")  # with what nobody can see there may be more
    return Finding(True, tuple(hits)) if enough and few else NO


def read_repeated(talk: Talk, repeated: Repeated, default: Speaker | None) -> Finding:
    """Return whether somebody says the same so many times."""
    speaker = repeated.by or default
    messages = talk.messages(speaker)
    hits = talk.hits(repeated.of, speaker) if repeated.of else []
    turns = sorted({hit.turn for hit in hits}) if repeated.of else messages
    places = [bisect_left(messages, turn) for turn in turns] if repeated.of else range(len(messages))
    if repeated.of and repeated.alike is None:
        several = _near(places, repeated)
    else:
        several = _alike([_compared(talk, turn) for turn in turns], places, repeated)
    if not several:
        return unknown("encoder") if talk.is_blind(repeated.of) else NO
    if repeated.of:
        chosen = {turns[one] for one in several}
        return Finding(True, tuple(hit for hit in hits if hit.turn in chosen))
    return Finding(True, tuple(talk.whole(turns[one]) for one in several))


def _near(places: Sequence[int], repeated: Repeated) -> Sequence[int]:
    """Return which of the messages at ``places`` are among so many near enough to each other."""
    found: dict[int, None] = {}
    for first in range(len(places) - repeated.times + 1):
        last = first + repeated.times - 1
        if repeated.within is None or places[last] - places[first] < repeated.within:
            found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)


def _compared(talk: Talk, turn: int) -> str:
    return "".join(char for char in normalise(talk.context.texts[turn]).text if char.isalnum())[:_LONGEST]


def _alike(texts: Sequence[str], places: Sequence[int], repeated: Repeated) -> list[int]:
    """Return which texts come so many times, those like each other together.

    Args:
        texts: To compare.
        places: Which of the speaker's messages each is; ascending.
        repeated: What is asked.
    """
    least = _ALIKE if repeated.alike is None else repeated.alike
    reach = min(repeated.within or MOST_APART, MOST_APART)
    found: dict[int, None] = {}
    for first, text in enumerate(texts):
        if first in found:  # those like it are there, too, or near enough
            continue
        near = range(first + 1, bisect_left(places, places[first] + reach))
        same = [other for other in near if Indel.normalized_similarity(text, texts[other], score_cutoff=least) >= least]
        if len(same) + 1 >= repeated.times:
            found.update(dict.fromkeys((first, *same)))
    return list(found)
