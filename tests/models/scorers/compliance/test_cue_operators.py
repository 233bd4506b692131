"""Each way to see something in one message, with what it finds and what it must not."""

from __future__ import annotations

import time
from typing import get_args

import pytest
import re2

from models.artifacts import artifact_directory
from models.domain.condition import Condition, Count, Repeated
from models.domain.cue import PERSONAL_KINDS, AtLeast, Chars, Cue, Entity, Exemplars, Guard, Keywords
from models.encode.load import load_encoder
from models.scorers.compliance import cues, parse_playbook
from models.scorers.compliance.cues import CueFinder
from models.scorers.compliance.entities import figure
from models.scorers.compliance.exemplars import ExemplarHeads, background_lines
from models.scorers.compliance.patterns import PatternFinder
from models.text.pii.finding import Kind
from tests.models.scorers.compliance.stage import A, C, book, check, holds, play, result, spans


@pytest.mark.parametrize(
    ("keywords", "text", "seen"),
    [
        (Keywords(any=("微信", "whatsapp")), "加V X吧", ["V X"]),
        (Keywords(any=("微信", "whatsapp")), "Add my WhatsApp!", ["WhatsApp"]),
        (Keywords(any=("微信", "whatsapp")), "您好", []),
        (Keywords(any=("退货",)), "我要退貨,退货!", ["退貨", "退货"]),  # traditional, and each occurrence
        (Keywords(any=("refund",)), "a Refund.", ["Refund"]),
        (Keywords(any=("refund",)), "it is refundable", []),  # a word, not a part of one
        (Keywords(any=("vip",)), "我是vip会员", ["vip"]),
        (Keywords(any=("免费",), none=("不免费",)), "这个不免费哦", []),
        (Keywords(any=("免费",), none=("收费",), within="sentence"), "维修收费。送货免费", ["免费"]),
        (Keywords(any=("免费",), none=("收费",)), "维修收费。送货免费", []),
        (Keywords(all=("好评", "红包")), "给个红包,麻烦好评", ["红包,麻烦好评"]),
        (Keywords(all=("好评", "红包")), "麻烦好评", []),
        (Keywords(all=("好评", "红包"), distance=6), "好评有红包", ["好评有红包"]),
        (Keywords(all=("好评", "红包"), distance=6), "好评过的顾客都有红包", []),
        (Keywords(all=("好评", "红包"), distance=4), "好评好评红包", ["好评红包"]),  # the shortest one counts
        (Keywords(all=("好评", "红包"), within="clause"), "谢谢好评,红包已发", []),
        (Keywords(all=("好评", "红包"), within="sentence"), "谢谢好评,红包已发", ["好评,红包"]),
        (Keywords(all=("先", "后"), ordered=True), "先付款后发货", ["先付款后"]),
        (Keywords(all=("先", "后"), ordered=True), "后付款先发货", []),
        (Keywords(at_least=AtLeast(2, ("保证", "绝对", "一定"))), "我保证一定到", ["保证一定"]),
        (Keywords(at_least=AtLeast(2, ("保证", "绝对", "一定"))), "保证,保证", []),
        (Keywords(any=("退款", "refund"), all=("三天",)), "三天内退款", ["三天内退款"]),
        (Keywords(any=("退款", "refund"), all=("三天",)), "三天内到", []),
    ],
)
def test_keywords(keywords: Keywords, text: str, seen: list[str]) -> None:
    assert spans(Cue(keywords=keywords), text) == seen


def test_keywords_obey_exclusions_and_guards() -> None:
    cue = Cue(keywords=Keywords(any=("微信",)), exclude=("不能加微信",), unless=(Guard("said", "clause"),))
    said = Cue(keywords=Keywords(any=("骗子",)))
    assert spans(cue, "加微信", said=said) == ["微信"]
    assert spans(cue, "不能加微信", said=said) == []
    assert spans(cue, "骗子会加微信", said=said) == []
    assert spans(cue, "小心骗子,加微信", said=said) == ["微信"]


