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


def read_count(talk: Talk, count: Count, default: Speaker | None) -> Finding:
    """Return whether there are so many messages."""
    speaker = count.by or default
    places = talk.messages(speaker)[: count.first]
    if count.last:
        places = places[-count.last :]
    hits = among(talk.hits(count.of, speaker), places) if count.of else [talk.whole(place) for place in places]
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
    if repeated.of:
        hits = talk.hits(repeated.of, speaker)
        shown = sorted({hit.turn for hit in hits})
        places = [bisect_left(messages, turn) for turn in shown]
        for place in range(len(shown) - repeated.times + 1):
            several = slice(place, place + repeated.times)
            if repeated.within is None or places[several][-1] - places[place] < repeated.within:
                turns = set(shown[several])
                return Finding(True, tuple(hit for hit in hits if hit.turn in turns))
        return unknown("encoder") if talk.is_blind(repeated.of) else NO
    alike = _alike([_compared(talk, turn) for turn in messages], repeated)
    return Finding(True, tuple(talk.whole(messages[place]) for place in alike)) if alike else NO


def _compared(talk: Talk, turn: int) -> str:
    return "".join(char for char in normalise(talk.context.texts[turn]).text if char.isalnum())[:_LONGEST]


def _alike(texts: Sequence[str], repeated: Repeated) -> list[int]:
    """Return the first message that comes so many times, with those like it."""
    reach = min(repeated.within or MOST_APART, MOST_APART)
    for first, text in enumerate(texts):
        places = [first]
        for place in range(first + 1, min(first + reach, len(texts))):
            if Indel.normalized_similarity(text, texts[place], score_cutoff=repeated.alike) >= repeated.alike:
                places.append(place)
            if len(places) >= repeated.times:
                return places
    return []
