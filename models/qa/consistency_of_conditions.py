"""What the shape of a condition cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from models.documents import Problem
from models.qa.figures import FIGURES
from models.qa.schema import WhenModel

_Where = tuple[str | int, ...]
_DEEPEST = 10


def when_problems(when: WhenModel, where: _Where, *, traits_only: bool) -> Iterator[Problem]:
    """Yield what keeps a condition from working.

    Args:
        when: The condition.
        where: Its path in the file.
        traits_only: Whether it may ask only what the conversation is: one rubric is made of it before anything is
            measured.
    """
    if len(where) > 2 * _DEEPEST:
        yield Problem(where, f"conditions are nested more than {_DEEPEST} deep", f"条件嵌套超过 {_DEEPEST} 层")
        return
    if not when.model_fields_set:
        yield Problem(where, "a condition asks something", "条件不能为空")
    if when.source is None:
        for field, name in (("verdicts", "is"), ("above", "above"), ("below", "below")):
            if getattr(when, field) is not None:
                yield Problem((*where, name), f"'{name}' goes with 'source'", f"{name} 须与 source 一起使用")
    elif traits_only:
        yield Problem(
            (*where, "source"),
            "a variant asks queue, channel, language, agent_group, agent_role or tags; "
            "put this into a criterion's 'when'",
            "variants 只能按 queue、channel、language、agent_group、agent_role、tags 区分;此条件请写在评分项的 when 中",
        )
    else:
        yield from _source(when, when.source, where)
    for field in ("all", "any", "none"):
        for place, part in enumerate(getattr(when, field) or ()):
            yield from when_problems(part, (*where, field, place), traits_only=traits_only)


def _source(when: WhenModel, source: str, where: _Where) -> Iterator[Problem]:
    if source.startswith(("check:", "check?:")):
        for field in ("above", "below"):
            if getattr(when, field) is not None:
                yield Problem(
                    (*where, field),
                    f"'{field}' is for figures; a check has 'is'",
                    f"{field} 只用于数值指标;检查项用 is",
                )
        return
    if source not in FIGURES:
        known = ", ".join(FIGURES)
        yield Problem(
            (*where, "source"),
            f"unknown source '{source}'; figures are {known}",
            f"未知的来源“{source}”;可用的指标:{known}",
        )
    if when.verdicts is not None:
        yield Problem(
            (*where, "is"),
            "'is' is for checks; a figure has 'above' and 'below'",
            "is 只用于检查项;数值指标用 above、below",
        )
    if when.above is None and when.below is None:
        yield Problem(where, "a figure is asked with 'above', 'below' or both", "数值指标须写 above、below 或两者")
    elif when.above is not None and when.below is not None and when.above >= when.below:
        yield Problem(where, "nothing lies above 'above' and below 'below'", "above 与 below 之间没有任何值")
