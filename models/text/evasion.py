"""Spellings that only serve to slip past a word list, and the word they mean.

A table of our own, not a pinyin library: one that reads 支付保证金 by its sound finds 支付宝 in it. Every homophone
here has the words beside it that make it ordinary, as lookarounds. Patterns see half width, lower case, simplified
text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2


@dataclass(frozen=True, slots=True)
class Variant:
    """How something is written evasively.

    Attributes:
        pattern: What is written.
        plain: What it means; ``None`` keeps the letters and digits and drops what separates them …
        read: … and reads those that stand here as others.
    """

    pattern: re.Pattern[str]
    plain: str | None
    read: Mapping[str, str]

    def replacement(self, text: str, start: int, end: int) -> str:
        """Return what the match at ``start:end`` becomes; with ``plain`` ``None`` one character for each kept one."""
        if self.plain is not None:
            return self.plain
        return "".join(self.read.get(text[place], text[place]) for place in self.kept(text, start, end))

    @staticmethod
    def kept(text: str, start: int, end: int) -> list[int]:
        """Return the places of the letters and digits."""
        return [place for place in range(start, end) if text[place].isalnum()]


_HAN = r"\u4e00-\u9fff"
_EMOJI = r"\u2600-\u27bf\U0001f300-\U0001faff"
# What people put between the characters of a word. The second only between those of words that also meet by chance
# where a clause ends: no full stop, comma, tilde or blank.
_SEP = rf"[\s*·•.。_\-–—|丨/~^+=#@&,、'\"`\\()\[\]【】<>{_EMOJI}]{{0,3}}"
_INS = rf"[*·•_|丨^#@&+=`\-/\\{_EMOJI}]{{1,3}}"
_MAYBE = rf"[*·•_|丨^#@&+=`\-/\\{_EMOJI}]{{0,3}}"
_MAYBE_EN = r"[*·•._|~^+=#\-]{0,2}"
_FIRST = r"(?<![a-z])"  # no letter before
_LAST = r"(?![a-z])"  # nor behind
# "加" as in "add me", not as in 更加, 增加, 参加.
_ADD = r"(?:(?<=[加+])(?<![更愈增参追附叠施递添]加)|(?<=加[个你我您下]))"

_WEI, _WEI_SOFT, _XIN = "薇威徽维葳崴溦嶶微巍唯", "薇威徽维葳崴微", "信芈芯伈訫"
_NO_HEART = "(?!意|情|愿|动|里|想|理|灵|思|形|型|主义|软|细|疼|急|态|机|脏|电|慌|血|头|得|跳|眼|怀)"
_NO_CHIP = "(?!片|板|核|线|棒|轴|组|材|机|科技)"
_V, _X = "[vνѵ∨✌]", "[xхχ]"

_LEET = {"a": "[a@4а]", "c": "[cс]", "e": "[e3е]", "i": "[i1!]", "l": "[l1i|]", "o": "[o0о]", "s": "[s5$]", "t": "[t7]"}

_NAMES = ("whatsapp", "telegram", "instagram", "facebook", "messenger", "paypal", "venmo", "skype")


def _leet(word: str) -> str:
    """Return a pattern of an English word with figures and signs for letters and signs between them."""
    return _FIRST + _MAYBE_EN.join(_LEET.get(letter, letter) for letter in word) + _LAST


_NUMERALS = {
    **dict(zip("零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖", "0012345678912123456789", strict=True)),
    "o": "0", "о": "0", "l": "1", "i": "1",
}  # fmt: skip
_HAN_NUMERAL = "零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
# So far ahead a figure in words is looked for; no number is longer with its signs, and time stays linear in the text.
_LONGEST_NUMBER = 40
_DIGIT_SEP = r"[\s\-_.·•,、*|~/]{0,2}"

_JOINED: tuple[tuple[str, Mapping[str, str]], ...] = (
    (r"(?<![\d.])\d(?:[\s\-_.·,、]{1,2}\d){5,}(?![\d.])", {}),
    # Figures in words, mixed with others or not: 一三八1234五六七八. Seven are more than any ordinary phrase has.
    (
        rf"(?<![\d{_HAN_NUMERAL}十百千万亿第])(?=[\d\W]{{0,{_LONGEST_NUMBER}}}[{_HAN_NUMERAL}])"
        rf"[\d{_HAN_NUMERAL}](?:{_DIGIT_SEP}[\d{_HAN_NUMERAL}]){{6,}}(?![\d{_HAN_NUMERAL}十百千万亿])",
        _NUMERALS,
    ),
    # Letters for figures: l38oo138ooo.
    (r"(?<![a-z\d])(?=[oоil]?\d)(?=(?:[oоil]{0,4}\d){4})[\doоil]{8,14}(?![a-z\d])", _NUMERALS),
    (
        rf"(?<![{_HAN}])[{_HAN}](?:[\s*·•._\-–—|/~^#@&()\[\]【】<>{_EMOJI}]{{1,2}}[{_HAN}](?![{_HAN}])){{2,}}",
        {},
    ),
    (r"(?<![a-z\d'])[a-z](?:[\s*·•._\-][a-z]){3,}(?![a-z\d'])", {}),
)

# Order matters: earlier ones win.
_WORDS: tuple[tuple[str, str], ...] = (
    # --- WeChat
    (r"(?<![树立有的毫丧失建])威信(?![扫力县高不受全])", "微信"),
    (
        rf"(?<![稍略轻细些低])(?!威信)[{_WEI}]{_SEP}(?:(?:心{_SEP})?(?:信(?!诺)|[伈訫]|芯{_NO_CHIP})|xin{_LAST})",
        "微信",
    ),
    (rf"(?<![稍略轻细些低])[{_WEI_SOFT}]{_SEP}心{_NO_HEART}", "微信"),
    (rf"{_FIRST}(?:wei{_SEP}信|[vw]{_SEP}xin{_LAST})", "微信"),
    (rf"{_FIRST}(?!we\s)w{_SEP}[e3е]{_SEP}[cс]{_SEP}h{_SEP}[a@4а]{_SEP}t{_LAST}", "微信"),
    (rf"{_FIRST}w{_SEP}e{_SEP}i{_SEP}x{_SEP}i{_SEP}n{_LAST}", "微信"),
    # Not 65W x 2, nor W x H.
    (
        rf"(?<![a-z\d])(?:{_V}|w){_SEP}(?:{_X}|(?<=[vw])[×✕✖❌]){_LAST}(?!{_SEP}[hld]{_LAST})"
        rf"(?!\d{{3,4}}[{_HAN}])",
        "微信",
    ),
    (r"(?<=\d)[vw]x(?![a-z\d])(?!\s?\d)", "微信"),
    (rf"(?<![稍略轻细])[薇威微]x{_LAST}", "微信"),
    (rf"{_FIRST}(?:{_V}|√){_SEP}(?:[信芯伈]|心{_NO_HEART})", "微信"),
    (
        rf"{_ADD}\s?(?:[维薇葳]新|v{{2,3}}x{_LAST}"
        r"|卫星(?!天线|导航|定位|电视|电话|信号|图|锅|接收)|围信|葳星|绿泡泡|小绿书?|绿色软件)",
        "微信",
    ),
    (r"绿色?泡泡", "微信"),
    # --- QQ
    (rf"(?<![纽衣搭暗锁卡带对])[扣叩寇蔻抠]{_MAYBE}\s?[扣叩寇蔻抠](?![子搜索脚眼不上紧好住得])", "qq"),
    (rf"球{_SEP}球(?=号|:|\d)|秋{_MAYBE}秋(?=号|:|\d)|企鹅(?=号|:|\d)", "qq"),
    (rf"{_FIRST}q{_SEP}q{_LAST}", "qq"),
    (r"q扣|扣q", "qq"),
    # --- one sign for WeChat, behind "add"
    (
        rf"{_ADD}[\s*·•\-_|^&]?(?:[vν∨✌]{{1,3}}(?![领字型形口脸])|[薇葳](?![娅姿诺婷妮蕤])"
        r"|威(?![力猛风武望士尼严胁逼慑廉化])|微(?![波信量微调弹小细笑型胖瘦商距辣甜酸糖创粒喷单店云热冷软弱晶]))(?![a-z])",
        "微信",
    ),
    (rf"(?<![更愈增参追附叠施递])(?:[珈伽枷]|{_FIRST}jia)我", "加我"),
    (rf"(?<![更愈增参追附叠施递])加(?:{_INS}|心)我", "加我"),
    # --- traditional characters that are simplified by the word they stand in
    (r"(?<=[回答反批电函请盼速候待奉])覆(?![盖没膜灭辙])|覆(?=[函电返你您查检核诊])", "复"),
    (r"瞭(?=解|然|如指掌)|(?<=[明不])瞭(?!望)", "了"),
    (r"藉(?=[口由此机故])|(?<=凭)藉", "借"),
    (r"(?<![显名编土卓论专原巨译昭所合新遗])著(?![名作称述录书者有])", "着"),
    # --- dialect
    (r"(?<=[关联体])係", "系"),
    (r"係", "是"),
    (r"唔该", "谢谢"),
    (r"唔(?=[好使是知到会得紧可能要晓同识])", "不"),
    (r"甚么|神马|啥子|啥", "什么"),
    (r"咋", "怎么"),
    (r"乜(?:嘢|野)", "什么"),
    # --- rewards and reviews
    (rf"红{_INS}包(?![邮装含裹括着您退换头芯袋])", "红包"),
    (rf"红抱(?![枕抱歉着走住])|红苞(?![片芽叶])|[洪宏鸿]包|红bao{_LAST}|{_FIRST}hong(?:包| ?bao{_LAST})", "红包"),
    (rf"好{_INS}评(?![价论分测语])", "好评"),
    (r"好坪|好平(?=返|晒|截|给|加)|好苹(?!果)|好萍", "好评"),
    (rf"好ping{_LAST}|{_FIRST}hao(?:评| ?ping{_LAST})|(?<=星)好p{_LAST}", "好评"),
    (rf"差{_INS}评(?![价论分测语])|差坪|差ping{_LAST}|{_FIRST}cha(?:评|ping{_LAST})", "差评"),
    (r"(?<=[五5满全])个?[⭐★☆🌟✨]{1,5}", "星"),
    (r"[⭐★☆🌟]{5}", "五星"),
    (rf"返{_INS}现|返xian{_LAST}|{_FIRST}fan(?:现| ?xian{_LAST})|返羡", "返现"),
    (r"(?<!往)返线(?![路下上程])|(?<![违相])反现(?![行在场实代有])", "返现"),
    # --- money, secrets, ways to reach somebody
    (
        rf"[支吱知芝]{_MAYBE}(?:付|fu){_MAYBE}(?:宝(?!贝)|bao{_LAST})"
        r"|[支吱]付(?:保(?![证险费价障修护单管持留温鲜密姆])|饱|堡)",
        "支付宝",
    ),
    (rf"{_FIRST}(?:zhi ?fu ?bao|zfb){_LAST}", "支付宝"),
    (rf"转{_INS}[账帐]|转帐|{_FIRST}zhuan(?:账| ?zhang{_LAST})|转zhang{_LAST}", "转账"),
    (rf"验{_INS}证{_MAYBE}码|验证{_INS}码|验[政正]码", "验证码"),
    (rf"验证ma{_LAST}|{_FIRST}(?:yan ?zheng ?ma|yzm){_LAST}", "验证码"),
    (rf"密{_INS}码|蜜码|密ma{_LAST}|{_FIRST}mi(?:码|ma{_LAST})", "密码"),
    (rf"银{_INS}行{_MAYBE}卡|银行{_INS}卡|[银淫]航卡|淫行卡|银行咔", "银行卡"),
    (rf"银行ka{_LAST}|{_FIRST}(?:yin ?hang ?ka|yhk){_LAST}", "银行卡"),
    (rf"手{_INS}机{_MAYBE}号|[手守]鸡号|守机号|手机hao{_LAST}|{_FIRST}shou ?ji ?hao{_LAST}", "手机号"),
    (rf"电{_INS}话|电桦|电画(?![板面质图册框布])|{_FIRST}dian(?:话| ?hua{_LAST})", "电话"),
    (
        rf"二{_INS}维{_MAYBE}码|二维{_INS}码|(?<!\d)2维码|二[威微唯]码|二维ma{_LAST}|{_FIRST}er ?wei ?ma{_LAST}",
        "二维码",
    ),
    (rf"私{_INS}聊|[丝斯]聊|私liao{_LAST}|{_FIRST}si聊", "私聊"),
    (r"小红薯(?=[上里号]|私信|笔记|那边)", "小红书"),
    # --- English names of channels and ways to pay
    *(
        (_leet(name), name)
        for name in ("whatsapp", "telegram", "instagram", "facebook", "messenger", "paypal", "venmo", "skype")
    ),
    # --- insults
    (rf"傻[比笔叉x×b]{_LAST}|沙比|煞笔|{_FIRST}(?:sha ?bi|s\.?b){_LAST}", "傻逼"),
    (rf"{_FIRST}n[iǐ]?m[ab]{_LAST}|尼玛|泥马", "你妈"),
)

_VARIANTS: tuple[Variant, ...] = (
    *(Variant(re.compile(pattern), None, read) for pattern, read in _JOINED),
    *(Variant(re.compile(pattern), plain, {}) for pattern, plain in _WORDS),
)


def _looser(pattern: str) -> str:
    """Return ``pattern`` without its lookarounds, which RE2 does not know: it matches wherever ``pattern`` does."""
    kept: list[str] = []
    place = 0
    while place < len(pattern):
        if re.match(r"\(\?<?[=!]", pattern[place:]):
            place = _closing(pattern, place)
        else:
            step = len(_piece(pattern, place))
            kept.append(pattern[place : place + step])
            place += step
    return "".join(kept)


def _piece(pattern: str, place: int) -> str:
    """Return the escape, the character class or the character at ``place``."""
    found = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL).match(pattern, place)
    assert found
    return found[0]


def _closing(pattern: str, place: int) -> int:
    """Return the place behind the parenthesis that closes the one at ``place``."""
    depth = 0
    while True:
        piece = _piece(pattern, place)
        depth += (piece == "(") - (piece == ")")
        place += len(piece)
        if not depth:
            return place


def _automaton() -> Any:
    """Return one automaton that says whether any variant may occur: most messages hold none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    joined = re2.Set.SearchSet(options)
    for variant in _VARIANTS:
        joined.Add(_for_re2(_looser(variant.pattern.pattern)))
    joined.Compile()
    return joined


def _for_re2(pattern: str) -> str:
    """Write ``\\uXXXX`` as RE2 does."""
    return re.sub(r"\\[uU]([0-9a-f]{4,8})", lambda match: rf"\x{{{match[1]}}}", pattern)


_MAY_OCCUR = _automaton()


def variants_in(text: str) -> Iterator[Variant]:
    """Yield the variants that may occur in ``text``, in order; not those that only come about by replacing others."""
    for index in sorted(_MAY_OCCUR.Match(text) or ()):  # None where nothing matches
        yield _VARIANTS[index]
