"""What finding personal data costs.

    .venv/bin/python -m benchmarks.masking [FILE.jsonl[.gz]] [--repeats 5] [--against OLD.py]

FILE holds conversations in the interchange format; without it the shipped sample is read. ``--against`` names another
module with a function ``mask`` (an older version, say). CPU seconds of this process, the median of the repeats; the
versions take turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import runpy
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from models.text.pii import mask
from service.ingest import read_conversations
from service.ingest.outcomes import Accepted
from service.samples import sample_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--against", type=Path, help="a Python file with another `mask`")
    arguments = parser.parse_args()
    texts = [
        turn.text
        for item in read_conversations(arguments.file or sample_path())
        if isinstance(item, Accepted)
        for turn in item.conversation.turns
    ]
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{len(texts)} turns, {size:.2f} MB")
    masks: dict[str, Callable[[str], str]] = {"now": mask}
    if arguments.against:
        masks[arguments.against.name] = runpy.run_path(str(arguments.against))["mask"]
    times: dict[str, list[float]] = {name: [] for name in masks}
    for _ in range(arguments.repeats):
        for name, function in masks.items():
            began = time.process_time()
            for text in texts:
                function(text)
            times[name].append(time.process_time() - began)
    now = statistics.median(times["now"])
    for name in masks:
        seconds = statistics.median(times[name])
        print(f"{name:12} {len(texts) / seconds:8.0f} turns/s  {size / seconds:6.2f} MB/s  {now / seconds:6.2f}")


if __name__ == "__main__":
    main()
