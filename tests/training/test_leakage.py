"""Copies between what is learnt from and what is measured on."""

import string

from hypothesis import given
from hypothesis import strategies as st

from training.data.leakage import NEAR, PIECE, Row, count_leaks, dropped_keys, find_leaks, plain

LONG = "这件衣服的颜色跟图片上的完全不一样而且还有一股味道"


def row(key: str, part: str, text: str, group: str | None = None, corpus: str = "a", setting: str = "") -> Row:
    return Row(key, corpus, part, text, group or f"{corpus}/{key}", setting)


def found(*rows: Row) -> list[tuple[str, str, str]]:
    return [(leak.row.key, leak.of.key, leak.kind) for leak in find_leaks(rows)]


def test_copies_are_found_across_corpora_whatever_their_marks() -> None:
    rows = [row("1", "train", "发货 太慢了!!", corpus="b"), row("2", "test", "发货太慢了。"), row("3", "train", "挺快")]
    assert found(*rows) == [("1", "2", "exact")]
    assert count_leaks(find_leaks(rows)) == {"b.train > a.test": {"exact": 1}}
    assert dropped_keys(find_leaks(rows)) == {"b": frozenset({"1"})}


def test_near_copies_are_found_but_short_texts_only_exactly() -> None:
    assert found(row("1", "train", LONG + "了"), row("2", "test", LONG)) == [("1", "2", "near")]
    assert found(row("1", "train", LONG + LONG[::-1]), row("2", "test", LONG)) == []
    assert found(row("1", "train", "不好吃"), row("2", "test", "好吃")) == []


def test_the_test_part_wins_over_calibration_and_calibration_over_train() -> None:
    rows = [row("1", "train", LONG), row("2", "calibration", LONG), row("3", "test", LONG, corpus="c")]
    assert sorted(found(*rows)) == [("1", "3", "exact"), ("2", "3", "exact")]
    assert found(*rows[:2]) == [("1", "2", "exact")]


def test_a_group_and_another_setting_are_no_copies() -> None:
    assert found(row("1", "train", LONG, "d7"), row("2", "test", LONG, "d7")) == []
    assert (
        found(row("1", "train", "好的", setting="agent 补发"), row("2", "test", "好的", setting="agent 不能退")) == []
    )
    assert found(row("1", "train", "好的", setting="agent 补发"), row("2", "test", "好的", setting="agent 补发")) != []


def test_before_another_turn_a_short_line_is_another_and_a_long_one_is_not() -> None:
    offer, other = "agent 已经给您申请了补发明天就能收到", "agent 这个不能退"
    assert found(row("1", "train", "好的。", setting=offer + "!"), row("2", "test", "好的", setting=offer)) != []
    near = offer.replace("明天", "后天") * 3
    assert found(row("1", "train", "好的", setting=near), row("2", "test", "好的", setting=offer * 3)) == []
    near = offer * 3 + "哦"
    assert found(row("1", "train", "好的", setting=near), row("2", "test", "好的", setting=offer * 3)) != []
    assert found(row("1", "train", LONG, setting=other), row("2", "test", LONG, setting=offer)) == [("1", "2", "exact")]
    assert found(row("1", "train", LONG + "了", setting=other), row("2", "test", LONG)) == [("1", "2", "near")]


def test_symbols_count_and_spaces_do_not() -> None:
    assert plain(" ＡＢ,c 👍。") == "abc👍"
    assert plain("?!") == "?!"


texts = st.text(alphabet=string.ascii_lowercase[:4], min_size=12, max_size=40)


@given(st.lists(texts, min_size=1, max_size=6), st.lists(texts, min_size=1, max_size=6))
def test_the_shortcut_finds_what_comparing_all_pairs_finds(train: list[str], test: list[str]) -> None:
    def pieces(text: str) -> set[str]:
        return {text[at : at + PIECE] for at in range(len(text) - PIECE + 1)}

    def alike(a: str, b: str) -> bool:
        first, second = pieces(a), pieces(b)
        long = min(len(first), len(second)) >= 8
        return a == b or (long and len(first & second) >= NEAR * len(first | second))

    rows = [row(str(at), "train", text) for at, text in enumerate(train)]
    rows += [row(f"t{at}", "test", text, corpus="b") for at, text in enumerate(test)]
    expected = {str(at) for at, text in enumerate(train) if any(alike(text, other) for other in test)}
    assert {leak.row.key for leak in find_leaks(rows)} == expected
