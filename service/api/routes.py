"""All routes in the order they are tried."""

from __future__ import annotations

from fastapi import APIRouter

from service.api import (
    audit,
    conversations,
    dry_runs,
    exports,
    health,
    jobs,
    keys,
    kpis,
    people,
    playbooks,
    qa_appeals,
    qa_calibration,
    qa_learning,
    qa_root_cause,
    qa_sampling,
    qa_tasks,
    rubrics,
    scores,
)

v1 = APIRouter(prefix="/v1")
for part in (
    conversations.router,
    scores.router,
    dry_runs.router,
    playbooks.router,
    rubrics.router,
    kpis.router,
    exports.router,
    qa_sampling.router,
    qa_tasks.router,
    qa_appeals.router,
    qa_calibration.router,
    qa_root_cause.router,
    qa_learning.router,
    jobs.router,
    people.router,
    keys.router,
    audit.router,
    conversations.detail_router,
):
    v1.include_router(part)

router = APIRouter()
router.include_router(health.router)
router.include_router(v1)
