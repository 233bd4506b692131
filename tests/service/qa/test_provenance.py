"""A stored score can be made again, and says so; where it cannot, what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from models.interchange import parse_conversation
from service.conversations.store import store_conversations
from service.core.errors import NotFoundError
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.playbooks.activation import activate
from service.playbooks.registry import publish_text
from service.qa.differences import differences
from service.qa.provenance import verify_score
from service.qa.score_diff import diff_scores
from service.scoring.engine import Engine
from service.scoring.gateway import open_engine
from service.scoring.history import current_score
from service.scoring.on_demand import EngineOnDemand
from service.scoring.run import score_batch
from tests.service.playbooks.shops import shop

_RUBRIC = """
id: tiny
version: {version}
title: {{zh: 小, en: Tiny}}
pass_mark: 60
criteria:
  - {{id: all, source: "check:*", weight: {weight}}}
  - {{id: csat, source: csat.mean, weight: 20, scale: {{worst: 1, best: 5}}}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> ScoringSettings:
    (tmp_path / "rubric.yaml").write_text(_RUBRIC.format(version=1, weight=80), encoding="utf-8")
    return ScoringSettings(artifact="fast", rubric=str(tmp_path / "rubric.yaml"))


def score(database: Database, engine: Engine, document: dict[str, Any]) -> int:
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document)], revise=True)
    assert score_batch(database, engine, [document["id"]]).failed == 0
    with database.transaction() as session:
        found = current_score(session, document["id"])
    assert found is not None
    return found.id


def overwrite(database: Database, statement: str, **values: Any) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE score DISABLE TRIGGER score_keep"))
        connection.execute(sa.text(statement), values)
        connection.execute(sa.text("ALTER TABLE score ENABLE TRIGGER score_keep"))


def test_a_score_is_made_again(database: Database, settings: ScoringSettings, document, tmp_path: Path) -> None:
    engine = open_engine(settings)
    on_demand = EngineOnDemand(settings)
    number = score(database, engine, document("c-1"))
    found = verify_score(database, on_demand, number)
    assert (found.outcome, found.differences, found.missing) == ("identical", (), ())
    assert found.code == found.code_here

    with database.transaction() as session:
        stored = current_score(session, "c-1")
    assert stored is not None
    made_of = stored.provenance
    assert made_of is not None
    assert made_of["revision"] == {"number": 1, "hash": stored.bundle["versions"]["input"]}
    assert made_of["playbook"]["id"] == "ecommerce-zh"
    assert made_of["artifact"]["hash"].removeprefix("sha256:")[:8] == stored.bundle["versions"]["model"][-8:]
    hashes = [made_of[part]["hash"] for part in ("playbook", "rubric", "artifact", "code")] + [made_of["thresholds"]]
    assert all(len(one) == len("sha256:") + 64 for one in hashes)

    # Tampered with: the paths that differ, with both values.
    bundle = json.loads(json.dumps(stored.bundle))
    bundle["csat"]["mean"] = 4.9
    bundle["compliance"]["checks"][0]["verdict"] = "maybe"
    first = bundle["compliance"]["checks"][0]["id"]
    overwrite(database, "UPDATE score SET bundle = CAST(:bundle AS jsonb)", bundle=json.dumps(bundle))
    found = verify_score(database, on_demand, number)
    assert found.outcome == "differs"
    by_path = {one.path: one for one in found.differences}
    assert set(by_path) == {"csat.mean", f"compliance.checks[{first}].verdict"}
    assert (by_path["csat.mean"].stored, by_path["csat.mean"].recomputed) == (4.9, stored.bundle["csat"]["mean"])

    # Another rubric is set now, and the one that made the score is nowhere else.
    (tmp_path / "rubric.yaml").write_text(_RUBRIC.format(version=2, weight=50), encoding="utf-8")
    other = EngineOnDemand(settings)
    found = verify_score(database, other, number)
    assert (found.outcome, [one.what for one in found.missing]) == ("cannot", ["rubric"])
    assert found.missing[0].wanted.startswith("tiny@1 (")
    assert found.missing[0].available[0].startswith("tiny@2 (")
    for one in (engine, on_demand, other):
        one.close()


