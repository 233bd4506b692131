"""The baseline that root causes have to beat: the few words that everybody would think of, counted."""

from __future__ import annotations

from collections.abc import Mapping

from models.text.normalise import normalise

# The words of each topic's name, and what first comes to mind; no patterns, no context.
WORDS: Mapping[str, tuple[str, ...]] = {
    "delivery_delay": ("物流", "快递", "延误", "太慢", "还没到", "催件", "late", "delayed", "delivery"),
    "late_dispatch": ("发货", "出货", "没发", "dispatch", "processing", "ship"),
    "lost_parcel": ("丢", "没收到", "签收", "找不到", "lost", "stolen", "delivered"),
    "damaged_in_transit": ("破损", "碎", "压坏", "漏", "damaged", "smashed", "shattered"),
    "courier_conduct": ("快递员", "派件员", "送货", "驿站", "送上门", "courier", "driver"),
    "wrong_item": ("发错", "寄错", "错了", "wrong"),
    "missing_item": ("少", "漏发", "赠品", "missing", "only"),
    "quality_defect": ("质量", "坏", "掉色", "瑕疵", "broke", "faulty", "quality"),
    "not_as_described": ("色差", "不符", "尺码", "描述", "实物", "listing", "description"),
    "counterfeit_doubt": ("正品", "假货", "假的", "山寨", "fake", "counterfeit"),
    "food_safety": ("过期", "变质", "发霉", "虫", "expired", "expiry"),
    "out_of_stock": ("没货", "缺货", "库存", "补货", "out of stock", "sold out"),
    "price_change": ("降价", "差价", "保价", "便宜", "price", "cheaper"),
    "promotion_rules": ("优惠券", "满减", "活动", "券", "coupon", "promo"),
    "refund_slow": ("退款", "退费", "到账", "refund", "money"),
    "return_rejected": ("不给退", "不能退", "退货", "拒绝", "return"),
    "return_freight": ("运费", "邮费", "shipping", "postage"),
    "invoice": ("发票", "开票", "抬头", "invoice", "receipt"),
    "account_membership": ("账号", "会员", "积分", "登录", "account", "membership", "log in"),
    "app_fault": ("闪退", "打不开", "支付", "页面", "crash", "checkout"),
    "installation": ("安装", "师傅", "install", "fitting"),
    "warranty_repair": ("保修", "维修", "修", "warranty", "repair"),
    "bot_loop": ("机器人", "人工", "智能", "bot", "human"),
    "privacy": ("隐私", "泄露", "骚扰", "推销", "leaked", "spam"),
    "agent_attitude": ("态度", "骂", "不耐烦", "rude", "attitude"),
    "wrong_information": ("说错", "告诉我", "误导", "told me"),
    "no_reply": ("没人回", "人呢", "在吗", "不回", "reply", "answered"),
    "repeated_questions": ("又问", "说过", "几遍", "already", "how many times"),
    "promise_broken": ("答应", "承诺", "说好", "保证", "promised"),
    "passed_around": ("踢皮球", "推", "转接", "部门", "transferred"),
}


def keyword_topic(text: str) -> str | None:
    """Return the topic most of whose words occur in ``text``, the first of several; ``None`` where none does."""
    plain = normalise(text).text
    counts = {topic: sum(word in plain for word in words) for topic, words in WORDS.items()}
    best = max(counts, key=lambda topic: counts[topic])
    return best if counts[best] else None
