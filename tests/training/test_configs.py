"""The configurations that come with the project can be read, and the tiers are measured on the same rows."""

from dataclasses import asdict
from pathlib import Path

import pytest

from training.config import fill_table, load_config
from training.encoder.distil import DistilFit
from training.publish.gates import check_names

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def test_the_fast_tier_learns_and_is_measured_on_the_rows_of_the_accurate_one() -> None:
    default, fast = (load_config(CONFIGS / f"{name}.yaml") for name in ("default", "fast"))
    for name in ("seed", "data", "ratings", "own_labels"):
        assert getattr(fast, name) == getattr(default, name), name
    assert fast.sentiment.corpora == default.sentiment.corpora
    for name in ("files", "test_dialogues", "coverage"):
        assert getattr(fast.csat, name) == getattr(default.csat, name), name
    assert fast.out != default.out


def test_the_fast_tier_is_distilled_from_the_accurate_encoder() -> None:
    fast, default = load_config(CONFIGS / "fast.yaml"), load_config(CONFIGS / "default.yaml")
    fit = fill_table(DistilFit, fast.distil, "distil")
    assert Path(fit.teacher) == default.out / "encoder"
    assert asdict(fit).keys() == fast.distil.keys()


@pytest.mark.parametrize("name", ["default", "fast"])
def test_artifacts_go_where_the_package_looks_for_them(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    assert (config.name, config.out) == (name, Path("models/weights") / name)


@pytest.mark.parametrize("name", ["default", "fast"])
def test_gates_name_measures_that_there_are(name: str) -> None:
    gates = load_config(CONFIGS / f"{name}.yaml").gates
    check_names(gates)
    assert {"direction_accuracy", "forbidden_false_positive_rate", "interval_width"} <= gates.tolerance.keys()
