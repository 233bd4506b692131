"""Says, before anything is fitted, what a configuration's data do not suffice for."""

from __future__ import annotations

from collections import Counter

from models.errors import AttuneError
from models.scorers.sentiment.head import CLASSES
from training.config import Config
from training.data.prepared import Prepared
from training.data.rated import Rated

LEAST_SURVEYS = 100  # from which satisfaction can be learnt and calibrated without STC-3
LEAST_OF_A_KIND = 10  # of dissatisfied, satisfied, resolved and unresolved ones among them

_GUIDE = "docs/guides/training.md"


class NotEnoughDataError(AttuneError):
    """The files that a configuration names do not suffice to fit and calibrate an artifact."""

    code = "not-enough-data"


def check_enough(config: Config, prepared: Prepared) -> None:
    """Refuse data that some later stage could do nothing with.

    Raises:
        NotEnoughDataError: The sentiment lines lack a class or a calibration part, or there is nothing to learn
            satisfaction from.
    """
    _check_lines(prepared)
    if prepared.dialogues.train:
        return
    if config.csat.files:
        raise NotEnoughDataError(
            f"csat.test_dialogues = {config.csat.test_dialogues} holds out every dialogue; none is left to learn from",
            f"csat.test_dialogues = {config.csat.test_dialogues} 留出了全部会话,没有可供训练的会话",
            hint=_GUIDE,
            location="csat.test_dialogues",
        )
    _check_surveys(surveys_to_calibrate(prepared))


def surveys_to_calibrate(prepared: Prepared) -> list[Rated]:
    """Return the training conversations of which both rating and outcome are known, and which weigh something."""
    rows = [row for split in prepared.rated.values() for row in split.train]
    return [row for row in rows if row.ratings and row.resolved is not None and row.weight > 0]


def _check_lines(prepared: Prepared) -> None:
    taught = {
        line.label
        for name, split in prepared.lines.items()
        if prepared.corpora[name].weight > 0
        for line in split.train
    }
    if missing := [label for label in CLASSES if label not in taught]:
        raise NotEnoughDataError(
            f"no training line is labelled {', '.join(missing)}: sentiment needs all three classes",
            f"没有标为 {'、'.join(missing)} 的训练语句:情感模型需要三类样本",
            hint=_GUIDE,
            location="sentiment.corpora",
        )
    calibration = [line for split in prepared.lines.values() for line in split.calibration]
    if not any(line.label == "neutral" for line in calibration):
        what_en = "have no neutral line" if calibration else "are missing"
        what_zh = "中没有中性语句" if calibration else "缺失"
        raise NotEnoughDataError(
            f"the calibration lines {what_en}: temperature and the noise of a shift are set on them",
            f"校准语句{what_zh}:温度与情感波动的阈值需据此确定",
            hint="Give a corpus with neutral lines calibrate: true and held_out of 100 or more, such as "
            "own/service_chat.jsonl, which comes with the project / 请为含中性语句的语料"
            "设置 calibrate: true 与 held_out(100 以上),例如随项目附带的 own/service_chat.jsonl",
            location="sentiment.corpora",
        )


def _check_surveys(rows: list[Rated]) -> None:
    kinds = Counter(kind for row in rows for kind in _kinds(row))
    counts = {kind: kinds[kind] for kind in ("dissatisfied", "satisfied", "resolved", "unresolved")}
    if len(rows) >= LEAST_SURVEYS and min(counts.values()) >= LEAST_OF_A_KIND:
        return
    found = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    raise NotEnoughDataError(
        f"without csat.files, satisfaction is learnt from your own surveys: at least {LEAST_SURVEYS} training "
        f"conversations with both facts.csat and facts.resolved and a survey_weight above 0, {LEAST_OF_A_KIND} of each "
        f"kind; there are {len(rows)} ({found})",
        f"未配置 csat.files 时,满意度由您自己的评价学习:至少需要 {LEAST_SURVEYS} 条同时带 facts.csat 与 "
        f"facts.resolved、survey_weight 大于 0 的训练会话,每类不少于 {LEAST_OF_A_KIND} 条;现有 {len(rows)} 条({found})",
        hint=_GUIDE,
        location="csat.files",
    )


def _kinds(row: Rated) -> tuple[str, ...]:
    mean = sum(row.ratings) / len(row.ratings)
    outcome = "resolved" if row.resolved else "unresolved"
    return (outcome, *(["dissatisfied"] if mean <= 2.5 else ["satisfied"] if mean >= 3.5 else []))
