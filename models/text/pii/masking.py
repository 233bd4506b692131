"""Mask personal data. Masking keeps the length, so offsets fit the original and the masked text alike.

Every detector recognises its datum raw and in the masked form this module writes (and that exports often carry:
``138****5678``), so scoring raw text and scoring stored, masked text give the same result.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.text.pii import addresses, contacts, documents, english_addresses, names, phones
from models.text.pii.finding import STAR, TAKEN, Detector, Finding, PersonalDatum
from models.text.pii.folding import fold

# What comes first takes its characters: nothing else is found in them.
_ORDER: tuple[Detector, ...] = (
    *contacts.EMAILS,
    *documents.DETECTORS[:1],
    *phones.DETECTORS,
    *documents.DETECTORS[1:],
    *contacts.ACCOUNTS,
    *names.ANNOUNCED,
    *addresses.DETECTORS,
    *english_addresses.DETECTORS,
    *names.BESIDE,
)


def _found(text: str) -> Iterator[Finding]:
    free = fold(text)
    for detector in _ORDER:
        pieces, at = [], 0
        for finding in detector(free):
            start, end = finding.datum.start, finding.datum.end
            if start >= at and free.find(TAKEN, start, end) < 0:
                pieces += [free[at:start], TAKEN * (end - start)]
                at = end
                yield finding
        if pieces:
            free = "".join(pieces) + free[at:]


def find_personal_data(text: str) -> list[PersonalDatum]:
    """Return the personal data in ``text``, raw or already masked, by position and without overlaps."""
    return sorted((finding.datum for finding in _found(text)), key=lambda datum: datum.start)


def _mask_once(text: str) -> str:
    chars = list(text)
    for finding in _found(text):
        for place in finding.hidden:
            chars[place] = STAR
    return "".join(chars)


def mask(text: str) -> str:
    """Return ``text`` with personal data starred out; same length, and masking again changes nothing."""
    while (masked := _mask_once(text)) != text:  # ends: each round only adds stars
        text = masked
    return text
