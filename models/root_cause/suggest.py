"""Suggests the root cause of a conversation from the signs of a taxonomy; says that it is open rather than guess.

Deterministic and explainable: every point of a topic comes from a sign, with the words that show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.scores import DECIMALS, Evidence
from models.qa.figures import Measured
from models.root_cause.head import TopicHead, Vector
from models.root_cause.taxonomy import Certainty, Kind, Sign, Taxonomy, Topic
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.cues import CueFinder
from models.scorers.compliance.talk import Talk

_MOST_EVIDENCE = 5
_MOST_RANKED = 5
_MOST_LOGIT = 500.0  # beyond it exp overflows, and nothing is surer
_KIND = {
    "service": ("服务型", "a matter of service"),
    "system": ("制度型", "a matter of the system"),
    "undetermined": ("性质待定", "of open kind"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic that something speaks for.

    Attributes:
        topic: Its id.
        kind: What it would be here.
        points: Of all its signs that hold.
        probability: 0…1; those of all topics and of a cause that is not told sum to 1.
    """

    topic: str
    kind: Kind
    points: float
    probability: float


@dataclass(frozen=True, slots=True)
class RootCause:
    """A suggestion.

    Attributes:
        kind: ``undetermined`` where the signs do not tell.
        topic: ``None`` where they do not.
        department: Who is responsible; ``None`` where that is open.
        confidence: Of the topic, or where there is none of the likeliest, 0…1.
        kind_confidence: Of the kind, or where that is open of the likelier, 0…1.
        evidence: The words that show it, of the signs with the most points first; at most five.
        reason: Why, in Chinese.
        reason_en: Why, in English.
        ranked: The topics that something speaks for, likeliest first; at most five.
        taxonomy: ``id@version``.
        taxonomy_hash: Of its content.
        model: What read it: ``signs``, or the head's name beside them.
    """

    kind: Kind
    topic: str | None
    department: str | None
    confidence: float
    kind_confidence: float
    evidence: tuple[Evidence, ...]
    reason: str
    reason_en: str
    ranked: tuple[Standing, ...]
    taxonomy: str
    taxonomy_hash: str
    model: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A topic with what speaks for it.

    Attributes:
        topic: The topic.
        kind: What it would be here.
        points: Of the signs that hold.
        evidence: What shows these, or where there are none what the head read.
        odds: The head's logarithm of odds against no cause; ``None`` without a head.
    """

    topic: Topic
    kind: Kind
    points: float
    evidence: tuple[Evidence, ...]
    odds: float | None = None


class Attributor:
    """One taxonomy, made ready: patterns and words are compiled once."""

    def __init__(self, taxonomy: Taxonomy, head: TopicHead | None = None) -> None:
        """Compile; the taxonomy has been validated, and the head is one for it."""
        self.taxonomy = taxonomy
        self.head = head
        self._finder = CueFinder(taxonomy.as_playbook())

    def suggest(
        self,
        conversation: Conversation,
        measured: Measured | None = None,
        vectors: Sequence[Vector | None] | None = None,
    ) -> RootCause:
        """Return the suggestion for a conversation.

        Args:
            conversation: Its texts as stored, with personal data masked; offsets of evidence refer to them.
            measured: What the models said of it: failed checks are signs, and conditions may ask for its figures.
            vectors: One a turn, of the head's encoder, or ``None`` for a turn that has none; without them the head is
                not asked, and the signs speak alone.
        """
        tallies = self.tallies(conversation, measured, vectors)
        ranked = rank(tallies, self.taxonomy.certainty)
        return self._decide(ranked, {one.topic.id: one for one in tallies})

    def tallies(
        self,
        conversation: Conversation,
        measured: Measured | None = None,
        vectors: Sequence[Vector | None] | None = None,
    ) -> list[Tally]:
        """Return the topics that something speaks for, in the taxonomy's order; with a head all that it knows."""
        talk = self._listen(conversation, measured)
        reader = Reader(talk, self.taxonomy.conditions)
        failed = {check.id for check in measured.compliance.checks if check.verdict == "fail"} if measured else set()
        shown = {check.id: check.evidence for check in measured.compliance.checks} if measured else {}
        read = self.head.odds(conversation.turns, vectors) if self.head and vectors is not None else {}
        found = []
        for topic in self.taxonomy.topics:
            points, evidence = _add_up(topic.signs, talk, reader, failed, shown)
            odds = read.get(topic.id)
            if not points and odds is None:
                continue
            kind, told_by = _kind_of(topic, talk, reader, failed, shown)
            if kind == "undetermined" and odds is not None and odds.kind_share >= self.taxonomy.certainty.kind_least:
                kind = odds.kind
            if odds is not None and not evidence:
                evidence = tuple(talk.evidence(talk.whole(place)) for place in odds.exchange.asked)
            value = None if odds is None else odds.value
            found.append(Tally(topic, kind, points, tuple(dict.fromkeys((*evidence, *told_by))), value))
        return found

    def _listen(self, conversation: Conversation, measured: Measured | None) -> Talk:
        moods = {one.turn: one.score for one in measured.sentiment.turns} if measured else {}
        texts = tuple(turn.text for turn in conversation.turns)
        scores = {"sentiment": measured.sentiment, "csat": measured} if measured else {}
        context = Context(head=conversation, turns=conversation.turns, texts=texts, scores=scores)
        cues = [self._finder.find(turn.text, moods.get(turn.index)) for turn in conversation.turns]
        return Talk(context, cues)

    def _decide(self, ranked: Sequence[Standing], tallies: Mapping[str, Tally]) -> RootCause:
        taxonomy, certainty = self.taxonomy, self.taxonomy.certainty
        best = ranked[0] if ranked else None
        known = best is not None and best.probability >= certainty.topic_least
        kinds: dict[Kind, float] = {"service": 0.0, "system": 0.0}
        for one in ranked:
            if one.kind != "undetermined":
                kinds[one.kind] += one.probability
        kind: Kind = max(kinds, key=lambda name: kinds[name])
        sure = kinds[kind]
        if sure < certainty.kind_least or (known and best is not None and best.kind != kind):
            kind = "undetermined"
        topic = tallies[best.topic].topic if known and best is not None else None
        evidence = tallies[best.topic].evidence[:_MOST_EVIDENCE] if best is not None else ()
        asked = any(one.odds is not None for one in tallies.values())
        reason, reason_en = _explain(kind, topic, tallies[best.topic] if best else None)
        return RootCause(
            kind=kind,
            topic=topic.id if topic else None,
            department=taxonomy.responsible(topic, kind) if topic else None,
            confidence=round(best.probability, DECIMALS) if best else 0.0,
            kind_confidence=round(sure, DECIMALS),
            evidence=evidence,
            reason=reason,
            reason_en=reason_en,
            ranked=tuple(
                Standing(one.topic, one.kind, round(one.points, DECIMALS), round(one.probability, DECIMALS))
                for one in ranked[:_MOST_RANKED]
            ),
            taxonomy=taxonomy.label,
            taxonomy_hash=taxonomy.hash,
            model=f"signs/{self.head.label}" if self.head and asked else "signs",
        )


