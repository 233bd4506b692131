"""Find and mask personal data. Masking keeps the length, so offsets fit the original and the masked text alike.

Every detector recognises its datum raw and in the masked form this module writes (and that exports often carry:
``138****5678``), so scoring raw text and scoring stored, masked text give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["phone", "id_card", "bank_card", "email", "account", "name", "address"]


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One piece of personal data: its kind and where it is (characters, end exclusive)."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Detector:
    """How one kind is found, confirmed and masked: ``keep`` characters stay visible at the head and the tail."""

    kind: Kind
    pattern: re.Pattern[str]
    keep: tuple[int, int]
    confirm: Callable[[re.Match[str]], bool] = lambda _: True


_STAR = "*"
# A number right behind one of these is an order's or a parcel's, however much it looks like a phone or a card;
# unless a word in between says that it is a phone after all ("订单收货人电话").
_ORDER_LABEL = re.compile(
    r"(?:订单|訂單|单号|單號|运单|運單|编号|編號|流水|款号|货号|貨號|条形?码|(?:快递|快遞|物流|交易)[^\d\n,，。;；]{0,3}[号號]"
    r"|order|tracking|waybill|invoice)"
    r"(?:(?!电话|電話|手机|手機|联系|聯繫|致电|打给|tel|phone|mobile|call)[^\d\n,，。;；]){0,6}$"
    r"|(?<![A-Za-z])(?:SF|YT|ZTO|STO|JD[A-Z]{0,2}|JT|YD|DPK)$",
    re.IGNORECASE,
)
_ID_LABEL = re.compile(r"身[份分][证證][^\d\n,，。;；]{0,4}$")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isdecimal()]


def _labelled_as_order(match: re.Match[str]) -> bool:
    return _ORDER_LABEL.search(match.string, max(0, match.start("value") - 16), match.start("value")) is not None


def _is_phone(match: re.Match[str]) -> bool:
    return not _labelled_as_order(match)


def is_id_card(number: str) -> bool:
    """Tell whether 18 characters are a mainland ID number: plausible birth date, ISO 7064 MOD 11-2 check character."""
    digits = _digits(number[:17])
    if len(number) != 18 or len(digits) != 17:
        return False
    year, month, day = (int("".join(map(str, digits[a:b]))) for a, b in ((6, 10), (10, 12), (12, 14)))
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    check = "10X98765432"[sum(w * d for w, d in zip(_ID_WEIGHTS, digits, strict=True)) % 11]
    last = number[17]
    return (str(int(last)) if last.isdecimal() else last.upper()) == check


def _is_id(match: re.Match[str]) -> bool:
    value = match["value"]
    # A customer who mistypes the number behind "身份证号" still wrote most of it.
    labelled = _ID_LABEL.search(match.string, max(0, match.start("value") - 8), match.start("value"))
    return _STAR in value or is_id_card(value) or labelled is not None


def is_luhn(number: str) -> bool:
    """Tell whether a number's digits satisfy the Luhn check (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(_digits(number))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_bank_card(match: re.Match[str]) -> bool:
    value = match["value"]
    if _STAR in value:
        return value.count(_STAR) >= 4  # fewer are a size: 2000*1800
    digits = _digits(value)
    # Issuers' prefixes by length: UnionPay 62 (16–19), the rest 16 digits, American Express 15.
    # Order numbers of 18 and 19 digits satisfy Luhn by chance one time in ten; the prefix leaves one in a thousand.
    head = digits[0] * 10 + digits[1]
    issued = head in (62, 60, 68, 95) if len(digits) > 16 else digits[0] in (3, 4, 5, 6)
    return issued and (len(digits) > 15 or head in (34, 37)) and is_luhn(value) and not _labelled_as_order(match)


def _is_account(match: re.Match[str]) -> bool:
    value, link = match["value"], match["link"].strip().lower()
    # "wechat payment" and "wechat is broken" are plain words; something with a digit is an account.
    return _STAR in value or link not in ("", "is") or any(char.isdecimal() or char == "_" for char in value)


