"""Write the sample again: ``python -m service.samples.generate``. The same code and content give the same bytes."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from service.samples import sample_path
from service.samples.facts import known_facts
from service.samples.schedule import send_times, start_time
from service.samples.script import Skeleton, load_content, load_skeletons
from service.samples.speech import customer, full_width, slots, speak
from service.samples.verdicts import Said, expected_fail, violated

SEED = "huaiyu-2026"
_CUSTOMERS = {"zh": range(1, 341), "en": range(341, 403)}
_ROLES = {"C": "customer", "A": "agent", "A2": "agent", "B": "bot", "S": "system"}
_MISSED = {"greeting": "no_greeting", "empathy": "no_empathy", "eta_given": "no_eta", "closing": "no_closing"}


def conversations(seed: str = SEED) -> list[dict[str, Any]]:
    """Generate the conversations of the sample in time order, in the interchange format; by another seed others."""
    cast = {agent["id"]: agent for agent in load_content("cast.yaml")}
    shop = load_content("shop.yaml")
    made = []
    for language in ("zh", "en"):
        people = [customer(language, n, shop, Random(f"{seed}:customer:{n}")) for n in _CUSTOMERS[language]]
        for skeleton in load_skeletons(language):
            siblings: list[list[str]] = []
            for number in range(skeleton.count):
                for attempt in range(200):
                    rng = Random(f"{seed}:{skeleton.id}:{number}:{attempt}")
                    conversation = _conversation(skeleton, cast, shop, rng.choice(people), rng)
                    texts = [turn["text"] for turn in conversation["turns"]]
                    if all(_differ(texts, sibling) for sibling in siblings):
                        break
                else:
                    raise ValueError(f"{skeleton.id}: too few wordings for {skeleton.count} different conversations")
                siblings.append(texts)
                made.append(conversation)
    made.sort(key=lambda conversation: (conversation["started_at"], conversation["extra"]["scenario"]))
    today: dict[str, int] = {}
    for conversation in made:
        day = conversation["started_at"][:10].replace("-", "")
        today[day] = today.get(day, 0) + 1
        conversation["id"] = f"c-{day}-{today[day]:04d}"
    return made


def _differ(texts: Sequence[str], others: Sequence[str]) -> bool:
    new = len(set(texts) - set(others))
    return new >= max(3, round(0.4 * len(texts)))


def _conversation(
    skeleton: Skeleton, cast: Mapping[str, Any], shop: Mapping[str, Any], person: Any, rng: Random
) -> dict[str, Any]:
    able = [a for a in cast.values() if a["language"] == skeleton.language and skeleton.queue in a["queues"]]
    agent = cast[rng.choice(skeleton.agents)] if skeleton.agents else rng.choice(able)
    agents = {"A": agent}
    if skeleton.second:
        agents["A2"] = cast[rng.choice([other for other in skeleton.second if other != agent["id"]])]
    start = start_time(skeleton.window, skeleton.channel, agent, rng)
    facts = slots(skeleton, person, start.date(), shop, rng)
    said = speak(skeleton, agents, facts, person, rng)
    said = _opening(skeleton, rng) + said[:1] + _handover(skeleton, agent, rng) + said[1:]
    known = known_facts(skeleton, start, facts, rng)
    said += _ending(skeleton, known, rng)
    times = send_times(start, said, agents, skeleton.channel, rng)
    failed = expected_fail(skeleton, said)
    return {
        "id": "",
        "channel": skeleton.channel,
        "queue": skeleton.queue,
        "language": skeleton.language,
        "agent": {"id": agent["id"], "name": agent["name"]},
        "customer": {"id": person.id},
        "started_at": start.isoformat(),
        "ended_at": times[-1].isoformat(),
        "turns": [_turn(i, message, at, agents) for i, (message, at) in enumerate(zip(said, times, strict=True))],
        "facts": _dated(known, times[-1], rng),
        "tags": list(skeleton.tags),
        "extra": {
            "scenario": skeleton.id,
            "planted": _planted(skeleton, said, failed),
            "violations": {
                check: [f"t{i + 1}" for i, message in enumerate(said) if f"!{check}" in message.marks]
                for check in violated(said)
            },
            **({} if failed is None else {"expected_fail": failed}),
        },
    }


def _turn(index: int, message: Said, at: datetime, agents: Mapping[str, Any]) -> dict[str, Any]:
    turn = {"id": f"t{index + 1}", "role": _ROLES[message.speaker], "at": at.isoformat(), "text": message.text}
    return {**turn, "agent_id": agents[message.speaker]["id"]} if message.by_agent else turn


def _opening(skeleton: Skeleton, rng: Random) -> list[Said]:
    """The robot greets when the window opens, in a part of the chats."""
    if not skeleton.bot or skeleton.channel != "chat" or rng.random() < 0.55:
        return []
    return [Said("B", rng.choice(_words(skeleton.language)["bot_greeting"]), frozenset())]


def _handover(skeleton: Skeleton, agent: Mapping[str, Any], rng: Random) -> list[Said]:
    """The robot does not understand, the customer asks for a person, the system says who it is."""
    words = _words(skeleton.language)
    roll = rng.random()
    if not skeleton.bot or skeleton.channel != "chat" or roll < 0.6:
        return []
    joined = Said("S", rng.choice(words["joined"]).format(name=agent["name"]), frozenset())
    if roll < 0.8:
        return [joined]
    return [
        Said("B", rng.choice(words["bot_lost"]), frozenset()),
        Said("C", rng.choice(words["ask_human"]), frozenset()),
        joined,
    ]


def _ending(skeleton: Skeleton, known: Mapping[str, Any], rng: Random) -> list[Said]:
    words = _words(skeleton.language)
    if skeleton.channel != "chat":
        return []
    if "csat" in known and rng.random() < 0.6:
        return [Said("S", rng.choice(words["survey"]), frozenset(), 5)]
    if rng.random() < 0.12:
        return [Said("S", rng.choice(words["closed"]), frozenset(), 300)]
    return []


def _planted(skeleton: Skeleton, said: Sequence[Said], failed: Sequence[str] | None) -> list[str]:
    planted = list(skeleton.planted)
    planted += [_MISSED[check] for check in failed or () if check in _MISSED]
    if skeleton.unanswered:
        planted.append("unanswered")
    if skeleton.plain:
        planted.append("already_plain_request")
    if any(m.speaker == "B" for m in said) and "greeting" in (failed or ()):
        planted.append("bot_only_greeting")
    return list(dict.fromkeys(planted))


def _dated(known: dict[str, Any], end: datetime, rng: Random) -> dict[str, Any]:
    """Complaints and later orders are dated from the end of the conversation."""
    if complaint := known.get("complaint"):
        received = end + timedelta(minutes=rng.randint(2, 600))
        closed = received + timedelta(hours=rng.randint(3, 90)) if rng.random() < 0.75 else None
        complaint["received_at"] = received.isoformat()
        complaint["closed_at"] = closed.isoformat() if closed else None
    order = known.get("order")
    if order and order["placed_at"] is None:
        order["placed_at"] = (end + timedelta(minutes=rng.randint(1, 900))).isoformat()
    return known


@cache
def _words(language: str) -> dict[str, list[str]]:
    """The robot's and the system's canned words in a language."""
    words: dict[str, list[str]] = load_content("robot.yaml")[language]
    if language == "zh":
        return {kind: [full_width(text) for text in texts] for kind, texts in words.items()}
    return words


def sample_bytes() -> bytes:
    """Return the sample as gzipped JSON Lines."""
    lines = (json.dumps(c, ensure_ascii=False, separators=(",", ":")) + "\n" for c in conversations())
    buffer = io.BytesIO()
    # No name and no time in the header: regenerating must not change the file.
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed:
        packed.write("".join(lines).encode("utf-8"))
    return buffer.getvalue()


if __name__ == "__main__":
    sample_path().write_bytes(sample_bytes())
