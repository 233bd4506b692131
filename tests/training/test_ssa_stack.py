"""What joins the members for SSA: fields of turns, the sentiment's course, trees as arrays, the stack and its rule."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.utils.class_weight import compute_sample_weight

from training.data.ssa import SsaChat, SsaTurn
from training.fit.ssa_batches import Corpus
from training.fit.ssa_fields import conversation_fields, turn_fields
from training.fit.ssa_linear import fit_linear
from training.fit.ssa_logs import average
from training.fit.ssa_rule import apply_crosswise, choose_bias, macro_f1
from training.fit.ssa_stack import fit_stack
from training.fit.ssa_trajectory import describe_trajectories
from training.fit.ssa_trees import fit_trees


def chat(roles: str, level: int = 2) -> SsaChat:
    """One turn per letter, ``c`` for the customer, ``a`` for the agent; every turn has words of its own."""
    spoken = {"c": "customer", "a": "agent"}
    return SsaChat(level, tuple(SsaTurn(spoken[role], (at, at + 1), 2) for at, role in enumerate(roles, start=1)))


def read_by(field: int, corpus: Corpus) -> list[list[int]]:
    adds = turn_fields(corpus)[field].adds.toarray()
    return [row.nonzero()[0].tolist() for row in adds]


def test_a_turn_reads_its_neighbours_in_its_own_conversation_only() -> None:
    corpus = Corpus([chat("caac"), chat("ac")], range(1, 9))
    assert read_by(0, corpus) == [[0], [], [], [3], [], [5]]  # itself, if the customer's
    assert read_by(1, corpus) == [[], [1], [2], [], [4], []]
    assert read_by(2, corpus) == [[], [], [1], [2], [], [4]]  # the agent before
    assert read_by(3, corpus) == [[], [0], [0], [0], [], []]  # the customer before
    assert read_by(4, corpus) == [[1], [2], [], [], [], []]  # the agent after
    assert read_by(5, corpus) == [[3], [3], [3], [], [5], []]  # the customer after
    assert read_by(6, corpus) == [[0, 3]] * 4 + [[5]] * 2


def test_a_conversation_is_read_by_role_and_at_its_end() -> None:
    corpus = Corpus([chat("ccacaa"), chat("a")], range(1, 9))
    rows = [field.adds.toarray().nonzero() for field in conversation_fields(corpus)]
    assert [list(zip(*(part.tolist() for part in row), strict=True)) for row in rows] == [
        [(0, 0), (0, 1), (0, 3)],
        [(0, 2), (0, 4), (0, 5), (1, 6)],
        [(0, 1), (0, 3)],
        [(0, 4), (0, 5), (1, 6)],
    ]


@pytest.mark.parametrize("kind", ["conversation", "turn"])
def test_few_kept_terms_and_unknown_words_still_give_probabilities(kind: str) -> None:
    mood = {1: 10, 2: 20, 3: 30}
    chats = [
        SsaChat(level, (SsaTurn("customer", (mood[level], at % 5), level), SsaTurn("agent", (at % 7,), 1 + at % 3)))
        for at in range(60)
        for level in mood
    ]
    vocabulary = range(40)
    model = fit_linear(Corpus(chats, vocabulary), kind, 1.0, most=20)
    assert len(model.terms) == 20
    assert model.terms.tolist() == sorted(model.terms.tolist())
    logs = model.predict(Corpus([SsaChat(1, (SsaTurn("customer", (999,), 1),)), *chats[:3]], vocabulary))
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-5)


def test_the_course_of_sentiment_tells_rise_from_fall() -> None:
    corpus = Corpus([chat("cacacac"), chat("cacacac"), chat("aa")], range(1, 9))
    negative, positive = np.eye(3)[[0, 0, 0, 0, 2, 2, 2]], np.eye(3)[[2, 2, 2, 2, 0, 0, 0]]
    told = describe_trajectories(corpus, np.concatenate([negative, positive, np.eye(3)[[1, 2]]]))
    assert told.shape[0] == 3
    assert np.isfinite(told).all()
    np.testing.assert_allclose(told[0, :3], [0.5, 0.0, 0.5])  # shares among the customer's turns
    np.testing.assert_allclose(told[0, 3:6], [0, 0, 1])  # the customer's last turn
    np.testing.assert_allclose(told[1, 3:6], [1, 0, 0])


def test_trees_as_arrays_say_what_scikit_learn_says() -> None:
    source = np.random.default_rng(3)
    x = source.normal(size=(400, 12)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int) + (x[:, 3] > 1).astype(int)
    trees = fit_trees(x, y, 30, seed=1)
    model = GradientBoostingClassifier(
        init="zero",
        n_estimators=30,
        learning_rate=0.05,
        max_depth=3,
        subsample=0.5,
        max_features=0.2,
        min_samples_leaf=20,
        random_state=1,
    )
    model.fit(x, y, sample_weight=compute_sample_weight("balanced", y))
    fresh = source.normal(size=(300, 12)).astype(np.float32)
    both = np.concatenate([x, fresh])
    np.testing.assert_allclose(trees.scores(both), model.decision_function(both), atol=1e-5)


def test_a_column_that_hardly_varied_does_not_decide() -> None:
    source = np.random.default_rng(4)
    x = source.normal(size=(300, 4)).astype(np.float32)
    y = (x[:, 0] > 0.4).astype(int) + (x[:, 0] > -0.4).astype(int)
    x[:, 3] = 1e-7 * x[:, 0]
    stack = fit_stack(x, y, strength=1.0, rounds=10, seed=1)
    moved = x.copy()
    moved[:, 3] += 0.01
    assert np.abs(stack.predict(moved) - stack.predict(x)).max() < 0.1


def test_the_rule_moves_a_threshold_that_was_wrong() -> None:
    source = np.random.default_rng(1)
    true = source.integers(0, 3, 900)
    scores = source.normal(size=(900, 3)) * 0.3
    scores[np.arange(900), true] += 1.0
    wrong = scores + np.array([-0.8, 0.0, 0.6])
    low, _, high = choose_bias(wrong, true)
    assert low == pytest.approx(0.8, abs=0.31)
    assert high == pytest.approx(-0.6, abs=0.31)
    moved = apply_crosswise(wrong, true, np.arange(900) % 3)
    assert macro_f1(wrong, true) + 0.05 < macro_f1(moved, true) <= macro_f1(scores, true) + 0.02


def test_the_rule_leaves_alone_what_is_right() -> None:
    true = np.arange(30) % 3
    assert choose_bias(5.0 * np.eye(3)[true], true) == (0.0, 0.0, 0.0)


def test_an_average_of_members_adds_up_to_one() -> None:
    logs = average(np.log([[0.7, 0.2, 0.1]]), np.log([[0.1, 0.2, 0.7]]))
    np.testing.assert_allclose(np.exp(logs).sum(), 1, rtol=1e-6)
    assert logs[0, 0] == pytest.approx(logs[0, 2])
