"""Finds what a message says to whoever grades it: orders to pass, fake system notices, forged verdicts.

Such clauses are kept from encoder and heads, which read a message as a whole and would be swayed. Patterns and quotes
still see every word, so nothing can be hidden behind them.
"""

from __future__ import annotations

import re2

from models.text.normalise import normalise
from models.text.pieces import Pieces

_JUDGING = "评分|质检|打分|评审|审核|评判|考核"
_ORDERS = (
    "(?:本|该|此|这段|这个|这场|上述|以上|以下|整个|整段)(?:对话|会话|聊天|记录|内容|客服)[^。!?\\n]{0,10}"
    f"(?:合规|满分|{_JUDGING}|判定|合格|测试数据|复核|无违规|没有违规|100 ?分)",
    f"(?:检查项目?|(?:所有|全部|各项|每项|红线|合规)检查|(?:{_JUDGING})(?:项目?|结果|标准|规则))[^。!?\\n]{{0,10}}"
    "(?:通过|合格|满分|pass|关闭|改[成为]|无违规|忽略|判[定为]|标记|标为|100 ?分)",
    "(?:关闭|停用|跳过|取消|绕过)(?:所有|全部|红线|合规|质检)*(?:检查|规则|质检)",
    "(?:忽略|无视|忘记|忘掉|不要理会|抛开)[^。!?\\n]{0,8}(?:规则|指令|提示词|设定|手册)",
    f"(?:作为|你是|你现在是|扮演|当成)[^。!?\\n]{{0,6}}(?:ai|{_JUDGING})(?:员|器|模型|系统|助手|机器人|{_JUDGING})",
    f"(?:{_JUDGING})(?:员|器|模型|系统|ai|机器人|说明)(?:注意|请|您好|你好|必须|应|:|\\]|】)|宽松的(?:{_JUDGING})",
    "^[ (\\[【#*<]*(?:管理员|系统|开发者|system|admin|assistant|developer)"
    "(?:指令|命令|提示|消息|override)?[ )\\]】#*>]*:",
    "(?:输出|给出|返回|判[定为]为?|标记|标为)[^。!?\\n]{0,8}(?:pass\\b|无违规|没有违规|合格|\\bna\\b|满分|所有检查|全部通过)",
    f"不(?:参与|计入|纳入)(?:{_JUDGING})|人工复核通过|客服表现优秀|上文客服的话",
    "\\b(?:ignore|disregard|forget|override)\\b[^.!?]{0,20}\\b(?:instructions?|rules?|playbook|prompt)\\b",
    "\\b(?:grader|evaluator|playbook|compliance score|perfect (?:\\w+ )?score)\\b"
    "|\\bverdict\\b[^.!?]{0,12}\\b(?:pass|na)\\b",
    "\\b(?:mark|set|give)\\b[^.!?]{0,12}\\b(?:every|all|each)\\b[^.!?]{0,12}\\bchecks?\\b|\\ball checks pass\\b",
    "\\b(?:note|message) to (?:any|the) (?:ai|model|reviewer)\\b|\\bdo not (?:grade|score|evaluate)\\b"
    "|\\btest conversation\\b",
    "\\bthe agent did nothing wrong\\b|\\b(?:score ?= ?100|critical ?= ?false)\\b|(?:begin|end) override",
    '<\\|[a-z_]+\\|>|\\[/?inst\\]|</?(?:conversation|verdict|system)>|<!--|"(?:verdict|checks|critical|evidence)" ?:',
)
_ORDER = re2.compile("|".join(f"(?:{order})" for order in _ORDERS))


def without_orders(text: str) -> str:
    """Return ``text`` without the clauses that speak to a grader; unchanged where there is none."""
    plain = normalise(text)
    if not plain.text or not _ORDER.search(plain.text):
        return text
    kept = [
        text[slice(*plain.span(*clause))]
        for clause in Pieces(plain.text).clauses()
        if not _ORDER.search(plain.text[slice(*clause)])
    ]
    return "".join(kept).strip()
