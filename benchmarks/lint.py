"""How long a large playbook takes to be read and looked over.

    .venv/bin/python -m benchmarks.lint [--repeats 3]

Made here: cues of 500 plain words of two to five characters each, half of them keywords, half patterns; half of the
checks forbid what they look for. Ordinary lines are those of the shipped sample. Processor time of one thread.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from models.scorers.compliance.lint import lint
from service.playbooks.ordinary import ordinary_lines

_PER_CUE = 500
_PER_PATTERN = 100
_SIZES = ((10, 1_000), (100, 10_000), (1_000, 50_000))


def _said(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def large(checks: int, words: int) -> dict[str, Any]:
    """Return a playbook with so many checks and different words."""
    chance = random.Random(7)
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    known: dict[str, None] = {}
    while len(known) < words:
        known["".join(chance.choices(characters, k=chance.randint(2, 5)))] = None
    listed = list(known)
    cues: dict[str, Any] = {}
    for number in range(max(1, words // _PER_CUE)):
        own = listed[number * _PER_CUE : (number + 1) * _PER_CUE]
        lots = [own[start : start + _PER_PATTERN] for start in range(0, len(own), _PER_PATTERN)]
        cues[f"cue{number}"] = (
            {"keywords": {"any": own}} if number % 2 else {"include": ["|".join(lot) for lot in lots]}
        )
    names = list(cues)
    return {
        "id": "large",
        "version": 1,
        "title": _said("large"),
        "cues": cues,
        "checks": [
            {
                "id": f"check{number}",
                "kind": "forbidden" if number % 2 else "required",
                "title": _said("check"),
                "look_for": {"seen": [names[number % len(names)]], "first": 1 + number // len(names)},
                "reasons": {name: _said(name) for name in ("passed", "failed", "na")},
                "suggest": ["您好,请问有什么可以帮您"],
                "tests": [{"line": "您好", "expect": "pass"}],
            }
            for number in range(checks)
        ],
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    ordinary_lines()
    print(f"{platform.machine()}, Python {platform.python_version()}, median of {repeats}\n")
    print("| checks | words | warnings | seconds |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for checks, words in _SIZES:
            path = Path(directory) / f"{checks}.yaml"
            path.write_text(json.dumps(large(checks, words), ensure_ascii=False), encoding="utf-8")
            taken, found = [], 0
            for _ in range(repeats):
                begun = time.process_time()
                found = len(lint([path], ordinary_lines()))
                taken.append(time.process_time() - begun)
            print(f"| {checks:,} | {words:,} | {found:,} | {statistics.median(taken):.1f} |")


if __name__ == "__main__":
    main()
