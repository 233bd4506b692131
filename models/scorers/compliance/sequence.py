"""What is seen where: among the first or last messages, before or after something else, and in which order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from models.domain.condition import Condition, Order, Speaker
from models.scorers.compliance.findings import NO, Finding, Hit, unknown
from models.scorers.compliance.talk import Talk, among


def read_seen(talk: Talk, condition: Condition, default: Speaker | None) -> Finding:
    """Return whether a condition with ``seen`` holds."""
    speaker = condition.by or default
    hits = talk.hits(condition.seen, speaker)
    blind = talk.is_blind(condition.seen)
    if not condition.after:
        limited = hits and (condition.first or condition.last or condition.before)
        placed = among(hits, _places(talk, condition, speaker)) if limited else hits
        return Finding(True, tuple(placed)) if placed else unknown("encoder") if blind else NO
    triggers = talk.hits(condition.after, condition.after_by)
    if not triggers:
        return unknown("encoder") if talk.is_blind(condition.after) else NO
    trigger = triggers[0 if condition.pick == "first" else -1]
    if not hits:
        return unknown("encoder", trigger) if blind else Finding(False, after=trigger)
    places = _places(talk, condition, speaker)
    same = [hit for hit in among(hits, places) if hit.turn == trigger.turn and hit.start >= trigger.end]
    if condition.first or condition.last or condition.before or condition.within:
        behind = among(hits, [place for place in places if place > trigger.turn][: condition.within])
    else:
        behind = [hit for hit in hits if hit.turn > trigger.turn]
    found, timeless = _in_time(talk, [*same, *behind], trigger, condition.within_seconds)
    if found:
        return Finding(True, tuple(found), trigger)
    if timeless:
        return unknown("times", trigger)
    return unknown("encoder", trigger) if blind else Finding(False, after=trigger)


def _places(talk: Talk, condition: Condition, speaker: Speaker | None) -> list[int]:
    messages = talk.messages(speaker)
    places = messages
    if condition.first:
        places = places[: condition.first]
    if condition.last:
        places = places[-condition.last :]
    if condition.before:
        bound = talk.hits(condition.before, condition.before_by or speaker)
        if bound:
            places = [place for place in places if place <= bound[0].turn]
    return places


def _in_time(talk: Talk, hits: Sequence[Hit], trigger: Hit, limit: float | None) -> tuple[list[Hit], bool]:
    """Return the hits at most so many seconds later, and whether that cannot be known of some."""
    if limit is None:
        return list(hits), False
    waits = [(hit, talk.seconds(trigger.turn, hit.turn)) for hit in hits]
    return [hit for hit, wait in waits if wait is not None and wait <= limit], any(wait is None for _, wait in waits)


def read_order(talk: Talk, order: Order, default: Speaker | None) -> Finding:
    """Return whether one thing is followed by another, as :class:`models.domain.condition.Order` says."""
    by = order.by or default
    firsts = talk.hits(order.first, by)
    thens = talk.hits(order.then, order.then_by or by)
    blind = talk.is_blind((*order.first, *order.then))
    if not firsts:
        return unknown("encoder") if talk.is_blind(order.first) else Finding(order.always)
    timeless = False
    pairs: list[Hit] = []
    for first in firsts:
        follower, known = _follower(talk, order, first, thens, order.then_by or by)
        if follower and not order.always:
            pairs += [first, follower]  # all of them: without some, the others would still be there
        if not follower and known and order.always:
            return unknown("encoder", first) if talk.is_blind(order.then) else Finding(False, after=first)
        timeless = timeless or not known
    if pairs:
        return Finding(True, tuple(dict.fromkeys(pairs)), pairs[0])
    if timeless:
        return unknown("times", firsts[0])
    if order.always:
        return unknown("encoder") if talk.is_blind(order.first) else Finding(True, tuple(firsts))
    return unknown("encoder", firsts[0]) if blind else Finding(False, after=firsts[0])


def _follower(
    talk: Talk, order: Order, first: Hit, thens: Sequence[Hit], speaker: Speaker | None
) -> tuple[Hit | None, bool]:
    """Return what follows ``first`` in the limits, and whether that is known; the nearest one with a time decides."""
    timeless = False
    place = bisect_left(thens, Hit(first.turn, first.end, 0))
    for then in thens[place:]:
        if order.within is not None and talk.apart(first.turn, then.turn, speaker) > order.within:
            break
        if order.within_seconds is None:
            return then, True
        wait = talk.seconds(first.turn, then.turn)
        if wait is None:
            timeless = True
            if talk.turns[first.turn].at is None:
                break
            continue
        if wait <= order.within_seconds:
            return then, True
        break  # what comes later comes later still
    return None, not timeless
