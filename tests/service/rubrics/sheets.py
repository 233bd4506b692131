"""Small rubrics for tests of the registry."""

_SHEET = """\
format: 2
id: {id}
version: {version}
title: {{zh: 小店评分, en: Shop}}
pass_mark: {mark}
sections:
  - id: manner
    title: {{zh: 规范, en: Manner}}
    criteria:
{criteria}"""
_SCRIPT = '{id: script, source: "check:*", weight: 5, title: {zh: 话术, en: Script}}'


def sheet(name: str = "mine", version: int = 1, *criteria: str, mark: float = 80, more: str = "") -> str:
    """Return a rubric as YAML; criteria are written as flow mappings."""
    lines = "".join(f"      - {one}\n" for one in criteria or (_SCRIPT,))
    return _SHEET.format(id=name, version=version, mark=mark, criteria=lines) + more


def check(name: str, weight: float = 5, optional: bool = False, **more: str) -> str:
    """Return a criterion about a check."""
    rest = "".join(f", {key}: {value}" for key, value in more.items())
    return f'{{id: {name}, source: "check{"?" if optional else ""}:{name}", weight: {weight}{rest}}}'
