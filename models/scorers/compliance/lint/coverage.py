"""Checks without tests, tests that cannot be read, and playbooks that claim the same conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from models.domain.playbook import Playbook, TestVector
from models.errors import InvalidConversationError, InvalidPlaybookError
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.scopes import clash, cut, period
from models.scorers.compliance.vectors import conversation_of


def tests(playbook: Playbook) -> Iterator[Warned]:
    """Yield forbidden checks without vectors for both verdicts, and vectors that cannot be run."""
    expected: dict[str, set[str]] = {check.id: set() for check in playbook.checks}
    for place, check in enumerate(playbook.checks):
        for number, vector in enumerate(check.tests):
            where: Path = ("checks", place, "tests", number)
            given = vector.expect if isinstance(vector.expect, Mapping) else {check.id: vector.expect}
            yield from _read(vector, given, expected, where)
    for number, vector in enumerate(playbook.tests):
        given = vector.expect if isinstance(vector.expect, Mapping) else {}
        yield from _read(vector, given, expected, ("tests", number))
    for place, check in enumerate(playbook.checks):
        if check.kind == "forbidden" and not {"pass", "fail"} <= expected[check.id]:
            missing = sorted({"pass", "fail"} - expected[check.id])
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


def _read(
    vector: TestVector, given: Mapping[str, str], expected: dict[str, set[str]], where: Path
) -> Iterator[Warned]:
    unknown = sorted(given.keys() - expected.keys())
    if unknown or not given:
        yield Warned(
            "bad-test",
            (*where, "expect"),
            f"there is no check '{unknown[0]}'" if unknown else "expects verdicts by check: {check: verdict}",
            f"没有检查项“{unknown[0]}”" if unknown else "须按检查项写期望:{检查项: 判定}",
        )
    try:
        conversation_of(vector)
    except (InvalidPlaybookError, InvalidConversationError) as error:
        yield Warned("bad-test", where, error.message_en, error.message_zh)
        return
    for check, verdict in given.items():
        if check in expected:
            expected[check].add(verdict)
