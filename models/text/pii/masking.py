"""Mask personal data. Masking keeps the length, so offsets fit the original and the masked text alike.

Every detector recognises its datum raw and in the masked form this module writes (and that exports often carry:
``138****5678``), so scoring raw text and scoring stored, masked text give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii import addresses, contacts, documents, english_addresses, names, phones
from models.text.pii.finding import STAR, TAKEN, Detector, Finding, PersonalDatum
from models.text.pii.folding import fold

_NUMBER = re.compile(r"[\d*]")
# What comes first takes its characters: nothing else is found in them. Most messages hold nothing that a stage's hint
# finds, which saves its detectors.
_STAGES: tuple[tuple[re.Pattern[str], tuple[Detector, ...]], ...] = (
    (re.compile(r"[@#]|艾特|圈a|at|AT|At"), contacts.EMAILS),
    (_NUMBER, documents.IDENTITY),
    (re.compile(r"[\d*]|[一幺壹]"), phones.MOBILES),
    (_NUMBER, phones.OTHERS),
    (_NUMBER, documents.OTHERS),
    (re.compile(r"[A-Za-z\d*]"), contacts.ACCOUNTS),
    (re.compile("[名人主叫]"), names.ANNOUNCED),
    (re.compile(r"[A-Z*]|my name"), names.ENGLISH),
    (re.compile(r"\*\*|[号栋幢座元楼层室房弄户段组门F]"), addresses.DETECTORS),
    (re.compile(r"\d{1,5}[A-Z]? [A-Za-z\d]|No|\*{5}"), english_addresses.DETECTORS),
    (re.compile(TAKEN), names.BESIDE),
)


def _found(text: str) -> Iterator[Finding]:
    free = fold(text)
    for detector in (detector for hint, detectors in _STAGES if hint.search(free) for detector in detectors):
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
