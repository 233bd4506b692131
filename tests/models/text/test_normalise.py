"""One spelling for matching; every character keeps its way back to the original."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.normalise import normalise

_CONTACTS = {
    "微信": (
        "薇信", "威信", "微*信", "微 信", "微.信", "微\u200b信", "徽信", "薇❤", "薇❤️", "威❤信", "维芯", "V X", "v.x",
        "ＶＸ", "W-X", "wechat", "W e C h a t", "w e i x i n", "微xin", "wei信", "vxin", "绿泡泡", "v信", "V❤",
    ),
    "qq": ("扣扣", "叩叩", "蔻蔻", "Q Q", "q-q", "ＱＱ", "q扣", "🐧"),
    "加微信": ("加薇", "加V", "加微", "加卫星", "加vv", "加 v", "加维新", "加葳", "加微丨信", "加vvvx"),
    "+微信": ("+v", "+V", "＋ｖ", "➕V", "+薇"),
    "加个微信": ("加个薇", "加个v"),
}  # fmt: skip
_UNTOUCHED = (
    "在微信上说", "微笑", "微心意", "徽章", "加微波炉", "加vip", "v型领", "圆领加v领", "v心形项链", "扣扣子",
    "球球你了", "企鹅玩偶", "卫星", "usb线", "avx", "唯一", "稍微,信我", "can we chat here", "唔,好的",
)  # fmt: skip
_PLAIN = {
    "謝謝您的聯繫": "谢谢您的联系",
    "沒關係": "没关系",
    "呢個係": "呢个是",
    "唔好意思": "不好意思",
    "妳好": "你好",
    "ＡＢＣ１２３": "abc123",
    "①③⑧": "138",
    "❶❸❽": "138",
    "1 3 8 1 2 3 4 5 6 7 8": "13812345678",
    "1-3-8-1-2-3-4": "1381234",
    "五*星*好*评": "五星好评",
    "好 评 返 现": "好评返现",
    "甚麼": "什么",
    "明天中午前回覆您": "明天中午前回复您",
    "盡快答覆,請覆": "尽快答复,请复",
    "反覆出現": "反复出现",
    "覆函": "复函",
    "覆蓋": "覆盖",
    "請覆蓋原檔": "请覆盖原档",
    "瞭解": "了解",
    "一目瞭然": "一目了然",
    "瞭望塔": "瞭望塔",
    "別找藉口": "别找借口",
    "慰藉": "慰藉",
    "您別著急,看著呢": "您别着急,看着呢",
    "著名品牌,效果顯著": "著名品牌,效果显著",
    "啥时候": "什么时候",
    "支付保": "支付宝",
}


@pytest.mark.parametrize(("plain", "spelling"), [(plain, one) for plain, all_ in _CONTACTS.items() for one in all_])
def test_evasive_spellings_become_the_word_they_mean(plain: str, spelling: str) -> None:
    text = f"您{spelling}吧"
    result = normalise(text)
    assert result.text == f"您{plain}吧"
    start, end = result.span(1, len(result.text) - 1)
    assert text[start:end] == spelling.rstrip("\ufe0f")  # nothing stands for an invisible character


@pytest.mark.parametrize("text", _UNTOUCHED)
def test_words_that_resemble_them_stay(text: str) -> None:
    assert normalise(text).text == text


@pytest.mark.parametrize(("text", "plain"), _PLAIN.items())
def test_width_script_and_separators_are_evened_out(text: str, plain: str) -> None:
    assert normalise(text).text == plain


def test_a_span_gives_back_the_original_characters() -> None:
    text = "可以➕Ｖ 、薇❤️信联系"
    result = normalise(text)
    start = result.text.rindex("微信")
    first, last = result.span(start, start + 2)
    assert text[first:last] == "薇❤️信"


@pytest.mark.parametrize(("text", "plain"), [("", ""), ("\ud800好\udfff", "好"), ("\u200b\u200b", "")])
def test_what_cannot_be_read_is_dropped(text: str, plain: str) -> None:
    result = normalise(text)
    assert result.text == plain
    assert result.span(0, 0) == result.span(0, 0)


def test_a_character_simplified_by_its_word_keeps_its_place() -> None:
    text = "  明天回覆"
    plain = normalise(text)
    start = plain.text.index("回复")
    assert text[slice(*plain.span(start, start + 2))] == "回覆"
    assert text[slice(*plain.span(start + 1, start + 2))] == "覆"


def test_nul_neither_breaks_nor_hides_what_follows() -> None:
    assert normalise("加\0薇信").text.endswith("微信")


_ODD = st.text(alphabet="加薇❤️微信vVxXqQ扣 +1２③*.-\0\ud800係關㍿ﬁİ…\n", max_size=40)


@given(st.one_of(st.text(), _ODD))
def test_offsets_never_decrease_and_stay_in_range(text: str) -> None:
    result = normalise(text)
    assert len(result.starts) == len(result.ends) == len(result.text)
    assert all(0 <= start < end <= len(text) for start, end in zip(result.starts, result.ends, strict=True))
    assert list(result.starts) == sorted(result.starts)
    assert list(result.ends) == sorted(result.ends)
    result.text.encode()  # RE2 reads UTF-8: no lone surrogate is left
    for place in range(len(result.text) + 1):
        start, end = result.span(0, place)
        assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize("unit", ["薇 ", "v x ", "1 ", "微", "一-", "12-", "w e c h a t", "加 ", "\0", "❤", "q扣"])
def test_a_very_long_message_takes_linear_time(unit: str) -> None:
    text = (unit * 40_000)[:40_000]
    started = time.perf_counter()
    normalise(text)
    assert time.perf_counter() - started < 2  # some hundredths of a second where nothing else runs
