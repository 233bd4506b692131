"""Street addresses in English and in pinyin: a number, a name, and a word that says street."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii.finding import Detector, Finding, PersonalDatum

_TYPES = (
    "Street|Avenue|Road|Boulevard|Lane|Drive|Court|Place|Terrace|Highway|Parkway|Square|Crescent|Close|Way"
    "|St|Ave|Rd|Blvd|Ln|Dr|Ct|Pl|Ter|Hwy|Pkwy|Sq"
)
_WORD = (
    r"(?:(?!National|Provincial|County |Township|Village |Rural)"
    r"[A-Z][A-Za-z'’]{0,19}(?![A-Za-z\d])\.?|\d{1,3}(?:st|nd|rd|th))"
)
_UNIT = r"(?:Apt|Apartment|Unit|Suite|Ste|Flat|Room|Rm|Building|Bldg|Block|Floor)\.? ?#?\w{1,5}"
_TAIL = (
    rf"(?:\.(?=,))?(?:,? (?i:{_UNIT})|,? #\w{{1,5}})?(?:, {_WORD}(?: {_WORD}){{0,3}}){{0,4}}"
    r"(?:,? [A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|(?:,? [A-Z]{2,3})?(?:,? \d{4,6}(?:-\d{4})?(?![\d*]))?)"
)
_CAPITALS = re.compile(
    rf"(?<![\w*#$.-])(?:{_UNIT}, ){{0,3}}(?:No\.? ?)?\d{{1,5}}(?:-\d{{1,5}})?[A-Z]?(?: {_WORD}){{1,4}}?"
    rf"(?P<type> (?:{_TYPES})\b|(?<=[a-z])way\b){_TAIL}"
    rf"|(?<![\w*#$.-])\d{{1,5}} (?!Subw|Railw|Highw|Runw|Gatew|Motorw|Norw)[A-Z][a-z]{{2,12}}(?P<joined>way)\b{_TAIL}"
)
_SMALL = re.compile(
    r"(?<![\w*#$.-])\d{1,5}(?:-\d{1,5})?(?: (?!(?:in|on|the|of|to|at|by|a|an|per|for|and|or|is|it|was|down|off"
    r"|more|days?|hours?|miles?|km"
    r"|minutes?|min|items?|from|my|your|township|village|county|provincial|national)\b)"
    r"[a-z]{2,15}){1,3}(?P<type> (?:street|st|avenue|ave|road|rd|blvd|lane|ln))\b"
    r"(?:,? (?:apt|unit|suite|flat|room|#)\.? ?\w{1,5})?"
)
_MASKED = re.compile(rf"(?<!\*)\*{{5,}}(?P<type>(?i: (?:{_TYPES})\b)|way(?![a-z]))\**")


def _find(pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    for match in pattern.finditer(text):
        kind = "joined" if match.groupdict().get("joined") else "type"
        shown = range(*match.span(kind))
        if shown.start - match.start() < 5:
            continue  # too little to tell its masked form from other stars
        hidden = tuple(place for place in range(match.start(), match.end()) if place not in shown)
        yield Finding(PersonalDatum("address", match.start(), match.end()), hidden)


def find_english_addresses(text: str) -> Iterator[Finding]:
    """Find street addresses, raw and masked; the word that says street stays."""
    for pattern in (_CAPITALS, _SMALL, _MASKED):
        yield from _find(pattern, text)


DETECTORS: tuple[Detector, ...] = (find_english_addresses,)