def test_a_published_playbook_is_found_again(database: Database, settings: ScoringSettings, document) -> None:
    engine, on_demand = open_engine(settings), EngineOnDemand(settings)
    before = score(database, engine, document("c-1"))
    with database.transaction() as session:
        publish_text(session, shop("mine"), "test")
        activate(session, "mine@1", "test", start=parse_conversation(document()).started_at)
    after = score(database, engine, document("c-1"))
    assert after != before
    for number in (before, after):
        assert verify_score(database, on_demand, number).outcome == "identical"

    # Scores from before hashes were kept are made again by the names of what made them.
    overwrite(database, "UPDATE score SET provenance = NULL")
    for number in (before, after):
        assert verify_score(database, on_demand, number).outcome == "identical"
    label = "jsonb_set(bundle, '{versions,playbook}', '\"gone@3\"')"
    overwrite(database, f"UPDATE score SET bundle = {label} WHERE id = :id", id=after)
    found = verify_score(database, on_demand, after)
    assert [(one.what, one.wanted) for one in found.missing] == [("playbook", "gone@3")]
    label = "jsonb_set(bundle, '{versions,model}', '\"fast@1+00000000\"')"
    overwrite(database, f"UPDATE score SET bundle = {label} WHERE id = :id", id=before)
    found = verify_score(database, on_demand, before)
    assert [one.what for one in found.missing] == ["artifact"]
    assert any(one.startswith("default@") for one in found.missing[0].available)

    with database.transaction() as session:
        compared = diff_scores(session, "c-1")
        assert (compared.before.id, compared.after.id) == (before, after)
        assert compared == diff_scores(session, "c-1", before, after)
        again = diff_scores(session, "c-1", after, before)
    assert {one.name for one in compared.versions} >= {"playbook"}
    assert [one.id for one in compared.criteria][:2] == ["all.greeting", "csat"]
    assert [one.after is None for one in compared.criteria] == [False] * 2 + [True] * (len(compared.criteria) - 2)
    checks = {one.id: one for one in compared.checks}
    assert checks["greeting"].after is not None
    assert all(one.before is not None and one.changed for name, one in checks.items() if name != "greeting")
    turned = {one.id: (one.after, one.before) for one in compared.criteria}
    assert {one.id: (one.before, one.after) for one in again.criteria} == turned
    engine.close()
    on_demand.close()


def test_another_packaged_artifact_is_opened(database: Database, document) -> None:
    fast = open_engine(ScoringSettings(artifact="fast"))
    number = score(database, fast, document("c-1"))
    fast.close()
    on_demand = EngineOnDemand(ScoringSettings())
    assert verify_score(database, on_demand, number).outcome == "identical"
    on_demand.close()
    other_encoder = EngineOnDemand(ScoringSettings(artifact="fast", encoder="hashing"))
    assert verify_score(database, other_encoder, number).outcome == "identical"
    other_encoder.close()


def test_an_encoder_that_is_not_here(database: Database, document) -> None:
    engine = open_engine(ScoringSettings(encoder="hashing"))
    number = score(database, engine, document("c-1"))
    engine.close()
    on_demand = EngineOnDemand(ScoringSettings(artifact="fast"))
    found = verify_score(database, on_demand, number)
    assert (found.outcome, [one.what for one in found.missing]) == ("cannot", ["encoder"])
    on_demand.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE score SET bundle = '{}'",
        "UPDATE score SET model_version = 'x'",
        "DELETE FROM score",
        "UPDATE score SET id = id",
    ],
)
def test_scores_are_append_only(database: Database, document, score_all, statement: str) -> None:
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document("c-1"))])
    score_all("c-1")
    statement = statement.replace("SET id = id", "SET revision = revision")
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_a_conversation_takes_its_scores_with_it(database: Database, document, score_all) -> None:
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document("c-1"))])
    score_all("c-1")
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM conversation"))
        assert connection.execute(sa.text("SELECT count(*) FROM score")).scalar() == 0


def test_what_is_not_there(database: Database, document, score_all) -> None:
    on_demand = EngineOnDemand(ScoringSettings(engine="fake"))
    with pytest.raises(NotFoundError):
        verify_score(database, on_demand, 7)
    with pytest.raises(NotFoundError):
        verify_score(database, on_demand, 2**70)
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document("c-1"))])
    score_all("c-1")
    with database.transaction() as session:
        for given_ids in ((), (1,), (1, 2)):
            with pytest.raises(NotFoundError):
                diff_scores(session, "c-1", *given_ids) if given_ids != (1,) else diff_scores(session, "c-1", None, 1)
        with pytest.raises(NotFoundError):
            diff_scores(session, "nowhere")


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


@given(_json, _json)
def test_equal_values_do_not_differ_and_others_do(one: Any, other: Any) -> None:
    assert list(differences(one, one)) == []
    text = json.dumps(one, sort_keys=True), json.dumps(other, sort_keys=True)
    if list(differences(one, other)):
        assert text[0] != text[1]


def test_paths() -> None:
    old = {"a": [{"id": "x", "v": 1}, {"id": "y", "v": 1}], "b": [1, 2], "c": 1, "d": [{"turn": 3, "s": 0.1}]}
    new = {"a": [{"id": "y", "v": 2}, {"id": "x", "v": 1}], "b": [1, 2, 3], "c": True, "d": [{"turn": 3, "s": 0.2}]}
    found = [(one.path, one.stored, one.recomputed) for one in differences(old, new)]
    assert found == [("a[y].v", 1, 2), ("b[2]", None, 3), ("c", 1, True), ("d[3].s", 0.1, 0.2)]
