"""Check digits of identity numbers and payment cards."""

from __future__ import annotations

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def digits_of(text: str) -> list[int]:
    """Return the digits in ``text``, whatever stands between them."""
    return [int(char) for char in text if char.isdecimal()]


def id_check_character(head: str) -> str:
    """Return the 18th character (0–9 or X) of a mainland ID number from its first 17 digits (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(w * d for w, d in zip(_ID_WEIGHTS, digits_of(head), strict=True)) % 11]


def is_id_card(number: str) -> bool:
    """Tell whether 18 characters are a mainland ID number: plausible birth date, right check character."""
    digits = digits_of(number[:17])
    if len(number) != 18 or len(digits) != 17:
        return False
    year, month, day = (int("".join(map(str, digits[a:b]))) for a, b in ((6, 10), (10, 12), (12, 14)))
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31):
        return False
    last = number[17]
    return (str(int(last)) if last.isdecimal() else last.upper()) == id_check_character(number[:17])


def is_old_id_card(number: str) -> bool:
    """Tell whether 15 digits could be an ID number of before 1999: a region and a birth date, no check digit."""
    digits = "".join(map(str, digits_of(number)))
    if len(digits) != 15 or digits[0] not in "123456":
        return False
    return 1 <= int(digits[8:10]) <= 12 and 1 <= int(digits[10:12]) <= 31


def is_luhn(number: str) -> bool:
    """Tell whether a number's digits satisfy the Luhn check (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits_of(number))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
