"""Stages: done once, done again when something they rest on has changed."""

from pathlib import Path

import pytest

from training.publish import stages
from training.publish.encoder import _LEARNT_BY
from training.publish.fitting import _ACTS_CODE, _SHARED_CODE
from training.publish.stages import Stages, StaleError, code


class Counter:
    """An action that writes a file and counts how often it ran."""

    def __init__(self, path: Path) -> None:
        self.path, self.runs = path, 0

    def __call__(self) -> dict:
        self.runs += 1
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text("content")
        return {"run": self.runs}


@pytest.fixture
def action(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "left" / "file")


def run(tmp_path: Path, action: Counter, inputs: dict, **options: bool) -> dict:
    return Stages(tmp_path, **options).run("one", inputs, action, tmp_path / "left")[0]


def test_an_unchanged_stage_is_not_repeated(tmp_path: Path, action: Counter) -> None:
    assert run(tmp_path, action, {"a": 1}) == run(tmp_path, action, {"a": 1}) == {"run": 1}
    assert run(tmp_path, action, {"a": 2}) == {"run": 2}
    assert list(Stages(tmp_path).seconds()) == ["one"]


@pytest.mark.parametrize("harm", ["remove", "alter", "marker"])
def test_a_stage_whose_work_is_gone_is_repeated(tmp_path: Path, action: Counter, harm: str) -> None:
    run(tmp_path, action, {})
    if harm == "remove":
        action.path.unlink()
    elif harm == "alter":
        action.path.write_text("other")
    else:
        (tmp_path / "stages" / "one.json").write_text("{")
    assert run(tmp_path, action, {}) == {"run": 2}


def test_a_stage_that_fails_leaves_no_marker(tmp_path: Path, action: Counter) -> None:
    run(tmp_path, action, {})

    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path).run("one", {"new": 1}, fails, tmp_path / "left")
    with pytest.raises(StaleError, match="one"):
        run(tmp_path, action, {}, finished=True)
    assert run(tmp_path, action, {}) == {"run": 2}


def test_what_is_finished_is_only_looked_up(tmp_path: Path, action: Counter) -> None:
    with pytest.raises(StaleError, match="one"):
        run(tmp_path, action, {}, finished=True)
    run(tmp_path, action, {})
    assert run(tmp_path, action, {}, finished=True) == {"run": 1}


def test_code_is_hashed_by_pattern() -> None:
    assert code("training/fit/csat*.py") != code("training/fit/sentiment*.py")
    with pytest.raises(ValueError, match="no source file"):
        code("training/nothing/*.py")


@pytest.mark.parametrize("patterns", [_SHARED_CODE, _ACTS_CODE, _LEARNT_BY])
def test_other_masking_makes_every_fit_stale(
    patterns: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_ROOT", tmp_path)
    masking = tmp_path / "models" / "text" / "pii" / "masking.py"
    masking.parent.mkdir(parents=True)
    masking.write_text("one = 1\n")
    before = code(*patterns)
    masking.write_text("one = 2\n")
    assert code(*patterns) != before


@pytest.mark.parametrize("pattern", sorted({*_SHARED_CODE, *_ACTS_CODE, *_LEARNT_BY}))
def test_every_pattern_still_names_files(pattern: str) -> None:
    assert code(pattern)
