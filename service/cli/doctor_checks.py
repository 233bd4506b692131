"""What ``attune doctor`` looks at: each check returns what it found and what to do about it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from models.domain.conversation import Conversation, Turn
from models.errors import AttuneError

if TYPE_CHECKING:
    from service.core.settings import Settings

State = Literal["ok", "warn", "broken"]
_OLDEST_PYTHON = (3, 11)
_LOW_DISK, _NO_DISK = 2 * 2**30, 2**28
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; ``mend`` says what to do (``English / 中文``)."""

    zh: str
    en: str
    state: State
    detail_zh: str
    detail_en: str
    mend: str | None = None


def run_checks() -> Iterator[Finding]:
    """Yield the findings one by one; a check that fails in an unforeseen way is a finding, too."""
    yield _python()
    yield _packages()
    try:
        from service.core.settings import load_settings

        settings = load_settings()
    except AttuneError as error:
        yield _broken("设置", "settings", error)
        return
    checks: list[tuple[str, str, Callable[[Settings], Finding]]] = [
        ("模型文件", "model files", _artifact),
        ("评分", "scoring", _engine),
        ("数据库", "database", _database),
        ("磁盘", "disk", _disk),
        ("端口", "port", _port),
        ("线程", "threads", _threads),
    ]
    for zh, en, check in checks:
        try:
            yield check(settings)
        except AttuneError as error:
            yield _broken(zh, en, error)
        except Exception as error:  # noqa: BLE001  the doctor reports every illness
            message = f"{type(error).__name__}: {error}"
            yield Finding(zh, en, "broken", message, message)


def _broken(zh: str, en: str, error: AttuneError) -> Finding:
    place = f" ({error.location})" if error.location else ""
    return Finding(zh, en, "broken", error.message_zh + place, error.message_en + place, error.hint)


def _python() -> Finding:
    version = platform.python_version()
    good = sys.version_info[:2] >= _OLDEST_PYTHON
    return Finding(
        "Python",
        "Python",
        "ok" if good else "broken",
        version,
        version,
        None if good else "install Python 3.11 or newer / 请安装 Python 3.11 或更新版本",
    )


def _packages() -> Finding:
    try:
        requirements = metadata.requires("attune") or []
    except metadata.PackageNotFoundError:
        return Finding(
            "依赖包",
            "packages",
            "warn",
            "attune 未安装,从源码目录运行",
            "attune is not installed, it runs from a checkout",
            "pip install -e . / 请执行 pip install -e .",
        )
    needed = [line for line in requirements if "extra ==" not in line]
    faults = [fault for line in needed if (fault := _package_fault(line))]
    if faults:
        text = ", ".join(faults)
        return Finding("依赖包", "packages", "broken", text, text, "pip install -e . / 请执行 pip install -e .")
    return Finding("依赖包", "packages", "ok", f"{len(needed)} 个齐全", f"all {len(needed)} there")


def _package_fault(line: str) -> str | None:
    name = _REQUIREMENT.match(line)
    if name is None:
        return line
    try:
        installed = metadata.version(name[1])
    except metadata.PackageNotFoundError:
        return f"{name[1]} –"
    wanted = re.search(r">=\s*([0-9.]+)", line)
    if wanted and _numbers(installed) < _numbers(wanted[1]):
        return f"{name[1]} {installed} < {wanted[1]}"
    return None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3]]


def _artifact(settings: Settings) -> Finding:
    from models.artifacts import load_artifact

    artifact = load_artifact(settings.scoring.artifact)
    count = len(artifact.manifest.files)
    return Finding(
        "模型文件",
        "model files",
        "ok",
        f"{artifact.id},{count} 个文件校验通过",
        f"{artifact.id}, {count} files verified",
    )


def _engine(settings: Settings) -> Finding:
    from service.scoring.gateway import open_engine

    begun = time.monotonic()
    engine = open_engine(settings.scoring)
    try:
        turns = (Turn(0, "customer", "在吗,我的快递到哪了?"), Turn(1, "agent", "您好,马上为您查询。"))
        (bundle,) = engine.score([Conversation("doctor", turns)])
    finally:
        engine.close()
    seconds = time.monotonic() - begun
    model = bundle.versions.model
    return Finding(
        "评分",
        "scoring",
        "ok",
        f"{model},加载并评分用时 {seconds:.1f} 秒",
        f"{model}, loaded and scored in {seconds:.1f} s",
    )


def _database(settings: Settings) -> Finding:
    from service.core.logs import configure_logging
    from service.db import migrate
    from service.db.engine import open_database

    configure_logging("error")
    embedded = settings.database.database_url is None
    data = settings.database.var / "pg"
    if embedded and not data.exists():
        return Finding(
            "数据库",
            "database",
            "ok",
            f"内置 PostgreSQL,首次使用时创建于 {data}",
            f"embedded, made in {data} on first use",
        )
    database = open_database(settings.database.model_copy(update={"database_migrate": "never"}))
    try:
        current, head = migrate.current(database.engine), migrate.head()
    finally:
        database.close()
    kind_zh, kind_en = ("内置 PostgreSQL", "embedded") if embedded else ("外部服务器", "server by ATTUNE_DATABASE_URL")
    if current != head:
        return Finding(
            "数据库",
            "database",
            "broken",
            f"{kind_zh},结构版本 {current or '空'},需要 {head}",
            f"{kind_en}, schema {current or 'empty'}, needs {head}",
            "attune migrate / 请执行 attune migrate",
        )
    return Finding("数据库", "database", "ok", f"{kind_zh},结构版本 {head}", f"{kind_en}, schema {head}")


def _disk(settings: Settings) -> Finding:
    place = settings.database.var.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    state: State = "broken" if free < _NO_DISK else "warn" if free < _LOW_DISK else "ok"
    writable = os.access(place, os.W_OK)
    if not writable:
        return Finding(
            "磁盘",
            "disk",
            "broken",
            f"{place} 不可写",
            f"{place} may not be written",
            "set ATTUNE_VAR to a directory of yours / 请将 ATTUNE_VAR 设为可写目录",
        )
    size = f"{free / 2**30:.1f} GiB"
    mend = None if state == "ok" else "free some space / 请清理磁盘空间"
    return Finding("磁盘", "disk", state, f"{place} 剩余 {size}", f"{size} free at {place}", mend)


def _port(settings: Settings) -> Finding:
    from service.cli.serve import PortError, check_port

    host, port = settings.service.host, settings.service.port
    try:
        check_port(host, port)
    except PortError as error:
        return Finding(
            "端口",
            "port",
            "warn",
            f"{error.location} {error.message_zh}",
            f"{error.location} {error.message_en}",
            error.hint,
        )
    return Finding("端口", "port", "ok", f"{host}:{port} 可用", f"{host}:{port} is free")


def _threads(settings: Settings) -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = settings.scoring.threads
    if wanted and wanted > cores:
        return Finding(
            "线程",
            "threads",
            "warn",
            f"ATTUNE_THREADS={wanted},但只有 {cores} 个核",
            f"ATTUNE_THREADS={wanted}, but {cores} cores",
            "more threads than cores are slower / 线程数多于核数会更慢",
        )
    used = wanted or cores
    return Finding("线程", "threads", "ok", f"{cores} 个核,使用 {used} 个线程", f"{cores} cores, {used} threads in use")
