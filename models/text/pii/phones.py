"""Mobile phones, landlines and numbers from abroad.

400, 800 and short numbers (95588, 12315) are public: nobody's, so they are never found. Own rules, not
``phonenumbers``: that library knows no masked, spelt or split numbers, see docs/decisions/0003.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii.finding import STAR, Detector, Finding, by_pattern, hide_middle
from models.text.pii.folding import fold_han_digits
from models.text.pii.labels import labelled_as_order, labelled_as_phone, labelled_as_price

_SEP = r"[ \t\-_.,·•、/|~—–‑]{0,2}"
_MOBILE = re.compile(
    # Right behind a masked name (李**139…) a star does not belong to the number.
    r"(?:(?<![\d*+])|(?<=[\u4e00-\u9fff]\*)|(?<=[\u4e00-\u9fff]\*\*)|(?<=[\u4e00-\u9fff]\*\*\*))(?<!\d\.)"
    r"(?:(?:\+|00)?86[- ]?)?"
    rf"(?P<value>1{_SEP}[3-9]{_SEP}\d{_SEP}(?:(?:\d{_SEP}){{4}}|(?:\*{_SEP}){{2,6}})(?:\d{_SEP}){{3}}\d)(?![\d*])"
)
_PUBLIC = re.compile(r"(?:\+?1?[-. (]{1,2}|\+1|)(?:400|8(?:00|33|44|55|66|77|88))(?!\d)")
_GROUP = re.compile(r"[\d*]+")
# How people group the eleven digits; anything else needs a word that says phone.
_SHAPES = {(11,), (3, 4, 4), (3, 8), (7, 4), (1,) * 11}
_ODD = re.compile(r"[·•、|~—–‑_]")
_LONGER = re.compile(r"[ \t\-_.,·•、/|~—–‑]{1,2}\d(?!\d)")


def _is_mobile(match: re.Match[str]) -> bool:
    if labelled_as_order(match) or _PUBLIC.match(match["value"]):
        return False
    groups = tuple(map(len, _GROUP.findall(match["value"])))
    if len(groups) == 1:
        return True
    if groups == (1,) * 11 and _LONGER.match(match.string, match.end()):
        return False
    known = groups in _SHAPES or STAR in match["value"] or (len(groups) < 6 and bool(_ODD.search(match["value"])))
    return (known and not labelled_as_price(match)) or labelled_as_phone(match)


_LANDLINE = re.compile(
    r"(?<![\d*-])(?P<value>"
    r"(?:\((?:010|02\d)\)|(?:010|02\d))[- ]?(?:[2-9]\d{7}|\*{4}\d{4})"
    r"|(?:\(0[3-9]\d{2}\)|0[3-9]\d{2})[- ]?(?:[2-9]\d{6,7}|\*{3,4}\d{4})"
    r"|(?:0086|\+86)[- ]?0?(?:(?:10|2\d)[- ]?(?:[2-9]\d{7}|\*{4}\d{4})|[3-9]\d{2}[- ]?(?:[2-9]\d{6,7}|\*{3,4}\d{4}))"
    r")(?![\d*])"
)


def _is_landline(match: re.Match[str]) -> bool:
    # Undivided, it might be any code that starts with 0.
    divided = not match["value"].isdecimal()
    return not labelled_as_order(match) and (divided or labelled_as_phone(match))


def _hide_local(text: str, start: int, end: int) -> Iterator[int]:
    """Hide the local number but its last four digits; the area stays."""
    places = [place for place in range(start, end) if text[place].isdecimal() or text[place] == STAR]
    digits = "".join(text[place] for place in places)
    trunk = 4 if digits.startswith("0086") else 2 if digits.startswith("86") else 0
    if trunk and digits[trunk] == "0":
        trunk += 1
    area = digits[trunk:] if trunk else digits[1:]
    head = (trunk or 1) + (2 if area[0] in "12" else 3)
    yield from places[head : len(places) - 4]


_ABROAD = re.compile(
    r"(?<![\d*+])(?P<value>\+(?!86)[1-9][\d*]{0,14}(?:[-. ()]{1,2}[\d*]{1,12}){0,5}"
    r"|85[23][- ](?:[2-9]\d{3}|\*{4})[- ]?\d{4}"
    r"|(?:\([2-9]\d{2}\) ?|(?<![-.])[2-9]\d{2}[-. ])(?:[2-9]\d{2}|\*{3})[-. ]\d{4}"
    r"|09\d(?:\d[- ]?\d{3}|\*[- ]?\*{2}\d|\*[- ]?\*{3})[- ]?(?:\d{3}|\*{3}))(?![\d*])"
)


def _is_abroad(match: re.Match[str]) -> bool:
    value = match["value"]
    count = sum(char.isdecimal() or char == STAR for char in value)
    return 8 <= count <= 15 and not _PUBLIC.match(value) and not labelled_as_order(match)


_FIND_MOBILE = by_pattern("phone", _MOBILE, hide_middle(3, 4), _is_mobile)


def find_mobiles(text: str) -> Iterator[Finding]:
    """Find mainland mobile numbers: plain, grouped, spaced out, and in Chinese digits."""
    found = list(_FIND_MOBILE(text))
    if (spelt := fold_han_digits(text)) is not None:
        taken = {place for each in found for place in range(each.datum.start, each.datum.end)}
        found += (each for each in _FIND_MOBILE(spelt) if each.datum.start not in taken)
        found.sort(key=lambda each: each.datum.start)
    yield from found


MOBILES: tuple[Detector, ...] = (find_mobiles,)
OTHERS: tuple[Detector, ...] = (
    by_pattern("landline", _LANDLINE, _hide_local, _is_landline),
    by_pattern("phone", _ABROAD, hide_middle(3, 4), _is_abroad),
)
