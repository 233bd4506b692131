"""Cuts the 250,002-piece multilingual tokenizer down to what Chinese and English customer service needs."""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

_SPECIAL = 4  # <s>, <pad>, </s>, <unk>
_FREQUENT = 80_000  # pieces are sorted by frequency over all languages; English words lie deep in the list
_OTHER_SCRIPTS = ("HIRAGANA", "KATAKANA", "HANGUL")


def choose_pieces(tokenizer: dict[str, Any], evidence: Iterable[str]) -> npt.NDArray[np.int64]:
    """The ids to keep: special pieces, symbols, digits, Han, and the ASCII pieces that are frequent or in evidence.

    Args:
        tokenizer: The content of ``tokenizer.json``.
        evidence: Texts of the domain; only which pieces occur in them is used.

    Returns:
        Ascending ids of the source vocabulary.
    """
    pieces = [str(piece) for piece, _ in tokenizer["model"]["vocab"]]
    whole = Tokenizer.from_str(json.dumps(tokenizer))
    seen = np.zeros(len(pieces), bool)
    texts = iter(evidence)
    while batch := list(islice(texts, 2048)):
        for encoding in whole.encode_batch(batch):
            seen[encoding.ids] = True
    keep = [index for index, piece in enumerate(pieces) if index < _SPECIAL or _wanted(piece, index, bool(seen[index]))]
    return np.array(keep, np.int64)


def pieces_of(tokenizer: dict[str, Any], pruned: dict[str, Any]) -> npt.NDArray[np.int64]:
    """The ids in ``tokenizer`` of the pieces that ``pruned`` has."""
    ids = {piece: index for index, (piece, _) in enumerate(tokenizer["model"]["vocab"])}
    return np.array([ids[piece] for piece, _ in pruned["model"]["vocab"]], np.int64)


def prune(tokenizer: dict[str, Any], keep: npt.NDArray[np.int64]) -> dict[str, Any]:
    """The tokenizer with these pieces only; a piece's new id is its place in ``keep``."""
    vocabulary = tokenizer["model"]["vocab"]
    return {
        **tokenizer,
        "added_tokens": [token for token in tokenizer["added_tokens"] if token["id"] < _SPECIAL],
        "model": {**tokenizer["model"], "vocab": [vocabulary[index] for index in keep.tolist()]},
    }


def shop_words() -> Iterator[str]:
    """Our own list of English shop words, small and capitalised; the corpora hold little of it."""
    for word in Path(__file__).with_name("shop_words.txt").read_text(encoding="utf-8").split():
        yield from (word, word.capitalize())


def texts_under(directory: Path) -> Iterator[str]:
    """Every ``text`` and utterance in the ``*.jsonl.gz`` files below the directory."""
    for path in sorted(directory.rglob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                for part in (row, *row.get("turns", ())):
                    yield from (text for text in (part.get("text"), *part.get("utterances", ())) if text)


def _wanted(piece: str, index: int, seen: bool) -> bool:
    text = piece.replace("▁", "")
    if text.isascii():
        return index < _FREQUENT or seen or len(text) <= 2 or not any(c.isalpha() for c in text)
    names = [unicodedata.name(character, "") for character in text]
    if any(script in name for name in names for script in _OTHER_SCRIPTS):
        return False
    return any("CJK UNIFIED" in name for name in names) or not any(c.isalpha() for c in text)
