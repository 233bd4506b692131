from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.core.errors import SettingsError
from service.core.logs import configure_logging, get_logger
from service.core.settings import DatabaseSettings, as_environment, load_settings


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("ATTUNE_")]:
        monkeypatch.delenv(name)


def test_everything_has_a_default_and_nothing_is_secret() -> None:
    settings = load_settings()
    assert settings.database.database_url is None
    assert settings.service.host == "127.0.0.1"
    assert settings.scoring.playbook == "ecommerce-zh"


def test_another_process_reads_equal_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    settings = replace(
        settings,
        database=DatabaseSettings(database_url=SecretStr("postgresql://u:p%40ss@h/n"), var=Path("数据")),
        service=settings.service.model_copy(update={"start_worker": False, "stalled_check_s": 5, "heartbeat_s": 0.5}),
        scoring=settings.scoring.model_copy(update={"threads": 2, "artifact": Path("a b")}),
    )
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTUNE_PORT", "many"),
        ("ATTUNE_PORT", "70000"),
        ("ATTUNE_DATABASE_URL", "mysql://secret@host/name"),
        ("ATTUNE_LOG_FORMAT", "xml"),
        ("ATTUNE_STALLED_CHECK_S", "7"),
        ("ATTUNE_THREADS", "0"),
    ],
)
def test_a_wrong_value_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as raised:
        load_settings()
    assert "secret" not in raised.value.message_en + raised.value.message_zh


def test_a_password_is_not_in_what_is_printed() -> None:
    settings = DatabaseSettings(database_url=SecretStr("postgresql://u:hidden@h/n"))
    assert "hidden" not in repr(settings)


def test_what_an_exception_says_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("info", "json")
    said = bytes.fromhex("e5aea2e688b7").decode()  # not written out: lines of code may be logged
    try:
        raise ValueError(said)
    except ValueError:
        get_logger("a").exception("it broke", job=7)
        logging.getLogger("b").exception("so did this")
    get_logger("a").info("x" * 1000)
    monkeypatch.undo()
    configure_logging("warning")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    assert said not in stream.getvalue()
    assert (first["event"], first["error"], first["job"], first["level"]) == ("it broke", "ValueError", 7, "error")
    assert "test_settings.py" in first["stack"]
    assert second["error"] == "ValueError"
    assert len(third["event"]) < 400
