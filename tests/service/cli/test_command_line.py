"""The command line as a whole: quick to start, in both languages, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli.language import take_language

Attune = Callable[..., Any]
HEAVY = {"torch", "onnxruntime", "pydantic", "sqlalchemy", "fastapi", "openpyxl", "numpy"}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from service.cli.app import run; code = run(['--help']); "
        f"heavy = {HEAVY!r} & set(sys.modules); sys.exit(f'{{heavy}}' if heavy or code else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "score" in done.stdout


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "command",
    "score convert import export show serve worker migrate demo doctor openapi schema version keys".split(),  # noqa: SIM905
)
def test_every_command_has_help_in_its_language(command: str, language: str, attune: Attune) -> None:
    result = attune("--lang", language, command, "--help")
    assert result.code == 0
    assert any("\u4e00" <= character <= "\u9fff" for character in result.out) == (language == "zh")


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["score"], ["score", "--outt", "x"], ["keys", "revoke", "x"], ["schema", "none"]]
)
def test_usage_errors(arguments: list[str], attune: Attune) -> None:
    result = attune(*arguments)
    assert result.code == 2
    assert result.err.startswith("✗ [usage]")
    assert "--help" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score"], "缺少参数 INPUT"),
        (["score", "x"], "缺少参数 --out / -o"),
        (["score", "--outt", "x"], "没有选项 --outt"),
        (["frobnicate"], "没有命令“frobnicate”"),
        (["version", "a", "b"], "多余的参数:a b"),
        (["score", "x", "--out"], "选项 --out 缺少值"),
        (["keys", "revoke", "x"], "参数 ID 的值无效"),
    ],
)
def test_usage_errors_in_chinese(arguments: list[str], words: str, attune: Attune) -> None:
    assert words in attune("--lang", "zh", *arguments).err


def test_help_without_arguments(attune: Attune) -> None:
    result = attune()
    assert result.code == 2
    assert (result.out + result.err).count("Usage:") == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "en", "x"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["x", "--lang=zh"], {"ATTUNE_LANG": "en"}, "zh"),
        (["x"], {"ATTUNE_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        (["x"], {"LANG": "en_GB.UTF-8"}, "en"),
        (["x"], {"LANG": "C.UTF-8"}, "zh"),
        (["x"], {"LC_ALL": "C", "LANG": "en_US"}, "en"),
        (["x"], {}, "zh"),
    ],
)
def test_language(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert take_language(arguments, environment) == (language, ["x"])


def test_what_stands_behind_two_dashes_is_left_alone() -> None:
    assert take_language(["x", "--", "--lang", "fr"], {}) == ("zh", ["x", "--", "--lang", "fr"])


def test_a_language_not_spoken(attune: Attune) -> None:
    assert "[unknown-language]" in attune("--lang", "fr", "version").err
    assert attune("version", "--lang").code == 2


def test_a_fault_of_ours_is_no_traceback(attune: Attune, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError("boom")

    monkeypatch.setattr("models.interchange.conversation_schema", fail)
    result = attune("schema", "conversation")
    assert result.code == 3
    assert result.err.startswith("✗ [internal] KeyError")


def test_a_wrong_setting_is_named(attune: Attune, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATTUNE_PORT", "many")
    result = attune("score", tmp_path / "in", "--out", tmp_path / "out")
    assert result.code == 2
    assert "ATTUNE_PORT" in result.err


@pytest.mark.parametrize("name", ["conversation", "playbook", "rubric"])
def test_schemas(name: str, attune: Attune) -> None:
    schema = json.loads(attune("schema", name).out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema.get("type") == "object" or schema["oneOf"]  # a rubric is of one of two formats


def test_openapi(attune: Attune, tmp_path: Path) -> None:
    printed = attune("openapi").out
    assert json.loads(printed)["info"]["title"] == "Attune"
    assert attune("openapi", "--out", tmp_path / "openapi.json").code == 0
    assert (tmp_path / "openapi.json").read_text(encoding="utf-8") == printed


def test_version(attune: Attune) -> None:
    assert attune("version").out.startswith("attune ")
