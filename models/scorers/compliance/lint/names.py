"""Names: parts that nothing uses, cues that their speaker cannot show, placeholders that nothing fills."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

from models.domain.acts import acts_of
from models.domain.condition import Condition, Speaker
from models.domain.cue import Cue
from models.domain.playbook import Bilingual, Check, Playbook
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.uses import uses_of

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_KNOWN = ("message", "after", "quote")
_SPEAKERS: Mapping[str, tuple[str, str]] = {
    "agent": ("an agent", "客服"),
    "customer": ("a customer", "客户"),
    "bot": ("a bot", "机器人"),
    "system": ("the system", "系统"),
}


def unused(playbook: Playbook) -> Iterator[Warned]:
    """Yield words, cues and conditions that no check rests on."""
    used = {(part.kind, part.name) for parts in uses_of(playbook).values() for part in parts}
    kinds = (
        ("word", "words", "词组", playbook.words),
        ("cue", "cues", "线索", playbook.cues),
        ("condition", "conditions", "条件", playbook.conditions),
    )
    for kind, field, chinese, named in kinds:
        for name in named:
            if (kind, name) not in used:
                yield Warned(
                    f"unused-{kind}",
                    (field, name),
                    f"no check uses {kind} '{name}'",
                    f"没有检查项用到{chinese}“{name}”",
                )


def speakers(playbook: Playbook) -> Iterator[Warned]:
    """Yield cues that whoever has to show them never can."""
    for place, check in enumerate(playbook.checks):
        for field, condition in check.conditions:
            default = check.speaker if field == "look_for" else None
            yield from _speakers(condition, default, ("checks", place, field), playbook)
    for name, condition in playbook.conditions.items():
        yield from _speakers(condition, None, ("conditions", name), playbook)


def placeholders(playbook: Playbook) -> Iterator[Warned]:
    """Yield placeholders in reasons that stay as they are."""
    for place, check in enumerate(playbook.checks):
        for name, reason in _reasons(check):
            for language in ("zh", "en"):
                for found in _PLACEHOLDER.findall(getattr(reason, language)):
                    if found not in _KNOWN:
                        yield Warned(
                            "unknown-placeholder",
                            ("checks", place, "reasons", name, language),
                            f"nothing fills {{{found}}}; there are {{message}}, {{after}} and {{quote}}",
                            f"{{{found}}} 不会被替换,可用:{{message}}、{{after}}、{{quote}}",
                        )


def _reasons(check: Check) -> Iterator[tuple[str, Bilingual]]:
    for field in fields(check.reasons):
        reason = getattr(check.reasons, field.name)
        if reason is not None:
            yield field.name, reason


def _speakers(condition: Condition, default: Speaker | None, where: Path, playbook: Playbook) -> Iterator[Warned]:
    for path, name, speaker in _shown_by(condition, default):
        cue = playbook.cues.get(name)
        if cue is not None and speaker is not None and not _can_show(cue, speaker):
            english, chinese = _SPEAKERS[speaker]
            yield Warned(
                "never-shown-by-speaker",
                (*where, *path),
                f"{english} can never show cue '{name}': it asks only for what others do",
                f"{chinese}永远不会出现线索“{name}”:它只看其他人的行为或情绪",
            )
    for field in ("all", "any", "none"):
        for place, part in enumerate(getattr(condition, field)):
            yield from _speakers(part, default, (*where, field, place), playbook)
    for place, part in enumerate(condition.least.of if condition.least else ()):
        yield from _speakers(part, default, (*where, "least", "of", place), playbook)


def _shown_by(condition: Condition, default: Speaker | None) -> Iterator[tuple[Path, str, Speaker | None]]:
    """Yield every cue that a condition names, where, and who has to show it."""
    by = condition.by or default
    order = condition.order
    firsts = (order.by or default) if order else None
    owners: dict[str, Speaker | None] = {
        "seen": by,
        "before": condition.before_by or by,
        "after": condition.after_by,
        "apart_from": condition.left_by,
    }
    for path, name in condition.cues():
        if path[0] == "order" and order:
            yield path, name, firsts if path[1] == "first" else (order.then_by or firsts)
        elif path[0] == "count" and condition.count:
            yield path, name, condition.count.by or default
        elif path[0] == "repeated" and condition.repeated:
            yield path, name, condition.repeated.by or default
        elif path[0] == "gap" and condition.gap:
            yield path, name, condition.gap.after
        else:
            yield path, name, owners.get(str(path[0]))


def _can_show(cue: Cue, speaker: Speaker) -> bool:
    if cue.matches or cue.exemplars or cue.chars or cue.rest_of:
        return True
    if cue.act and cue.act.name in acts_of(speaker):
        return True
    return speaker == "customer" and (cue.sentiment_below is not None or cue.sentiment_above is not None)
