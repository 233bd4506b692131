"""Measures of the privacy detectors: spans found against spans marked by people, beside plain regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import numpy as np

from models.text.pii import Kind, PersonalDatum, find_personal_data
from training.data.privacy import PrivacyLine
from training.evaluate.measures import draw_resamples, interval, wilson_interval
from training.evaluate.rounding import rounded

KINDS: tuple[Kind, ...] = get_args(Kind)
Find = Callable[[str], Sequence[PersonalDatum]]

# What a masking filter usually consists of, one expression a kind, earlier ones first.
_PLAIN: Mapping[Kind, re.Pattern[str]] = {
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
    "id_card": re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)"),
    "bank_card": re.compile(r"(?<!\d)\d{16,19}(?!\d)"),
    "phone": re.compile(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),
    "landline": re.compile(r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)"),
    "licence_plate": re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]·?[A-Z\d]{5,6}"),
    "passport": re.compile(r"(?<![A-Za-z\d])[EGC][A-Z\d]\d{7}(?!\d)"),
    "account": re.compile(
        r"(?:微信|QQ|wechat|vx)[号號]?[ :：]*(?P<value>[A-Za-z\d][\w-]{4,19})", re.IGNORECASE | re.ASCII
    ),
    "name": re.compile(
        r"(?:姓名|收件人|收货人|联系人)[:： ]*(?P<value>[\u4e00-\u9fa5]{2,3})|[Nn]ame: (?P<other>[A-Z]\w+ [A-Z]\w+)"
    ),
    "address": re.compile(
        r"[\u4e00-\u9fa5]{2,}(?:省|市|区|县)[\u4e00-\u9fa5\d]+号(?:[\u4e00-\u9fa5\d]+(?:室|楼|单元|栋))?"
    ),
}


def find_by_plain_patterns(text: str) -> list[PersonalDatum]:
    """Return what one plain regular expression per kind finds: the baseline."""
    found: list[PersonalDatum] = []
    for kind, pattern in _PLAIN.items():
        for match in pattern.finditer(text):
            named = [group for group in pattern.groupindex if match[group] is not None]
            start, end = match.span(named[0]) if named else match.span()
            if all(end <= other.start or other.end <= start for other in found):
                found.append(PersonalDatum(kind, start, end))
    return found


def evaluate_privacy(lines: Sequence[PrivacyLine]) -> dict[str, Any]:
    """Return the measures of detectors and baseline, by split if the lines have one; see :func:`measure_spans`."""
    splits = sorted({line.split for line in lines})
    return {
        split or "all": {
            name: measure_spans(find, [line for line in lines if line.split == split])
            for name, find in (("detectors", find_personal_data), ("plain_patterns", find_by_plain_patterns))
        }
        for split in splits
    }


def measure_spans(find: Find, lines: Sequence[PrivacyLine]) -> dict[str, Any]:
    """Return how well ``find`` finds the marked spans.

    Returns:
        ``exact`` counts a span found if kind, start and end agree, ``overlap`` if the kind agrees and a character is
        shared; each with ``precision``, ``recall`` and ``f1`` over all spans, their intervals, and the same by kind.
        ``macro_f1`` is the mean over kinds that are marked or claimed. ``false_alarm_share`` is the share of lines
        without personal data in which something is found. Intervals of 95 %: bootstrap over groups, Wilson's for the
        share.
    """
    found = [find(line.text) for line in lines]
    groups = {group: at for at, group in enumerate(dict.fromkeys(line.group for line in lines))}
    draws = draw_resamples(len(groups))
    clean = [bool(spans) for line, spans in zip(lines, found, strict=True) if not line.spans]
    result: dict[str, Any] = {
        "lines": len(lines),
        "spans": sum(len(line.spans) for line in lines),
        "clean_lines": len(clean),
        "false_alarm_share": sum(clean) / len(clean) if clean else None,
        "false_alarm_share_interval": wilson_interval(sum(clean), len(clean)),
    }
    for name, matches in (("exact", PersonalDatum.__eq__), ("overlap", _overlaps)):
        counts = np.zeros((len(groups), len(KINDS), 4), dtype=np.int64)  # right, claimed, reached, marked
        for line, claimed in zip(lines, found, strict=True):
            row = counts[groups[line.group]]
            for span in claimed:
                row[KINDS.index(span.kind), 0] += any(matches(span, true) for true in line.spans)
                row[KINDS.index(span.kind), 1] += 1
            for true in line.spans:
                row[KINDS.index(true.kind), 2] += any(matches(span, true) for span in claimed)
                row[KINDS.index(true.kind), 3] += 1
        seen = [at for at in range(len(KINDS)) if counts[:, at, [1, 3]].any()]
        by_kind = {KINDS[at]: _figures(counts[:, at], draws) for at in seen}
        f1s = [figures["f1"] for figures in by_kind.values()]
        result[name] = {
            **_figures(counts.sum(axis=1), draws),
            "macro_f1": float(np.mean(f1s)) if f1s else None,
            "kinds": by_kind,
        }
    return rounded(result)


def _overlaps(one: PersonalDatum, other: PersonalDatum) -> bool:
    return one.kind == other.kind and one.start < other.end and other.start < one.end


def _figures(counts: Any, draws: Any) -> dict[str, Any]:
    figures: dict[str, Any] = {"n": int(counts[:, 3].sum())}
    for name, statistic in (("precision", _precision), ("recall", _recall), ("f1", _f1)):
        figures[name] = statistic(counts)
        figures[f"{name}_interval"] = interval(statistic, (counts,), draws)
    return figures


def _precision(counts: Any) -> float | None:
    claimed = counts[:, 1].sum()
    return float(counts[:, 0].sum() / claimed) if claimed else None


def _recall(counts: Any) -> float | None:
    marked = counts[:, 3].sum()
    return float(counts[:, 2].sum() / marked) if marked else None


def _f1(counts: Any) -> float | None:
    right, claimed, reached, marked = counts.sum(axis=0).tolist()
    if not claimed + marked:
        return None
    precision, recall = right / claimed if claimed else 0.0, reached / marked if marked else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
