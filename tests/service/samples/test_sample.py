"""The shipped sample: counts, order, planted difficulties, and that it can be made again."""

from __future__ import annotations

import gzip
import json
import statistics
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.samples import sample_path
from service.samples.generate import sample_bytes
from service.samples.script import FORBIDDEN

CHECKS = ["greeting", "issue_confirmed", "empathy", "solution_offered", "eta_given", "closing", *FORBIDDEN]
PII = {"pii": ("pii_request", "pii_disclosure")}


@pytest.fixture(scope="module")
def sample() -> list[dict[str, Any]]:
    with gzip.open(sample_path(), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def planted(sample: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [c for c in sample if set(names) & set(c["extra"]["planted"])]


def test_regenerating_gives_the_same_content() -> None:
    made = sample_bytes()
    assert made == sample_bytes()
    assert made[4:8] == b"\0\0\0\0", "no time in the gzip header"
    # Compared unpacked: another zlib may pack the same text differently.
    assert gzip.decompress(made) == gzip.decompress(sample_path().read_bytes())


def test_every_line_parses_as_a_conversation(sample: list[dict[str, Any]]) -> None:
    interchange = pytest.importorskip("models.interchange")
    if not hasattr(interchange, "parse_conversation"):
        pytest.skip("models.interchange has no parse_conversation yet")
    for entry in sample:
        conversation = interchange.parse_conversation(entry)
        assert conversation.id == entry["id"]
        assert len(conversation.turns) == len(entry["turns"])


def test_size_and_variety(sample: list[dict[str, Any]]) -> None:
    languages = Counter(c["language"] for c in sample)
    assert languages["zh"] >= 320
    assert languages["en"] >= 64
    scenarios = {
        language: {c["extra"]["scenario"] for c in sample if c["language"] == language} for language in languages
    }
    assert len(scenarios["zh"]) >= 70
    assert len(scenarios["en"]) >= 16
    assert {c["queue"] for c in sample} == {"presale", "aftersale", "complaint", "other"}
    assert {"chat", "social", "email"} <= {c["channel"] for c in sample}
    assert all(4 <= len(c["turns"]) <= 30 for c in sample)
    assert {t["role"] for c in sample for t in c["turns"]} == {"customer", "agent", "bot", "system"}
    assert any(len({t["agent_id"] for t in c["turns"] if "agent_id" in t}) > 1 for c in sample), "transfers"
    assert any(not t["text"] for c in sample for t in c["turns"]), "pictures"


def test_ids_and_texts_are_unique(sample: list[dict[str, Any]]) -> None:
    assert len({c["id"] for c in sample}) == len(sample)
    texts = Counter(tuple(t["text"] for t in c["turns"]) for c in sample)
    assert texts.most_common(1)[0][1] == 1


def test_no_slot_or_macro_is_left_over(sample: list[dict[str, Any]]) -> None:
    for c in sample:
        for turn in c["turns"]:
            assert not set("{}|").intersection(turn["text"]), (c["id"], turn["text"])
            assert "//" not in turn["text"]
            assert not any(macro in turn["text"] for macro in ("@greet", "@hold", "@sorry", "@bye")), turn["text"]


def test_time_runs_forward(sample: list[dict[str, Any]]) -> None:
    starts = [datetime.fromisoformat(c["started_at"]) for c in sample]
    assert starts == sorted(starts)
    assert all(start.utcoffset() == timedelta(hours=8) and 8 <= start.hour < 23 for start in starts)
    assert starts[0].date().isoformat() >= "2026-09-28"
    assert starts[-1].date().isoformat() <= "2026-11-08"
    for c in sample:
        times = [datetime.fromisoformat(t["at"]) for t in c["turns"]]
        assert times == sorted(times)
        assert datetime.fromisoformat(c["started_at"]) <= times[0]
        assert times[-1] <= datetime.fromisoformat(c["ended_at"])


def test_agents_keep_their_pace(sample: list[dict[str, Any]]) -> None:
    delays = defaultdict(list)
    for c in sample:
        if c["channel"] != "chat":
            continue
        for before, turn in zip(c["turns"], c["turns"][1:], strict=False):
            if turn["role"] == "agent" and before["role"] == "customer":
                gap = datetime.fromisoformat(turn["at"]) - datetime.fromisoformat(before["at"])
                delays[turn["agent_id"]].append(gap.total_seconds())
    median = {agent: statistics.median(values) for agent, values in delays.items()}
    assert 10 <= len(median) <= 12
    assert max(median, key=lambda agent: median[agent]) == "a-06"
    assert median["a-06"] > 4 * median["a-04"]
    assert median["a-03"] < 40


def test_the_crisis_week_shows(sample: list[dict[str, Any]]) -> None:
    crisis = planted(sample, "logistics_crisis")
    assert len(crisis) >= 30
    assert all("2026-10-19" <= c["started_at"][:10] <= "2026-10-25" for c in crisis)

    def aftersale(first: str, last: str) -> int:
        return sum(c["queue"] == "aftersale" and first <= c["started_at"][:10] <= last for c in sample)

    assert aftersale("2026-10-19", "2026-10-25") > 1.3 * aftersale("2026-10-12", "2026-10-18")


@pytest.mark.parametrize("check", FORBIDDEN)
def test_each_forbidden_check_is_broken_and_nearly_broken(sample: list[dict[str, Any]], check: str) -> None:
    broken = planted(sample, *PII.get(check, (check,)))
    near = planted(sample, f"near_miss_{check}")
    assert len(broken) >= 6
    assert len(near) >= 6
    assert all(check in c["extra"]["violations"] for c in broken)
    assert not any(c["extra"]["violations"] for c in near)
    wordings = {t["text"] for c in broken for t in c["turns"] if t["id"] in c["extra"]["violations"][check]}
    assert len(wordings) >= 6


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("great_rescue", 20), ("failure", 20), ("rude_agent", 10), ("slow_agent", 4), ("prompt_injection", 6),
        ("homophone", 4), ("quoted_text", 4), ("customer_forbidden_words", 6), ("agent_refuses_off_platform", 6),
        ("conditional_promise", 6), ("bot_only_greeting", 6), ("already_plain_request", 20), ("polite_anger", 4),
        ("sarcasm", 4), ("recovery", 10), ("unanswered", 6), ("no_greeting", 10), ("no_closing", 20),
        ("no_empathy", 6), ("no_eta", 6),
    ],
)  # fmt: skip
def test_planted_quota(sample: list[dict[str, Any]], name: str, least: int) -> None:
    assert len(planted(sample, name)) >= least


