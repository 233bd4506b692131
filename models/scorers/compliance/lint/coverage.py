"""Forbidden checks without tests, and playbooks that claim the same conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from models.domain.playbook import Playbook
from models.scorers.compliance.lint.finding import Warned
from models.scorers.compliance.scopes import clash, cut, period


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
