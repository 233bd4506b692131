"""Small playbooks for tests of the registry."""

_SHOP = """\
id: {id}
version: {version}
title: {{zh: 小店, en: Shop}}
{more}
cues:
  hi: {{include: ["{hello}"]}}
checks:
  - id: greeting
    kind: required
    title: {{zh: 问候, en: Greeting}}
    look_for: {{seen: [hi]}}
    reasons: {{passed: {{zh: 有, en: found}}, failed: {{zh: 无, en: none}}, na: {{zh: 无, en: na}}}}
    tests:
      - {{line: 您好, expect: pass}}
"""


def shop(name: str = "shop", version: int = 1, hello: str = "您好", more: str = "") -> str:
    """Return a playbook as YAML."""
    return _SHOP.format(id=name, version=version, hello=hello, more=more)
