"""Without the words a failed forbidden check quotes, it does not fail: every operator, alone and in others."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from models.domain.condition import Condition, Count, Gap, Least, Order, Repeated
from models.domain.cue import Cue, Guard, Keywords
from models.domain.playbook import Playbook
from models.domain.scores import CheckResult, Evidence
from tests.models.scorers.compliance.stage import A, C, Line, book, check, play

_CUES = {
    "a": Cue(include=("甲.{0,2}甲", "甲乙")),
    "b": Cue(include=("乙+",), unless=(Guard("d", "clause"),)),
    "c": Cue(keywords=Keywords(all=("丙", "甲"), none=("丁",))),
    "d": Cue(include=("丁",)),
}


def without(lines: Sequence[Line], quotes: Sequence[Evidence]) -> list[Line]:
    """Return the lines without what is quoted."""
    left: list[Line] = []
    for place, line in enumerate(lines):
        gone = {at for quote in quotes if quote.turn == place for at in range(quote.start, quote.end)}
        text = "".join(char for at, char in enumerate(line[1]) if at not in gone)
        left.append((line[0], text, *line[2:]))  # type: ignore[arg-type]
    return left


def judged(playbook: Playbook, lines: Sequence[Line]) -> CheckResult:
    return play(playbook, lines)[-1].checks[0]


def assert_enough(look_for: Condition, lines: Sequence[Line], **more: Condition) -> CheckResult:
    playbook = book(check(look_for, "forbidden"), cues=_CUES, conditions=more)
    found = judged(playbook, lines)
    for quote in found.evidence:
        assert lines[quote.turn][1][quote.start : quote.end] == quote.quote != ""
    if found.verdict == "fail":
        assert judged(playbook, without(lines, found.evidence)).verdict != "fail", found.evidence
    return found


_NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2, unique=True).map(tuple)
_SOME = st.one_of(st.none(), st.integers(1, 3))
_LEAVES = st.one_of(
    st.builds(Condition, seen=_NAMES, first=_SOME, last=_SOME),
    st.builds(Condition, seen=_NAMES, before=st.sampled_from([(), ("b",)]), before_by=st.sampled_from([None, C])),
    st.builds(
        Condition,
        seen=_NAMES,
        after=st.just(("b",)),
        after_by=st.sampled_from([A, C]),
        pick=st.sampled_from(["first", "last"]),
        within=_SOME,
    ),
    st.builds(
        Condition, order=st.builds(Order, first=_NAMES, then=_NAMES, then_by=st.sampled_from([A, C]), within=_SOME)
    ),
    st.builds(
        Condition,
        count=st.builds(Count, of=st.one_of(st.just(()), _NAMES), at_least=st.integers(1, 3), first=_SOME, last=_SOME),
    ),
    st.builds(
        Condition,
        repeated=st.builds(
            Repeated,
            of=st.one_of(st.just(()), _NAMES),
            times=st.integers(2, 3),
            alike=st.sampled_from([None, 0.5, 0.9]),
            within=st.one_of(st.none(), st.integers(2, 4)),
        ),
    ),
)
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Condition(all=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Condition(any=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Condition(least=Least(2, tuple(parts)))),
    ),
    max_leaves=4,
)
_TALKS = st.lists(
    st.tuples(st.sampled_from([A, A, C]), st.text(alphabet="甲乙丙丁,好", max_size=8)), min_size=1, max_size=9
)


@given(_CONDITIONS, _TALKS)
def test_whatever_is_forbidden_the_quotes_are_enough(look_for: Condition, lines: list[Line]) -> None:
    assert_enough(look_for, lines)
    assert_enough(Condition(holds="it"), lines, it=look_for)


def test_one_of_several_sufficient_matches_is_not_enough() -> None:
    found = assert_enough(Condition(seen=("a",), first=2), [(A, "甲乙"), (A, "甲乙"), (A, "甲乙"), (A, "好")])
    assert [quote.turn for quote in found.evidence] == [0, 1, 2]  # without the first two, the third is one of the first


def test_every_repetition_is_quoted() -> None:
    lines: list[Line] = [
        (A, text) for text in ("请稍等哦", "在查了", "请稍等", "在查了呢", "请稍等呀", "在查", "请稍等")
    ]
    found = assert_enough(Condition(repeated=Repeated(times=3, alike=0.7)), lines)
    assert {quote.turn for quote in found.evidence} == set(range(7))


def test_more_matches_than_anybody_counts() -> None:
    assert_enough(Condition(seen=("a",)), [(A, "甲乙," * 300), *[(A, f"甲乙{n}") for n in range(80)]])


def test_what_deleting_brings_together_is_quoted_too() -> None:
    found = assert_enough(Condition(seen=("a",)), [(A, "甲甲乙好好乙")])
    assert found.verdict == "fail"


def test_what_is_late_is_shown_by_the_answer_and_what_it_answers() -> None:
    lines: list[Line] = [(C, "在吗", 0), (A, "在", 100), (C, "好", 101), (A, "嗯", 102), (C, "那", 110), (A, "这", 300)]
    playbook = book(check(Condition(gap=Gap(over=60)), "forbidden"), cues=_CUES)
    assert [quote.turn for quote in judged(playbook, lines).evidence] == [1, 0, 5, 4]
    both = Condition(all=(Condition(gap=Gap(over=60)), Condition(seen=("a",))))
    assert_enough(both, [*lines, (A, "甲乙", 301)])
