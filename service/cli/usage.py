"""Says in Chinese what is wrong with a command line: typer knows English only."""

from __future__ import annotations

import re

_TRANSLATIONS = (
    (r"Missing (?:parameter|argument|option):? '?(.+?)'?\.?", "缺少参数 {}"),
    (r"No such option: (\S+)(?: .*)?", "没有选项 {}"),
    (r"No such command '(.*)'\..*", "没有命令“{}”"),
    (r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)", "多余的参数:{}"),
    (r"Option '(.*)' requires an argument\.", "选项 {} 缺少值"),
    (r"Invalid value for '(.*?)': (?s:.*)", "参数 {} 的值无效"),
)


def in_chinese(message: str) -> str:
    """Return typer's ``message`` in Chinese, with the original behind where it tells more than the translation."""
    for pattern, chinese in _TRANSLATIONS:
        if found := re.fullmatch(pattern, message):
            text = chinese.format(found[1].replace("'", ""))
            return f"{text}({message})" if message.startswith("Invalid value") else text
    return f"用法错误:{message}"
