"""What the words around a number say that it is: an order's, a price, a phone. On folded (simplified) text."""

from __future__ import annotations

import re

# A number right behind one of these is an order's or a parcel's, however much it looks like a phone or a card;
# unless a word in between says that it is a phone after all ("订单收货人电话").
_ORDER = re.compile(
    r"(?:订单|单号|运单|编号|流水|款号|款式|货号|货品|条[形型]?码|编码|序号|序列号|机身码|批次|批号|工单|入库|时间戳|时间截|发票号码?"
    r"|券码|卡密|兑换码|会员号|会员卡|积分卡|礼品卡|(?:快递|物流|交易)[^\d\n,。;]{0,3}号"
    r"|(?<![a-z])(?:order|tracking|waybill|invoice|parcel|sku|imei|sn|isbn|id ?=))"
    r"(?:(?!电话|手机|联系|致电|打给|tel|phone|mobile|call|身份证|银行卡|卡号)[^\d\n,。;]){0,6}$"
    r"|(?<![A-Za-z])(?:SF|YT|ZTO|STO|JD[A-Z]{0,2}|JT|YD|DPK)$",
    re.IGNORECASE,
)
_PHONE_WORDS = r"电话|手机|号码|号是|座机|固话|传真|联系|致电|拨|打|找我|给你个号|tel|phone|mobile|cell|call|text|fax"
_PHONE_BEFORE = re.compile(rf"(?:{_PHONE_WORDS})[^\d\n。;]{{0,8}}$", re.IGNORECASE)
_PHONE_AFTER = re.compile(rf"[^\d\n。;]{{0,4}}(?:{_PHONE_WORDS})", re.IGNORECASE)
_PRICE = re.compile(r"(?:价格?|元|块|[¥￥$]|折后|尺寸|尺码|规格|长|宽|高|size|price)[ :]?$", re.IGNORECASE)


def labelled_as_order(match: re.Match[str]) -> bool:
    """Tell whether the words before the match's ``value`` call it a number of an order, parcel, coupon or product."""
    return _ORDER.search(match.string, max(0, match.start("value") - 16), match.start("value")) is not None


def labelled_as_phone(match: re.Match[str]) -> bool:
    """Tell whether the words beside the match speak of phoning."""
    before = _PHONE_BEFORE.search(match.string, max(0, match.start() - 14), match.start())
    return bool(before or _PHONE_AFTER.match(match.string, match.end(), match.end() + 12))


def labelled_as_price(match: re.Match[str]) -> bool:
    """Tell whether the word before the match makes it amounts or measures."""
    return _PRICE.search(match.string, max(0, match.start() - 8), match.start()) is not None
