"""The fitted SSA ensemble: decisions, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load, save

from training.data.ssa import LEVELS, SsaChat
from training.fit.ssa_batches import FIRST_WORD, Corpus
from training.fit.ssa_linear import LinearModel
from training.fit.ssa_logs import Logs, average
from training.fit.ssa_net import Shape, SsaNet
from training.fit.ssa_stack import Stack, gather
from training.fit.ssa_trees import Trees

_SCALE = ".scale"
_BATCH = 64
_LINEAR = ("idf", "weights", "intercept")
_TREES = ("column", "threshold", "left", "right", "value")


def predict(net: SsaNet, corpus: Corpus) -> tuple[Logs, Logs]:
    """Return log probabilities of satisfaction ``(conversations, 3)`` and of every turn's sentiment ``(turns, 3)``."""
    net.eval()
    satisfaction, sentiment = [], []
    with torch.no_grad():
        for chosen in torch.arange(len(corpus)).split(_BATCH):  # type: ignore[no-untyped-call]
            whole, turns = net(corpus.batch(chosen))
            satisfaction.append(whole.log_softmax(dim=1))
            sentiment.append(turns.log_softmax(dim=1))
    return torch.cat(satisfaction).numpy(), torch.cat(sentiment).numpy()


class Evidence(NamedTuple):
    """What members say: log probabilities.

    Attributes:
        net: Of satisfaction by the networks, ``(conversations, 3)``.
        linear: Of satisfaction by the linear model, ``(conversations, 3)``.
        turns: Of the sentiment of each turn, ``(turns, 3)``.
    """

    net: Logs
    linear: Logs
    turns: Logs


class Members(NamedTuple):
    """What is stacked: networks, a linear model of conversations and one of turns."""

    nets: tuple[SsaNet, ...]
    linear: LinearModel
    turn: LinearModel

    def judge(self, corpus: Corpus) -> Evidence:
        """Ask every member; networks count as one, the geometric mean of their probabilities."""
        whole, turns = zip(*(predict(net, corpus) for net in self.nets), strict=True)
        both = average(average(*turns), self.turn.predict(corpus))
        return Evidence(average(*whole), self.linear.predict(corpus), both)


@dataclass(frozen=True, slots=True)
class SsaModel:
    """An ensemble and its decision rule.

    Attributes:
        members: Each judges satisfaction, turns or both.
        stack: Decides on satisfaction from what the members say.
        vocabulary: The known words, ascending.
        shape: Of each network.
        satisfaction_bias: Added to the log probabilities before the likeliest level is taken, 3 numbers.
        sentiment_bias: The same for a turn's sentiment.
        figures: What was measured while fitting.
    """

    members: Members
    stack: Stack
    vocabulary: tuple[int, ...]
    shape: Shape
    satisfaction_bias: tuple[float, ...]
    sentiment_bias: tuple[float, ...]
    figures: dict[str, Any]

    def judge(self, chats: Sequence[SsaChat]) -> tuple[list[int], list[list[int]]]:
        """Return each conversation's satisfaction and the sentiments of its turns, as in ``LEVELS``."""
        corpus = Corpus(chats, self.vocabulary)
        evidence = self.members.judge(corpus)
        whole = self.stack.predict(gather(corpus, *evidence)) + self.satisfaction_bias
        levels = np.array(LEVELS)
        by_turn = levels[(evidence.turns + self.sentiment_bias).argmax(axis=1)].tolist()
        starts = corpus.starts.tolist()
        sentiments = [by_turn[at : at + len(chat.turns)] for at, chat in zip(starts, chats, strict=True)]
        return levels[whole.argmax(axis=1)].tolist(), sentiments

    def save(self, directory: Path, name: str) -> None:
        """Write ``<name>.safetensors`` (8 bits, a 16-bit scale per row of a matrix) and ``<name>.json``."""
        tensors: dict[str, NDArray[Any]] = {"vocabulary": np.array(self.vocabulary, dtype=np.int32)}
        for at, net in enumerate(self.members.nets):
            for key, tensor in net.state_dict().items():
                values = tensor.numpy()
                if values.ndim == 2:
                    scale = (np.abs(values).max(axis=1, keepdims=True) / 127 + 1e-7).astype(np.float16)
                    tensors[f"{at}/{key}"] = np.rint(values / scale).clip(-127, 127).astype(np.int8)
                    tensors[f"{at}/{key}{_SCALE}"] = scale
                else:
                    tensors[f"{at}/{key}"] = np.ascontiguousarray(values, dtype=np.float16)
        for linear in self.members[1:]:
            terms = linear.terms
            tensors[f"{linear.kind}/terms"] = terms.astype(np.int16 if terms.max(initial=0) < 2**15 else np.int32)
            for key in _LINEAR:
                tensors[f"{linear.kind}/{key}"] = np.ascontiguousarray(getattr(linear, key), dtype=np.float16)
        tensors |= {"stack/weights": self.stack.weights, "stack/intercept": self.stack.intercept}
        tensors |= {f"trees/{key}": getattr(self.stack.trees, key) for key in _TREES}
        described = {
            "nets": len(self.members.nets),
            "dimension": self.shape.dimension,
            "channels": self.shape.channels,
            "hidden": self.shape.hidden,
            "satisfaction_bias": list(self.satisfaction_bias),
            "sentiment_bias": list(self.sentiment_bias),
            "figures": self.figures,
        }
        directory.mkdir(parents=True, exist_ok=True)
        # The format takes the memory as it lies: in any other order the numbers would be mixed up.
        laid_out = {key: np.ascontiguousarray(tensor) for key, tensor in tensors.items()}
        (directory / f"{name}.safetensors").write_bytes(save(laid_out))
        (directory / f"{name}.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def load_ssa_model(directory: Path, name: str) -> SsaModel:
    """Read what :meth:`SsaModel.save` wrote.

    Raises:
        OSError: There is none of that name.
    """
    described = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    tensors = load((directory / f"{name}.safetensors").read_bytes())
    vocabulary = tuple(tensors["vocabulary"].tolist())
    shape = Shape(len(vocabulary) + FIRST_WORD, described["dimension"], described["channels"], described["hidden"])
    nets = []
    for at in range(described["nets"]):
        prefix = f"{at}/"
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        scales = {key.removesuffix(_SCALE): state.pop(key) for key in list(state) if key.endswith(_SCALE)}
        net = SsaNet(shape)
        net.load_state_dict(
            {
                key: torch.from_numpy(value.astype(np.float32) * np.float32(scales.get(key, 1)))
                for key, value in state.items()
            }
        )
        nets.append(net.eval())
    linear, turn = (
        LinearModel(
            kind,
            tensors[f"{kind}/terms"].astype(np.int32),
            *(tensors[f"{kind}/{key}"].astype(np.float32) for key in _LINEAR),
        )
        for kind in ("conversation", "turn")
    )
    trees = Trees(*(tensors[f"trees/{key}"] for key in _TREES))
    stack = Stack(tensors["stack/weights"], tensors["stack/intercept"], trees)
    biases = (tuple(described["satisfaction_bias"]), tuple(described["sentiment_bias"]))
    return SsaModel(Members(tuple(nets), linear, turn), stack, vocabulary, shape, *biases, described["figures"])
