"""Walking the chain: is every event still there, in its place, and as it was written?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from service.audit import repository
from service.audit.event import START, Link, link_hash
from service.core.errors import InvalidRequestError, NotFoundError

Kind = Literal["changed", "deleted", "inserted"]
_FURTHEST = 10_000  # places by which a run of events may have been moved, for it to be told


@dataclass(frozen=True, slots=True)
class Anchor:
    """Place and hash of an event, kept elsewhere: whoever changes what came before it cannot keep its hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """Return it as it is written down."""
        return f"{self.hash}@{self.seq}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place at which the chain is broken.

    Attributes:
        kind: What was done to it, as far as the hashes tell.
        first: The first event that was changed or inserted, or that is missing.
        last: The last one of those, where several in a row are known to be.
        message: In Chinese.
        message_en: In English.
    """

    kind: Kind
    first: int
    last: int
    message: str
    message_en: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it: ``events`` were looked at up to ``head``; ``fault`` is ``None`` where all is well."""

    events: int
    head: Anchor | None
    fault: Fault | None


def anchor(session: Session) -> Anchor:
    """Return the last event's anchor.

    Raises:
        NotFoundError: Nothing has happened yet.
    """
    last = repository.head(session)
    if last is None:
        raise NotFoundError("the audit log is empty", "审计日志为空")
    return Anchor(*last)


def parse_anchor(text: str) -> Anchor:
    """Read an anchor as ``str`` writes it.

    Raises:
        InvalidRequestError: It is none.
    """
    digest, _, number = text.strip().partition("@")
    if len(digest) == 64 and set(digest) <= set("0123456789abcdef") and number.isascii() and number.isdigit():
        return Anchor(int(number), digest)
    raise InvalidRequestError(
        f"{text!r} is no anchor: HASH@NUMBER", f"{text!r} 不是锚点：应为 哈希@编号", hint="attune audit anchor"
    )


def verify(session: Session, start: int | None = None, kept: Sequence[Anchor] = ()) -> Verification:
    """Walk the chain and return the first fault.

    Args:
        session: An open transaction.
        start: The first event to look at; the hash of the one before it is believed. From the very first without.
        kept: Anchors that were kept elsewhere: they show also that the end was cut off, or all of it written anew.
    """
    anchors = {one.seq: one.hash for one in kept}
    previous: Link | None = None
    if start is not None and start > 1:
        for seq in sorted({start - 1, *(one for one in anchors if one < start)}):
            previous = repository.get(session, seq)
            if previous is None:
                return Verification(0, None, _deleted(seq, seq))
            if previous.hash != anchors.get(seq, previous.hash):
                return Verification(0, None, _rewritten(seq))
    count = 0
    for link in repository.walk(session, start):
        fault = _fault(session, previous, link)
        if fault is None and link.hash != anchors.get(link.event.seq, link.hash):
            fault = _rewritten(link.event.seq)
        if fault is not None:
            return Verification(count, _anchor(previous), fault)
        previous = link
        count += 1
    end = previous.event.seq if previous is not None else 0
    if end < (furthest := max(anchors, default=0)):
        return Verification(count, _anchor(previous), _deleted(end + 1, furthest))
    return Verification(count, _anchor(previous), None)


def _fault(session: Session, previous: Link | None, link: Link) -> Fault | None:
    seq = link.event.seq
    expected = previous.event.seq + 1 if previous is not None else 1
    before = previous.hash if previous is not None else START
    if seq == expected and link.prev_hash == before and link.hash == link_hash(before, link.event):
        return None
    if seq < expected:
        return _inserted(seq, seq)
    if seq > expected:
        return _deleted(expected, seq - 1)
    return _moved(session, link, expected) or _mismatch(link, before)


def _mismatch(link: Link, before: str) -> Fault:
    """Tell which of two events is not what it was: this one, or the one before it."""
    seq = link.event.seq
    if link.hash != link_hash(link.prev_hash, link.event):
        return _changed(seq, "内容与其哈希不符", "its content is not what its hash was made of")
    if seq > 1 and link.prev_hash != before:
        # It is whole, and names another one before it: so that one was written anew, hash and all.
        return _changed(seq - 1, "它曾有另一个哈希", "it once had another hash")
    return _changed(seq, "它不接在前一条之后", "it does not follow the one before it")


def _moved(session: Session, link: Link, seq: int) -> Fault | None:
    """Find out whether the event stood elsewhere, which tells that others were put in or taken out before it."""
    before = repository.place_of(session, link.prev_hash) if link.prev_hash != START else 0
    if before is not None and before + 1 < seq and link_hash(link.prev_hash, link.event, before + 1) == link.hash:
        return _inserted(before + 1, seq - 1)
    if before is None:
        for once in range(seq + 1, seq + _FURTHEST):
            if link_hash(link.prev_hash, link.event, once) == link.hash:
                return _deleted(seq, once - 1)
    return None


def _anchor(link: Link | None) -> Anchor | None:
    return None if link is None else Anchor(link.event.seq, link.hash)


def _changed(seq: int, why: str, why_en: str) -> Fault:
    return Fault("changed", seq, seq, f"第 {seq} 条被改动：{why}", f"event {seq} was changed: {why_en}")


def _rewritten(seq: int) -> Fault:
    return _changed(seq, "它或更早的记录被改写，与锚点不符", "it, or one before it, is not what the anchor names")


def _deleted(first: int, last: int) -> Fault:
    which = f"第 {first} 条" if first == last else f"第 {first} 至 {last} 条"
    which_en = f"event {first} is" if first == last else f"events {first} to {last} are"
    return Fault("deleted", first, last, f"{which}缺失", f"{which_en} missing")


def _inserted(first: int, last: int) -> Fault:
    which = f"第 {first} 条" if first == last else f"第 {first} 至 {last} 条"
    which_en = f"event {first} was" if first == last else f"events {first} to {last} were"
    return Fault("inserted", first, last, f"{which}是后来插入的", f"{which_en} put in later")
