"""Personal data is starred out, in place; what only looks like it stays."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.pii import find_personal_data, is_id_card, is_luhn, mask

# All invented; the ID numbers carry valid check characters, the cards satisfy Luhn.
_FOUND = [
    ("我电话13812345678", "我电话138****5678", "phone"),
    ("138 1234 5678打给我", "138 **** 5678打给我", "phone"),
    ("+86138-1234-5678", "+86138-****-5678", "phone"),
    ("手机是１３８１２３４５６７８谢谢", "手机是１３８****５６７８谢谢", "phone"),
    ("订单收货人电话13812345678", "订单收货人电话138****5678", "phone"),
    ("快递打我电话13812345678", "快递打我电话138****5678", "phone"),
    ("微信 13812345678", "微信 138****5678", "phone"),
    ("身份证11010519491231002X", "身份证110***********002X", "id_card"),
    ("身份证号110105194912310021", "身份证号110***********0021", "id_card"),  # mistyped, but named so
    ("身份证号:110105********002X", "身份证号:110***********002X", "id_card"),
    ("卡号6222021234567890128", "卡号6222***********0128", "bank_card"),
    ("卡4111-1111-1111-1111谢谢", "卡4111-****-****-1111谢谢", "bank_card"),
    ("卡 6222 0212 3456 7890 128", "卡 6222 **** **** **** 128", "bank_card"),
    ("卡号6222****0128", "卡号6222****0128", "bank_card"),
    ("邮箱zhangsan@example.com谢谢", "邮箱z*******@example.com谢谢", "email"),
    ("a@example.com", "*@example.com", "email"),
    ("加我微信zhangsan_88", "加我微信zh*********", "account"),
    ("微信号:wxid_abc123def", "微信号:wx************", "account"),
    ("VX：ab-cd-ef1", "VX：ab*******", "account"),
    ("我的微信是zhangsan", "我的微信是zh******", "account"),
    ("加薇 a_c12345", "加薇 a_******", "account"),
    ("qq12345678", "qq12******", "account"),
    ("QQ群:123456789", "QQ群:12*******", "account"),
    ("扣扣 1234567", "扣扣 12*****", "account"),
    ("my wechat is john_doe1", "my wechat is jo*******", "account"),
    ("姓名:张三", "姓名:张*", "name"),
    ("收货人 欧阳小明,电话", "收货人 欧***,电话", "name"),
    ("收件人：李四 地址", "收件人：李* 地址", "name"),
    ("地址:浙江省杭州市西湖区文三路123号5栋", "地址:浙江省杭州市************", "address"),
    ("寄到广东省深圳市南山区科技园路1号", "寄到广东省深圳市*********", "address"),
    ("我住在朝阳区建国路88号", "我住在朝阳区建国路***", "address"),
]
_LEFT_ALONE = [
    "订单号202311050123456789",
    "订单编号:6222021234567890128",
    "订单编号 4111111111111111",
    "快递单号是13812345678",
    "运单号 SF1381234567890",
    "SF13812345678",
    "款号 13812345678",
    "条码6901234567892",
    "138123456789",
    "1381234567",
    "圆周0.13812345678",
    "2023-11-05 13:45:22",
    "20231105",
    "2023 1105 1345 2211",
    "金额1380.00元",
    "价格1999 2999 3999 4999",
    "尺码170/92A",
    "2000*1800*500",
    "桌子1200*2000",
    "满300减50",
    "尾号0128",
    "qq音乐会员一个月",
    "微信支付",
    "微信同号",
    "wechat payment failed",
    "my wechat is broken again",
    "姓名 电话 地址",
    "麻烦发一下收件人 电话 地址",
    "收件人 填错了",
    "地址写错了能改吗",
    "寄到哪里?",
    "寄到北京市15号能到吗",
    "寄到你们店的话市区要20天吗",
]


@pytest.mark.parametrize(("text", "masked", "kind"), _FOUND)
def test_personal_data_is_starred_out(text: str, masked: str, kind: str) -> None:
    assert mask(text) == masked
    assert [datum.kind for datum in find_personal_data(text)] == [kind]


@pytest.mark.parametrize("text", _LEFT_ALONE)
def test_what_only_looks_like_personal_data_stays(text: str) -> None:
    assert mask(text) == text
    assert find_personal_data(text) == []


@pytest.mark.parametrize("tail", [" 张三 13812345678", "13812345678"])
def test_an_address_ends_before_the_phone_that_follows(tail: str) -> None:
    text = "地址:浙江省杭州市西湖区文三路123号5栋301室" + tail
    assert [datum.kind for datum in find_personal_data(text)] == ["address", "phone"]
    assert "文三路" not in mask(text)
    assert "张三" not in mask(text)
    assert mask(text).endswith("138****5678")


_PIECES = st.one_of(
    st.sampled_from([text for text, _, _ in _FOUND]),
    st.sampled_from(_LEFT_ALONE),
    st.text(alphabet="您好1389*-_ @.:地址省市号室微信qvx姓名\n", max_size=8),
)


@given(st.lists(_PIECES, min_size=1, max_size=4), st.sampled_from([",", "。", "\n", "  谢谢, "]))
def test_raw_and_masked_text_show_the_same_data(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked
    raw = {(datum.kind, datum.start, datum.end) for datum in find_personal_data(text)}
    seen = {(datum.kind, datum.start, datum.end) for datum in find_personal_data(masked)}
    assert raw <= seen


@given(st.text())
def test_masking_keeps_length_and_is_done_once(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert mask(masked) == masked
    assert all(after in (before, "*") for before, after in zip(text, masked, strict=True))
    assert all(0 <= datum.start < datum.end <= len(text) for datum in find_personal_data(text))


def test_check_characters() -> None:
    assert is_id_card("11010519491231002X")
    assert not is_id_card("110105194912310021")
    assert not is_id_card("11010519491331002X")
    assert is_luhn("4111 1111 1111 1111")
    assert not is_luhn("4111 1111 1111 1112")


@pytest.mark.parametrize(
    "unit", ["a@a.", "1", "138****5678", "地址:浙江省", "寄到浙江省1号", "姓名:张", "微信", "1 ", "*"]
)
def test_a_very_long_message_is_masked_in_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.perf_counter()
        mask(text)
        return time.perf_counter() - started

    assert seconds(20_000) < 2  # some hundredths of a second where nothing else runs
