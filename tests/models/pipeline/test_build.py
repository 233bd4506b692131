from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.domain.context import Context
from models.errors import InvalidRubricError, PipelineError
from models.pipeline import PipelineConfig, load_pipeline
from models.pipeline.build import order_components


@dataclass
class Part:
    name: str
    requires: frozenset[str] = frozenset({"encoder"})
    provides: frozenset[str] = frozenset({"signal"})
    version: str = "1"

    def observe(self, context: Context) -> Any:
        return len(context.turns)

    def score(self, context: Context) -> Any:
        return len(context.turns)


def test_a_component_runs_after_those_it_requires() -> None:
    parts = [Part("compliance", frozenset({"sentiment"})), Part("sentiment")]
    assert [part.name for part in order_components(parts)] == ["sentiment", "compliance"]


def test_a_missing_requirement_is_named() -> None:
    with pytest.raises(PipelineError, match="sentiment"):
        order_components([Part("compliance", frozenset({"sentiment"}))])


def test_a_circle_is_refused() -> None:
    with pytest.raises(PipelineError):
        order_components([Part("a", frozenset({"b"})), Part("b", frozenset({"a"}))])


def test_a_name_stands_once() -> None:
    with pytest.raises(PipelineError, match="named a"):
        order_components([Part("a"), Part("a")])


@pytest.mark.parametrize(
    "slip",
    [
        "criteria: [{id: a, source: 'check:gretting', weight: 1}]",
        "critical: [rood]\ncriteria: [{id: a, source: 'check:*', weight: 1}]",
    ],
)
def test_a_rubric_that_names_no_check_of_the_playbook_is_refused(tmp_path: Path, slip: str) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(f"id: mine\nversion: 1\ntitle: {{zh: 我的, en: Mine}}\npass_mark: 60\n{slip}\n", encoding="utf-8")
    with pytest.raises(InvalidRubricError, match=r"gretting|rood"):
        load_pipeline(PipelineConfig(rubric=str(path), encoder="hashing"))