_GAP = r"[ \t]{0,2}[:：]?[ \t]{0,2}"
# What stands behind "姓名" in a form to fill in, not a name.
_NO_NAME = (
    r"(?!电话|電話|手机|手機|号码|號碼|地址|信息|资料|身份|联系|方式|客服|本人|麻烦"
    r"|[写填改错不没未已可需要请您你我和及与的是有])"
)
_PLACE = r"(?:[省市区區县縣镇鎮街路村栋棟室苑弄]|[号號])"
# What an address ends with; "号" may also be a day of the month: 15号能到吗.
_HOUSE = (
    r"(?:[\d一二三四五六七八九十]\s?(?:[号號](?![能到之前后後发發可会會就还還左吗嗎了送收])|栋|棟|幢|室|弄|单元|楼|组)"
    r"|\d{2,6}(?=$|[\s,，。;；]))"
)
# Words that no address holds: what they stand before is something else.
_SAME_THING = (
    r"(?!电话|電話|手机|手機|微信|薇|qq|QQ|扣扣|加[vV微]|wechat|姓名|收件|收货|收貨|地址|订单|訂單|单号|單號|[运運]单|身份|卡号"
    r"|寄到|发到|[吗嗎呢]|什么|怎么|多少|能到)"
)
_WRITTEN = r"[\u4e00-\u9fa5A-Za-z\d]"
_DETECTORS: tuple[_Detector, ...] = (
    _Detector(
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+*-])(?P<value>[A-Za-z0-9._%+*-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})"
        ),
        (1, 0),
    ),
    _Detector(
        "id_card",
        re.compile(r"(?<![\d*])(?P<value>\d{17}[\dXxＸ]|(?:\d{3}\*{11}|\d{6}\*{8})\d{3}[\dXxＸ])(?![\d*])"),
        (3, 4),
        _is_id,
    ),
    _Detector(
        "phone",
        re.compile(
            r"(?<![\d*])(?<!\d\.)(?:\+?86[- ]?)?"
            r"(?P<value>[1１][3-9３-９]\d[- ]?(?:\d{4}|\*{4})[- ]?\d{4})(?![\d*])"
        ),
        (3, 4),
        _is_phone,
    ),
    _Detector(
        "bank_card",
        re.compile(
            r"(?<![\dA-Za-z*])(?P<value>\d{4}(?:(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,4})?"
            r"|(?:[ -]?\*{1,15}){1,4}(?:[ -]?\d){1,4}))(?![\d*])"
        ),
        (4, 4),
        _is_bank_card,
    ),
    _Detector(
        "account",
        re.compile(
            r"(?:微信|薇信|威信|维信|微訊|扣扣|企鹅|[加+＋][vV薇微]"
            r"|(?<![A-Za-z])(?:v信|[vw]x|we ?chat|weixin|qq|v(?=[:：])))"
            r"(?P<link>(?:账号|帐号|帳號|号码|號碼|群|号|號|id)?[ \t]{0,2}(?:[:：是为]|is)?[ \t]{0,2})"
            r"(?P<value>[A-Za-z][\w-]{5,19}|[1-9]\d{4,11}|[A-Za-z\d][\w-]\*{3,18})(?![\d*A-Za-z])",
            re.IGNORECASE | re.ASCII,
        ),
        (2, 0),
        _is_account,
    ),
    _Detector(
        "name",
        re.compile(
            rf"(?:姓名|收件人|收货人|收貨人|联系人|聯繫人|收款人|持卡人){_GAP}(?<=[:： \t]){_NO_NAME}"
            r"(?P<value>[\u4e00-\u9fa5](?:[\u4e00-\u9fa5·]{1,3}?|\*{1,4}))"
            r"(?=$|[\s,，。;；、/|+\d(（]|电话|電話|手机|手機|地址|联系|身份证)"
        ),
        (1, 0),
    ),
    _Detector(
        "address",
        re.compile(
            rf"(?:地址|住址|寄到|寄往|发到|发往|送到|住在)(?:{_GAP}|是)"
            rf"(?P<value>{_SAME_THING}(?=[^,，。;；\n]{{2,40}}{_PLACE})[\u4e00-\u9fa5A-Za-z]{{2}}"
            rf"(?:{_SAME_THING}[^,，。;；\n?？*]){{2,78}}{_HOUSE}"
            # The receiver's name often stands between the address and the phone.
            rf"(?:[ ]{{0,2}}(?:{_SAME_THING}[\u4e00-\u9fa5]){{2,4}}(?=[ ]{{0,2}}1[3-9]\d))?"
            rf"|{_WRITTEN}{{6}}\*{{2,}})"
        ),
        (6, 0),
    ),
)
_SEPARATED: frozenset[Kind] = frozenset({"phone", "bank_card"})  # 138 1234 5678 keeps the shape that finds it again


def _found(text: str) -> Iterator[tuple[_Detector, int, int]]:
    taken = bytearray(len(text))
    for detector in _DETECTORS:
        for match in detector.pattern.finditer(text):
            start, end = match.span("value")
            other = taken.find(1, start, end)
            if other >= 0 and detector.kind == "address":
                end = _before(text, other)  # name and phone often follow: the address ends there
            elif other >= 0:
                continue
            if end - start > sum(detector.keep) and detector.confirm(match):
                whole = match.start()  # with its label or country code: no other datum reaches into them
                taken[whole:end] = b"\1" * (end - whole)
                yield detector, start, end


def _before(text: str, place: int) -> int:
    """Return where what stands before ``place`` ends; one character stays between so that both are found again."""
    end = place - 1
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end


def find_personal_data(text: str) -> list[PersonalDatum]:
    """Return the personal data in ``text``, raw or already masked, by position and without overlaps."""
    return sorted((PersonalDatum(d.kind, start, end) for d, start, end in _found(text)), key=lambda datum: datum.start)


def _mask_once(text: str) -> str:
    chars = list(text)
    for detector, start, end in _found(text):
        head, tail = detector.keep
        if detector.kind == "email":
            tail = end - text.index("@", start)
            head = min(head, end - tail - start - 1)
        for place in range(start + head, end - tail):
            if not (chars[place] in " -" and detector.kind in _SEPARATED):
                chars[place] = _STAR
    return "".join(chars)


def mask(text: str) -> str:
    """Return ``text`` with personal data starred out; same length, and masking again changes nothing."""
    while (masked := _mask_once(text)) != text:  # ends: each round only adds stars
        text = masked
    return text
