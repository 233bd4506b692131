"""Figures, numbers and personal data in a message.

Amounts, times and the like are found by patterns of our own in the normalised text (RE2: linear), personal data by the
detectors that masking uses, in the text as it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import re2

from models.domain.cue import PERSONAL_KINDS, Cue, Entity
from models.text.normalise import Normalised
from models.text.pieces import Span, overlap
from models.text.pii import find_personal_data

_MOST_MATCHES = 40
# That are measured, of each kind.
_MOST_MEASURED = 400

_HAN_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000, "亿": 100_000_000}
_FIGURE = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?[十百千万亿k]?|[零一二两三四五六七八九十百千万亿]+"
_SPAN = rf"(?:(?:{_FIGURE})\s?(?:-|~|到|至|–|—|to)\s?)?"
_DAY = r"(?:早上|早晨|上午|中午|下午|傍晚|晚上|凌晨|夜里|今晚|明早|明晚)"
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"

# In each, ``value`` is the figure and ``unit`` what it counts, where that matters.
_PATTERNS: Mapping[str, str] = {
    "amount": (
        rf"(?:[¥$€£]|\b(?:rmb|cny|usd|eur|gbp))\s?(?P<before>{_FIGURE})"
        rf"|(?P<value>{_FIGURE})\s?[多来]?(?:元|块钱?|毛|美元|美金|欧元|英镑|港币|人民币|rmb\b|cny\b|usd\b|yuan\b|dollars?\b|bucks?\b|euros?\b"
        r"|pounds?\b)"
    ),
    "percentage": rf"(?P<value>(?:{_FIGURE}))\s?(?:%|percent\b)|百分之(?P<before>{_FIGURE})",
    "date": (
        r"\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}(?:日|号)?|\d{1,2}月\d{1,2}(?:日|号)?|[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号]"
        r"|大?[前后]天|[今明昨]天|次日|(?:下下|下|上|本|这)?个?(?:周|星期|礼拜)[一二三四五六日天末]|月[底初末中]"
        rf"|\b{_MONTHS}\.? \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTHS}\b"
        rf"|\b(?:today|tomorrow|yesterday|tonight|{_WEEKDAYS})\b|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b"
    ),
    "time": (
        r"\b\d{1,2}:\d{2}(?::\d{2})?\b"
        rf"|{_DAY}\s?(?:\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})(?:点|时)(?:半|整|一刻|\d{{1,2}}分?)?"
        r"|(?:\d{1,2}|[一二两三四五六七八九十]{1,3})点(?:半|整|钟|一刻|\d{1,2}分|之?前|以前|左右)"
        r"|\b\d{1,2}\s?(?:am|pm|a\.m\.|p\.m\.|o'clock)|\b(?:noon|midnight)\b"
    ),
    "duration": (
        rf"{_SPAN}(?P<value>{_FIGURE}|半|\b(?:an?|one|two|three|four|five|six|seven|ten|few)\b)\s?(?:多|来)?(?:个半|个)?\s?"
        r"(?:more |business |working )?"
        r"(?P<unit>小时|钟头|分钟|秒钟?|工作日|自然日|天|日[内后]|周|星期|礼拜|月"
        r"|(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|h)\b)"
    ),
    "order_number": (
        r"(?:订单|单号|运单|快递单|物流单|编号|流水)[^\d\na-z,。]{0,6}(?P<value>[a-z]{0,4}[\d*-]{6,24})"
        r"|\b(?:order|tracking|waybill|invoice)\b[^\d\n]{0,12}(?P<before>[a-z]{0,4}[\d*-]{6,24})"
        r"|\b(?:sf|yt|zto|sto|jd[a-z]{0,2}|jt|yd|ems)\d{8,18}\b|\b\d{15,24}\b"
    ),
    "link": (
        r"\b(?:https?://|www\.)[!-~]{3,900}"
        r"|\b(?:[a-z\d-]{1,63}\.){1,4}(?:com|cn|net|org|shop|top|cc|io|vip|xyz|info|co|me)\b(?:/[!-~]{0,900})?"
    ),
}
_HOURS = {
    "秒": 1 / 3600, "s": 1 / 3600, "分": 1 / 60, "min": 1 / 60, "小": 1.0, "钟": 1.0, "h": 1.0, "天": 24.0, "日": 24.0,
    "工": 24.0, "自": 24.0, "d": 24.0, "周": 168.0, "星": 168.0, "礼": 168.0, "w": 168.0, "月": 720.0, "mo": 720.0,
}  # fmt: skip
_MONTH_UNIT = re.compile(r"[个半]\s?月$")
_ENGLISH = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}


def figure(written: str) -> float | None:
    """Return the number that Arabic or Chinese figures say; ``None`` for what says none (半, few)."""
    written = written.replace(",", "").strip()
    if written in _ENGLISH:
        return float(_ENGLISH[written])
    if written == "半":
        return 0.5
    if written[:1].isdecimal():
        times = {"十": 10, "百": 100, "千": 1000, "k": 1000, "万": 10_000, "亿": 100_000_000}.get(written[-1], 0)
        return float(written[:-1]) * times if times else float(written)
    total = section = digit = 0
    for char in written:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in _HAN_UNITS:
            unit = _HAN_UNITS[char]
            if unit >= 10_000:
                total = (total + section + digit) * unit
                section = digit = 0
            else:
                section += (digit or 1) * unit
                digit = 0
        else:
            return None
    if len(written) > 1 and (unit := _HAN_UNITS.get(written[-2], 0)) >= 100:  # 三百五 is 350; 三百零五 says so
        digit *= unit // 10
    return float(total + section + digit)


class EntityFinder:
    """What the cues of a playbook ask for; nothing else is looked for."""

    def __init__(self, cues: Mapping[str, Cue]) -> None:
        """Compile the patterns of the kinds that occur."""
        self._asked = {name: cue.entity for name, cue in cues.items() if cue.entity}
        kinds = {entity.kind for entity in self._asked.values()}
        self._personal = not kinds.isdisjoint(PERSONAL_KINDS)
        chosen = re2.Options()
        chosen.log_errors = False
        self._patterns = {kind: re2.compile(_PATTERNS[kind], chosen) for kind in sorted(kinds - {*PERSONAL_KINDS})}

    def find(self, text: str, plain: Normalised) -> dict[str, list[Span]]:
        """Return the cues whose entity is there, with its spans in the normalised text.

        Args:
            text: The message as it is written.
            plain: The same, normalised.
        """
        if not self._asked:
            return {}
        known: dict[str, list[tuple[Span, float | None]]] = {
            kind: list(self._measured(kind, pattern, plain.text)) for kind, pattern in self._patterns.items()
        }
        if self._personal:
            for datum in find_personal_data(text):
                span = _normalised(datum.start, datum.end, plain)
                known.setdefault(datum.kind, []).append((span, None))
        found = {}
        for name, entity in self._asked.items():
            spans = [span for span, size in known.get(entity.kind, ()) if _fits(entity, size)]
            if len(spans) >= entity.count:
                found[name] = spans[:_MOST_MATCHES]
        return found

    def _measured(self, kind: str, pattern: Any, text: str) -> Iterator[tuple[Span, float | None]]:
        refuse = _REFUSED.get(kind)
        personal: Sequence[Span] | None = None
        for match in islice(pattern.finditer(text), _MOST_MEASURED):
            span = match.span()
            if kind == "order_number":
                personal = _personal_numbers(text) if personal is None else personal
                if any(overlap(other, span) for other in personal):
                    continue
            if refuse and refuse(text, span):
                continue
            yield span, _size(kind, match)


def _fits(entity: Entity, size: float | None) -> bool:
    if entity.over is None and entity.under is None:
        return True
    if size is None:
        return False
    return (entity.over is None or size > entity.over) and (entity.under is None or size < entity.under)


def _size(kind: str, match: Any) -> float | None:
    if kind in ("amount", "percentage"):
        return figure(match["value"] or match["before"])
    if kind == "duration":
        count, unit = figure(match["value"]), match["unit"]
        hours = next((_HOURS[unit[:length]] for length in (3, 2, 1) if unit[:length] in _HOURS), None)
        return None if count is None or hours is None else count * hours
    return None


def _ordinal(text: str, span: Span) -> bool:
    """Tell whether it is the third day or month, and not three of them."""
    if text.endswith("月", 0, span[1]) and not _MONTH_UNIT.search(text[max(span[0], span[1] - 4) : span[1]]):
        return True
    return text.endswith("第", 0, span[0])


def _in_address(text: str, span: Span) -> bool:
    """Tell whether a host belongs to an e-mail address."""
    return text.endswith("@", 0, span[0]) or "@" in text[span[0] : span[1]].split("/")[0]


def _personal_numbers(text: str) -> list[Span]:
    """Return where long numbers are a card's or a person's."""
    return [
        (datum.start, datum.end)
        for datum in find_personal_data(text)
        if datum.kind in ("phone", "id_card", "bank_card")
    ]


_REFUSED: Mapping[str, Callable[[str, Span], bool]] = {
    "duration": _ordinal,
    "link": _in_address,
}


def _normalised(start: int, end: int, plain: Normalised) -> Span:
    """Return the normalised characters that stand for ``start:end`` of what is written."""
    first = bisect_left(plain.ends, start + 1)
    last = bisect_left(plain.starts, end)
    return first, max(last, first)
