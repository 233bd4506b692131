"""Chinese addresses, announced or not: found by their house number, then read backwards to the first place name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.text.pii.finding import TAKEN, Detector, Finding, PersonalDatum

_HAN = "[\u4e00-\u9fff]"
# Words that no place name holds: what they stand in is a sentence.
_NAME = "(?:(?![的了吗呢嘛能要会发给我你您他她它是有没不就才都和跟与从至这那请买快到在寄送款])[\u4e00-\u9fff])"
_NUMBER = r"(?:[A-Za-z]?\d{1,5}(?:[-#]\d{1,4}){0,2}[A-Za-z]?|[一二三四五六七八九十百甲乙丙丁]{1,4}|[A-Z])"
# 号 is a day of the month as well: 15号能到吗; 号线, 号店, 号链接 number other things.
_DAY = r"(?!之?[前后]|[线店仓链色机柜能到发可会就还左吗了送收那才我你早晚出开截没说有是]|[上下中]午|的?快)"
_STRONG = "(?:号楼|号院|栋|幢|单元|座)"
_PART = (
    rf"(?:\d{{3,5}}号(?![线店仓链柜楼院])|(?!一[座栋幢]){_NUMBER}[ ]?(?:{_STRONG}|号{_DAY}"
    rf"|[楼层门](?!的)|室|房(?!间)|弄|户|段|组(?!合)|F(?![a-z])))"
)
_ESTATE = (
    "(?:小区|花园|家园|公寓|大厦|广场|新村|社区|大学|学院|中心|宿舍|公馆|基地|市场|园区|大院|[苑园府邸院湾庭轩阁居])"
)
_CHAIN = re.compile(
    rf"{_PART}(?:[ ]?{_PART}|{_NAME}{{1,9}}{_PART})*"
    rf"(?:{_NAME}{{1,8}}{_ESTATE})?"
    r"(?:[ ]\d{3,4}(?=$|[\s,。;、\x01])|[A-Za-z]?\d{1,4}(?:-\d{1,4}){0,2}(?![\d*.:A-Za-z]))?"
)
_STRONG_PART = re.compile(rf"(?!一[座栋幢]){_NUMBER}[ ]?(?P<unit>{_STRONG}|室)")
_HOUSE = re.compile(rf"{_NUMBER}[ ]?[号弄户F]")
_ONLY_DAY = re.compile(r"\d{1,2}号$")

_PROVINCE = (
    "(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海"
    "|台湾|台北|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)"
)
_ROAD = "(?:路|街|大道|(?<!知)(?<!频)(?<!通)(?<!渠)(?<!味)(?<!报)(?<!手)道|巷|胡同|村|屯|庄|镇|乡)"
_REGION = "(?:自治[区州县]|新区|街道|开发区|工业园|[省市区县旗州镇乡])"
_UNIT = re.compile(rf"{_REGION}|{_ROAD}|{_ESTATE}")
_ENDS_WITH_ROAD = re.compile(rf"{_NAME}(?<![一上半套线网走公马铁]){_ROAD}[东西南北中]?段?[ ]?$")
_ENDS_WITH_ESTATE = re.compile(
    rf"{_NAME}(?:{_ESTATE}|[区城里坊湾])[东西南北中A-Z]?[一二三四五六七八九]?[A-Z]?[区期]?[ ]?$"
)
_REGIONS = re.compile(rf"{_PROVINCE}|{_NAME}{{2,4}}?{_REGION}")
_PROVINCE_HEAD = re.compile(rf"{_PROVINCE}(?:省|市|自治区|特别行政区)?(?:{_NAME}{{2,4}}?市)?")
# What leads to an address without being part of it.
_LEAD = re.compile(r".*[的是到在从至您你我们与住寄送:,]|")
_VERBS = re.compile(
    "(?:地址|麻烦|请问|请|反映|帮忙|快递|包裹|顾客|客户|买家|现在|默认|写|改|换|填|他|她|家(?!庄)|发|邮|放|搬|拿|去|成(?!都)|给|来(?!宾)|里)*"
)
_LABEL = re.compile(r"(?:地址|住址|寄到|寄往|发到|发往|送到|送货|住在?|邮到|放到|搬到)[^\d\n,。;]{0,6}")
_REACH = 40


def _window_start(text: str, end: int) -> int:
    """Return where the unbroken run of place-name characters before ``end`` begins; a space may follow a unit."""
    start = end
    floor = max(0, end - _REACH)
    while start > floor:
        char = text[start - 1]
        if char == " ":
            if start - 1 == floor or not _UNIT.search(text, max(floor, start - 3), start - 1):
                break
        elif not ("\u4e00" <= char <= "\u9fff" or char.isdecimal() or (char.isascii() and char.isalpha())):
            break
        start -= 1
    return start


def _head(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the address in ``text[start:end]`` begins and where its first place name ends."""
    province = _PROVINCE_HEAD.search(text, start, end)
    unit = _UNIT.search(text, start, end)
    if province and (not unit or province.start() < unit.end()):
        return province.span()
    if unit is None:
        return None
    lead = _LEAD.match(text[start : unit.start()])
    begin = start + (lead.end() if lead else 0)
    if verbs := _VERBS.match(text, begin, unit.start()):
        begin = verbs.end()
    longest = 4 if re.match(_REGION, unit[0]) else 8
    begin = max(begin, unit.start() - longest)
    if begin >= unit.start():
        return None
    # Of an estate without its city the building stays, too: what tells the household is hidden.
    building = None if re.match(_REGION, unit[0]) else _STRONG_PART.match(text, unit.end(), end)
    return begin, building.end() if building else unit.end()


