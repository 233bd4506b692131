"""What a configuration may say, and what it is told where it says something else."""

from pathlib import Path

import pytest
import yaml

from training.config import BOUNDS, ConfigError, load_config

DEFAULT = Path(__file__).parents[2] / "training" / "configs" / "default.yaml"


def written(tmp_path: Path, **settings: object) -> Path:
    """Write the default configuration with other settings (``table__key``; ``None`` takes one away)."""
    document = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    for name, value in settings.items():
        table, _, key = name.partition("__")
        place = document[table] if key else document
        if value is None:
            place.pop(key or table, None)
        else:
            place[key or table] = value
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def test_bounds_have_defaults_and_can_be_set(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, gates__bounds=None)).gates.bounds == BOUNDS
    bounds = {"csat": {"ece": [0, 0.1]}}
    assert load_config(written(tmp_path, gates__bounds=bounds)).gates.bounds == {"csat": {"ece": (0.0, 0.1)}}
    assert load_config(written(tmp_path, gates__bounds={})).gates.bounds == {}


@pytest.mark.parametrize("bounds", [1, {"csat": 1}, {"csat": {"ece": 0.1}}, {"csat": {"ece": [0.2, 0.1]}}])
def test_wrong_bounds_are_named(tmp_path: Path, bounds: object) -> None:
    with pytest.raises(ConfigError, match=r"gates\.bounds"):
        load_config(written(tmp_path, gates__bounds=bounds))


def test_bounds_of_coverage_follow_what_is_promised(tmp_path: Path) -> None:
    gates = load_config(written(tmp_path, csat__coverage=0.8, gates__bounds=None)).gates
    assert gates.bounds["csat"] == {**BOUNDS["csat"], "interval_coverage": (0.78, 0.82)}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("csat__coverage", 0.0),
        ("csat__coverage", 1),
        ("csat__coverage", float("nan")),
        ("csat__members", 1),
        ("csat__batch", 0),
        ("csat__prefix", 1.1),
        ("csat__nugget", -1.0),
        ("csat__test_dialogues", -1),
        ("sentiment__members", 0),
        ("sentiment__lexical_share", -0.1),
        ("acts__near_miss", -1.0),
        ("ratings", {"one": {"file": "f", "weight": -1.0, "held_out": 0, "terms": ""}}),
        ("ratings", {"one": {"file": "f", "weight": 1.0, "held_out": -1, "terms": ""}}),
    ],
)
def test_settings_out_of_range_are_named(tmp_path: Path, setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=setting.replace("__", r"\.")):
        load_config(written(tmp_path, **{setting: value}))
