"""What an export of many rows costs: seconds until the first and the last byte, size, and peak memory.

    .venv/bin/python -m benchmarks.exports [--rows 100000] [--sample 60] [--datasets conversations]

Runs on an embedded PostgreSQL of its own with copies of conversations of the shipped sample that the shipped model has
scored. Each export runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from service.accounts.actor import Actor
from service.conversations.store import store_conversations
from service.core.logs import configure_logging
from service.core.settings import DatabaseSettings, ScoringSettings
from service.db.engine import Database, open_database
from service.exports.catalogue import DATASETS
from service.exports.dataset import Wanted
from service.exports.files import FORMATS
from service.exports.run import export
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path

_COLUMNS = {
    "conversation": "revision, content_hash, channel, queue, language, agent_id, agent_name, customer_id, started_at, "
    "ended_at, occurred_at, turn_count, customer_turn_count, agent_turn_count, facts, tags, created_at, updated_at",
    "score": "revision, versions_hash, input_version, playbook_version, rubric_version, model_version, code_version, "
    "bundle, provenance, shift, direction, csat_mean, p_dissatisfied, csat_label, p_resolved, compliance_score, "
    "critical_fail, qa_score, qa_passed, auto_fail, first_response_s, mean_response_s, longest_response_s, handle_s, "
    "created_at",
}
_HEAD = """\
| dataset | format | rows | first byte, s | all, s | MB | RSS before, MB | peak RSS, MB |
|---|---|---|---|---|---|---|---|"""
_NUMBER = "generate_series(1, :copies) AS number"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000, help="conversations")
    parser.add_argument("--sample", type=int, default=60, help="conversations that are scored and copied")
    parser.add_argument("--datasets", nargs="+", default=["conversations"], choices=sorted(DATASETS))
    parser.add_argument("--one", nargs=3, metavar=("URL", "DATASET", "FORMAT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    configure_logging("warning")
    if arguments.one:
        measure(*arguments.one)
        return
    directory = Path(tempfile.mkdtemp(prefix="attune-bench-"))
    database = open_database(DatabaseSettings(database_url=None, var=directory, database_migrate="always"))
    try:
        fill(database, arguments.sample, arguments.rows)
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}, load {os.getloadavg()[0]:.1f}\n")
        print(_HEAD)
        for dataset in arguments.datasets:
            for form in FORMATS:
                command = [sys.executable, "-m", "benchmarks.exports", "--one", database.url, dataset, form]
                subprocess.run(command, check=True)
    finally:
        database.close()
        shutil.rmtree(directory, ignore_errors=True)


def measure(url: str, dataset: str, form: str) -> None:
    """Run one export and print its line."""
    database = Database(sa.make_url(url))
    before = peak()
    began = time.perf_counter()
    pieces = export(database, Actor("benchmark", "cli"), DATASETS[dataset], Wanted(), form, "zh")  # type: ignore[arg-type]
    first = time.perf_counter() - began
    size = sum(map(len, pieces))
    taken = time.perf_counter() - began
    with database.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT detail->>'count' FROM audit_event WHERE detail->>'stage' = 'done' ORDER BY seq DESC LIMIT 1"
            )
        ).scalar_one()
    figures = f"{first:.1f} | {taken:.1f} | {size / 1e6:.0f} | {before:.0f} | {peak():.0f}"
    print(f"| {dataset} | {form} | {int(rows):,} | {figures} |", flush=True)
    database.close()


def peak() -> float:
    """Return the process's peak memory in MB; not ``getrusage``'s, which begins with that of the parent process."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def fill(database: Database, sample: int, rows: int) -> None:
    """Store and score some conversations, and copy them by SQL."""
    from service.scoring.gateway import open_engine  # the model's libraries are no part of what an export takes
    from service.scoring.run import score_batch

    accepted = (one.conversation for one in read_conversations(sample_path()) if isinstance(one, Accepted))
    conversations = list(islice(accepted, sample))
    with database.transaction() as session:
        store_conversations(session, conversations)
    engine = open_engine(ScoringSettings())
    score_batch(database, engine, [one.id for one in conversations])
    engine.close()
    copies = {"copies": rows // sample - 1}
    columns, figures = _COLUMNS["conversation"], _COLUMNS["score"]
    for statement in (
        f"INSERT INTO conversation (id, {columns}) SELECT id || '-' || number, {columns} FROM conversation, {_NUMBER}",
        f"INSERT INTO conversation_revision SELECT conversation_id || '-' || number, revision, content_hash, document, "
        f"created_at FROM conversation_revision, {_NUMBER}",
        f"INSERT INTO score (conversation_id, {figures}) SELECT conversation_id || '-' || number, {figures} "
        f"FROM score, {_NUMBER}",
    ):
        with database.engine.begin() as connection:
            connection.execute(sa.text(statement), copies)
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE conversation SET current_score_id = score.id FROM score "
                "WHERE score.conversation_id = conversation.id AND conversation.current_score_id IS NULL"
            )
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


if __name__ == "__main__":
    main()
