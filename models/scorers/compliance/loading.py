"""Read playbooks: the packaged ones by id, anybody's from a YAML file; validated before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.documents import Document, Problem, parse_document, read_document, refusal, validate_document
from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.scorers.compliance.consistency import contradictions
from models.scorers.compliance.inheritance import HINT, content_hash, resolve, with_examples

PACKAGED = Path(__file__).parent / "playbooks"


@cache
def list_playbooks() -> tuple[Playbook, ...]:
    """Return the packaged playbooks, all versions of each, by id and version."""
    return tuple(
        sorted(
            (_from_document(document, packaged_document)[0] for document in _packaged_documents().values()),
            key=lambda playbook: (playbook.id, playbook.version),
        )
    )


def load_playbook(spec: str | Path) -> Playbook:
    """Return a packaged playbook (``ecommerce-zh@1``, or ``ecommerce-zh`` for its newest version) or the one in a file.

    Raises:
        UnknownPlaybookError: Neither a packaged id nor an existing file.
        InvalidPlaybookError: The file cannot be read or is no playbook; the error names file, line and path.
    """
    if is_file_spec(spec):
        return read_playbook(spec)[0]
    for playbook in reversed(list_playbooks()):
        if str(spec) in (playbook.id, f"{playbook.id}@{playbook.version}"):
            return playbook
    raise _unknown(spec)


def read_playbook(spec: str | Path) -> tuple[Playbook, Document]:
    """Return a playbook with its resolved document, which knows the line of every path in it.

    Raises:
        UnknownPlaybookError: As ``load_playbook``.
        InvalidPlaybookError: As ``load_playbook``.
    """
    if not is_file_spec(spec):
        return _from_document(packaged_document(str(spec)), packaged_document)
    path = Path(spec)
    if not path.exists():
        raise UnknownPlaybookError(
            f"There is no playbook file {path}.", f"没有话术手册文件 {path}。", location=str(path)
        )
    return _from_document(_read(path), _beside(path))


def parse_playbook(text: str, source: str, find: Callable[[str], Document] | None = None) -> tuple[Playbook, Document]:
    """Return the playbook in a YAML text with its resolved document.

    Args:
        text: YAML.
        source: What to call it in errors.
        find: Returns the document behind a value of ``extends``; by default packaged playbooks only.

    Raises:
        InvalidPlaybookError: It is no playbook; the error names source, line and path.
    """
    document = with_examples(parse_document(text, source, InvalidPlaybookError), None)
    return _from_document(document, find or packaged_document)


def is_file_spec(spec: str | Path) -> bool:
    """Tell whether ``spec`` names a file and not a packaged playbook."""
    path = Path(spec)
    return path.suffix in (".yaml", ".yml") or path.is_file()


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file."""
    schema = TypeAdapter(Playbook).json_schema()
    schema["properties"].pop("hash")
    # A file that extends another may leave out what the other says.
    head, check = schema.pop("required"), schema["$defs"]["Check"].pop("required")
    schema["$defs"]["Check"]["required"] = ["id"]
    reasons = schema["$defs"]["Reasons"].pop("required")
    whole = {"properties": {"reasons": {"required": reasons}}, "required": check}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:attune:schema:playbook:2",
        **schema,
        "required": ["id", "version"],
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": head, "properties": {"checks": {"items": whole}}},
    }


@cache
def _packaged_documents() -> Mapping[tuple[str, int], Document]:
    found = (read_document(path, InvalidPlaybookError) for path in sorted(PACKAGED.glob("*.yaml")))
    documents = (with_examples(document, PACKAGED) for document in found)
    return {(document.data["id"], document.data["version"]): document for document in documents}


def packaged_document(spec: str) -> Document:
    """Return what a packaged playbook's file says, by ``id@version`` or by ``id`` for its newest version.

    Raises:
        UnknownPlaybookError: There is none.
    """
    for (name, version), document in sorted(_packaged_documents().items(), reverse=True):
        if spec in (name, f"{name}@{version}"):
            return document
    raise _unknown(spec)


def _read(path: Path) -> Document:
    return with_examples(read_document(path, InvalidPlaybookError), path.parent)


def _beside(path: Path) -> Callable[[str], Document]:
    """Return how ``extends`` is looked up in a file: packaged, or a file beside it."""

    def find(spec: str) -> Document:
        if spec.endswith((".yaml", ".yml")):
            return _read(path.parent / spec)
        return packaged_document(spec)

    return find


def _unknown(spec: str | Path) -> UnknownPlaybookError:
    known = ", ".join(f"{name}@{version}" for name, version in sorted(_packaged_documents()))
    return UnknownPlaybookError(
        f'There is no playbook "{spec}".',
        f"没有名为“{spec}”的话术手册。",
        hint=f"Known: {known}; or give a .yaml file / 可用:{known};或给出 .yaml 文件",
        location=str(spec),
    )


def _from_document(document: Document, find: Callable[[str], Document]) -> tuple[Playbook, Document]:
    if "hash" in document.data:
        written = Problem(("hash",), "the hash is computed, not written", "哈希由系统计算,请删去这一项")
        raise refusal(document, [written], InvalidPlaybookError, HINT)
    # What is merged in by name would take the place of these unseen.
    problems = [
        Problem((name,), "should be a mapping (key: value), not a list or text", "应为映射(键: 值),而不是列表或文字")
        for name in ("words", "cues", "conditions")
        if name in document.data and not isinstance(document.data[name], dict)
    ]
    if problems:
        raise refusal(document, problems, InvalidPlaybookError, HINT)
    whole = resolve(document, find)
    playbook = validate_document(whole, Playbook, InvalidPlaybookError, HINT, computed=("hash",))
    if problems := contradictions(playbook):
        raise refusal(whole, problems, InvalidPlaybookError, HINT)
    return replace(playbook, hash=content_hash(whole)), whole
