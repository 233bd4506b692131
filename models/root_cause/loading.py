"""Reads taxonomies: packaged ones by id, users' own from YAML files; validated before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.documents import Document, Problem, document_hash, parse_document, read_document, refusal, validate_document
from models.errors import AttuneError
from models.root_cause.taxonomy import Taxonomy
from models.scorers.compliance.consistency_of_conditions import circles, condition_problems
from models.scorers.compliance.consistency_of_cues import cue_problems
from models.scorers.compliance.inheritance import resolve
from models.scorers.compliance.loading import packaged_document

PACKAGED = Path(__file__).parent / "taxonomies"
_HINT = "docs/guides/root-cause.md explains the format / 格式说明见 docs/guides/root-cause.md"
_ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class InvalidTaxonomyError(AttuneError):
    """A taxonomy file cannot be read or breaks its schema."""

    code = "invalid-taxonomy"


class UnknownTaxonomyError(AttuneError):
    """No taxonomy has that id, and no such file exists."""

    code = "unknown-taxonomy"


@cache
def list_taxonomies() -> tuple[Taxonomy, ...]:
    """Return the packaged taxonomies, all versions of each, by id and version."""
    found = (_from_document(read_document(path, InvalidTaxonomyError)) for path in sorted(PACKAGED.glob("*.yaml")))
    return tuple(sorted(found, key=lambda taxonomy: (taxonomy.id, taxonomy.version)))


@lru_cache(maxsize=8)
def _of_file(path: Path, changed: int) -> Taxonomy:
    del changed  # read again when it was written again
    return _from_document(read_document(path, InvalidTaxonomyError))


def load_taxonomy(spec: str | Path = "ecommerce-zh") -> Taxonomy:
    """Return a packaged taxonomy (``ecommerce-zh@1``, or ``ecommerce-zh`` for its newest version) or that of a file.

    Raises:
        UnknownTaxonomyError: Neither a packaged id nor an existing file.
        InvalidTaxonomyError: The file breaks the schema; the error names file, line and path.
    """
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.exists():
            raise UnknownTaxonomyError(
                f"There is no taxonomy file {path}.", f"没有归因分类文件 {path}。", location=str(path)
            )
        return _of_file(path, path.stat().st_mtime_ns)
    for taxonomy in reversed(list_taxonomies()):
        if str(spec) in (taxonomy.id, taxonomy.label):
            return taxonomy
    known = ", ".join(taxonomy.label for taxonomy in list_taxonomies())
    raise UnknownTaxonomyError(
        f'There is no taxonomy "{spec}".',
        f"没有名为“{spec}”的归因分类。",
        hint=f"Known: {known}; or give a .yaml file / 可用:{known};或给出 .yaml 文件",
        location=str(spec),
    )


def parse_taxonomy(text: str, source: str) -> Taxonomy:
    """Return the taxonomy in a YAML text; errors call it ``source``.

    Raises:
        InvalidTaxonomyError: It is none; the error names source, line and path.
    """
    return _from_document(parse_document(text, source, InvalidTaxonomyError))


def taxonomy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a taxonomy file."""
    schema = TypeAdapter(Taxonomy).json_schema()
    schema["properties"].pop("hash")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:attune:schema:taxonomy:1",
        **schema,
    }


def _from_document(document: Document) -> Taxonomy:
    if "hash" in document.data:
        written = Problem(("hash",), "the hash is computed, not written", "哈希由系统计算,请删去这一项")
        raise refusal(document, [written], InvalidTaxonomyError, _HINT)
    whole = resolve(document, packaged_document)
    taxonomy = validate_document(whole, Taxonomy, InvalidTaxonomyError, _HINT)
    if problems := list(_contradictions(taxonomy)):
        raise refusal(whole, problems, InvalidTaxonomyError, _HINT)
    return replace(taxonomy, hash=document_hash(whole.data))


def _contradictions(taxonomy: Taxonomy) -> Iterator[Problem]:
    """Yield what a schema cannot say: names that exist, ids that are some and stand once, patterns that compile."""
    playbook = taxonomy.as_playbook()
    if not _ID.fullmatch(taxonomy.id):
        yield Problem(("id",), f"'{taxonomy.id}' is no id", f"“{taxonomy.id}”不能作 id")
    if not 1 <= taxonomy.version < 2**31:
        yield Problem(("version",), "a version is 1 or more", "version 至少为 1")
    known = {one.id for one in taxonomy.departments}
    if taxonomy.service_department not in known:
        yield _no_department(("service_department",), taxonomy.service_department)
    for field, ids in (
        ("departments", [one.id for one in taxonomy.departments]),
        ("attribute_when", [one.id for one in taxonomy.attribute_when]),
        ("topics", [one.id for one in taxonomy.topics]),
    ):
        if not ids:
            yield Problem((field,), f"'{field}' has at least one item", f"{field} 至少有一项")
        for place, name in enumerate(ids):
            if not _ID.fullmatch(name):
                yield Problem((field, place, "id"), f"'{name}' is no id", f"“{name}”不能作 id")
            if name in ids[:place]:
                yield Problem((field, place, "id"), f"'{name}' is there twice", f"“{name}”重复")
    for place, topic in enumerate(taxonomy.topics):
        if topic.department not in known:
            yield _no_department(("topics", place, "department"), topic.department)
        for field in ("signs", "service_when", "system_when"):
            for number, sign in enumerate(getattr(topic, field)):
                if sign.when is not None:
                    yield from condition_problems(sign.when, playbook, ("topics", place, field, number, "when"))
    for name, cue in taxonomy.cues.items():
        yield from cue_problems(name, cue, playbook)
        if cue.exemplars or cue.act or cue.backed_by:
            yield Problem(
                ("cues", name),
                "exemplars and acts need the models of a playbook; a taxonomy has patterns, words and entities",
                "归因分类的线索只支持句式、关键词与实体,不支持范例与行为模型",
            )
    yield from circles(taxonomy.conditions)
    for name, condition in taxonomy.conditions.items():
        yield from condition_problems(condition, playbook, ("conditions", name))


def _no_department(where: tuple[str | int, ...], name: str) -> Problem:
    return Problem(where, f"there is no department '{name}'", f"没有名为“{name}”的部门")
