"""Scores of the same revision of a conversation: a person judged what was said, whichever score was there at the time.

Decisions, tasks, appeals and who has seen what are stored with one score and hold for its siblings as well.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.db.tables import ScoreRow

_SOURCE = "$.qa.criteria[*] ? (@.id == $name).source"


def siblings(score_id: Any) -> sa.Select[*tuple[Any, ...]]:
    """Return the ids of all scores of the revision that a score is of, its own too; for ``in_``.

    Args:
        score_id: A number, or a column of whatever query this is put into.
    """
    own, other = aliased(ScoreRow), aliased(ScoreRow)
    # Named, for it may lie deeper than SQLAlchemy looks by itself.
    found = sa.select(col(other.id)).join(own, same_revision(own, other)).correlate_except(own, other)
    return found.where(col(own.id) == score_id)


def same_revision(own: Any, other: Any) -> sa.ColumnElement[bool]:
    """Tell whether two scores are of the same revision."""
    return sa.and_(col(own.conversation_id) == col(other.conversation_id), col(own.revision) == col(other.revision))


def same_criterion(own: Any, other: Any, criterion_id: Any) -> sa.ColumnElement[bool]:
    """Tell whether a criterion means the same in two scores of a revision.

    It does where its value comes from the same source: a check of the same version of the playbook, or a question or
    figure of the same version of the rubric. The bundles are read only where the two are not one.
    """
    source, before = (_source(score, criterion_id) for score in (own, other))
    same_maker = sa.case(
        (sa.cast(source, sa.Text).like('"check:%'), _spec(own.playbook_version) == _spec(other.playbook_version)),
        else_=_spec(own.rubric_version) == _spec(other.rubric_version),
    )
    carried = sa.func.coalesce(sa.and_(source == before, same_maker), sa.false())
    return sa.case((col(own.id) == col(other.id), sa.true()), else_=carried)


def _source(score: Any, criterion_id: Any) -> sa.ColumnElement[Any]:
    name = sa.func.jsonb_build_object("name", criterion_id)
    return sa.func.jsonb_path_query_first(col(score.bundle), sa.cast(_SOURCE, JSONPATH), name)


def _spec(version: Any) -> sa.ColumnElement[str]:
    """Return ``id@version`` of a label, which may go on with a hash and further parts."""
    return sa.func.split_part(sa.func.split_part(col(version), "/", 1), "+", 1)
