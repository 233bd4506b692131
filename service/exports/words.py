"""What codes are called in tables."""

from __future__ import annotations

from collections.abc import Mapping

from service.exports.columns import Words

Glossary = Mapping[str, Words]

VERDICT: Glossary = {
    "pass": Words("通过", "pass"),
    "fail": Words("不通过", "fail"),
    "na": Words("不适用", "not applicable"),
    "no_evidence": Words("无证据", "no evidence"),
    "abstain": Words("弃权", "abstained"),
}
QUEUE: Glossary = {
    "presale": Words("售前", "presale"),
    "aftersale": Words("售后", "after-sale"),
    "complaint": Words("投诉", "complaint"),
    "other": Words("其他", "other"),
}
CHANNEL: Glossary = {
    "chat": Words("在线", "chat"),
    "voice": Words("电话", "voice"),
    "email": Words("邮件", "email"),
    "social": Words("社交媒体", "social"),
    "other": Words("其他", "other"),
}
STATE: Glossary = {
    "scored": Words("已评分", "scored"),
    "pending": Words("待评分", "pending"),
    "failed": Words("评分失败", "failed"),
}
CSAT: Glossary = {
    "satisfied": Words("满意", "satisfied"),
    "neutral": Words("一般", "neutral"),
    "dissatisfied": Words("不满意", "dissatisfied"),
}
DIRECTION: Glossary = {
    "improved": Words("好转", "improved"),
    "worsened": Words("恶化", "worsened"),
    "flat": Words("平稳", "flat"),
}
RESOLUTION: Glossary = {
    "yes": Words("已解决", "resolved"),
    "no": Words("未解决", "not resolved"),
    "unclear": Words("不明确", "unclear"),
}
CRITERION_KIND: Glossary = {
    "check": Words("话术检查", "check"),
    "figure": Words("指标", "figure"),
    "manual": Words("人工问题", "question"),
}
DECISION: Glossary = {
    "review": Words("复核", "review"),
    "second": Words("独立复核", "second review"),
    "adjudication": Words("裁定", "adjudication"),
    "consensus": Words("校准共识", "calibration consensus"),
    "appeal": Words("申诉", "appeal"),
}
CAUSE_KIND: Glossary = {
    "service": Words("服务型", "service"),
    "system": Words("制度型", "system"),
    "undetermined": Words("性质待定", "undetermined"),
}
LEVEL: Glossary = {
    "human": Words("仅人工", "people only"),
    "assist": Words("机器建议", "machine suggests"),
    "auto": Words("机器判定", "machine decides"),
}
TASK_STATUS: Glossary = {
    "open": Words("待领取", "open"),
    "taken": Words("进行中", "taken"),
    "done": Words("已完成", "done"),
    "skipped": Words("已跳过", "skipped"),
}
REASON: Glossary = {
    "random": Words("随机抽样", "random"),
    "low_confidence": Words("低置信度", "low confidence"),
    "abstained": Words("机器弃权", "abstained"),
    "critical": Words("致命项", "critical"),
    "survey_gap": Words("与调查不符", "survey gap"),
    "quota": Words("客服配额", "quota"),
    "manual": Words("人工指定", "by hand"),
    "second": Words("独立复核", "second review"),
    "differ": Words("两次复核不一致", "reviews differ"),
}
APPEAL_STATUS: Glossary = {
    "open": Words("待处理", "open"),
    "assigned": Words("处理中", "assigned"),
    "upheld": Words("成立", "upheld"),
    "partly": Words("部分成立", "partly upheld"),
    "rejected": Words("不成立", "rejected"),
    "withdrawn": Words("已撤回", "withdrawn"),
    "expired": Words("已过期", "expired"),
}
SESSION_STATUS: Glossary = {"open": Words("进行中", "open"), "closed": Words("已结束", "closed")}
KPI_NOTE: Glossary = {"not_enough_data": Words("数据不足", "not enough data")}
KPI_UNIT: Glossary = {
    "count": Words("个", "count"),
    "share": Words("占比（0–1）", "share (0–1)"),
    "score_1_5": Words("分（1–5）", "score (1–5)"),
    "shift": Words("情绪变化（-2–2）", "shift (-2–2)"),
    "points": Words("分（0–100）", "points (0–100)"),
    "seconds": Words("秒", "seconds"),
}
