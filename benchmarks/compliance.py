"""How fast rules are judged, and how the cost grows with checks and with turns.

    .venv/bin/python -m benchmarks.compliance [--conversations 200] [--repeats 3]

Playbooks of rules alone (patterns, keywords, orders, gaps, counts, repetition, an entity; no model) with 10, 100 and
1,000 checks are made here from words that the shipped sample uses, and judge the sample's conversations, each finished
one once, from masked text to verdicts, nothing remembered from one run to the next. CPU time of one thread.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.pipeline.run import mask_turn, open_context, take_turn
from models.scorers.compliance import ComplianceScorer, load_playbook, parse_playbook
from models.text import normalise
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path

_SAID = {"zh": "x", "en": "x"}
_REASONS = {name: {"zh": "{message}:{quote}", "en": "{message}: {quote}"} for name in ("passed", "failed", "na")}
_SPEAKERS = ("agent", "customer")


def words_of(conversations: Sequence[Conversation], chance: random.Random) -> list[str]:
    """Return pieces of two to four characters as people write them: some common, most rare."""
    pieces: dict[str, None] = {}
    for conversation in conversations:
        for turn in conversation.turns:
            text = "".join(char for char in normalise.normalise(turn.text).text if char.isalnum())
            for _ in range(3):
                size = chance.randint(2, 4)
                start = chance.randrange(max(1, len(text) - size))
                if len(text) >= size:
                    pieces[text[start : start + size]] = None
    return list(pieces)


def _cue(number: int, word: Any) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"include": [f"(?:{word()}|{word()}).{{0,6}}(?:{word()}|{word()})", word()], "exclude": [f"不{word()}"]},
        {"include": [f"{word()}[^,。]{{0,4}}{word()}"], "unless": [{"cue": "negation", "within": "clause"}]},
        {"keywords": {"any": [word(), word(), word()], "none": [word()]}},
        {"keywords": {"all": [word(), word()], "distance": 12, "within": "clause"}},
        {"keywords": {"at_least": {"count": 2, "of": [word(), word(), word(), word()]}}},
        {"include": [f"\\b{word()}\\d{{1,3}}(?:元|%)", f"{word()}(?:{word()})?{word()}"]},
    ]
    return kinds[number % len(kinds)]


def _applies(number: int, name: str) -> dict[str, Any]:
    if number % 4 == 1:
        return {"seen": [name], "by": "customer"}
    return {"holds": f"spoke_{_SPEAKERS[number % 7 == 0]}"}


def _look_for(number: int, names: Sequence[str]) -> dict[str, Any]:
    one, other, third = names
    conditions: list[dict[str, Any]] = [
        {"seen": [one, other]},
        {"seen": [one], "first": 3},
        {"seen": [one], "after": [other], "after_by": "customer", "within": 2},
        {"order": {"first": [one], "then": [other], "within": 3}},
        {"all": [{"seen": [one]}, {"none": [{"seen": [third]}]}]},
        {"least": {"count": 2, "of": [{"seen": [one]}, {"seen": [other]}, {"seen": [third], "by": "customer"}]}},
        {"count": {"of": [one], "at_least": 2}},
        {"any": [{"seen": [one], "last": 2}, {"seen": [other], "before": [third]}]},
        {"repeated": {"of": [one, other], "times": 2}},
    ]
    # One in twenty asks of all messages.
    if number % 20 == 13:
        return {"gap": {"over": 120 + number}}
    if number % 20 == 17:
        return {"count": {"by": "customer", "at_least": 3 + number % 10}}
    return conditions[number % len(conditions)]


def playbook(checks: int, words: Sequence[str]) -> Playbook:
    """Return a playbook of so many checks with two cues each, as a file would hold it."""
    chance = random.Random(checks)

    def word() -> str:
        return words[min(int(chance.expovariate(6 / len(words))), len(words) - 1)]

    cues: dict[str, Any] = {"negation": {"include": ["不(?:能|会|是|要)|没有"]}}
    cues["money"] = {"entity": {"kind": "amount"}}
    cues |= {f"c{number}": _cue(number, word) for number in range(2 * checks)}
    listed = [
        {
            "id": f"k{number}",
            "kind": ("required", "conditional", "forbidden", "forbidden")[number % 4],
            "title": _SAID,
            "applies": _applies(number, f"c{chance.randrange(2 * checks)}"),
            "look_for": _look_for(number, [f"c{chance.randrange(2 * checks)}" for _ in range(3)]),
            "reasons": _REASONS,
        }
        for number in range(checks)
    ]
    cues["anything"] = {"chars": {"over": 0}}
    spoke = {f"spoke_{speaker}": {"seen": ["anything"], "by": speaker} for speaker in _SPEAKERS}
    data = {"id": f"made-{checks}", "version": 1, "title": _SAID, "cues": cues, "conditions": spoke, "checks": listed}
    return parse_playbook(json.dumps(data, ensure_ascii=False), f"made-{checks}")[0]


def judge(scorer: ComplianceScorer, conversations: Sequence[Conversation], masked: Mapping[str, str]) -> int:
    """Judge each conversation once, as a batch does; return the number of failures found."""
    failures = 0
    for conversation in conversations:
        context = open_context(conversation)
        for turn in conversation.turns:
            context = take_turn(context, turn, masked[turn.text], None, [scorer])
        failures += sum(check.verdict == "fail" for check in scorer.score(context).checks)
    return failures


def seconds(scorer: ComplianceScorer, conversations: Sequence[Conversation], repeats: int) -> float:
    """Return the median CPU time; texts that were normalised in a run before are forgotten."""
    masked = {turn.text: mask_turn(turn) for conversation in conversations for turn in conversation.turns}
    judge(scorer, conversations[:5], masked)
    times = []
    for _ in range(repeats):
        forget = getattr(normalise, "_kept", None)
        if forget is not None:
            forget.cache_clear()
        began = time.process_time()
        judge(scorer, conversations, masked)
        times.append(time.process_time() - began)
    return statistics.median(times)


def longer(conversation: Conversation, times: int) -> Conversation:
    """Return the conversation with its turns so many times over."""
    turns = [turn for _ in range(times) for turn in conversation.turns]
    return replace(conversation, turns=tuple(replace(turn, index=place) for place, turn in enumerate(turns)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    read = [item.conversation for item in read_conversations(sample_path()) if isinstance(item, Accepted)]
    conversations = read[: arguments.conversations]
    turns = sum(len(conversation.turns) for conversation in conversations)
    different = len({turn.text for conversation in conversations for turn in conversation.turns})
    words = words_of(read, random.Random(0))
    print(f"{platform.machine()}, Python {platform.python_version()}; {len(conversations)} conversations,")
    print(f"{turns} turns, {different} different texts; medians of {arguments.repeats}; one thread, CPU time\n")
    print("| playbook | checks | cues | made ready, s | turns per CPU-second | cost, to the one above |")
    print("|---|---|---|---|---|---|")
    scorers: dict[str, ComplianceScorer] = {}
    before: float | None = None
    made = [playbook(checks, words) for checks in (10, 100, 1000)]
    for one in [*made, load_playbook("ecommerce-zh@2")]:
        began = time.process_time()
        scorer = scorers[one.id] = ComplianceScorer(one)
        ready = time.process_time() - began
        took = seconds(scorer, conversations, arguments.repeats)
        ratio = f"{took / before:.2f} for {len(one.checks) // 10} → {len(one.checks)}" if before and one in made else ""
        before = took if one in made else None
        print(f"| {one.id} | {len(one.checks)} | {len(one.cues)} | {ready:.2f} | {turns / took:,.0f} | {ratio} |")
    print("\n| turns of a conversation | times as many | CPU ms a turn, 100 checks |")
    print("|---|---|---|")
    talk = max(conversations[:50], key=lambda conversation: len(conversation.turns))
    for times in (1, 10, 100):
        several = [longer(talk, times)] * max(1, 100 // times)
        took = seconds(scorers["made-100"], several, arguments.repeats)
        number = sum(len(conversation.turns) for conversation in several)
        print(f"| {len(several[0].turns)} | {times} | {1000 * took / number:.3f} |")


if __name__ == "__main__":
    main()
