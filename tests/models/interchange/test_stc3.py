"""STC-3 records become conversations."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import InvalidConversationError
from models.interchange.stc3 import conversation_from_stc3

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "stc3"
RECORD = {
    "id": "42",
    "turns": [
        {"sender": "customer", "utterances": ["宽带断了", "", "已经两天"]},
        {"sender": "helpdesk", "utterances": [""]},
    ],
    "annotations": [{"quality": {"A": 1}}],
}


def test_senders_utterances_and_id() -> None:
    conversation = conversation_from_stc3(RECORD, language="zh")
    assert (conversation.id, conversation.channel, conversation.language) == ("42", "social", "zh")
    assert [(turn.role, turn.text) for turn in conversation.turns] == [
        ("customer", "宽带断了\n\n已经两天"),
        ("agent", ""),
    ]
    assert conversation.extra == {}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"turns": None}, "$.turns"),
        ({"turns": [1]}, "$.turns[0]"),
        ({"turns": [{"sender": "bot", "utterances": []}]}, "$.turns[0].sender"),
        ({"turns": [{"sender": ["x"], "utterances": []}]}, "$.turns[0].sender"),
        ({"turns": [{"sender": "customer", "utterances": "a"}]}, "$.turns[0].utterances"),
        ({"turns": []}, "$.turns"),
        ({"id": 42}, "$.id"),
    ],
)
def test_other_records_are_refused(change: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidConversationError) as caught:
        conversation_from_stc3(RECORD | change)
    assert caught.value.location == path


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not here")
@pytest.mark.parametrize(("name", "count"), [("unlabelled_cn", 390), ("train_cn", 3200), ("train_en", 1433)])
def test_the_whole_corpus_converts(name: str, count: int) -> None:
    with gzip.open(CORPUS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        assert sum(1 for line in lines if conversation_from_stc3(json.loads(line))) == count
