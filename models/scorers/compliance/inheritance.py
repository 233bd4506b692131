"""Make a playbook's document whole: what it extends, the exemplars in files, and the packaged cues it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from models.documents import Document, Problem, document_hash, read_document, refusal
from models.errors import AttuneError, InvalidPlaybookError
from models.scorers.compliance.patterns import expand

WORDING = Path(__file__).parent / "playbooks" / "wording"
STANDARD = "std."
HINT = "docs/guides/playbooks.md explains the format / 格式说明见 docs/guides/playbooks.md"

Path_ = tuple[str | int, ...]
Find = Callable[[str], Document]

_DEEPEST = 5
_MOST_EXAMPLES = 5_000
# Replaced by name, where both have one; and said once more by every playbook, as no content has the name of another.
_NAMED = ("words", "cues", "conditions")
_OWN = frozenset({"id", "version", "extends", "remove", "thresholds", "tests"})
_UNHASHED = ("tests", "extends", "remove", "thresholds")
# Texts and figures of a check that are merged one by one; everything else in a check is replaced whole.
_MERGED = ("title", "reasons", "confidence")


def resolve(document: Document, find: Find) -> Document:
    """Return the document with everything in it that it refers to.

    Args:
        document: As written; with its exemplars, see ``with_examples``.
        find: Returns the document behind a value of ``extends``, with its exemplars.

    Raises:
        InvalidPlaybookError: It extends itself, or what cannot be extended; names file and line.
    """
    return _with_standard_cues(_inherit(document, find, (document.source,)))


def content_hash(document: Document) -> str:
    """Return ``sha256:…`` of a resolved document; tests do not count, and thresholds do in the cues they are set in."""
    data = {key: value for key, value in document.data.items() if key not in _UNHASHED}
    if isinstance(data.get("checks"), list):
        data["checks"] = [
            {key: value for key, value in check.items() if key != "tests"} if isinstance(check, dict) else check
            for check in data["checks"]
        ]
    return document_hash(data)


def _inherit(document: Document, find: Find, chain: tuple[str, ...]) -> Document:
    spec = document.data.get("extends")
    if not isinstance(spec, str):
        if document.data.get("remove"):
            raise _refused(document, ("remove",), "'remove' belongs to 'extends'", "“remove”只能与 extends 同用")
        _refuse_odd(document)
        return _with_thresholds(document)
    _refuse_odd(document, spec)
    try:
        parent = find(spec)
    except AttuneError as error:
        raise _refused(document, ("extends",), error.message_en, error.message_zh) from error
    if parent.source in chain:
        raise _refused(document, ("extends",), f"'{spec}' extends this playbook itself", f"“{spec}”又继承了本手册")
    if len(chain) > _DEEPEST:
        raise _refused(
            document, ("extends",), f"playbooks extend each other {_DEEPEST} deep at most", f"继承最多 {_DEEPEST} 层"
        )
    return _with_thresholds(_merge(_inherit(parent, find, (*chain, parent.source)), document))


def _refuse_odd(document: Document, spec: str = "") -> None:
    """Refuse what names a playbook or a check and is no name."""
    if "\0" in spec:
        raise _refused(document, ("extends",), "this names no playbook", "这不是手册的名称")
    removed = document.data.get("remove")
    if removed is not None and not (isinstance(removed, list) and all(isinstance(name, str) for name in removed)):
        raise _refused(document, ("remove",), "'remove' is a list of checks' ids", "remove 应为检查项 id 的列表")
    checks = document.data.get("checks")
    for place, check in enumerate(checks if isinstance(checks, list) else []):
        if isinstance(check, dict) and not isinstance(check.get("id", ""), str):
            raise _refused(document, ("checks", place, "id"), "an id is a text", "id 应为文字")


def _with_thresholds(document: Document) -> Document:
    """Return the document with ``thresholds`` set in its cues."""
    given = document.data.get("thresholds")
    if not isinstance(given, dict):
        return document
    cues = dict(document.data.get("cues") or {})
    for name, by_kind in given.items():
        for kind, least in by_kind.items() if isinstance(by_kind, dict) else ():
            asked = cues[name].get(kind) if isinstance(cues.get(name), dict) else None
            if kind not in ("act", "backed_by") or not isinstance(asked, dict):
                raise _refused(
                    document,
                    ("thresholds", name, kind),
                    f"there is no cue '{name}' with '{kind}' to set a threshold of",
                    f"没有带 {kind} 的线索“{name}”可供设置阈值",
                )
            cues[name] = {**cues[name], kind: {**asked, "least": least}}
    return replace(document, data={**document.data, "cues": cues})


def _merge(parent: Document, child: Document) -> Document:
    origins: dict[Path_, tuple[Document, Path_]] = {}
    data: dict[str, Any] = {}
    for key, value in parent.data.items():
        if key not in _OWN:
            data[key] = value
            origins[(key,)] = (parent, (key,))
    for key, value in child.data.items():
        inherited = data.get(key)
        if key in _NAMED and isinstance(value, dict) and isinstance(inherited, dict):
            data[key] = {**inherited, **value}
            origins.update({(key, name): (child, (key, name)) for name in value})
        elif key == "checks" and isinstance(value, list) and isinstance(inherited, list):
            data[key] = _merge_checks(parent, child, inherited, value, origins)
        else:
            data[key] = value
            origins.pop((key,), None)
    if "checks" not in child.data and isinstance(data.get("checks"), list):
        data["checks"] = _merge_checks(parent, child, data["checks"], [], origins)
    return replace(child, data=data, origins=origins)


def _merge_checks(
    parent: Document,
    child: Document,
    inherited: Sequence[Any],
    own: Sequence[Any],
    origins: dict[Path_, tuple[Document, Path_]],
) -> list[Any]:
    removed = child.data.get("remove") or []
    known = {check.get("id") for check in inherited if isinstance(check, dict)}
    for place, name in enumerate(removed if isinstance(removed, list) else []):
        if name not in known:
            raise _refused(
                child,
                ("remove", place),
                f"there is no check '{name}' to remove in '{child.data['extends']}'",
                f"“{child.data['extends']}”中没有可移除的检查项“{name}”",
            )
    written = {check.get("id"): place for place, check in enumerate(own) if isinstance(check, dict)}
    checks: list[Any] = []
    for place, check in enumerate(inherited):
        name = check.get("id") if isinstance(check, dict) else None
        if name in removed:
            continue
        here: Path_ = ("checks", len(checks))
        origins[here] = (parent, ("checks", place))
        if name in written:
            there: Path_ = ("checks", written[name])
            origins[here] = (child, there)
            origins.update({(*here, field): (parent, ("checks", place, field)) for field in check})
            check = _merged_check(check, own[written[name]], child, here, there, origins)
        checks.append(check)
    for place, check in enumerate(own):
        name = check.get("id") if isinstance(check, dict) else None
        if name not in known or name in removed or written[name] != place:
            origins[("checks", len(checks))] = (child, ("checks", place))
            checks.append(check)
    return checks


def _merged_check(
    inherited: Mapping[str, Any],
    own: Mapping[str, Any],
    child: Document,
    here: Path_,
    there: Path_,
    origins: dict[Path_, tuple[Document, Path_]],
) -> dict[str, Any]:
    merged = dict(inherited)
    for field, value in own.items():
        before = inherited.get(field)
        if field in _MERGED and isinstance(value, dict) and isinstance(before, dict):
            merged[field] = {**before, **value}
            origins.update({(*here, field, name): (child, (*there, field, name)) for name in value})
        else:
            merged[field] = value
            origins[(*here, field)] = (child, (*there, field))
    return merged


def with_examples(document: Document, directory: Path | None) -> Document:
    """Return the document with the lines of its ``examples_file`` in ``like`` and ``unlike``.

    Args:
        document: As written.
        directory: Where the files lie; ``None`` where there can be none.

    Raises:
        InvalidPlaybookError: A file is not beside the playbook, cannot be read, or a line of it is no example.
    """
    cues = document.data.get("cues")
    named = {
        name: cue["exemplars"]
        for name, cue in (cues.items() if isinstance(cues, dict) else ())
        if isinstance(cue, dict) and isinstance(cue.get("exemplars"), dict) and "examples_file" in cue["exemplars"]
    }
    if not named or not isinstance(cues, dict):
        return document
    filled = dict(cues)
    for name, exemplars in named.items():
        where: Path_ = ("cues", name, "exemplars", "examples_file")
        like, unlike = _examples(document, where, exemplars["examples_file"], directory)
        rest = {key: value for key, value in exemplars.items() if key != "examples_file"}
        rest["like"] = [*_list(rest.get("like")), *like]
        rest["unlike"] = [*_list(rest.get("unlike")), *unlike]
        filled[name] = {**cues[name], "exemplars": rest}
    return replace(document, data={**document.data, "cues": filled})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _examples(document: Document, where: Path_, name: Any, directory: Path | None) -> tuple[list[str], list[str]]:
    relative = Path(str(name))
    if directory is None or relative.is_absolute() or ".." in relative.parts:
        raise _refused(
            document, where, "an 'examples_file' lies beside the playbook's file", "examples_file 须与手册文件放在一起"
        )
    try:
        lines = (directory / relative).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(document, where, f"cannot read '{name}': {error}", f"无法读取“{name}”:{error}") from error
    sides: dict[bool, list[str]] = {True: [], False: []}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            example = json.loads(line)
            text, label = example["text"], example["label"]
        except (ValueError, KeyError, TypeError):
            text, label = None, None
        if not isinstance(text, str) or not isinstance(label, bool) or number > _MOST_EXAMPLES:
            raise _refused(
                document,
                where,
                f'line {number} of \'{name}\' is no {{"text": …, "label": true or false}} '
                f"(at most {_MOST_EXAMPLES} lines)",
                f'“{name}”第 {number} 行应为 {{"text": …, "label": true 或 false}}(最多 {_MOST_EXAMPLES} 行)',
            )
        sides[label].append(text)
    return sides[True], sides[False]


@cache
def _standard_cues() -> Mapping[str, tuple[Document, str, dict[str, Any]]]:
    """Return the packaged wording cues by full name: document, name there, and the cue with its words filled in."""
    found = {}
    for path in sorted(WORDING.glob("*.yaml")):
        document = read_document(path, InvalidPlaybookError)
        words = document.data.get("words") or {}
        for name, cue in (document.data.get("cues") or {}).items():
            filled = {
                field: [expand(pattern, words) for pattern in value] if field in ("include", "exclude") else value
                for field, value in cue.items()
            }
            found[name if name.startswith(STANDARD) else STANDARD + name] = (document, name, filled)
    return found


def _with_standard_cues(document: Document) -> Document:
    known = _standard_cues()
    cues = document.data.get("cues")
    own = cues if isinstance(cues, dict) else {}
    wanted = sorted({name for name in _names(document.data) if name in known} - own.keys())
    taken: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name not in taken:
            taken[name] = known[name][2]
            wanted += sorted({other for other in _names(taken[name]) if other in known} - own.keys())
    if not taken:
        return document
    data = {**document.data, "cues": {**own, **{name: taken[name] for name in sorted(taken)}}}
    origins = dict(document.origins)
    origins.update({("cues", name): (known[name][0], ("cues", known[name][1])) for name in taken})
    return replace(document, data=data, origins=origins)


def _names(value: Any) -> Iterator[str]:
    """Yield every text in ``value`` that could name a packaged cue."""
    if isinstance(value, str):
        if value.startswith(STANDARD):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _refused(document: Document, where: Path_, english: str, chinese: str) -> Exception:
    return refusal(document, [Problem(where, english, chinese)], InvalidPlaybookError, HINT)
