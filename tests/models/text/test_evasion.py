"""What people write to slip past a word list is read as what it means; ordinary words stay what they are."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.evasion import _VARIANTS, variants_in
from models.text.normalise import normalise

_MEANT = {
    "微信": (
        "徽信", "薇芯", "V芯", "v❤", "V—X", "VⅩ", "v\u200bx", "vх", "🇻🇽", "🆅🆇", "√信", "w3chat", "w.e.c.h.a.t",
        "weixin", "w-x", "微😊信", "微*-*信", "薇x", "绿色泡泡", "威 信",
    ),
    "加微信": ("加.微.信", "加✌", "加∨", "加🇻", "加*薇", "加-v"),
    "qq": ("抠抠", "寇寇", "扣*扣", "🅠🅠", "q·q", "Q_Q"),
    "支付宝": ("支付保", "支付饱", "吱付宝", "支*付*宝", "支fu宝", "zhifubao", "zfb", "ZFB", "支 付 宝"),
    "红包": ("红抱", "洪包", "红-包", "红bao", "hong包", "hongbao", "🧧", "紅苞"),
    "好评": ("好坪", "好·评", "好✨评", "好ping", "haoping", "hao评", "好萍"),
    "差评": ("差坪", "差ping", "cha评"),
    "返现": ("返xian", "fan现", "fanxian", "返➡️现", "返线", "反现", "返*现"),
    "电话": ("电桦", "电画", "電·話", "dian话", "dianhua", "📞"),
    "手机号": ("手鸡号", "守机号", "手*机*号", "shoujihao"),
    "验证码": ("验-证-码", "验证*码", "验政码", "yzm", "yanzhengma", "验证ma"),
    "密码": ("密*码", "密ma", "mima"),
    "银行卡": ("银航卡", "银*行*卡", "yhk", "银行咔"),
    "转账": ("转帐", "转*账", "zhuanzhang"),
    "二维码": ("2维码", "②维码", "二*维*码", "二唯码", "erweima"),
    "私聊": ("私*聊", "si聊", "斯聊", "私liao"),
    "加我": ("加*我", "jia我", "珈我", "加❤我"),
    "五星": ("⭐⭐⭐⭐⭐", "五🌟"),
    "5星": ("5⭐", "5个⭐️", "５★"),
    "whatsapp": ("wh@tsapp", "Whats@pp", "what$app", "w.h.a.t.s.a.p.p", "W H A T S A P P", "whats-app"),
    "telegram": ("te1egram", "t3l3gram", "tele-gram"),
    "paypal": ("p@ypal", "pay-pal", "PayPa1"),
    "instagram": ("1nstagram", "inst@gram"),
}  # fmt: skip
_NUMBERS = (
    "一三八零零一三八零零零", "幺三八〇〇幺三八〇〇〇", "壹叁捌-零零壹叁-捌零零零", "①③⑧⓪⓪①③⑧⓪⓪⓪", "❶❸❽⓪⓪❶❸❽⓪⓪⓪",
    "l38oo138ooo", "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "1 3 8 0 0 1 3 8 0 0 0", "138零零一三八零00",
    "１３８００１３８０００", "1、3、8、0、0、1、3、8、0、0、0",
)  # fmt: skip
_ORDINARY = (
    "稍微信任一点", "略微信任我们", "树立威信", "没有威信", "威信扫地", "维修", "维信诺屏", "唯心主义", "微芯片",
    "微距", "微调", "企鹅家族", "扣扣子", "纽扣扣不上", "衣扣扣好", "抠抠搜搜", "球球了", "qq弹弹", "q群里的",
    "增加v领款", "更加威猛", "参加v店活动", "加威士忌", "加微辣", "加微糖", "加薇姿",
    "增加维新人士", "加葳蕤", "vx9070显卡", "增加卫星定位", "加卫星天线",
    "加油✌", "wifi", "tv", "65w x 2", "30w×2", "20wx2个", "w*h", "√/×", "√ xl码", "we chatted yesterday",
    "can we chat here", "whats app is that", "what sapp", "sky people", "in sta", "usb", "u.s.a.", "支付保证金",
    "支付保险费", "支付保价费", "支付宝贝定金", "红抱枕", "黑/红/包邮", "红-包邮", "洪水", "好.评价", "您好 评论一下",
    "好/评价好", "好苹果", "好平整", "违反现行规定", "往返线路", "返线下门店", "电画板", "验证吗", "公司聊", "丝绸",
    "密封码数", "转账号", "二维空间", "12维码垛", "更加我行我素", "增加我们的会员", "小红薯发货", "满天星", "五角星",
    "2026-10-13", "13:14", "40*30*20*10", "尺码:160/165/170/175/180/185", "第一二三四五六七章", "三四五六天",
    "s/m/l/xl", "lol1234567",
)  # fmt: skip


@pytest.mark.parametrize(("plain", "spelling"), [(plain, one) for plain, all_ in _MEANT.items() for one in all_])
def test_an_evasive_spelling_means_its_word_and_keeps_its_place(plain: str, spelling: str) -> None:
    text = f"亲,{spelling},行吗"
    result = normalise(text)
    assert result.text == f"亲,{plain},行吗"
    start, end = result.span(2, 2 + len(plain))
    assert text[start:end] == spelling.rstrip("\ufe0f\u20e3")


@pytest.mark.parametrize("spelling", _NUMBERS)
def test_a_number_in_whatever_figures_is_a_number(spelling: str) -> None:
    assert normalise(f"打{spelling}").text == "打13800138000"


@pytest.mark.parametrize("text", _ORDINARY)
def test_ordinary_words_stay(text: str) -> None:
    assert normalise(text).text == text
    assert normalise(f"您好,{text}。").text == f"您好,{text}。"


_ALPHABET = (
    "加更增我您薇威微维信芯心扣球企鹅支付宝保红包抱好评价返现电话验证码密银行卡转账二维私聊"
    "一三八零幺壹第vVwWxXqQeschatpylizfbo013 5*.-·~,❤⭐😊✌\u200b①"
)
_EVASIVE = st.lists(
    st.one_of(
        st.sampled_from([one for all_ in _MEANT.values() for one in all_]),
        st.sampled_from(_ORDINARY),
        st.text(alphabet=_ALPHABET, max_size=6),
    ),
    max_size=6,
).map("".join)


@given(_EVASIVE)
def test_plain_text_stays_plain(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(_EVASIVE)
def test_the_automaton_overlooks_nothing(text: str) -> None:
    plain = "".join(normalise(char).text for char in text)
    named = {variant.pattern for variant in variants_in(plain)}
    assert {variant.pattern for variant in _VARIANTS if variant.pattern.search(plain)} <= named


@given(_EVASIVE)
def test_every_character_stands_for_what_was_written(text: str) -> None:
    result = normalise(text)
    for place, char in enumerate(result.text):
        start, end = result.span(place, place + 1)
        assert 0 <= start < end <= len(text)
        if text[start:end].lower() == char:
            continue
        assert not re.fullmatch(r"[a-z0-9]", text[start:end]) or char.isalnum()


@pytest.mark.parametrize(
    "unit", ["薇*", "v x ", "一", "l0", "a ", "支*付*", "红*", "w@", "😊", "加 v", "扣扣", "1、", "验*"]
)
def test_a_hundred_thousand_characters_take_linear_time(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        started = time.process_time()
        normalise(text)
        return time.process_time() - started

    seconds(1000)
    assert seconds(100_000) < 20 * max(seconds(20_000), 0.02)
