"""Examples for the API's reference. Invented."""

CONVERSATION = {
    "id": "c-20261012-0001",
    "channel": "chat",
    "queue": "aftersale",
    "language": "zh",
    "agent": {"id": "a-03", "name": "小李"},
    "customer": {"id": "u-11"},
    "started_at": "2026-10-12T09:00:00+08:00",
    "turns": [
        {"role": "customer", "at": "2026-10-12T09:00:03+08:00", "text": "在吗，拍下三天了还没有发货"},
        {"role": "agent", "at": "2026-10-12T09:00:11+08:00", "text": "您好，让您久等了，我马上为您查一下订单"},
        {"role": "customer", "at": "2026-10-12T09:01:40+08:00", "text": "好的，麻烦快一点"},
    ],
    "tags": ["物流"],
}
