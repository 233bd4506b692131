"""A playbook's own tests, and how two playbooks differ."""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.scores import ComplianceScore
from models.scorers.compliance import ComplianceScorer, load_playbook, parse_playbook
from models.scorers.compliance.diff import PlaybookDiff, diff
from models.scorers.compliance.run_vectors import VectorReport, run_vectors
from tests.models.scorers.compliance.shop import SHOP


def playbook(text: str = SHOP) -> Playbook:
    return parse_playbook(text, "shop.yaml")[0]


def run(text: str) -> VectorReport:
    loaded = playbook(text)
    scorer = ComplianceScorer(loaded)

    def judge(conversations: Sequence[Conversation]) -> list[ComplianceScore]:
        scores = []
        for conversation in conversations:
            context = Context(head=conversation)
            for turn in conversation.turns:
                context = context.with_turn(turn, turn.text)
                context = context.with_signal(scorer.name, scorer.observe(context))
            scores.append(scorer.score(context))
        return scores

    return run_vectors(loaded, judge)


def test_all_as_expected() -> None:
    report = run(SHOP)
    assert report.playbook == "shop@1"
    assert [outcome.check for outcome in report.outcomes] == [
        *["greeting"] * 3,
        *["off_platform"] * 2,
        "greeting",
        "off_platform",
    ]
    assert report.failed == ()
    assert report.untested == ()
    assert [outcome.test for outcome in report.outcomes[:3]] == ["#1", "silent agent", "#3"]


def test_a_wrong_expectation_is_told_with_what_decided() -> None:
    report = run(SHOP.replace("平台规定不能加微信, expect: pass", "加个微信, expect: pass"))
    [outcome] = report.failed
    assert (outcome.check, outcome.expected, outcome.actual) == ("off_platform", "pass", "fail")
    assert outcome.path == ("checks", 1, "tests", 1)
    assert outcome.evidence[0].quote == "加个微信"
    assert "加个微信" in outcome.reason


def test_the_quote_has_to_be_in_the_evidence() -> None:
    [outcome] = run(SHOP.replace("expect: pass, quote: 您好", "expect: pass, quote: 再见")).failed
    assert (outcome.expected, outcome.actual, outcome.quote) == ("pass", "pass", "再见")


def test_checks_without_tests() -> None:
    report = run(SHOP.split("    tests:\n      - {line: 加我微信聊")[0])
    assert report.untested == ("off_platform",)


def compared(old: str, new: str) -> PlaybookDiff:
    assert SHOP.count(old) == 1
    return diff(playbook(), playbook(SHOP.replace(old, new)))


def test_layout_and_comments_are_no_difference() -> None:
    found = diff(playbook(), playbook("# a comment\n" + SHOP.replace("[您好]", "\n      - 您好")))
    assert found.same
    assert (found.head, found.checks, found.parts, found.reordered) == ((), (), (), False)


def test_a_word_shows_in_every_check_that_rests_on_it() -> None:
    found = compared("polite: 您好|你好", "polite: 您好")
    [part] = found.parts
    assert (part.kind, part.name, part.how) == ("word", "polite", "changed")
    [check] = found.checks
    assert (check.id, check.how, check.changes, check.through) == ("greeting", "changed", (), ("word polite",))


def test_a_cue_and_what_is_new_in_it() -> None:
    found = compared('["加.{0,4}微信"]', '["加.{0,4}微信", "微信聊"]')
    [part] = found.parts
    [change] = part.changes
    assert (change.field, change.added, change.removed) == ("include", ("微信聊",), ())
    assert [check.id for check in found.checks] == ["off_platform"]


def test_fields_of_a_check() -> None:
    found = compared("{seen: [hi], first: 2}", "{seen: [hi], first: 3}")
    [check] = found.checks
    [change] = check.changes
    assert (change.field, change.before, change.after) == ("look_for.first", 2, 3)
    assert not found.same


def test_checks_that_come_and_go() -> None:
    first, second = load_playbook("ecommerce-zh@1"), load_playbook("ecommerce-zh@2")
    found = diff(first, second)
    assert found.before == "ecommerce-zh@1"
    assert any(change.field == "version" for change in found.head)
    gone = diff(second, playbook())
    assert {check.id for check in gone.checks if check.how == "removed"} == {check.id for check in second.checks} - {
        "greeting",
        "off_platform",
    }
    assert diff(second, second).same


def test_tests_alone_do_not_change_what_it_means() -> None:
    found = compared("      - {line: 在吗, by: customer, expect: na}\n", "")
    [check] = found.checks
    assert (check.changes, check.through, check.tests) == ((), (), (0, 1))
    assert playbook().hash == playbook(SHOP.replace("      - {line: 在吗, by: customer, expect: na}\n", "")).hash