def test_words_patterns_and_entities_may_stand_in_one_cue() -> None:
    cue = Cue(keywords=Keywords(any=("优惠",)), include=("打折",), entity=Entity("percentage"))
    assert spans(cue, "优惠打折5%") == ["优惠", "打折", "5%"]


@pytest.mark.parametrize(
    ("entity", "text", "seen"),
    [
        (Entity("amount"), "退您15.5元和¥20,还有三百块", ["15.5元", "¥20", "三百块"]),
        (Entity("amount"), "It costs $1,200 or 50 dollars", ["$1,200", "50 dollars"]),
        (Entity("amount", over=50), "100多元,三百来块", ["100多元", "三百来块"]),
        (Entity("amount"), "第15件,200克", []),
        (Entity("amount", over=100), "退99元", []),
        (Entity("amount", over=100), "退一百零一元或2万元", ["一百零一元", "2万元"]),
        (Entity("amount", under=10), "补9.9元", ["9.9元"]),
        (Entity("amount", count=2), "补9元", []),
        (Entity("percentage", over=20), "打折30%,手续费5%,百分之五十", ["30%", "百分之五十"]),
        (Entity("percentage"), "30元", []),
        (Entity("date"), "12月5日或2026-01-03,下周三、明天", ["12月5日", "2026-01-03", "下周三"]),
        (Entity("date"), "by March 3rd or tomorrow", ["March 3rd", "tomorrow"]),
        (Entity("date"), "月饼 3-4个", []),
        (Entity("time"), "18:30前,下午三点半,6点左右", ["18:30", "下午三点半", "6点左右"]),
        (Entity("time"), "有一点小,3点建议", []),
        (Entity("time"), "by 6 pm", ["6 pm"]),
        (Entity("duration"), "48小时内,两个工作日,3-5天", ["48小时", "两个工作日", "3-5天"]),
        (Entity("duration"), "within 2 business days or an hour", ["2 business days", "an hour"]),
        (Entity("duration"), "第三天,今天", []),
        (Entity("duration"), "3月5日到,十二月", []),
        (Entity("duration"), "3个月,半个月,两个半月", ["3个月", "半个月", "两个半月"]),
        (Entity("duration", over=48), "24小时,3天", ["3天"]),
        (Entity("duration", under=1), "30分钟,半小时,2小时", ["30分钟", "半小时"]),
        (Entity("phone"), "电话13812345678", ["13812345678"]),
        (Entity("phone"), "单号13812345678", []),
        (Entity("email"), "写信到 abc@example.com", ["abc@example.com"]),
        (Entity("link"), "点 https://t.cn/abc?x=1 或www.taobao.com看", ["https://t.cn/abc?x=1", "www.taobao.com"]),
        (Entity("link"), "写信到 abc@example.com,好.的", []),
        (Entity("order_number"), "订单号:202601051234,快递SF1234567890123", ["订单号:202601051234", "SF1234567890123"]),
        (Entity("order_number"), "我买了12件", []),
        (Entity("id_card"), "身份证11010519491231002X", ["11010519491231002X"]),
        (Entity("account"), "微信号:zhangsan_88", ["zhangsan_88"]),
        (Entity("licence_plate"), "车牌粤B12345", ["粤B12345"]),
        (Entity("landline"), "座机010-62345678", ["010-62345678"]),
    ],
)
def test_entities(entity: Entity, text: str, seen: list[str]) -> None:
    assert spans(Cue(entity=entity), text) == seen


def test_personal_data_are_found_in_text_that_normalising_makes_shorter() -> None:
    assert spans(Cue(entity=Entity("phone")), "薇❤️信\u200b同号:13812345678哦") == ["13812345678"]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("15", 15),
        ("1,200.5", 1200.5),
        ("2万", 20_000),
        ("三百", 300),
        ("十五", 15),
        ("两千零三", 2003),
        ("一万二千", 12_000),
        ("三百五", 350),
        ("两千五", 2500),
        ("一万八", 18_000),
        ("三百零五", 305),
        ("三百五十", 350),
    ],
)
def test_figures_in_both_writings(written: str, number: float) -> None:
    assert figure(written) == number


