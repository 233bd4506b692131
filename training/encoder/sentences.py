"""Our own customer-service sentences in Chinese and English, to check an encoder with."""

from __future__ import annotations

from itertools import product

_ZH_THINGS = ("耳机", "羽绒服", "扫地机器人", "防晒霜", "儿童水杯", "机械键盘")
_ZH_LINES = (
    "你好，我上周买的{}到现在还没发货，什么时候能到？",
    "{}收到了，颜色和图片差太多，我要退货。",
    "亲，您的{}今天下午已经发出，单号 SF1029384756，请留意查收哦~",
    "非常抱歉给您带来不便，{}的问题我马上帮您登记，24 小时内给您答复。",
    "为什么{}昨天刚买今天就降价了？能不能补差价！！",
    "谢谢，{}很好用，客服态度也不错👍",
    "请问{}支持七天无理由退换吗",
    "这已经是第三次联系你们了，{}还是没人处理，太让人失望了",
    "{}的质保期是一年，人为损坏不在保修范围内。",
    "好的",
)
_EN_THINGS = ("headphones", "down jacket", "robot vacuum", "sunscreen", "water bottle", "keyboard")
_EN_LINES = (
    "Hi, I ordered the {} last week and it still hasn't shipped. When will it arrive?",
    "The {} arrived but the colour looks nothing like the picture. I want a refund.",
    "Your {} left our warehouse this afternoon, tracking number SF1029384756.",
    "I'm so sorry for the trouble with the {}; I'll get back to you within 24 hours.",
    "Why did the price of the {} drop the day after I bought it?!",
    "Thanks, the {} works great and you were very helpful :)",
    "Can I return the {} within seven days?",
    "This is the third time I've contacted you about the {} and nobody has done anything.",
)


def own_sentences() -> list[str]:
    """163 different sentences, in a fixed order."""
    chinese = [line.format(thing) for line, thing in product(_ZH_LINES, _ZH_THINGS)]
    english = [line.format(thing) for line, thing in product(_EN_LINES, _EN_THINGS)]
    pairs = [f"{first} {second}" for first, second in zip(chinese, reversed(chinese), strict=True)]
    return list(dict.fromkeys(chinese + english + pairs))