def rank(tallies: Sequence[Tally], certainty: Certainty) -> list[Standing]:
    """Return the topics with their probabilities (see ``Certainty``), likeliest first; ties as in the taxonomy."""
    weights = [exp(min(_logit(one, certainty), _MOST_LOGIT)) for one in tallies]
    total = sum(weights) + 1.0
    standings = [
        Standing(one.topic.id, one.kind, one.points, weight / total)
        for one, weight in zip(tallies, weights, strict=True)
    ]
    return sorted(standings, key=lambda one: -one.probability)


def _logit(tally: Tally, certainty: Certainty) -> float:
    if tally.odds is None:
        return certainty.scale * (tally.points - certainty.unknown)
    return tally.odds + certainty.beside_head * tally.points


def _add_up(
    signs: Sequence[Sign], talk: Talk, reader: Reader, failed: set[str], shown: Mapping[str, Sequence[Evidence]]
) -> tuple[float, tuple[Evidence, ...]]:
    """Return the points of the signs that hold, and what shows them, the weightiest first."""
    points, evidence = 0.0, []
    for sign in sorted(signs, key=lambda one: -one.points):
        found = reader.read(sign.when) if sign.when is not None else None
        broken = [name for name in sign.failed if name in failed]
        if (found is not None and found.holds is not True) or (sign.failed and not broken):
            continue
        points += sign.points
        evidence += [talk.evidence(hit) for hit in found.hits] if found is not None else []
        evidence += [item for name in broken for item in shown[name]]
    return points, tuple(dict.fromkeys(evidence))


def _kind_of(
    topic: Topic, talk: Talk, reader: Reader, failed: set[str], shown: Mapping[str, Sequence[Evidence]]
) -> tuple[Kind, tuple[Evidence, ...]]:
    if topic.kind != "depends":
        return topic.kind, ()
    service, by_service = _add_up(topic.service_when, talk, reader, failed, shown)
    system, by_system = _add_up(topic.system_when, talk, reader, failed, shown)
    if service == system:
        return "undetermined", ()
    return ("service", by_service) if service > system else ("system", by_system)


def _explain(kind: Kind, topic: Topic | None, best: Tally | None) -> tuple[str, str]:
    if best is None:
        return "对话中没有可以归因的线索，请人工判断", "nothing in the conversation tells a cause: a person has to"
    zh, en = _KIND[kind]
    title = best.topic.title
    quotes = [item for item in best.evidence if item.quote]
    shown_zh = f"：第 {quotes[0].turn + 1} 条消息“{quotes[0].quote}”" if quotes else ""
    shown_en = f": message {quotes[0].turn + 1}, “{quotes[0].quote}”" if quotes else ""
    if topic is None:
        return (
            f"线索不足或互相矛盾，最可能是“{title.zh}”{shown_zh}，请人工判断",
            f"too few signs, or signs against each other; most likely “{title.en}”{shown_en}: a person has to judge",
        )
    return f"{zh}，{title.zh}{shown_zh}", f"{title.en}, {en}{shown_en}"
