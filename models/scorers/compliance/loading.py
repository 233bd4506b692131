"""Read playbooks: the packaged ones by id, anybody's from a YAML file; validated before anything runs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.documents import Document, Problem, read_document, refusal, validate_document
from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.scorers.compliance.consistency import contradictions

PACKAGED = Path(__file__).parent / "playbooks"

_HINT = "docs/guides/playbooks.md explains the format / 格式说明见 docs/guides/playbooks.md"


@cache
def list_playbooks() -> tuple[Playbook, ...]:
    """Return the packaged playbooks, all versions of each, by id and version."""
    found = (_from_document(read_document(path, InvalidPlaybookError)) for path in PACKAGED.glob("*.yaml"))
    return tuple(sorted(found, key=lambda playbook: (playbook.id, playbook.version)))


def load_playbook(spec: str | Path) -> Playbook:
    """Return a packaged playbook (``ecommerce-zh@1``, or ``ecommerce-zh`` for its newest version) or the one in a file.

    Raises:
        UnknownPlaybookError: Neither a packaged id nor an existing file.
        InvalidPlaybookError: The file cannot be read or is no playbook; the error names file, line and path.
    """
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.exists():
            raise UnknownPlaybookError(
                f"There is no playbook file {path}.", f"没有话术手册文件 {path}。", location=str(path)
            )
        return _from_document(read_document(path, InvalidPlaybookError))
    for playbook in reversed(list_playbooks()):
        if str(spec) in (playbook.id, f"{playbook.id}@{playbook.version}"):
            return playbook
    known = ", ".join(f"{playbook.id}@{playbook.version}" for playbook in list_playbooks())
    raise UnknownPlaybookError(
        f'There is no playbook "{spec}".',
        f"没有名为“{spec}”的话术手册。",
        hint=f"Known: {known}; or give a .yaml file / 可用:{known};或给出 .yaml 文件",
        location=str(spec),
    )


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file."""
    schema = TypeAdapter(Playbook).json_schema()
    schema["properties"].pop("hash")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _from_document(document: Document) -> Playbook:
    if "hash" in document.data:
        written = Problem(("hash",), "the hash is computed, not written", "哈希由系统计算,请删去这一项")
        raise refusal(document, [written], InvalidPlaybookError, _HINT)
    playbook = validate_document(document, Playbook, InvalidPlaybookError, _HINT)
    if problems := contradictions(playbook):
        raise refusal(document, problems, InvalidPlaybookError, _HINT)
    return replace(playbook, hash=document.hash)
