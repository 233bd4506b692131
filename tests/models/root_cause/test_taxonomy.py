from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.domain.conversation import Conversation, Turn
from models.root_cause import (
    InvalidTaxonomyError,
    UnknownTaxonomyError,
    list_taxonomies,
    load_taxonomy,
    outcome_of,
    parse_taxonomy,
    taxonomy_schema,
    triggers_of,
)
from models.root_cause.triggers import Outcome

SMALL = """
id: shop
version: 1
title: {zh: 店铺, en: Shop}
service_department: desk
departments:
  - {id: desk, title: {zh: 客服, en: Desk}}
  - {id: post, title: {zh: 物流, en: Post}}
attribute_when:
  - {id: complaint, title: {zh: 投诉, en: Complaint}, queue: [complaint]}
cues:
  late: {include: ["还没到"]}
topics:
  - id: late
    title: {zh: 延误, en: Late}
    kind: system
    department: post
    signs:
      - {points: 3, when: {seen: [late], by: customer}}
"""
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "taxonomy.schema.json"


def test_the_packaged_taxonomy_covers_both_kinds() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.label == "ecommerce-zh@1"
    assert taxonomy in list_taxonomies()
    assert len(taxonomy.topics) == 30
    assert {one.kind for one in taxonomy.topics} == {"service", "system", "depends"}
    assert load_taxonomy("ecommerce-zh@1") is taxonomy


def test_the_hash_follows_the_content_only() -> None:
    one = parse_taxonomy(SMALL, "a")
    assert parse_taxonomy("# a comment\n" + SMALL, "b").hash == one.hash
    assert parse_taxonomy(SMALL.replace("points: 3", "points: 2"), "c").hash != one.hash


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("department: post", "department: moon", "topics[0].department"),
        ("service_department: desk", "service_department: moon", "service_department"),
        ("seen: [late]", "seen: [early]", "topics[0].signs[0].when"),
        ('["还没到"]', '["("]', "cues.late.include[0]"),
        ("kind: system", "kind: depends", "topics[0]"),
        ("points: 3", "points: 0", "topics[0].signs[0]"),
        ("version: 1", "version: 0", "version"),
        ("queue: [complaint]", "survey_at_most: null", "attribute_when[0]"),
        ("id: late\n", "id: Late!\n", "topics[0].id"),
        ('{include: ["还没到"]}', "{act: {name: rude, least: 0.5}}", "cues.late"),
        ("title: {zh: 店铺, en: Shop}", "titel: x", "$"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, where: str) -> None:
    with pytest.raises(InvalidTaxonomyError) as refused:
        parse_taxonomy(SMALL.replace(old, new), "shop.yaml")
    assert where in str([problem[0] for problem in refused.value.problems]) + str(refused.value.location)
    assert refused.value.message_zh != refused.value.message_en


def test_unknown_taxonomies_are_refused(tmp_path: Path) -> None:
    for spec in ("moon", tmp_path / "none.yaml"):
        with pytest.raises(UnknownTaxonomyError):
            load_taxonomy(spec)
    file = tmp_path / "shop.yaml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_taxonomy(file).id == "shop"


def test_the_schema_in_the_docs_is_current() -> None:
    expected = json.dumps(taxonomy_schema(), ensure_ascii=False, indent=2) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome("aftersale", False), ()),
        (Outcome("aftersale", True), ("complaint",)),
        (Outcome("complaint", False), ("complaint_queue",)),
        (Outcome("other", False, qa_passed=False), ("qa_failed",)),
        (Outcome("other", False, qa_passed=True, csat="satisfied", resolution="yes", direction="flat"), ()),
        (Outcome("other", False, csat="dissatisfied", direction="worsened"), ("dissatisfied", "worsened")),
        (Outcome("other", False, survey=2.0, resolution="no"), ("low_survey", "unresolved")),
        (Outcome("other", False, survey=3.0, resolution="unclear"), ()),
    ],
)
def test_which_conversations_need_a_cause(outcome: Outcome, expected: tuple[str, ...]) -> None:
    assert triggers_of(load_taxonomy(), outcome) == expected


def test_what_people_said_stands_above_what_was_predicted() -> None:
    facts = {"csat": 2, "resolved": True, "complaint": {"kind": "system"}}
    conversation = Conversation("c", (Turn(0, "customer", "你好"),), facts=facts)
    outcome = outcome_of(conversation)
    assert (outcome.survey, outcome.resolution, outcome.complaint) == (2.0, "yes", True)