def test_the_length_of_a_message() -> None:
    short = Cue(chars=Chars(under=4))
    assert spans(short, "好的!!!") == ["好的!!!"]
    assert spans(short, "好的没问题") == []
    both = Cue(include=("好的",), chars=Chars(over=4))
    assert spans(both, "好的") == []
    assert spans(both, "好的,这就办") == ["好的"]


@pytest.mark.parametrize("text", ["", "  ", "[]", "😀", "?!"])
def test_a_message_with_nothing_to_read_can_be_asked_for(text: str) -> None:
    cues = {"picture": Cue(chars=Chars(under=1)), "short": Cue(chars=Chars(under=3)), "broken": Cue(include=("坏",))}
    picture = Condition(seen=("picture",), by=C)
    assert holds(picture, [(A, "请拍照"), (C, text)], cues)
    assert not holds(picture, [(A, text), (C, "好"), (A, text)], cues)
    assert not holds(Condition(seen=("short",), by=C), [(A, "请拍照"), (C, text)], cues)  # no message at all
    after = Condition(seen=("picture",), by=C, after=("broken",), after_by=C)
    assert holds(after, [(C, "杯子坏了"), (A, "请拍照"), (C, text)], cues)
    assert not holds(after, [(C, text), (C, "杯子坏了"), (A, "请拍照")], cues)
    twice = Condition(count=Count(by=C, of=("picture",), at_least=2))
    assert holds(twice, [(C, text), (A, "嗯"), (C, text)], cues)
    assert not holds(twice, [(C, text), (A, "嗯"), (C, "好")], cues)
    again = Condition(repeated=Repeated(by=C, of=("picture",), times=2))
    assert holds(again, [(C, text), (A, "嗯"), (C, text)], cues)
    assert not holds(again, [(C, text), (A, "嗯"), (C, "好")], cues)


def test_a_message_is_normalised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cue = {"it": Cue(include=("红包",), keywords=Keywords(any=("好评",)), entity=Entity("amount"))}
    finder = CueFinder(book(check(Condition(seen=("it",))), cues=cue))
    asked: list[str] = []
    plain = cues.normalise
    monkeypatch.setattr(cues, "normalise", lambda text: asked.append(text) or plain(text))
    finder.find("好评返红包5元" * 100, None)
    assert len(asked) == 1


def test_a_packaged_wording_cue_guards() -> None:
    text = """
id: small
version: 1
title: {zh: x, en: x}
cues: {promise: {keywords: {any: [保证, guarantee]}, unless: [{cue: std.negation, within: clause}]}}
checks:
  - id: c
    kind: forbidden
    title: {zh: x, en: x}
    look_for: {seen: [promise]}
    reasons: {passed: {zh: x, en: x}, failed: {zh: x, en: x}, na: {zh: x, en: x}}
"""
    playbook = parse_playbook(text, "given")[0]
    for line, verdict in (("我保证到", "fail"), ("不能保证到", "pass"), ("We cannot guarantee it", "pass")):
        assert play(playbook, [(A, line)])[-1].checks[0].verdict == verdict


_PRICE = Exemplars(
    like=("可以便宜点吗", "有优惠吗", "能打折不"),
    least=0.6,
)


def test_exemplars_find_what_means_the_same() -> None:
    encoder = load_encoder(artifact_directory("fast") / "encoder")
    cue = Cue(exemplars=_PRICE)
    assert spans(cue, "多买能少点钱吗", encoder) == ["多买能少点钱吗"]
    assert spans(cue, "给个折扣呗", encoder) == ["给个折扣呗"]
    for line in ("尺码偏大吗", "好的", "快递到哪了", "您好,请问有什么可以帮您"):
        assert spans(cue, line, encoder) == []
    found = result(Condition(seen=("it",)), [(A, "给个折扣呗")], {"it": cue}, encoder=encoder)
    assert 0.6 <= found.confidence <= 0.8  # as sure as the head is


