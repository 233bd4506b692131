"""E-mail addresses, also spelt out, and accounts of messengers (WeChat, QQ, LINE, Telegram)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii.finding import STAR, Detector, by_pattern

_TLD = r"(?:com|cn|net|org|edu|gov|io|co|me|hk|tw|uk|de|jp|info|biz)(?![A-Za-z])"
_LOCAL = r"(?<![A-Za-z0-9._%+*-])(?P<value>[A-Za-z0-9._%+*-]{1,64}"
_EMAIL = re.compile(rf"{_LOCAL}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{1,4}})")
_DOT = r"(?:\.| ?[(\[]dot[)\]] ?| dot |点)"
_EVASIVE = re.compile(
    rf"{_LOCAL} ?(?:@|#|[(\[]at[)\]]|艾特|圈a) ?[A-Za-z0-9-]{{1,63}}(?:{_DOT}[A-Za-z0-9-]{{1,63}}){{0,2}}{_DOT}{_TLD})",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"(?<![\w.*-])(?P<value>[A-Za-z0-9*][\w.*-]{0,40}(?: dot [\w.*-]{1,40}){0,2}"
    rf" at [A-Za-z0-9-]{{1,63}}(?P<dot>{_DOT}){_TLD})",
    re.IGNORECASE | re.ASCII,
)
_AT = re.compile(r" ?(?:@|#|[(\[]at[)\]]|艾特|圈a)| at ", re.IGNORECASE)


_PLAIN_WORDS = {"number", "numbers", "account", "accounts", "friend", "friends", "please", "payment", "message"}


def _is_evasive(match: re.Match[str]) -> bool:
    # "@ brand.com @ brand" mentions somebody; with blanks or # only a local part with a digit is an address.
    at = _AT.search(match["value"])
    if at is None or at[0].strip() not in ("@", "#"):
        return True
    local, domain = match["value"][: at.start()], match["value"][at.end() :].lstrip()
    return not domain.lower().startswith("www") and (STAR in local or any(c.isdecimal() or c == "_" for c in local))


def _is_spoken(match: re.Match[str]) -> bool:
    # "look at example.com" is none; who writes "dot" or has a digit in the name means an address.
    local = match["value"].split(" at ")[0]
    return "dot" in match["dot"].lower() or STAR in local or any(char.isdecimal() or char in "_." for char in local)


def _hide_local(text: str, start: int, end: int) -> Iterator[int]:
    at = _AT.search(text, start, end)
    local_end = at.start() if at else end
    yield from range(start + 1 if local_end - start > 1 else start, local_end)


_ACCOUNT = re.compile(
    r"(?:[微威维徽薇][ ]{0,2}[信芯]|微讯|[微薇威v] ?[❤♥💗💚]️?|绿泡泡|小绿书|卫星号?|[扣叩] ?[扣叩]|球球|企鹅号?|🐧"
    r"|[加+私我] ?(?:[v薇微扣q]|威(?!力))"
    r"|(?<![A-Za-z])(?:v ?信|[vw]x|we ?chat|weixin|q ?q|v(?=:)|line(?= ?id)|telegram))"
    r"(?P<link> ?(?:账号|帐号|号码|群|号|id)?[ \t]{0,2}(?:[:是为]|is)?[ \t]{0,2})"
    r"(?P<value>@?[A-Za-z][\w-]{5,19}|[1-9]\d{4,11}|[1-9](?: \d){4,11}|\d(?: \d)(?: \*){3,10}"
    r"|[A-Za-z\d@][\w-]\*{3,18})(?![\d*A-Za-z])",
    re.IGNORECASE | re.ASCII,
)


def _is_account(match: re.Match[str]) -> bool:
    value, link = match["value"], match["link"].strip().lower()
    if value.lower() in _PLAIN_WORDS:
        return False
    # "wechat payment" and "wechat is broken" are plain words; something with a digit is an account.
    return STAR in value or link not in ("", "is") or any(char.isdecimal() or char == "_" for char in value)


def _hide_account(text: str, start: int, end: int) -> Iterator[int]:
    shown = 0
    for place in range(start, end):
        if text[place] != " ":
            if shown >= 2:
                yield place
            shown += 1


EMAILS: tuple[Detector, ...] = (
    by_pattern("email", _EMAIL, _hide_local),
    by_pattern("email", _EVASIVE, _hide_local, _is_evasive),
    by_pattern("email", _SPOKEN, _hide_local, _is_spoken),
)
ACCOUNTS: tuple[Detector, ...] = (by_pattern("account", _ACCOUNT, _hide_account, _is_account),)