def test_expected_failures_agree_with_the_violations(sample: list[dict[str, Any]]) -> None:
    listed = [c["extra"] for c in sample if "expected_fail" in c["extra"]]
    assert len(listed) >= 300
    for extra in listed:
        failed = extra["expected_fail"]
        assert failed == sorted(failed, key=CHECKS.index)
        assert [check for check in failed if check in FORBIDDEN] == list(extra["violations"])


def test_only_agents_break_rules(sample: list[dict[str, Any]]) -> None:
    for c in sample:
        roles = {t["id"]: t["role"] for t in c["turns"]}
        assert all(roles[turn] == "agent" for turns in c["extra"]["violations"].values() for turn in turns)


def test_surveys_are_few_extreme_and_fit_the_story(sample: list[dict[str, Any]]) -> None:
    ratings = [c["facts"]["csat"] for c in sample if "csat" in c["facts"]]
    assert 0.12 <= len(ratings) / len(sample) <= 0.19
    assert sum(rating in (1, 5) for rating in ratings) > 0.6 * len(ratings)

    def mean(name: str) -> float:
        return statistics.mean(c["facts"]["csat"] for c in planted(sample, name) if "csat" in c["facts"])

    assert mean("great_rescue") > 4 > 2 > mean("failure")
    assert {"service", "system"} == {c["facts"]["complaint"]["kind"] for c in sample if "complaint" in c["facts"]}


def test_there_is_something_to_mask(sample: list[dict[str, Any]]) -> None:
    texts = [t["text"] for c in sample for t in c["turns"]]
    assert sum("1990000" in text for text in texts) >= 10
    assert any("555-01" in text for text in texts)
    assert any("@example.com" in text for text in texts)