def test_exemplars_are_fitted_alike_every_time_and_by_themselves() -> None:
    encoder = load_encoder("hashing")
    cues = {"it": Cue(exemplars=Exemplars(_PRICE.like, _PRICE.unlike, 1e-9)), "other": Cue(exemplars=_PRICE)}
    vector = encoder.encode(["有优惠么"])[0]
    first = ExemplarHeads(cues, encoder).find(vector)["it"]
    assert first == ExemplarHeads(cues, encoder).find(vector)["it"]
    assert first == ExemplarHeads({"it": cues["it"]}, encoder).find(vector)["it"]


def test_without_an_encoder_exemplars_are_unknown_and_words_still_decide() -> None:
    cues = {"it": Cue(exemplars=_PRICE, keywords=Keywords(any=("优惠",)))}
    found = result(Condition(seen=("it",)), [(A, "好的")], cues)
    assert found.verdict == "no_evidence"
    assert "编码器" in found.reason
    assert "encoder" in found.reason_en
    assert result(Condition(seen=("it",)), [(A, "有优惠")], cues).verdict == "pass"
    absent = book(check(Condition(none=(Condition(seen=("it",)),))), cues=cues)
    assert play(absent, [(A, "好的")])[-1].checks[0].verdict == "no_evidence"


def test_every_kind_of_personal_data_can_be_asked_for() -> None:
    assert set(PERSONAL_KINDS) == set(get_args(Kind))


def test_the_background_is_a_few_hundred_different_lines() -> None:
    lines = background_lines()
    assert 300 <= len(lines) == len(set(lines)) <= 400


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}b", r"(?:x?){30}a{30}z"])
def test_a_catastrophic_pattern_takes_linear_time(pattern: str) -> None:
    finder = PatternFinder({"it": Cue(include=(pattern,))}, {})

    def seconds(length: int) -> float:
        began = time.perf_counter()
        finder.find("a" * length + "!")
        return time.perf_counter() - began

    seconds(1000)
    assert seconds(100_000) < 20 * max(seconds(10_000), 0.002)
    assert seconds(100_000) < 5


def test_words_without_end_take_linear_time() -> None:
    cues = {"it": Cue(keywords=Keywords(all=("a", "aa", "aaa"), distance=3, within="clause"), entity=Entity("link"))}
    began = time.perf_counter()
    spans(cues["it"], "啊a" * 50_000)
    spans(cues["it"], "a." * 50_000)
    assert time.perf_counter() - began < 5


def test_a_filter_that_gives_up_is_noticed() -> None:
    finder = PatternFinder({f"c{number}": Cue(include=(f"词{number}号",)) for number in range(50)}, {})
    assert finder.find("词7号与词49号") == {"c7": [(0, 3)], "c49": [(4, 8)]}

    class Broken:
        def Match(self, *_: object) -> list[int]:
            return []

    finder._filters = [(first, size, Broken()) for first, size, _ in finder._filters]
    assert finder.find("词7号与词49号") == {"c7": [(0, 3)], "c49": [(4, 8)]}


def test_hits_by_a_customer_do_not_count_for_the_agent() -> None:
    assert (
        result(Condition(seen=("it",)), [(C, "微信")], {"it": Cue(keywords=Keywords(any=("微信",)))}).verdict == "fail"
    )


def test_patterns_without_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(re2.Filter):  # type: ignore[misc]
        def Compile(self) -> None:
            raise re2.error("too large")

    monkeypatch.setattr(re2, "Filter", Broken)
    finder = PatternFinder({"hi": Cue(include=("您好",)), "bye": Cue(include=("再见",))}, {})
    assert finder.find("您好") == {"hi": [(0, 2)]}


def test_a_match_of_nothing_is_none() -> None:
    finder = PatternFinder({"x": Cue(include=("x*",))}, {})
    assert finder.find("您好") == {}
    assert finder.find("您xx好") == {"x": [(1, 3)]}


def test_many_order_numbers_are_quick() -> None:
    cue = Cue(entity=Entity("order_number"))
    started = time.perf_counter()
    assert spans(cue, "订单 88123456 " * 2_000)
    assert time.perf_counter() - started < 2
