"""Which language a conversation is in.

Script shares and no library: chat lines ("在吗", "ok", an order number) are far too short for n-gram detectors, and the
only question that scoring asks is Chinese or English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff\u0e00-\u0e7f\u0900-\u097f]")
_LINK = re.compile(r"(?:https?://|www\.)[!-~]+|[A-Za-z0-9._%+*-]{1,64}@[A-Za-z0-9.-]+")
# A Chinese word has about two characters, so 20 % Han characters is a Chinese line that names foreign products.
_HAN_SHARE = 0.2


def detect_language(texts: Iterable[str]) -> Literal["zh", "en", "und"]:
    """Return ``zh`` or ``en`` by what is written in all ``texts`` together; ``und`` for no words or another script."""
    han = latin = other = 0
    for text in texts:
        plain = _LINK.sub(" ", text)
        han += len(_HAN.findall(plain))
        latin += len(_LATIN_WORD.findall(plain))
        other += len(_OTHER_SCRIPT.findall(plain))
    total = han + latin + other
    if not total or other > han + latin or (other and other > han and other > latin):
        return "und"
    return "zh" if han / total >= _HAN_SHARE else "en"
