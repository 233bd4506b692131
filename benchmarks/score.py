"""Where scoring spends its time, and how close the whole comes to its limit, which is encoding every text once.

    .venv/bin/python -m benchmarks.score [FILE.jsonl[.gz]] [--artifact fast] [--repeats 3]

FILE holds conversations in the interchange format; without it the shipped sample is read. All stages run in one process
on the same conversations; the median of the repeats is shown, with and without explanations (``explain=False``).
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
from models.pipeline.run import encodable, mask_turn
from models.scorers.acts import ActsScorer
from models.text.sentences import spoken_sentences
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
    said = [turn for conversation in conversations for turn in conversation.turns]
    turns = len(said)
    acts = ActsScorer.name in load_artifact(arguments.artifact).manifest.components
    texts = [heard for turn in said if (heard := encodable(turn, mask_turn(turn)))]
    if acts:  # whose head reads sentences by themselves, too
        texts += [one for turn in said for one in spoken_sentences(turn.role, encodable(turn, mask_turn(turn)))]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(conversations)} conversations, {turns} turns, {len(texts)} texts, {len(set(texts))} different")
    print(f"artifact: {load_artifact(arguments.artifact).id}")

    def score_all(pipeline: Pipeline, explain: bool) -> Callable[[], object]:
        parts = [conversations[at : at + 200] for at in range(0, len(conversations), 200)]
        return lambda: [pipeline.score(part, explain=explain) for part in parts]

    uncached = fresh(arguments.artifact, 0)
    encode = median_seconds(lambda: uncached.encoder.encode(sorted(set(texts))), arguments.repeats)
    whole = [median_seconds(score_all(uncached, explain), arguments.repeats) for explain in (True, False)]
    uncached.close()
    cached = fresh(arguments.artifact, 100_000)
    score_all(cached, False)()
    again = [median_seconds(score_all(cached, explain), arguments.repeats) for explain in (True, False)]
    live = [live_milliseconds(cached, conversations[:50], explain) for explain in (True, False)]
    cached.close()
    print(f"encode every different text once (the limit): {encode:.2f} s, {len(set(texts)) / encode:.0f} texts/s")
    print(f"{'':44} {'with explanations':>30} {'without':>30}")
    for name, seconds in (("score all, nothing remembered", whole), ("score all again, vectors remembered", again)):
        cells = [f"{one:.2f} s, {turns / one:.0f} turns/s, {one / encode:.2f} x" for one in seconds]
        print(f"{name:44} {cells[0]:>30} {cells[1]:>30}")
    cells = [f"{statistics.median(one):.1f} / {statistics.quantiles(one, n=20)[18]:.1f} ms" for one in live]
    print(f"{'one live turn, vector remembered: p50 / p95':44} {cells[0]:>30} {cells[1]:>30}")


def live_milliseconds(pipeline: Pipeline, conversations: Sequence[Conversation], explain: bool) -> list[float]:
    """Return how long each turn takes, scored as it comes."""
    steps = []
    for conversation in conversations:
        session = pipeline.stream(conversation)
        for turn in conversation.turns:
            began = time.perf_counter()
            session.add(turn, explain=explain)
            steps.append(1000 * (time.perf_counter() - began))
    return steps


if __name__ == "__main__":
    main()
