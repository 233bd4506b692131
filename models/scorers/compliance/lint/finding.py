"""What lint says: an error keeps a playbook from loading, a warning is something its author probably did not mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning, before it is known on which line it stands.

    Attributes:
        code: Stable, kebab-case.
        path: In the playbook's document; checks by their place.
        en: What is the matter.
        zh: The same in Chinese.
    """

    code: str
    path: Path
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something lint found.

    Attributes:
        code: Stable, kebab-case.
        severity: Errors keep the playbook from loading.
        location: ``file:line ($.path)``.
        line: From 1; ``None`` where it is not known.
        en: What is the matter.
        zh: The same in Chinese.
    """

    code: str
    severity: Severity
    location: str
    line: int | None
    en: str
    zh: str
