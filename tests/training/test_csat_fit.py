"""What fitting leaves behind is what the scorer reads: the same beliefs in torch, scipy and numpy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.domain.conversation import Conversation, Turn
from models.scorers.csat.ensemble import CsatEnsemble
from models.scorers.csat.lexical import LexicalModel
from models.scorers.csat.network import NUGGETS, BiGruNet, Prediction
from models.scorers.csat.rounds import BUCKETS, EXTRA_FEATURES, Message
from models.text.ngrams import count_ngrams
from training.config import CsatFit
from training.data.stc3 import Dialogue
from training.fit.csat import Batches, csat_loss, fit_csat
from training.fit.csat_examples import RatedExample
from training.fit.csat_lexical import LexicalInputs, fit_lexical, predict_lexical, save_lexical
from training.fit.csat_net import CsatNet
from training.fit.csat_rule import fit_csat_rule
from training.fit.sentiment import sentiment_loss

WIDTH = 8
FIT = CsatFit(
    files={},
    terms="",
    test_dialogues=0,
    members=3,
    hidden=6,
    dropout=0.1,
    epochs=4,
    batch=8,
    learning_rate=0.02,
    weight_decay=0.0,
    earth_mover=1.0,
    nugget=1.0,
    resolution=0.5,
    prefix=0.5,
    lexical_share=0.4,
    lexical_strength=1.0,
    coverage=0.9,
)


def message(side: str, text: str) -> Message:
    vector = np.random.default_rng(len(text) + ord(text[0])).normal(size=WIDTH).astype(np.float32)
    return Message(side, len(text), vector / np.linalg.norm(vector), None, count_ngrams(text, BUCKETS))


def example(at: int) -> RatedExample:
    good = at % 2 == 0
    said = ["东西坏了" + "啊" * (at % 3), "给您换新的" if good else "自己想办法", "谢谢" if good else "投诉你们"]
    rounds = [[message(side, text)] for side, text in zip(("customer", "service", "customer"), said, strict=True)]
    shares = np.array([0.0, 0.0, 0.1, 0.3, 0.6] if good else [0.6, 0.3, 0.1, 0.0, 0.0])
    nuggets = [np.eye(len(NUGGETS["customer" if place != 1 else "service"]))[0] for place in range(3)]
    survey = at % 5 == 0
    quality = np.array([shares * 0, shares, shares * 0]) if survey else np.array([shares] * 3)
    resolved = None if at % 7 == 0 else float(good)
    return RatedExample(rounds, f"c{at}", quality, None if survey else nuggets, 0.5 if survey else 1.0, resolved)


EXAMPLES = [example(at) for at in range(40)]


def test_a_batch_that_weighs_nothing_teaches_nothing() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = sentiment_loss(logits, torch.tensor([0, 1]), torch.zeros(2), torch.tensor([False, True]))
    loss.backward()
    assert loss.item() == 0.0
    assert not logits.grad.any()


def test_the_ensemble_learns_and_its_unseen_judgements_do_too(tmp_path: Path) -> None:
    unseen = fit_csat(EXAMPLES, WIDTH, FIT, 1, tmp_path)
    good = [prediction.quality["S"][3:].sum() for prediction in unseen]
    assert min(good[::2]) > max(good[1::2])
    ensemble = CsatEnsemble.load(tmp_path, FIT.lexical_share)
    fitted = ensemble([one.rounds for one in EXAMPLES])
    assert all(prediction.quality["S"].sum() == pytest.approx(1.0) for prediction in fitted)
    assert [len(prediction.nuggets) for prediction in fitted] == [3] * 40


def test_outcomes_alone_teach_resolution(tmp_path: Path) -> None:
    told = [replace(one, quality=one.quality * 0, nuggets=None, weight=1.0) for one in EXAMPLES[:20]]
    unseen = fit_csat([*EXAMPLES, *told], WIDTH, replace(FIT, epochs=12), 1, tmp_path)
    resolved = [(said.resolved, one.resolved) for said, one in zip(unseen, EXAMPLES, strict=False)]
    said_yes = min(said for said, truth in resolved if truth == 1.0)
    assert said_yes > max(said for said, truth in resolved if truth == 0.0)


def test_a_batch_of_which_nothing_is_known_teaches_nothing() -> None:
    nothing = [replace(EXAMPLES[0], quality=np.zeros((3, 5)), nuggets=None, resolved=None)]
    batches = Batches(nothing, WIDTH)
    net = CsatNet(*batches.moments(), 5, 0.0)
    targets = batches.targets(torch.tensor([0]), batches.lengths)
    loss = csat_loss(net(batches.x, batches.lengths), targets, batches.weight, FIT)
    loss.backward()
    assert loss.item() == 0.0
    assert not any(p.grad is not None and p.grad.any() for p in net.parameters())


def test_a_light_conversation_weighs_little_also_among_its_like() -> None:
    def loss(weight: float) -> float:
        batches = Batches([replace(EXAMPLES[1], weight=weight, nuggets=None)] * 3, WIDTH)
        torch.manual_seed(0)
        net = CsatNet(*batches.moments(), 5, 0.0)
        targets = batches.targets(torch.arange(3), batches.lengths)
        return csat_loss(net(batches.x, batches.lengths), targets, batches.weight, FIT).item()

    assert loss(0.1) == pytest.approx(0.1 * loss(1.0), rel=1e-4)


def test_users_outcomes_move_the_resolution_rule() -> None:
    def said(confirmed: float, resolved: float) -> Prediction:
        quality = {name: np.full(5, 0.2) for name in ("A", "S", "E")}
        nuggets = [np.array([0, 0, confirmed, 1 - confirmed]), np.array([0.2, 0.2, 0.6])]
        return Prediction(quality, nuggets, resolved)

    turns = (Turn(0, "customer", "坏了"), Turn(1, "agent", "换新"))
    ratings = {name: np.array([1, 2, 4, 5]) for name in ("A", "S", "E")}
    dialogues = [Dialogue(Conversation(f"d{at}", turns), ratings, (), float(at % 2)) for at in range(40)]
    unseen = [said(0.5, 0.6 if at % 2 else 0.4) for at in range(40)]
    rounds = [[message("customer", "坏了")], [message("service", "换新")]]
    mine = [
        (RatedExample(rounds, f"u{at}", np.zeros((3, 5)), None, 5.0, float(at % 2)), said(0.9 if at % 2 else 0.1, 0.5))
        for at in range(40)
    ]
    without, taught = fit_csat_rule(dialogues, unseen, FIT), fit_csat_rule(dialogues, unseen, FIT, mine)
    assert abs(without["resolved_weights"][1]) < 1e-3  # whether the customer confirmed told the annotators nothing
    assert taught["resolved_weights"][1] > 0.5
    unknown = [(replace(one, resolved=None), prediction) for one, prediction in mine]
    assert fit_csat_rule(dialogues, unseen, FIT, unknown) == without


def test_fitting_repeats_byte_for_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fit_csat(EXAMPLES, WIDTH, FIT, 1, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 2
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


def test_several_conversations_at_once_are_judged_as_one_by_one(tmp_path: Path) -> None:
    fit_csat(EXAMPLES, WIDTH, FIT, 1, tmp_path)
    ensemble = CsatEnsemble.load(tmp_path, FIT.lexical_share)
    rounds = [EXAMPLES[0].rounds, EXAMPLES[1].rounds[:1], EXAMPLES[2].rounds * 3]
    for whole, single in zip(ensemble(rounds), (ensemble([one])[0] for one in rounds), strict=True):
        assert np.allclose(whole.quality["S"], single.quality["S"], atol=1e-6)
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(whole.nuggets, single.nuggets, strict=True))


def test_torch_and_numpy_networks_agree() -> None:
    torch.manual_seed(0)
    width = WIDTH + len(EXTRA_FEATURES)
    net = CsatNet(torch.randn(width), torch.rand(width) + 0.5, 5, 0.3).eval()
    x, lengths = torch.randn(3, 4, width), torch.tensor([4, 1, 2])
    with torch.no_grad():
        logits = net(x, lengths)
        quality, customer = (output.softmax(dim=-1).numpy() for output in logits[:2])
    inside = (np.arange(4)[None] < lengths.numpy()[:, None])[..., None]
    numpy_net = BiGruNet({name: tensor.numpy() for name, tensor in net.state_dict().items()})
    found = numpy_net(np.where(inside, x.numpy(), 0.0).astype(np.float32), lengths.numpy())
    assert np.allclose(found.quality, quality, atol=1e-5)
    assert np.allclose(np.where(inside, found.nuggets["customer"], 0), np.where(inside, customer, 0), atol=1e-5)
    assert found.resolved is not None
    assert np.allclose(found.resolved, logits.resolved.sigmoid().numpy(), atol=1e-5)
    older = {name: t.numpy() for name, t in net.state_dict().items() if not name.startswith("resolution")}
    assert BiGruNet(older)(x.numpy(), lengths.numpy()).resolved is None


def test_the_linear_member_is_read_as_it_was_fitted(tmp_path: Path) -> None:
    inputs = LexicalInputs.of(EXAMPLES)
    weights = fit_lexical(inputs, np.arange(len(EXAMPLES)), 1.0)
    save_lexical(weights, inputs, tmp_path)
    expected = predict_lexical(weights, inputs, np.arange(len(EXAMPLES)))
    model = LexicalModel.load(tmp_path)
    found = np.array([model(one.rounds) for one in EXAMPLES])
    assert np.abs(found - expected).max() < 0.01  # 8 bits a weight
