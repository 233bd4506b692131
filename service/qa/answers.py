"""Whether what a person says of a manual question is one of the answers that its rubric allows."""

from __future__ import annotations

from sqlmodel import Session

from models.domain.rubric import Criterion, Rubric
from service.core.errors import InvalidRequestError
from service.qa.criteria import MachineCriterion
from service.qa.provenance import rubric_of
from service.scoring.repository import StoredScore

_SAME = 1e-4  # a third is not written out in full


def require_answer(
    session: Session,
    score: StoredScore,
    machine: MachineCriterion,
    verdict: str | None,
    value: float | None,
    own_rubric: str,
) -> None:
    """Refuse an answer that the question does not have; what is no question, or of a rubric that is gone, passes.

    A question without steps is answered by a verdict; one with steps 0…n by a value of k/n, or by ``na`` or
    ``no_evidence``.

    Raises:
        InvalidRequestError: It is none of the allowed answers; the message names them.
    """
    if machine.kind != "manual":
        return
    rubric = rubric_of(session, score, own_rubric)
    question = _question(rubric, machine.id) if rubric is not None else None
    if question is None:
        return
    steps = question.steps
    where = f"criteria.{machine.id}"
    if steps is None:
        if verdict is None:
            raise InvalidRequestError(
                f"{machine.id}: this question is answered by a verdict: pass, fail, na or no_evidence",
                f"{machine.id}：此题须给出判定：pass、fail、na 或 no_evidence",
                location=where,
            )
    elif verdict not in (None, "na", "no_evidence") or (value is not None and not _is_step(value, steps)):
        answers = _spelled(steps)
        raise InvalidRequestError(
            f"{machine.id}: this question is answered by 0 to {steps} points, given as value {answers}, or by the "
            "verdict na or no_evidence",
            f"{machine.id}：此题按 0–{steps} 分作答，value 取 {answers}，或判定 na、no_evidence",
            location=where,
        )


def _question(rubric: Rubric, criterion_id: str) -> Criterion | None:
    added = (criterion for variant in rubric.variants for criterion in variant.add)
    return next((one for one in (*rubric.criteria, *added) if one.id == criterion_id), None)


def _is_step(value: float, steps: int) -> bool:
    return abs(value - round(value * steps) / steps) < _SAME


def _spelled(steps: int) -> str:
    shown = [f"{step / steps:.4g}" for step in range(steps + 1)]
    return ", ".join(shown if steps <= 10 else [*shown[:3], "…", shown[-1]])
