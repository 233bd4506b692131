from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from service.core.settings import QaSettings, ServiceSettings
from service.db.engine import Database
from service.jobs.tasks import build_queue
from service.qa import appeal_state, appeals
from service.scoring.fake import FakeEngine


def test_the_worker_closes_late_appeals_and_lowers_levels(database: Database, person, scored) -> None:
    agent = person("agent", "agent", "a-1")
    score_id = scored("c-1", {"greeting": "fail"})
    with database.transaction() as session:
        opened = appeals.open_appeal(session, agent, score_id, "script.greeting", "问候了", [], QaSettings())
        session.execute(sa.text("UPDATE appeal SET due_at = :due"), {"due": datetime.now(UTC) - timedelta(seconds=1)})
    queue = build_queue(database, FakeEngine(), ServiceSettings(), chunk=1)
    for name in ("close_late_appeals", "lower_automation_levels"):
        queue.tasks[name].func(timestamp=0)
    with database.transaction() as session:
        assert appeal_state.get_appeal(session, agent, opened.id).status == "expired"
        actions = session.execute(sa.text("SELECT action, actor FROM audit_event ORDER BY seq")).all()
    assert actions[-1] == ("appeal.expire", "worker")
