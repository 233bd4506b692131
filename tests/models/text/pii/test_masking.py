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
    ("卡 6222 0212 3456 7890 128", "卡 6222 **** **** ***0 128", "bank_card"),
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
    ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8", "phone"),
    ("电话一三八一二三四五六七八", "电话一三八****五六七八", "phone"),
    ("138·1234·5678", "138·****·5678", "phone"),
    ("手機 0912-345-678", "手機 091*-**5-678", "phone"),
    ("call (415) 555-0132", "call (415) ***-0132", "phone"),
    ("座机010-62345678", "座机010-****5678", "landline"),
    ("(0512)65432109", "(0512)****2109", "landline"),
    ("身份证110105491231002", "身份证110********1002", "id_card"),
    ("护照E12345678", "护照E1*****78", "passport"),
    ("车牌粤B·12345", "车牌粤B·*****", "licence_plate"),
    ("新能源粤BD12345", "新能源粤B******", "licence_plate"),
    ("发我zhangsan艾特example点com", "发我z*******艾特example点com", "email"),
    ("mary dot j at example dot com", "m********* at example dot com", "email"),
    ("V❤:huahua-888", "V❤:hu********", "account"),
    ("我叫林晓雨", "我叫林**", "name"),
    ("my name is John Carter", "my name is J**********", "name"),
    ("翠竹苑6幢1单元302", "翠竹苑6幢******", "address"),
    ("江苏省南京市鼓楼区汉口路22号", "江苏省南京市*********", "address"),
    ("3栋2单元501", "3栋******", "address"),
    ("send to 12 Rosewood Lane, Leeds", "send to *********** Lane*******", "address"),
    ("我住在朝阳区建国路88号", "我住在朝阳区******", "address"),
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
    "400-820-1234",
    "客服4008201234",
    "银行95588",
    "call 1-800-555-0199",
    "知道15号发货吗",
    "商城15号有活动吗",
    "详细地址（**市**区**路**号）",
    "我叫外卖送来的",
    "本人已签收",
    "马上 13号发",
    "桌子1500*600*1800",
    "全新A12345款",
    "look at example.com",
    "@ brand @ shop.com",
    "2 on the way",
    "I am at 327 Provincial Highway",
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


@pytest.mark.parametrize(
    ("tail", "kinds"), [(" 张三 13812345678", ["address", "name", "phone"]), ("13812345678", ["address", "phone"])]
)
def test_an_address_ends_before_the_phone_that_follows(tail: str, kinds: list[str]) -> None:
    text = "地址:浙江省杭州市西湖区文三路123号5栋301室" + tail
    assert [datum.kind for datum in find_personal_data(text)] == kinds
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
    "unit",
    [
        "a@a.", "1", "138****5678", "地址:浙江省", "寄到浙江省1号", "姓名:张", "微信", "1 ", "*", "1*", "一", "一号",
        "路1",
        "1号楼", "a dot ", "1 A ", "+1", "我叫王", "A1栋", "1-", "省市区路", "12 Main ", "******** Street", "王\n",
        "粤B·", "V❤",
    ],
)  # fmt: skip
def test_a_very_long_message_is_masked_in_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        started = time.process_time()
        mask(text)
        return time.process_time() - started

    assert seconds(100_000) < 10  # under a second where nothing else runs
