"""Runs ``attune`` in this process, with the engine that needs no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from service.cli.app import run


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Attune = Callable[..., Result]


@pytest.fixture
def attune(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Attune:
    """Return a function that runs a command line and returns exit code and output."""
    monkeypatch.setenv("ATTUNE_ENGINE", "fake")
    monkeypatch.setenv("ATTUNE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    # It would send the log to this test's captured stream, which is closed afterwards.
    monkeypatch.setattr("service.core.logs.configure_logging", lambda *_: None)

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def stored(attune: Attune, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Attune:
    """Return the same, on a database of its own."""
    monkeypatch.setenv("ATTUNE_DATABASE_URL", database_url)
    return attune
