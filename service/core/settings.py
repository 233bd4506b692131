"""Typed settings, read from ``ATTUNE_*`` environment variables. Nothing is created at import; pass the objects on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.core.errors import SettingsError

PREFIX = "ATTUNE_"
_CONFIG = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)
_POSTGRES_SCHEME = re.compile(r"^postgres(ql)?(\+psycopg)?://")


class DatabaseSettings(BaseSettings):
    """Where the data live.

    Attributes:
        database_url: A PostgreSQL server (``postgresql://user:password@host/name``); else the embedded one starts.
        var: Directory of the embedded server's data (in ``var/pg``) and of whatever else this installation keeps.
        database_pool_size: Connections a process keeps open at most.
        database_migrate: Migrate on start: ``auto`` does so for the embedded server only.
    """

    model_config = _CONFIG

    database_url: SecretStr | None = None
    var: Path = Path("var")
    database_pool_size: int = Field(default=10, ge=1, le=200)
    database_migrate: Literal["auto", "always", "never"] = "auto"

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _POSTGRES_SCHEME.match(value.get_secret_value()):
            raise ValueError("must start with postgresql://")
        return value


class ServiceSettings(BaseSettings):
    """How the API and its worker run.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        log_level: Least severe level that is logged.
        log_format: ``console`` for people, ``json`` for machines.
        start_worker: Whether ``attune serve`` starts a scoring worker of its own.
        max_body_bytes: Largest JSON body, decompressed.
        max_line_bytes: Largest line of an NDJSON body; a longer one is refused, the others go in.
        max_stream_bytes: Largest NDJSON body, decompressed.
        heartbeat_s: Seconds between a worker's signs of life.
        stalled_after_s: Seconds without one after which its jobs are given to another worker.
        stalled_check_s: Seconds between looks for such jobs; must divide 60.
        shutdown_grace_s: Seconds a stopping worker may go on with its batch before it hands the job back.
        keep_jobs_hours: How long finished jobs stay visible.
    """

    model_config = _CONFIG

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    start_worker: bool = True
    max_body_bytes: int = Field(default=32 * 2**20, ge=1024)
    max_line_bytes: int = Field(default=8 * 2**20, ge=1024)
    max_stream_bytes: int = Field(default=4 * 2**30, ge=1024)
    heartbeat_s: float = Field(default=5.0, gt=0)
    stalled_after_s: float = Field(default=30.0, gt=0)
    stalled_check_s: int = Field(default=10, ge=1, le=60)
    shutdown_grace_s: float = Field(default=20.0, ge=0)
    keep_jobs_hours: int = Field(default=24 * 7, ge=1)

    @field_validator("stalled_check_s")
    @classmethod
    def _divides_a_minute(cls, value: int) -> int:
        if 60 % value:
            raise ValueError("must divide 60")
        return value


class ScoringSettings(BaseSettings):
    """What conversations are scored with.

    Attributes:
        engine: ``pipeline`` is the real one; ``fake`` answers at once and without weights, for tests of the service.
        artifact: Directory of trained weights, or the name of shipped ones: ``default`` or ``fast``.
        playbook: Id or file of the playbook.
        rubric: Id or file of the rubric.
        taxonomy: Id or file of the taxonomy of root causes.
        encoder: Name of the text encoder, ``None`` for the artifact's own; ``hashing`` needs no weights.
        threads: Threads the model may use, ``None`` for a sensible number.
        score_chunk: Conversations scored between two commits of a job.
    """

    model_config = _CONFIG

    engine: Literal["pipeline", "fake"] = "pipeline"
    artifact: Path | None = None
    playbook: str = "ecommerce-zh"
    rubric: str = "default"
    taxonomy: str = "ecommerce-zh"
    encoder: str | None = None
    threads: int | None = Field(default=None, ge=1)
    score_chunk: int = Field(default=32, ge=1, le=200)


class QaSettings(BaseSettings):
    """Deadlines of review work, in working days of mainland China.

    Attributes:
        appeal_window_days: For how long an agent may appeal, from the score or the last decision on the criterion.
        appeal_decide_days: In how many an appeal is decided, before it expires.
    """

    model_config = _CONFIG

    appeal_window_days: int = Field(default=5, ge=1, le=250)
    appeal_decide_days: int = Field(default=3, ge=1, le=250)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings objects together."""

    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    qa: QaSettings = field(default_factory=QaSettings)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A variable holds a value that is not allowed; the message names it, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(
            f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()} ({problem['msg']})"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"these settings are not valid: {names}", f"以下设置无效：{names}") from None


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables with which another process loads equal settings."""
    variables: dict[str, str] = {}
    for part in (settings.database, settings.service, settings.scoring, settings.qa):
        for name, value in part:
            if value is not None:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                variables[PREFIX + name.upper()] = str(plain)
    return variables
