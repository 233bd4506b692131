"""What the head reads besides the vector: cheap marks of tone that a mean-pooled vector blurs."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

_EMOJI = re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]")
_QUESTION_END = re.compile(
    r"(?:[?？]|[吗么呢嘛]|多少|什么|几天|几号|哪里|怎么办)[~～。.!！\s]*$|^\s*(?:what|when|where|which|how|is|are|do|does|can|could|will)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z\u3400-\u4dbf\u4e00-\u9fff]")

FEATURES = ("length", "exclamations", "questions", "question_end", "ellipsis", "emoji", "wordless", "latin_share")


def tone_features(text: str) -> NDArray[np.float32]:
    """Return the marks of tone in ``text``, shape ``(8,)``, each about 0…1, in the order of ``FEATURES``."""
    size = max(len(text), 1)
    return np.array(
        [
            math.log1p(len(text)) / 5.0,
            min(text.count("!") + text.count("！"), 4) / 4.0,
            min(text.count("?") + text.count("？"), 4) / 4.0,
            float(_QUESTION_END.search(text) is not None),
            float("..." in text or "…" in text or "。。" in text),
            min(len(_EMOJI.findall(text)), 3) / 3.0,
            float(_WORD.search(text) is None),
            sum(char.isascii() and char.isalpha() for char in text) / size,
        ],
        dtype=np.float32,
    )
