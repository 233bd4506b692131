"""Users' own labels: conversations of the interchange format with surveys, corrections and verdicts in them.

One conversation per line. ``facts.csat`` is a survey, ``facts.resolved`` the outcome, and a top-level ``labels`` object
holds what people said of single turns and checks; see ``docs/guides/training.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from models.domain.conversation import Conversation
from models.domain.scores import Verdict
from models.errors import AttuneError, InvalidConversationError
from models.interchange import decode_json, mask_conversation, parse_conversation
from models.interchange.explain import explain
from models.interchange.json_values import json_path
from training.data.files import read_text_lines

Source = Literal["qa", "calibration", "appeal"]

STRENGTH: tuple[Source, ...] = ("qa", "calibration", "appeal")
_WEIGHT = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class InvalidLabelError(AttuneError):
    """A line of a label file is not as it should be; ``location`` names file, line and JSON path."""

    code = "invalid-label"


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _SentimentDocument(_Document):
    turn: Annotated[int, Field(ge=0)]
    label: Literal["negative", "neutral", "positive"]
    intensity: Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)] | None = None
    weight: _WEIGHT = 1.0


class _VerdictDocument(_Document):
    check: Annotated[str, Field(min_length=1)]
    verdict: Verdict
    turns: list[Annotated[int, Field(ge=0)]] = []
    source: Source = "qa"
    weight: _WEIGHT = 1.0
    # What `attune qa export-labels` adds: how the label came about.
    office: str | None = None
    machine: str | None = None
    agreeing: Annotated[int, Field(ge=0)] = 0
    disagreeing: Annotated[int, Field(ge=0)] = 0
    reasons: list[str] = []
    probability: Annotated[float, Field(gt=0, le=1)] | None = None
    decisions: list[int] = []


class _LabelsDocument(_Document):
    sentiment: list[_SentimentDocument] = []
    compliance: Annotated[
        Annotated[dict[str, Verdict], Tag("object")] | Annotated[list[_VerdictDocument], Tag("list")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "object"),
    ] = {}
    evidence: dict[str, list[Annotated[int, Field(ge=0)]]] = {}
    hard_negatives: dict[str, list[Annotated[int, Field(ge=0)]]] = {}
    provenance: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class SentimentLabel:
    """What a person says of a customer's turn: its index, label, intensity 0…3 or ``None``, weight of the label."""

    turn: int
    label: str
    intensity: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class VerdictLabel:
    """What people decided on one check of a conversation.

    Attributes:
        check: Its id in the playbook.
        verdict: Theirs.
        turns: Indices of the turns that show it, as far as somebody said.
        source: Who: a QA reviewer, a calibration round, or the decision on an appeal.
        weight: Of the label.
        reasons: How the conversation came to be judged, e.g. ``random``, ``critical``, ``appeal``; empty where that is
            not known. All but a random draw choose by what the machine said.
        probability: Of the random draw, over 0 to 1, where it was drawn; 1 / probability makes figures of such labels
            unbiased (Horvitz & Thompson 1952).
    """

    check: str
    verdict: Verdict
    turns: tuple[int, ...]
    source: Source
    weight: float
    reasons: tuple[str, ...] = ()
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class LabelledConversation:
    """A conversation, its personal data masked, with all that people said of it.

    Attributes:
        conversation: Its ``extra`` holds no labels.
        satisfaction: The survey's rating, 1…5, or ``None``.
        resolved: As in ``facts.resolved``.
        sentiment: At most one label per turn.
        compliance: One verdict per check: of several the strongest source's (appeal over calibration over QA), then
            the last.
        hard_negatives: By check the turns that look like a breach and are none.
    """

    conversation: Conversation
    satisfaction: int | None
    resolved: bool | None
    sentiment: tuple[SentimentLabel, ...]
    compliance: tuple[VerdictLabel, ...]
    hard_negatives: Mapping[str, tuple[int, ...]]


def read_labels(path: Path, seen: dict[str, str] | None = None) -> list[LabelledConversation]:
    """Return the conversations of a ``.jsonl`` or ``.jsonl.gz`` file.

    Args:
        path: Of the file.
        seen: By id where it stands, in the files read before; those of this file are added.

    Raises:
        InvalidLabelError: A line is not a conversation with labels, or an id stands twice; ``location`` says where.
        OSError: The file cannot be read.
    """
    found: list[LabelledConversation] = []
    places = {} if seen is None else seen
    for number, text in read_text_lines(path):
        try:
            labelled = parse_labels(decode_json(text))
        except InvalidConversationError as problem:
            raise InvalidLabelError(
                problem.message_en,
                problem.message_zh,
                hint=problem.hint,
                location=f"{path}, line {number}, {problem.location or '$'}",
            ) from None
        identity = labelled.conversation.id
        if identity in places:
            raise InvalidLabelError(
                f"the id {identity!r} stands already in {places[identity]}",
                f"id {identity!r} 已出现于 {places[identity]}",
                hint="Two conversations need two ids; of one, keep one line with all its labels / "
                "不同会话须用不同 id;同一会话的标签请合并为一行",
                location=f"{path}, line {number}, $.id",
            )
        found.append(labelled)
        places[identity] = f"{path}, line {number}"
    return found


