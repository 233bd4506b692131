"""Encoders side by side on the same utterances: ``python -m benchmarks.encode --reference var/e5``.

Every engine runs in a process of its own, one after the other, several rounds; each one's best round counts, so that a
passing load does not fall on one of them alone. An engine whose package or model is not there is left out, with a note.
Rates depend on the machine and on what else runs there; compare the ratios.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from benchmarks.engines import ENGINES, Measured
from models.encode.cache import CachedEncoder
from models.encode.onnx import free_cores
from training.encoder.sentences import own_sentences
from training.encoder.verify import agreement

CORPORA = Path("../shared/data/stc3")


@dataclass
class Row:
    """One engine's rounds; ``missing`` says why there are none."""

    name: str
    rounds: list[Measured] = field(default_factory=list)
    vectors: npt.NDArray[np.float32] | None = None
    missing: str = ""


class _Counting:
    """Stands in for an encoder where only the cache is measured."""

    name = fingerprint = "counting"
    dimension = 1

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.ones((len(texts), 1), np.float32)

    def close(self) -> None:
        pass


def utterances(name: str) -> Iterator[tuple[str, str]]:
    """Role and text of every utterance of a corpus file, in order."""
    with gzip.open(CORPORA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            for turn in json.loads(line)["turns"]:
                role = "customer" if turn["sender"] == "customer" else "agent"
                yield from ((role, text) for text in turn["utterances"] if text.strip())


def sample(count: int) -> tuple[str, list[str]]:
    """What is measured on, and the texts: real Chinese utterances if the corpora are here, else our own sentences."""
    if CORPORA.is_dir():
        texts = sorted({text for _, text in utterances("train_cn")})
        return f"STC-3 train_cn, {count} utterances", random.Random(0).sample(texts, count)
    texts = own_sentences()
    return f"{len(texts)} own sentences", texts


def measure(row: Row, texts: Path, reference: str) -> None:
    """Run an engine once over the texts in a new process."""
    vectors = texts.with_name("vectors.npy")
    command = [sys.executable, "-m", "benchmarks.engines", row.name, str(texts), str(vectors), "--reference", reference]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        row.missing = (done.stderr.strip().splitlines() or ["failed"])[-1]
        return
    row.rounds.append(Measured(**json.loads(done.stdout.splitlines()[-1])))
    row.vectors = np.load(vectors)


def report(table: Sequence[Row], texts: int) -> None:
    """Print the table; ratios and cosines are to the first engine that ran."""
    ran = [row for row in table if row.rounds]
    base = ran[0]
    print("| engine | texts per CPU-second | ratio | p50 / p95 ms, one text | peak MB | cosine mean / min | pairs |")
    print("|---|---|---|---|---|---|---|")
    rates = {row.name: texts / min(round_.cpu_seconds for round_ in row.rounds) for row in ran}
    for row in ran:
        p50, p95 = np.percentile(np.array([t for round_ in row.rounds for t in round_.latencies]) * 1e3, [50, 95])
        peak = min(round_.peak_megabytes for round_ in row.rounds)
        print(
            f"| {row.name} | {rates[row.name]:,.0f} | {rates[row.name] / rates[base.name]:.2f} "
            f"| {p50:.2f} / {p95:.2f} | {peak:,.0f} | {_closeness(base, row)} |"
        )
    for row in table:
        if not row.rounds:
            print(f"\nLeft out: {row.name} ({row.missing})")


def _closeness(base: Row, row: Row) -> str:
    """Cosines and the correlation of all pairs' similarities; a smaller vector has the latter only, a score neither."""
    assert base.vectors is not None
    assert row.vectors is not None
    if row.vectors.shape[1] == 1:
        return "– | –"
    if row.vectors.shape == base.vectors.shape:
        close = agreement(base.vectors, row.vectors)
        return f"{close.mean:.4f} / {close.worst:.4f} | {close.pair_correlation:.4f}"
    pairs = np.triu_indices(len(row.vectors), 1)
    similarities = [(vectors @ vectors.T)[pairs] for vectors in (base.vectors, row.vectors)]
    return f"– | {np.corrcoef(similarities)[0, 1]:.4f}"


def report_cache() -> None:
    """Print how many utterances of a stream of dialogues repeat an earlier one exactly, by role."""
    print("\n| corpus | role | utterances | answered by the cache |\n|---|---|---|---|")
    for name in ("unlabelled_cn", "train_cn"):
        for role in ("agent", "customer"):
            cached = CachedEncoder(_Counting())
            for speaker, text in utterances(name):
                if speaker == role:
                    cached.encode([text])
            counts = cached.counts
            print(f"| {name} | {role} | {counts.hits + counts.misses} | {counts.hit_rate:.1%} |")


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", default="var/e5", help="float32 model from python -m training.encoder.convert")
    parser.add_argument("--texts", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=ENGINES, action="append", help="this engine; may be given several times")
    options = parser.parse_args()
    what, texts = sample(options.texts)
    print(f"{what}; {free_cores()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    table = [Row(name) for name in options.only or ENGINES]
    with TemporaryDirectory() as work:
        file = Path(work) / "texts.json"
        file.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
        for _ in range(options.rounds):
            for row in table:
                if not row.missing:
                    measure(row, file, options.reference)
    report(table, len(texts))
    if CORPORA.is_dir() and not options.only:
        report_cache()


if __name__ == "__main__":
    main()
