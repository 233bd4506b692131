"""Forbidden checks without tests, and playbooks that claim the same conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from models.domain.playbook import Playbook
from models.scorers.compliance.lint.finding import Warned
from models.scorers.compliance.scopes import clash, cut, period

# What the loader accepts (three, and none) says little to a head: of the first, one left out is a third of all.
FEWEST_LIKE = 5
FEWEST_UNLIKE = 3


def tests(playbook: Playbook) -> Iterator[Warned]:
    """Yield forbidden checks that no test expects to pass, or none to fail."""
    expected: dict[str, set[str]] = {check.id: set() for check in playbook.checks}
    for check in playbook.checks:
        expected[check.id] |= {test.expect for test in check.tests if isinstance(test.expect, str)}
    for test in playbook.tests:
        if isinstance(test.expect, Mapping):
            for name, verdict in test.expect.items():
                expected[name].add(verdict)
    for place, check in enumerate(playbook.checks):
        missing = sorted({"pass", "fail"} - expected[check.id])
        if check.kind == "forbidden" and missing:
            yield Warned(
                "untested",
                ("checks", place),
                f"the forbidden check '{check.id}' has no test that expects {' and none that expects '.join(missing)}",
                f"禁止项“{check.id}”缺少期望 {'、'.join(missing)} 的测试",
            )


def exemplars(playbook: Playbook) -> Iterator[Warned]:
    """Yield cues with too few exemplars for a head that tells them apart."""
    for name, cue in playbook.cues.items():
        if cue.exemplars is None:
            continue
        for side, fewest in (("like", FEWEST_LIKE), ("unlike", FEWEST_UNLIKE)):
            given = len({text.strip() for text in getattr(cue.exemplars, side)})
            if given < fewest:
                yield Warned(
                    "few-exemplars",
                    ("cues", name, "exemplars", *((side,) if given else ())),
                    f"cue '{name}' has {given} exemplar(s) in '{side}'; with fewer than {fewest} its probabilities are "
                    "hardly more than a guess",
                    f"线索“{name}”的 {side} 只有 {given} 条;少于 {fewest} 条时其概率几乎只是猜测",
                )


def dates(playbook: Playbook, now: datetime, zone: tzinfo) -> Iterator[Warned]:
    """Yield dates of a playbook that are over already."""
    _, end = period(playbook.effective, zone)
    if end is not None and end <= now:
        yield Warned(
            "over-already",
            ("effective", "until"),
            f"'{playbook.id}@{playbook.version}' ended on {end:%Y-%m-%d %H:%M}: it can never be in force again",
            f"“{playbook.id}@{playbook.version}”已于 {end:%Y-%m-%d %H:%M} 到期,不会再生效",
        )


def overlaps(playbooks: Sequence[Playbook], zone: tzinfo) -> Iterator[tuple[int, Warned]]:
    """Yield playbooks (by place) that claim the conversations of an earlier one at the same time, none being narrower.

    Two versions of one playbook follow each other and are no overlap.
    """
    for place, playbook in enumerate(playbooks):
        for other in playbooks[:place]:
            if playbook.id == other.id or not clash(playbook.scope, other.scope):
                continue
            if cut(period(playbook.effective, zone), period(other.effective, zone)) is None:
                continue
            yield (
                place,
                Warned(
                    "overlap",
                    ("scope",),
                    f"'{playbook.id}' and '{other.id}' claim the same conversations at the same time, and neither "
                    "scope is the narrower one",
                    f"“{playbook.id}”与“{other.id}”在同一时段适用于相同的会话,且没有哪个范围更小",
                ),
            )
