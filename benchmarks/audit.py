"""What the audit log costs: one event, reading a conversation without and with it, and walking the chain.

    .venv/bin/python -m benchmarks.audit [--conversations 300] [--reads 1000] [--threads 4]

Runs on an embedded PostgreSQL of its own, which writes to the disk as in production (``fsync`` on), with conversations
of the shipped sample and scores of the engine without a model.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from fastapi.testclient import TestClient

from service.accounts.actor import Actor
from service.accounts.keys import create_key
from service.app import create_app
from service.audit.chain import verify
from service.audit.log import record, record_read
from service.conversations.read import get_conversation
from service.conversations.store import store_conversations
from service.core.logs import configure_logging
from service.core.settings import DatabaseSettings, ScoringSettings, ServiceSettings, Settings
from service.db.engine import Database, open_database
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path
from service.scoring.fake import FakeEngine
from service.scoring.run import score_batch

_ACTOR = Actor("benchmark", "qa", key_prefix="att_benchmar")


def milliseconds(action: Callable[[int], object], times: int) -> list[float]:
    """Return how long each call took, in milliseconds."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        action(number)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def shown(taken: list[float]) -> str:
    """Return median and 95th percentile."""
    return f"{statistics.median(taken):.2f} | {statistics.quantiles(taken, n=20)[18]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--conversations", type=int, default=300)
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=4)
    arguments = parser.parse_args()
    configure_logging("warning")
    directory = Path(tempfile.mkdtemp(prefix="attune-bench-"))
    settings = Settings(
        database=DatabaseSettings(database_url=None, var=directory, database_migrate="always"),
        service=ServiceSettings(start_worker=False),
        scoring=ScoringSettings(engine="fake"),
    )
    database = open_database(settings.database)
    try:
        measure(database, settings, arguments.conversations, arguments.reads, arguments.threads)
    finally:
        database.close()
        shutil.rmtree(directory, ignore_errors=True)


def measure(database: Database, settings: Settings, count: int, reads: int, threads: int) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, load {os.getloadavg()[0]:.1f}")
    accepted = (one.conversation for one in read_conversations(sample_path()) if isinstance(one, Accepted))
    conversations = list(islice(accepted, count))
    with database.transaction() as session:
        store_conversations(session, conversations)
    ids = [one.id for one in conversations]
    score_batch(database, FakeEngine(), ids)

    def plain(number: int) -> None:
        with database.transaction() as session:
            get_conversation(session, ids[number % len(ids)])

    def audited(number: int) -> None:
        with database.transaction() as session:
            found = get_conversation(session, ids[number % len(ids)])
            record_read(session, _ACTOR, "conversation.read", "conversation", found.id, {"revision": found.revision})

    def waiting(number: int) -> None:
        with database.transaction() as session:
            found = get_conversation(session, ids[number % len(ids)])
            record(session, _ACTOR, "conversation.read", "conversation", found.id, {"revision": found.revision})

    def event_alone(_: int) -> None:
        with database.transaction() as session:
            record(session, _ACTOR, "playbook.publish", "playbook", "p", {"version": 1})

    def events_together(_: int) -> None:
        with database.transaction() as session:
            for number in range(100):
                record(session, _ACTOR, "playbook.publish", "playbook", "p", {"version": number})

    for warm_up in (plain, audited, waiting):
        milliseconds(warm_up, 50)
    # In turns, so that whatever else the machine does meets all alike.
    taken: dict[str, list[float]] = {"plain": [], "audited": [], "waiting": []}
    for _ in range(10):
        taken["plain"] += milliseconds(plain, reads // 10)
        taken["audited"] += milliseconds(audited, reads // 10)
        taken["waiting"] += milliseconds(waiting, reads // 10)
    print("\n| one call, ms | median | p95 |\n|---|---|---|")
    print(f"| read a conversation, no event (before) | {shown(taken['plain'])} |")
    print(f"| the same with its event (now) | {shown(taken['audited'])} |")
    print(f"| the same, waiting for the disk | {shown(taken['waiting'])} |")
    print(f"| an event of a change, alone in its transaction | {shown(milliseconds(event_alone, reads))} |")
    together = milliseconds(events_together, max(reads // 50, 20))
    print(f"| one of 100 events in one transaction | {shown([one / 100 for one in together])} |")
    with TestClient(create_app(settings, database)) as client:
        with database.transaction() as session:
            key = create_key(session, "benchmark", "admin").key
        client.headers["Authorization"] = f"Bearer {key}"

        def get(number: int) -> None:
            assert client.get(f"/v1/conversations/{ids[number % len(ids)]}").status_code == 200

        milliseconds(get, 50)
        by_api: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(10):
            with patch("service.api.conversations.record_read"):
                by_api[False] += milliseconds(get, reads // 10)
            by_api[True] += milliseconds(get, reads // 10)
    print(f"| GET /v1/conversations/{{id}}, no event (before) | {shown(by_api[False])} |")
    print(f"| GET /v1/conversations/{{id}} with its event (now) | {shown(by_api[True])} |")

    print(f"\n| {threads} threads | reads a second |\n|---|---|")
    for name, action in (("no event", plain), ("with its event", audited), ("waiting for the disk", waiting)):
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(action, range(reads)))
        print(f"| {name} | {reads / (time.perf_counter() - began):.0f} |")
    began = time.perf_counter()
    with database.transaction() as session:
        walked = verify(session)
    seconds = time.perf_counter() - began
    assert walked.fault is None
    print(f"\nverified {walked.events} events in {seconds:.2f} s: {walked.events / seconds:.0f} a second")


if __name__ == "__main__":
    main()
