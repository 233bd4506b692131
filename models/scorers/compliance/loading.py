"""Read playbooks: the packaged ones by id, anybody's from a YAML file; validated before anything runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Any

import re2
import yaml
from pydantic import TypeAdapter, ValidationError

from models.domain.playbook import Condition, Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.scorers.compliance.cues import expand, options

_ADAPTER = TypeAdapter(Playbook)
_PACKAGED = resources.files("models.scorers.compliance") / "playbooks"
_MOST_BYTES = 2 << 20


def list_playbooks() -> list[str]:
    """Return ``id@version`` of every packaged playbook."""
    return sorted(f"{playbook.id}@{playbook.version}" for playbook in _packaged())


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file."""
    schema = _ADAPTER.json_schema()
    schema["properties"].pop("hash", None)
    return schema


def load_playbook(spec: str | Path) -> Playbook:
    """Return a playbook by id (``ecommerce-zh``, ``ecommerce-zh@1``) or from a YAML file.

    Raises:
        UnknownPlaybookError: No packaged playbook has that id, and no such file exists.
        InvalidPlaybookError: The file cannot be read or is no playbook; ``location`` has file, line and path.
    """
    path = Path(spec)
    if isinstance(spec, str) and path.suffix not in (".yaml", ".yml"):
        name, _, version = spec.partition("@")
        for playbook in _packaged():
            if playbook.id == name and version in ("", str(playbook.version)):
                return playbook
    if not path.is_file():
        known = ", ".join(list_playbooks())
        raise UnknownPlaybookError(
            f"No playbook '{spec}': it is neither a packaged one ({known}) nor a file.",
            f"没有名为“{spec}”的质检话术:内置的有 {known},也没有这个文件。",
            hint="attune score INPUT.jsonl --playbook ecommerce-zh",
            location=str(spec),
        )
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidPlaybookError("The playbook file is over 2 MB.", "质检话术文件超过 2 MB。", location=str(path))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPlaybookError(
            f"The playbook cannot be read as UTF-8 text: {error}",
            f"无法按 UTF-8 读取质检话术文件:{error}",
            location=str(path),
        ) from error
    return _parse(text, str(path))


def _packaged() -> Iterator[Playbook]:
    for entry in sorted(_PACKAGED.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            yield _parse(entry.read_text(encoding="utf-8"), entry.name)


def _parse(text: str, source: str) -> Playbook:
    try:
        # Parsed once for the values and once for the lines that messages name; no tag can build an object.
        content = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise _invalid(source, line, "$", f"not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(content, dict):
        raise _invalid(source, 1, "$", "a playbook is a mapping with id, version, title and checks")
    if "hash" in content:
        raise _invalid(source, _line(tree, ("hash",)), "$.hash", "the hash is computed, not written")
    try:
        playbook = _ADAPTER.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = tuple(first["loc"])
        reason = f"{first['msg']} ({error.error_count()} problem(s) in all)"
        raise _invalid(source, _line(tree, where), _path(where), reason) from error
    for where, reason in _contradictions(playbook):
        raise _invalid(source, _line(tree, where), _path(where), reason)
    canonical = json.dumps(asdict(playbook), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return replace(playbook, hash="sha256:" + hashlib.sha256(canonical.encode()).hexdigest())


def _contradictions(playbook: Playbook) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what the schema cannot say: names that do not exist, patterns that do not compile."""
    ids = [check.id for check in playbook.checks]
    if not ids:
        yield ("checks",), "a playbook has at least one check"
    for place, name in enumerate(ids):
        if name in ids[:place]:
            yield ("checks", place, "id"), f"check '{name}' is there twice"
    for name, cue in playbook.cues.items():
        for field in ("include", "exclude"):
            for place, pattern in enumerate(getattr(cue, field)):
                if reason := _bad_pattern(pattern, playbook.words):
                    yield ("cues", name, field, place), reason
        others = (*cue.rest_of, *(guard.cue for guard in (*cue.unless, *cue.needs)))
        for other in others:
            if other not in playbook.cues:
                yield ("cues", name), f"there is no cue '{other}'"
            elif playbook.cues[other].rest_of:
                yield ("cues", name), f"cue '{other}' is itself what others leave; it cannot be referred to here"
    yield from _circles(playbook.conditions)
    for name, condition in playbook.conditions.items():
        yield from _missing(condition, playbook, ("conditions", name))
    for place, check in enumerate(playbook.checks):
        for field in ("applies", "look_for", "decidable"):
            condition_of: Condition | None = getattr(check, field)
            if condition_of is not None:
                yield from _missing(condition_of, playbook, ("checks", place, field))


def _bad_pattern(pattern: str, words: Mapping[str, str]) -> str | None:
    try:
        compiled = re2.compile(expand(pattern, words), options())
    except KeyError as error:
        return f"there is no word {error} for '{pattern}'"
    except (re2.error, ValueError) as error:
        detail = error.args[0] if error.args else error
        return f"'{pattern}' is no RE2 pattern: {detail.decode() if isinstance(detail, bytes) else detail}"
    return f"'{pattern}' matches the empty text, so it says nothing" if compiled.search("") else None


def _circles(conditions: Mapping[str, Condition]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    def names(condition: Condition) -> Iterator[str]:
        if condition.holds:
            yield condition.holds
        for part in (*condition.all, *condition.any, *condition.none):
            yield from names(part)

    for start in conditions:
        reached: set[str] = set()
        ahead = [*names(conditions[start])]
        while ahead:
            name = ahead.pop()
            if name in conditions and name not in reached:
                reached.add(name)
                ahead.extend(names(conditions[name]))
        if start in reached:
            yield ("conditions", start), f"condition '{start}' refers to itself"


def _missing(
    condition: Condition, playbook: Playbook, where: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for field in ("seen", "before", "after", "apart_from"):
        for name in getattr(condition, field):
            if name not in playbook.cues:
                yield (*where, field), f"there is no cue '{name}'"
    if condition.holds and condition.holds not in playbook.conditions:
        yield (*where, "holds"), f"there is no condition '{condition.holds}'"
    for field in ("all", "any", "none"):
        for place, part in enumerate(getattr(condition, field)):
            yield from _missing(part, playbook, (*where, field, place))


def _line(tree: yaml.Node | None, where: tuple[str | int, ...]) -> int:
    """Return the line (from 1) of the deepest node that ``where`` names and the file has."""
    line = 1
    for step in where:
        if isinstance(tree, yaml.MappingNode):
            entry = next(((key, value) for key, value in tree.value if key.value == str(step)), None)
            if entry is None:
                break
            line, tree = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(tree, yaml.SequenceNode) and isinstance(step, int) and step < len(tree.value):
            tree = tree.value[step]
            line = tree.start_mark.line + 1
        else:
            break
    return line


def _path(where: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)


def _invalid(source: str, line: int, path: str, reason: str) -> InvalidPlaybookError:
    return InvalidPlaybookError(
        f"{source}, line {line}, {path}: {reason}",
        f"{source} 第 {line} 行,{path}:{reason}",
        hint="See docs/guides/playbooks.md for the format.",
        location=f"{source}:{line} {path}",
    )