def parse_labels(obj: Mapping[str, Any]) -> LabelledConversation:
    """Return the conversation that ``obj`` describes, with its labels.

    Raises:
        InvalidConversationError: It breaks a rule of the interchange format or of ``labels``; ``location`` is the path.
    """
    conversation = parse_conversation({key: value for key, value in obj.items() if key != "labels"})
    given = obj.get("labels")
    try:
        labels = _LabelsDocument.model_validate({} if given is None else given)
    except ValidationError as problem:
        raise _explain(problem.errors(include_url=False)) from None
    return LabelledConversation(
        mask_conversation(conversation),
        conversation.facts.get("csat"),
        conversation.facts.get("resolved"),
        _sentiment(conversation, labels.sentiment),
        _compliance(conversation, labels),
        {
            check: _turns(conversation, turns, ("labels", "hard_negatives", check))
            for check, turns in labels.hard_negatives.items()
        },
    )


def _explain(errors: list[ErrorDetails]) -> InvalidConversationError:
    """Return the error that tells the first of ``errors``, its path from the root."""
    moved: list[ErrorDetails] = []
    for error in errors:
        steps = list(error["loc"])
        if steps[:1] == ["compliance"]:
            del steps[1:2]  # which of the two forms it was read as
        moved.append({**error, "loc": ("labels", *steps)})
    if moved[0]["type"] == "extra_forbidden":
        return _refusal(moved[0]["loc"], "there is no such field; is it misspelt?", "没有这一项,请检查拼写")
    return explain(moved)


def _sentiment(conversation: Conversation, given: Sequence[_SentimentDocument]) -> tuple[SentimentLabel, ...]:
    labels: dict[int, SentimentLabel] = {}
    for at, item in enumerate(given):
        steps = ("labels", "sentiment", at, "turn")
        (turn,) = _turns(conversation, [item.turn], steps[:-1], "turn")
        if conversation.turns[turn].role != "customer":
            raise _refusal(steps, f"turn {turn} is not the customer's", f"第 {turn} 轮不是客户所说")
        if not conversation.turns[turn].text.strip():
            raise _refusal(steps, f"turn {turn} has no text", f"第 {turn} 轮没有文字")
        if turn in labels:
            raise _refusal(steps, f"turn {turn} is labelled twice", f"第 {turn} 轮有两个标签")
        labels[turn] = SentimentLabel(turn, item.label, item.intensity, item.weight)
    return tuple(labels.values())


def _compliance(conversation: Conversation, labels: _LabelsDocument) -> tuple[VerdictLabel, ...]:
    evidence = {
        check: _turns(conversation, turns, ("labels", "evidence", check)) for check, turns in labels.evidence.items()
    }
    if isinstance(labels.compliance, dict):
        return tuple(
            VerdictLabel(check, verdict, evidence.get(check, ()), "qa", 1.0)
            for check, verdict in labels.compliance.items()
        )
    final: dict[str, VerdictLabel] = {}
    for at, item in enumerate(labels.compliance):
        turns = _turns(conversation, item.turns, ("labels", "compliance", at, "turns"))
        shown = turns or evidence.get(item.check, ())
        reasons = tuple(item.reasons)
        label = VerdictLabel(item.check, item.verdict, shown, item.source, item.weight, reasons, item.probability)
        before = final.get(item.check)
        if before is None or STRENGTH.index(label.source) >= STRENGTH.index(before.source):
            final[item.check] = label
    return tuple(final.values())


def _turns(
    conversation: Conversation, turns: Sequence[int], steps: tuple[str | int, ...], key: str | None = None
) -> tuple[int, ...]:
    for at, turn in enumerate(turns):
        if turn >= len(conversation.turns):
            raise _refusal(
                (*steps, key if key is not None else at),
                f"there is no turn {turn}: the conversation has {len(conversation.turns)}, counted from 0",
                f"没有第 {turn} 轮:会话共 {len(conversation.turns)} 轮,从 0 数起",
            )
    return tuple(turns)


def _refusal(steps: Sequence[str | int], message_en: str, message_zh: str) -> InvalidConversationError:
    return InvalidConversationError(message_en, message_zh, location=json_path(steps))
