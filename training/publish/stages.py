"""Stages that are done once: each leaves a marker that says from what it was made and what it left behind."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import training
from training.data.files import file_sha256

_ROOT = Path(training.__file__).parents[1]


class StaleError(ValueError):
    """A stage that should be finished is missing or was made from something else."""


class Stages:
    """The stages of one run, with their markers in ``<work>/stages/<name>.json``.

    A stage is repeated only if what it was made from has changed or what it left behind is gone or altered; so an
    interrupted run goes on with the first stage that was not finished.
    """

    def __init__(self, work: Path, *, finished: bool = False) -> None:
        """Open the run in the directory ``work``; with ``finished``, stages are only looked up, never run."""
        self._directory = work / "stages"
        self._finished = finished

    def run(
        self, name: str, inputs: Mapping[str, Any], action: Callable[[], Any], leaves: Path | None = None
    ) -> tuple[Any, str]:
        """Run ``action`` unless it has been run on the same inputs; return its result and the stage's fingerprint.

        The time it took goes to stderr.

        Args:
            name: Of the stage.
            inputs: Everything the result depends on, as plain JSON: settings, hashes of data and code, fingerprints of
                earlier stages.
            action: Returns plain JSON.
            leaves: A file, or a directory with all files in it, that the action writes.

        Raises:
            StaleError: The stage would have to be run, and the run is to be finished.
        """
        marker = self._directory / f"{name}.json"
        wanted = fingerprint(inputs)
        if (done := _read(marker)) and done["inputs"] == wanted and done["left"] == _hashes(leaves):
            if not self._finished:
                log(f"{name}: done already ({done['seconds']:.0f} s)")
            return done["result"], fingerprint([wanted, done["left"]])
        if self._finished:
            raise StaleError(f"the stage {name} is missing or out of date: run `python -m training fit` first")
        log(f"{name} …")
        marker.unlink(missing_ok=True)
        started = time.monotonic()
        result = action()
        seconds, left = time.monotonic() - started, _hashes(leaves)
        done = {"inputs": wanted, "left": left, "seconds": round(seconds, 1), "result": result}
        write_whole(marker, json.dumps(done, ensure_ascii=False, indent=1))
        log(f"{name}: {seconds:.0f} s")
        return json.loads(json.dumps(result)), fingerprint([wanted, left])

    def seconds(self) -> dict[str, float]:
        """Return how long each stage that is finished took, in order of time."""
        markers = sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return {path.stem: done["seconds"] for path in markers if (done := _read(path))}


def _read(marker: Path) -> dict[str, Any] | None:
    try:
        done = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return done if isinstance(done, dict) and {"inputs", "left", "seconds", "result"} <= done.keys() else None


def _hashes(leaves: Path | None) -> dict[str, str]:
    if leaves is None or not leaves.exists():
        return {}
    if leaves.is_file():
        return {leaves.name: file_sha256(leaves)}
    files = sorted(path for path in leaves.rglob("*") if path.is_file())
    return {path.relative_to(leaves).as_posix(): file_sha256(path) for path in files}


def fingerprint(value: Any) -> str:
    """Return a hash of plain JSON."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def code(*patterns: str) -> str:
    """Return a hash of the source files that match, such as ``training/fit/csat*.py``: new code, new result."""
    files = sorted({path for pattern in patterns for path in _ROOT.glob(pattern)})
    if not files:
        raise ValueError(f"no source file matches {', '.join(patterns)}")
    return fingerprint({path.relative_to(_ROOT).as_posix(): file_sha256(path) for path in files})


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)


def log(message: str) -> None:
    """Tell the person at the terminal, with the time of day, on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def finish_interrupted(out: Path) -> None:
    """Put the old artifact back if a run was killed between the two renames, and clear what it left."""
    staged, before = beside(out)
    if before.exists() and not out.exists():
        before.rename(out)
    shutil.rmtree(before, ignore_errors=True)
    shutil.rmtree(staged, ignore_errors=True)


def beside(out: Path) -> tuple[Path, Path]:
    """Return where a new artifact is put together and where the old one waits while the two change places."""
    return out.with_name(f".{out.name}.new"), out.with_name(f".{out.name}.old")
