"""The packaged wording cues see what their own files say, and nothing of what they must not see."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.domain.conversation import Conversation, Turn
from models.pipeline.run import mask_turn, open_context, take_turn
from models.scorers.compliance import ComplianceScorer, load_playbook
from models.scorers.compliance.inheritance import WORDING

_VECTORS: dict[str, dict[str, list[str]]] = {
    name: vectors
    for path in sorted(WORDING.glob("*.yaml"))
    for name, vectors in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"].items()
}
_NAMES = {"std.negation", "std.refusal", "std.quotation", "std.reported", "std.conditional", "std.question"}


def _cases(side: str) -> list[Any]:
    return [pytest.param(name, text, id=f"{name}-{text}") for name in _VECTORS for text in _VECTORS[name][side]]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> ComplianceScorer:
    said = {"zh": "x", "en": "x"}
    checks = [
        {
            "id": name.removeprefix("std."),
            "kind": "required",
            "title": said,
            "look_for": {"seen": [name], "by": "agent"},
            "reasons": {"passed": said, "failed": said, "na": said},
        }
        for name in sorted(_NAMES)
    ]
    path: Path = tmp_path_factory.mktemp("wording") / "wording.yaml"
    path.write_text(json.dumps({"id": "wording", "version": 1, "title": said, "checks": checks}), encoding="utf-8")
    return ComplianceScorer(load_playbook(path))


def _seen(scorer: ComplianceScorer, text: str) -> set[str]:
    turn = Turn(0, "agent", text)
    context = take_turn(open_context(Conversation(id="c", turns=())), turn, mask_turn(turn), None, [scorer])
    return {f"std.{result.id}" for result in scorer.score(context).checks if result.verdict == "pass"}


def test_every_wording_cue_has_its_vectors() -> None:
    assert _VECTORS.keys() == _NAMES
    assert all(len(vectors[side]) >= 6 for vectors in _VECTORS.values() for side in ("hits", "misses"))


@pytest.mark.parametrize(("name", "text"), _cases("hits"))
def test_hit(scorer: ComplianceScorer, name: str, text: str) -> None:
    assert name in _seen(scorer, text)


@pytest.mark.parametrize(("name", "text"), _cases("misses"))
def test_near_miss(scorer: ComplianceScorer, name: str, text: str) -> None:
    assert name not in _seen(scorer, text)
