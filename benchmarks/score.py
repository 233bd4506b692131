"""Where scoring spends its time, and how close the whole comes to its limit, which is encoding every text once.

    .venv/bin/python -m benchmarks.score [FILE.jsonl[.gz]] [--artifact fast] [--repeats 3]

FILE holds conversations in the interchange format; without it the shipped sample is read. All stages run in one process
on the same conversations; the median of the repeats is shown.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from models.artifacts import load_artifact
from models.domain.conversation import Conversation
from models.pipeline import Pipeline, PipelineConfig, load_pipeline
from models.pipeline.run import mask_turn, needs_vector
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path


def median_seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the median wall time of ``action`` in seconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def fresh(artifact: str, cache: int) -> Pipeline:
    """Return a pipeline that remembers nothing."""
    return load_pipeline(PipelineConfig(artifact=artifact, cache=cache))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--artifact", default="default", help="a tier (default, fast) or a directory")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    conversations: Sequence[Conversation] = [
        item.conversation for item in read_conversations(arguments.file or sample_path()) if isinstance(item, Accepted)
    ]
    turns = sum(len(conversation.turns) for conversation in conversations)
    texts = [mask_turn(turn) for item in conversations for turn in item.turns if needs_vector(turn)]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(conversations)} conversations, {turns} turns, {len(texts)} texts, {len(set(texts))} different")
    print(f"artifact: {load_artifact(arguments.artifact).id}")

    def score_all(pipeline: Pipeline) -> Callable[[], object]:
        return lambda: [pipeline.score(conversations[at : at + 200]) for at in range(0, len(conversations), 200)]

    uncached = fresh(arguments.artifact, 0)
    encode = median_seconds(lambda: uncached.encoder.encode(sorted(set(texts))), arguments.repeats)
    whole = median_seconds(score_all(uncached), arguments.repeats)
    uncached.close()
    cached = fresh(arguments.artifact, 100_000)
    score_all(cached)()
    again = median_seconds(score_all(cached), arguments.repeats)
    steps = []
    for conversation in conversations[:50]:
        live = cached.stream(conversation)
        for turn in conversation.turns:
            began = time.perf_counter()
            live.add(turn)
            steps.append(1000 * (time.perf_counter() - began))
    cached.close()
    print(f"encode every different text once (the limit)  {encode:8.2f} s   1.00")
    print(f"score all, nothing remembered                 {whole:8.2f} s   {whole / encode:.2f}")
    print(f"score all again, vectors remembered           {again:8.2f} s   {again / encode:.2f}")
    print(f"                                              {turns / whole:8.0f} turns/s, {turns / again:.0f} remembered")
    quantiles = statistics.quantiles(steps, n=20)
    print(f"one live turn, vector remembered: p50 {statistics.median(steps):.1f} ms, p95 {quantiles[18]:.1f} ms")


if __name__ == "__main__":
    main()
