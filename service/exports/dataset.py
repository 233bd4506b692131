"""A dataset: what its rows are, its columns, and who may have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from service.accounts.roles import Permission
from service.conversations.filters import ConversationFilter
from service.exports.blindness import Blindness
from service.exports.columns import Column, Words
from service.kpi.repository import Dimension

PERIOD = frozenset({"since", "until"})
CONVERSATIONS = frozenset(ConversationFilter.__slots__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows.

    Attributes:
        conditions: On the conversations that the rows are about; for agents their own only.
        group_by: For figures: by what.
        rubric: The rubric of the settings, by which decided scores are evaluated where it made them.
    """

    conditions: ConversationFilter = field(default_factory=ConversationFilter)
    group_by: Sequence[Dimension] = ()
    rubric: str = "default"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset.

    Attributes:
        id: As in the address.
        title: For people.
        permission: What the actor needs beside ``exports:read``.
        columns: In order.
        rows: Yields the rows, some hundreds in memory at a time.
        conditions: Which of the filter's fields it understands.
        grouped: Whether it takes ``group_by``.
    """

    id: str
    title: Words
    permission: Permission
    columns: Sequence[Column]
    rows: Callable[[Session, Wanted, Blindness], Iterator[Any]]
    conditions: frozenset[str] = CONVERSATIONS
    grouped: bool = False
