"""One spelling for matching: evasive, traditional and full-width writing becomes plain, every character traceable.

``normalise`` only serves matching. What is shown to people are the original characters that a match came from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc


@dataclass(frozen=True, slots=True)
class Normalised:
    """Text for matching with the way back.

    Attributes:
        text: The normalised text.
        offsets: Per character of ``text`` the ``(start, end)`` in the original it stands for; both never decrease.
    """

    text: str
    offsets: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original characters behind ``text[start:end]``; ``(0, 0)``-like empty spans stay empty."""
        if start >= end:
            place = (
                self.offsets[start][0] if start < len(self.offsets) else (self.offsets[-1][1] if self.offsets else 0)
            )
            return place, place
        return self.offsets[start][0], self.offsets[end - 1][1]


# Beyond NFKC and opencc: variants that Taiwan and Hong Kong write, and that only evade a filter.
_SINGLE = {
    "妳": "你", "祂": "他", "嘅": "的", "咗": "了", "冇": "没", "係": "係", "佢": "他", "啲": "些",
    "❤": "心", "♥": "心", "💚": "心", "💬": "微信", "🐧": "qq", "🛰": "卫星", "➕": "+", "﹢": "+",
    "🧧": "红包", "…": "…", "“": '"', "”": '"', "「": '"', "」": '"',
    "『": '"', "』": '"', "‘": "'", "’": "'", "～": "~", "〜": "~",
    "⓪": "0", "🅥": "v", "🆅": "v", "🅠": "q", "🆀": "q", "🆇": "x",
}  # fmt: skip
_INVISIBLE = {"Cf", "Mn", "Me", "Cs"}  # zero-width joiners, variation selectors, combining marks that decorate letters

_SEP = r"[\s*·•.。_\-/|~^+=#@&,、'\"\\]{0,2}"
_ADD = r"(?:(?<=[加+])|(?<=加[个你我您下]))"
_NO_LATIN = r"(?:^|(?<=[^a-z]))"
# Spellings that only serve to slip past a word list, and the word they mean. Order matters: earlier ones win.
_VARIANTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (
            rf"(?<!稍)[薇威徽维唯崴葳溦嶶微]{_SEP}(?:(?:心{_SEP})?[信芯伈訫]|心(?!意|情|愿|动|里|想|理|灵|思)|xin(?![a-z]))",
            "微信",
        ),
        (rf"{_NO_LATIN}(?:wei{_SEP}信|[vw]{_SEP}xin(?![a-z]))", "微信"),
        (rf"{_NO_LATIN}(?!we\s)w{_SEP}e{_SEP}c{_SEP}h{_SEP}a{_SEP}t(?![a-z])", "微信"),
        (rf"{_NO_LATIN}w{_SEP}e{_SEP}i{_SEP}x{_SEP}i{_SEP}n(?![a-z])", "微信"),
        (rf"{_NO_LATIN}[vw]{_SEP}x(?![a-z])", "微信"),
        (rf"{_NO_LATIN}v{_SEP}(?:[信芯]|心(?![形型]))", "微信"),
        (rf"{_ADD}\s?(?:卫星|围信|葳星|绿泡泡|小绿书?|绿色软件)", "微信"),
        (r"绿泡泡", "微信"),
        (rf"[扣叩寇蔻抠]{_SEP}[扣叩寇蔻抠](?!子)|球{_SEP}球(?=号|:|\d)|企鹅(?=号|:|\d)", "qq"),
        (rf"{_NO_LATIN}q{_SEP}q(?![a-z])", "qq"),
        (r"q扣|扣q", "qq"),
        (
            rf"{_ADD}\s?(?:v{{1,3}}(?![领字型口脸])|薇|威(?!力)|微(?![波信微量调弹小细笑型胖瘦商距]))(?![a-z])",
            "微信",
        ),
        (r"(?<=[关联体])係", "系"),
        (r"係", "是"),
        (r"唔该", "谢谢"),
        (r"唔(?=[好使是知到会得紧可能要晓同识])", "不"),
        (r"甚么|神马|啥子|啥", "什么"),
        (r"咋", "怎么"),
        (r"乜(?:嘢|野)", "什么"),
        (r"红抱|紅包|紅抱|洪包|hong ?bao", "红包"),
        (r"好坪|好平(?=返|晒|截|给|加)|五星好p", "好评"),
        (r"差坪", "差评"),
        (r"返[现線]|返xian|fan现|fanxian", "返现"),
        (r"支付保|zhifubao|支fu宝", "支付宝"),
        (rf"傻[比笔叉x×b](?![a-z])|沙比|煞笔|{_NO_LATIN}(?:sha ?bi|s\.?b)(?![a-z])", "傻逼"),
        (rf"{_NO_LATIN}n[iǐ]?m[ab](?![a-z])|尼玛|泥马", "你妈"),
    )
)
_SPACED_DIGITS = re.compile(r"(?<![\d.])\d(?:[\s\-_.·,、]{1,2}\d){5,}(?![\d.])")
_SPACED_HAN = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?:[\s*·•._\-/|~^#@&]{1,2}[\u4e00-\u9fff](?![\u4e00-\u9fff])){2,}"
)


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=65536)
def _plain(char: str) -> str:
    """Return what one character becomes: nothing, itself, or a few characters."""
    if char in _SINGLE:
        return _SINGLE[char]
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    figure = unicodedata.digit(char, None)
    folded = unicodedata.normalize("NFKC", char).lower() if figure is None else str(figure)
    simple: str = _converter().convert(folded)
    return "".join(_SINGLE.get(c, c) for c in simple if unicodedata.category(c) not in _INVISIBLE)


def normalise(text: str) -> Normalised:
    """Return ``text`` in one spelling: half width, lower case, simplified, evasive spellings resolved."""
    chars: list[str] = []
    offsets: list[tuple[int, int]] = []
    for place, char in enumerate(text):
        for plain in _plain(char):
            chars.append(plain)
            offsets.append((place, place + 1))
    plain_text, spans = "".join(chars), offsets
    for pattern in (_SPACED_DIGITS, _SPACED_HAN):
        plain_text, spans = _substitute(plain_text, spans, pattern, None)
    for pattern, plain in _VARIANTS:
        plain_text, spans = _substitute(plain_text, spans, pattern, plain)
    return Normalised(plain_text, tuple(spans))


def _substitute(
    text: str, offsets: list[tuple[int, int]], pattern: re.Pattern[str], plain: str | None
) -> tuple[str, list[tuple[int, int]]]:
    """Replace each match by ``plain``; by its own letters and digits without what separates them if ``None``."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        if text[start:end] == plain:
            continue
        pieces.append(text[done:start])
        spans.extend(offsets[done:start])
        if plain is None:
            kept = [place for place in range(start, end) if text[place].isalnum()]
            pieces.append("".join(text[place] for place in kept))
            spans.extend(offsets[place] for place in kept)
        else:
            pieces.append(plain)
            spans.extend([(offsets[start][0], offsets[end - 1][1])] * len(plain))
        done = end
    if not done:
        return text, offsets
    pieces.append(text[done:])
    spans.extend(offsets[done:])
    return "".join(pieces), spans
