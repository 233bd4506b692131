"""What can be seen in one message, as a playbook says it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

Reach = Literal["match", "clause", "sentence", "message"]
Piece = Literal["clause", "sentence", "message"]
MeasuredKind = Literal["amount", "percentage", "date", "time", "duration", "order_number", "link"]
PersonalKind = Literal[
    "phone", "landline", "email", "account", "id_card", "passport", "bank_card", "licence_plate", "address", "name"
]
PERSONAL_KINDS: tuple[str, ...] = get_args(PersonalKind)

# Read by pydantic where a file is validated; means nothing to the standard library.
STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Guard:
    """Another cue near a match: in the same clause, sentence or message, or overlapping the match itself."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    cue: str
    within: Reach = "match"


@dataclass(frozen=True, slots=True)
class ActCue:
    """An act of ``models.domain.acts`` that the trained heads find in the message, at least that probable (0…1)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    least: float


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many different words of the list."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    count: int
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keywords:
    """Plain words, compared in normalised spelling; a word of Latin letters or digits stands alone, not inside another.

    Attributes:
        any: One of these, …
        all: … all of these, …
        at_least: … so many of these; what is given has to come together.
        none: And none of these in the same piece.
        distance: At most so many characters from the first word's start to the last word's end.
        within: The words stand in one clause, sentence or message.
        ordered: The words of ``all`` stand in the order given and do not overlap.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    at_least: AtLeast | None = None
    none: tuple[str, ...] = ()
    distance: int | None = None
    within: Piece = "message"
    ordered: bool = False

    def __post_init__(self) -> None:
        """Refuse keywords that look for nothing, and an order of nothing."""
        if not (self.any or self.all or self.at_least):
            raise ValueError(
                "keywords have at least one of: any, all, at_least", "keywords 至少要有 any、all、at_least 之一"
            )
        if self.ordered and (len(self.all) < 2 or self.any or self.at_least):
            raise ValueError(
                "'ordered' is for two or more words of 'all', without 'any' and 'at_least'",
                "ordered 只用于两个以上的 all,且不能有 any 和 at_least",
            )


@dataclass(frozen=True, slots=True)
class Exemplars:
    """The message means something like these and not like those.

    Attributes:
        like: At least three messages that show the cue.
        unlike: Messages that look like them and do not.
        least: The probability (0…1, calibrated on the exemplars) from which a message shows the cue.
        examples_file: JSON Lines of ``{"text": …, "label": true | false}`` beside the playbook, read into ``like`` and
            ``unlike`` when it is loaded.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    least: float = 0.7
    examples_file: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """A figure, a number or personal data in the message.

    Attributes:
        kind: What it is.
        over: Only those greater than this: amounts in the currency written, percentages in percent, durations in hours.
        under: Only those smaller than this.
        count: At least so many of them in the message.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal[MeasuredKind, PersonalKind]
    over: float | None = None
    under: float | None = None
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse limits for what has no size."""
        if (self.over is not None or self.under is not None) and self.kind not in ("amount", "percentage", "duration"):
            raise ValueError(
                "'over' and 'under' are for amount, percentage and duration",
                "over 和 under 只用于 amount、percentage、duration",
            )


@dataclass(frozen=True, slots=True)
class Chars:
    """How many letters, digits and Chinese characters a message has: more than ``over``, fewer than ``under``.

    ``under: 1`` is a message with nothing to read: a picture, a sticker, signs alone.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    over: int | None = None
    under: int | None = None

    def __post_init__(self) -> None:
        """Refuse limits that limit nothing."""
        if self.over is None and self.under is None:
            raise ValueError("chars have 'over', 'under' or both", "chars 须有 over 或 under(或两者)")


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that can be seen in one message; each of its ways is enough.

    Attributes:
        include: Patterns (RE2 syntax, over normalised text) that show it. ``{word}`` is replaced from ``words``.
        keywords: Plain words that show it.
        exemplars: Messages of the same meaning show it, as a whole.
        entity: Figures, numbers or personal data show it.
        exclude: Patterns that take a match back which they overlap: negation, refusal, another sense of the word.
        unless: Cues that take a match back when near it; what a message shows as a whole, when they are in it.
        needs: Cues of which one has to be near a match for it to count.
        sentiment_below: A scored message with a sentiment score (−1…1) under this shows the cue, too.
        sentiment_above: One with a score over this does.
        act: A message in which the heads find this act shows the cue, too, as a whole.
        backed_by: A match counts only where the heads find this act, too; mostly with a low ``least``, to
            take back what is surely something else. Where an artifact has no such heads, matches decide alone.
        chars: Beside other ways: only messages of that length. Alone: every message of that length shows the cue.
        rest_of: Instead of all these: a clause in which none of these cues is seen …
        min_chars: … and which has at least this many letters, digits or Chinese characters.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    include: tuple[str, ...] = ()
    keywords: Keywords | None = None
    exemplars: Exemplars | None = None
    entity: Entity | None = None
    exclude: tuple[str, ...] = ()
    unless: tuple[Guard, ...] = ()
    needs: tuple[Guard, ...] = ()
    sentiment_below: float | None = None
    sentiment_above: float | None = None
    act: ActCue | None = None
    backed_by: ActCue | None = None
    chars: Chars | None = None
    rest_of: tuple[str, ...] = ()
    min_chars: int = 4

    @property
    def matches(self) -> bool:
        """Whether the cue has matches of its own in a text, as guards need them."""
        return bool(self.include or self.keywords or self.entity)

    @property
    def of_the_whole(self) -> bool:
        """Whether it can be shown by a message as a whole; guards then look at all of the message."""
        moods = self.sentiment_below is not None or self.sentiment_above is not None
        return bool(moods or self.act or self.exemplars)

    def __post_init__(self) -> None:
        """Refuse a cue that can never be seen or that says two things."""
        shown = self.matches or self.of_the_whole or self.chars
        if bool(self.rest_of) == bool(shown):
            raise ValueError(
                "a cue has either 'rest_of' or at least one of: include, keywords, exemplars, entity, act, "
                "sentiment_below, sentiment_above, chars",
                "一条线索须有 rest_of,或者至少有其一(不能兼有):include、keywords、exemplars、entity、act、"
                "sentiment_below、sentiment_above、chars",
            )
