"""What bringing a message into one spelling costs: the first step of every rule, once a message.

    .venv/bin/python -m benchmarks.normalise [FILE.jsonl[.gz]] [--repeats 9]

FILE holds conversations in the interchange format; without it the shipped sample is read. Processor time, the best of
the repeats, in microseconds a message.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from models.pipeline.run import mask_turn
from models.text.evasion import variants_in
from models.text.normalise import normalise, normalise_afresh
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path


def best_seconds(action: Callable[[str], object], texts: Sequence[str], repeats: int) -> float:
    """Return the shortest processor time that ``action`` took on all ``texts``, in seconds."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        for text in texts:
            action(text)
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    conversations = [
        item.conversation for item in read_conversations(arguments.file or sample_path()) if isinstance(item, Accepted)
    ]
    texts = [mask_turn(turn) for item in conversations for turn in item.turns if turn.text]
    different = list(dict.fromkeys(texts))
    evasive = sum(any(variants_in(normalise(text).text)) for text in different)
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(f"{len(texts)} messages, {len(different)} different, {evasive} of these looked at for evasive spellings\n")
    print("| | µs a message |\n|---|---|")
    for label, action, rows in (
        ("each different message, nothing remembered", normalise_afresh, different),
        ("all messages, remembered", normalise, texts),
    ):
        print(f"| {label} | {best_seconds(action, rows, arguments.repeats) / len(rows) * 1e6:.2f} |")
    for size in (1_000, 10_000, 100_000):
        text = (" ".join(different) * (size // 20))[:size]
        print(f"| one message of {size} characters | {best_seconds(normalise_afresh, [text], 3) * 1e6:.0f} |")


if __name__ == "__main__":
    main()
