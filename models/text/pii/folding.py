"""One spelling for the detectors, character by character, so that every offset stays what it was.

Unlike ``models.text.normalise`` nothing is added or dropped: full width becomes half width, decorated digits become
digits, and the traditional characters that labels and addresses use become simplified.
"""

from __future__ import annotations

import re

_TRADITIONAL = str.maketrans(
    "電話機聯繫號碼訂單運編貨條物資郵件證護險車蘇遼陝貴粵閩雲滬贛魯瓊寧區縣鎮鄉樓棟層號門園場廈廣東灣應開戶賬帳薇維訊撥給發寄達"
    "臺龍歲國華陽慶漢濟廠莊橋專壢義蘭長馬鳥張陳劉楊黃趙吳孫許鄭馮蔣謝鄧韓蕭葉呂盧閻羅餘潘鐘譚陸範賈韋傅龐鄒嚴顧錢湯賴龔萬喬歐關"
    "姐飯銀匯儲儲證護",
    "电话机联系号码订单运编货条物资邮件证护险车苏辽陕贵粤闽云沪赣鲁琼宁区县镇乡楼栋层号门园场厦广东湾应开户账帐薇维讯拨给发寄达"
    "台龙岁国华阳庆汉济厂庄桥专坜义兰长马鸟张陈刘杨黄赵吴孙许郑冯蒋谢邓韩萧叶吕卢阎罗余潘钟谭陆范贾韦傅庞邹严顾钱汤赖龚万乔欧关"
    "姐饭银汇储储证护",
)
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_DIGITS = {
    start + digit: ord(str((digit + first) % 10))
    for start, first, count in (
        (0x2460, 1, 9), (0x2776, 1, 9), (0x2780, 1, 9), (0x278A, 1, 9), (0x24EA, 0, 1),
        *((0x1D7CE + 10 * style, 0, 10) for style in range(5)),
    )
    for digit in range(count)
}  # fmt: skip
_FOLD = {**_TRADITIONAL, **_HALF_WIDTH, **_DIGITS, 0x01: 0x20}
_HAN_DIGITS = str.maketrans("零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖", "001123456789123456789")
_HAN_NUMBER = re.compile(
    r"[零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖][\W_]{0,2}[零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖]"
)


def fold(text: str) -> str:
    """Return ``text`` in the detectors' spelling, of the same length."""
    return text.translate(_FOLD)


def fold_han_digits(folded: str) -> str | None:
    """Return folded text with 一三八 as 138, too; ``None`` where no two such digits stand together."""
    return folded.translate(_HAN_DIGITS) if _HAN_NUMBER.search(folded) else None