def _settled(text: str, at: int) -> tuple[int, int] | None:
    """Return begin and kept end of the address whose hidden part starts at ``at``, as masked text shows them."""
    head = _head(text, _window_start(text, at), at)
    while head is not None and head[1] < at:
        at = head[1]
        head = _head(text, _window_start(text, at), at)
    return head


def _finding(start: int, kept: int, end: int) -> Iterator[Finding]:
    if kept < end:
        yield Finding(PersonalDatum("address", start, end), tuple(range(kept, end)))


# Not a form to fill in: **市**区**路.
_MASKED = re.compile(r"(?<!\*)\*{2,}(?!\*|[省市区县镇路街号栋]\*)")


def find_addresses(text: str) -> Iterator[Finding]:
    """Find Chinese addresses that go down to a house, a building or a room, and masked ones."""
    for stars in _MASKED.finditer(text):
        head = _settled(text, stars.start())
        part = _last_part(text, stars.start())
        if head is not None and head[1] == stars.start() and head[0] < head[1]:
            yield from _finding(head[0], head[1], stars.end())
        elif part is not None:
            yield from _finding(part, stars.start(), stars.end())
    at = 0
    while chain := _CHAIN.search(text, at):
        at = chain.end()
        # A star right before a number would hide it from its detector: one character stays between.
        end = at - 1 if text.startswith(TAKEN, at) else at
        window = _window_start(text, chain.start())
        if not _is_address(text, window, chain):
            continue
        building = _STRONG_PART.match(text, chain.start(), end)
        shown = building.end() if building and building.end() < end else chain.start()
        head = _settled(text, shown)
        if head is not None:
            yield from _finding(head[0], head[1], end)
        elif building:
            yield from _finding(chain.start(), building.end(), end)


def _last_part(text: str, end: int) -> int | None:
    """Return where the building's number right before ``end`` starts, if there is one."""
    for start in range(max(0, end - 8), end):
        if (match := _STRONG_PART.match(text, start, end)) and match.end() == end:
            return start
    return None


def _is_address(text: str, start: int, chain: re.Match[str]) -> bool:
    before = text[start : chain.start()]
    units = {match["unit"] for match in _STRONG_PART.finditer(chain[0])}
    if _ENDS_WITH_ROAD.search(before):
        return bool(units or _HOUSE.search(chain[0]))
    if units and _ENDS_WITH_ESTATE.search(before):
        return True
    if len(units) >= 2:
        return True
    if _ONLY_DAY.match(chain[0]):
        return False
    regions = len(_REGIONS.findall(before))
    if regions >= 2 or (units and regions):
        return True
    return bool(units and before and _LABEL.search(text, max(0, chain.start() - 24), chain.start()))


DETECTORS: tuple[Detector, ...] = (find_addresses,)
