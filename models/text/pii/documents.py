"""Numbers on documents: identity cards, passports and permits, bank cards, licence plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii.finding import STAR, Detector, by_pattern, hide_middle
from models.text.pii.labels import labelled_as_order
from models.text.pii.validators import digits_of, is_id_card, is_luhn, is_old_id_card

_ID = re.compile(
    r"(?<![\d*])(?P<value>\d{3}(?:\d{3}|\*{3})[- ]?(?:\d{8}|\*{8})[- ]?\d{3}[\dXx]"
    r"|\d{6}\*{8}\d{3}[\dXx]"
    r"|\d{3}(?:\d{8}|\*{8})\d{4}"
    r"|[A-Z][12]\d(?:\d{3}|\*{3})\d{4})(?![\d*])"
)
_ID_LABEL = re.compile(r"(?:身[份分]证|证件|ID(?: card)?)[^\d\n,。;]{0,8}$", re.IGNORECASE)


def _is_id(match: re.Match[str]) -> bool:
    value = match["value"]
    labelled = _ID_LABEL.search(match.string, max(0, match.start("value") - 12), match.start("value")) is not None
    if STAR in value:
        return True
    if value[0].isalpha():
        return labelled
    compact = re.sub("[- ]", "", value)
    if len(compact) == 15:
        return labelled and is_old_id_card(compact)
    # A customer who mistypes the number behind "身份证号" still wrote most of it.
    return labelled or (is_id_card(compact) and not labelled_as_order(match))


_PASSPORT = re.compile(
    r"(?:护照|通行证|台胞证|回乡证|passport)(?: ?(?:号码?|number|no\.?))?[ ]?(?:是|is|:)?[ ]{0,2}"
    r"(?P<value>[A-Z]{1,2}\d{6,9}|\d{8,9}|[A-Z\d]{2}\*{3,7}\d{2})(?![\dA-Za-z*])",
    re.IGNORECASE,
)

_BANK_CARD = re.compile(
    r"(?<![\dA-Za-z*])(?P<value>\d{4}(?:(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,4})?|\d{2}[ -]\d{13}"
    r"|\d{0,2}(?:[ -]?\*{1,15})(?:[ -]\*{1,15}){0,4}(?:[ -]?\d){1,4}))(?![\d*])"
)
_BANK_LABEL = re.compile(
    r"(?:银行卡|储蓄卡|信用卡|收款卡|退款卡|收款人|[建工农招邮储中]行|(?:bank ?|credit |debit )card)[^\d\n,。;]{0,6}$",
    re.IGNORECASE,
)


def _is_bank_card(match: re.Match[str]) -> bool:
    value = match["value"]
    if STAR in value:
        return value.count(STAR) >= 4  # fewer are a size: 2000*1800
    digits = digits_of(value)
    # Issuers' prefixes by length: UnionPay 62 (16–19), the rest 16 digits, American Express 15.
    # Order numbers of 18 and 19 digits satisfy Luhn by chance one time in ten; the prefix leaves one in a thousand.
    head = digits[0] * 10 + digits[1]
    issued = head in (62, 60, 68, 95) if len(digits) > 16 else digits[0] in (3, 4, 5, 6)
    if not issued or (len(digits) <= 15 and head not in (34, 37)) or labelled_as_order(match):
        return False
    labelled = _BANK_LABEL.search(match.string, max(0, match.start() - 12), match.start()) is not None
    return labelled or is_luhn(value)


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"(?<![全最崭更])(?P<value>[{_PROVINCES}][A-Z][·•.\- ]?"
    r"(?:[A-HJ-NP-Z\d]{4,5}[A-HJ-NP-Z\d挂学警港澳领]|\*{5,6}))(?![A-Za-z\d*])",
    re.IGNORECASE,
)


def _is_plate(match: re.Match[str]) -> bool:
    body: str = match["value"][2:].lstrip("·•.- ")
    if STAR in body:
        return True
    letters: int = sum(char.isascii() and char.isalpha() for char in body)
    if len(body) == 5:
        return letters <= 2
    # New energy: six places, D or F (since 2019 A to K) in front or behind.
    return letters <= 2 and (body[0].upper() in "ABCDEFGHJK" or body[-1].upper() in "ABCDEFGHJK")


def _hide_plate(text: str, start: int, end: int) -> Iterator[int]:
    yield from (place for place in range(start + 2, end) if text[place] not in "·•.- ")


IDENTITY: tuple[Detector, ...] = (by_pattern("id_card", _ID, hide_middle(3, 4), _is_id),)
OTHERS: tuple[Detector, ...] = (
    by_pattern("bank_card", _BANK_CARD, hide_middle(4, 4), _is_bank_card),
    by_pattern("passport", _PASSPORT, hide_middle(2, 2)),
    by_pattern("licence_plate", _PLATE, _hide_plate, _is_plate),
)
