"""Draws a conversation and its score for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from service.cli.language import pick
from service.cli.screen import printable
from service.cli.titles import Titles

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

Json = Mapping[str, Any]
_ROLES = {
    "customer": ("客户", "cyan"),
    "agent": ("客服", "green"),
    "bot": ("机器人", "magenta"),
    "system": ("系统", "dim"),
}
_VERDICTS = {
    "pass": ("✓", "通过", "green"),
    "fail": ("✗", "不合格", "bold red"),
    "na": ("–", "不适用", "dim"),
    "no_evidence": ("?", "无依据", "yellow"),
    "abstain": ("?", "不判定", "yellow"),
}
_LABELS = {
    "improved": "好转", "worsened": "恶化", "flat": "平稳",
    "satisfied": "满意", "neutral": "一般", "dissatisfied": "不满意",
    "yes": "已解决", "no": "未解决", "unclear": "不明确",
}  # fmt: skip
_HALF = 5
_SHOWN_SPANS = 3
_SHOWN_QUOTE, _SHOWN_HASH = 30, len("sha256:") + 12


def draw(
    document: Json, bundle: Json | None, titles: Titles | None = None, coaching: Mapping[str, str] | None = None
) -> Iterator[RenderableType]:
    """Yield the parts of the view from top to bottom. Messages count from 1 here, as they do in the reasons.

    Args:
        document: The conversation in the interchange format.
        bundle: Its score as ``attune score`` writes it, or ``None``.
        titles: Names of checks and criteria; what has none is called by its id.
        coaching: By check that failed, what to say instead.
    """
    titles = titles or Titles()
    yield _title(document)
    yield _turns(document, bundle)
    if bundle is None:
        return
    yield _section("情绪", "Sentiment")
    yield _sentiment(bundle["sentiment"])
    yield _section("预测满意度", "Predicted CSAT")
    yield _csat(bundle["csat"], bundle["resolution"])
    yield _section("话术合规", "Script compliance")
    yield _checks(bundle["compliance"], titles, coaching or {})
    yield _section("自动质检", "Auto-QA")
    yield _qa(bundle["qa"], titles)
    yield _versions(bundle["versions"])


def _title(document: Json) -> Text:
    from rich.text import Text

    parts = [document["channel"], document["queue"], document.get("language")]
    for key, zh, en in (("agent", "客服", "agent"), ("customer", "客户", "customer")):
        party = document.get(key) or {}
        known = " ".join(str(party[field]) for field in ("name", "id") if party.get(field))
        parts.append(f"{pick(zh, en)} {known}" if known else None)
    parts.append(document.get("started_at"))
    title = Text(printable(str(document["id"])), style="bold")
    return title.append(printable("  " + " · ".join(str(part) for part in parts if part)), style="dim")


def _turns(document: Json, bundle: Json | None) -> RenderableType:
    from rich.text import Text

    scores = {turn["turn"]: turn["score"] for turn in bundle["sentiment"]["turns"]} if bundle else {}
    table = _grid(5)
    for index, turn in enumerate(document["turns"]):
        zh, style = _ROLES[turn["role"]]
        time = (turn.get("at") or "")[11:19]
        text = printable(turn["text"]) if turn["text"].strip() else pick("(无文本)", "(no text)")
        table.add_row(
            Text(str(index + 1).rjust(2), style="dim"),
            Text(time, style="dim"),
            Text(pick(zh, turn["role"]), style=style),
            _bar(scores[index]) if index in scores else Text(),
            Text(text, style="" if turn["role"] in ("customer", "agent") else "dim"),
        )
    return table


def _bar(score: float) -> Text:
    """Draw a score of −1…1 from the middle: red to the left, green to the right."""
    from rich.text import Text

    filled = round(abs(score) * _HALF)
    left = "█" * filled if score < 0 else ""
    right = "█" * filled if score > 0 else ""
    bar = Text(left.rjust(_HALF), style="red").append("│", style="dim").append(right.ljust(_HALF), style="green")
    return bar.append(f" {score:+.2f}", style="red" if score < -0.2 else "green" if score > 0.2 else "dim")


def _section(zh: str, en: str) -> Text:
    from rich.text import Text

    return Text("\n" + pick(zh, en), style="bold")


def _sentiment(sentiment: Json) -> Text:
    from rich.text import Text

    if sentiment["start"] is None:
        return Text(pick("  客户没有文字消息", "  the customer wrote no text"), style="dim")
    styles = {"improved": "green", "worsened": "red", "flat": ""}
    line = Text(f"  {sentiment['start']:+.2f} → {sentiment['end']:+.2f}  ")
    line.append(f"{_label(sentiment['direction'])} ({sentiment['shift']:+.2f})", style=styles[sentiment["direction"]])
    if sentiment.get("direction_probs"):  # older scores have none
        line.append(f" {sentiment['direction_probs'][sentiment['direction']]:.0%}", style="dim")
    if sentiment["volatility"] is not None:
        line.append(pick("  波动 ", "  volatility ") + f"{sentiment['volatility']:.2f}", style="dim")
    for point in sentiment["turning_points"]:
        agent = point["agent_turn"]
        cause = "" if agent is None else pick(f",此前客服 #{agent + 1}", f", after agent #{agent + 1}")
        line.append(pick("\n  转折", "\n  turning point") + f" #{point['turn'] + 1} ({point['change']:+.2f}{cause})")
    return line.append(_carried(sentiment, "变化来自", "moved by"))


def _carried(score: Json, zh: str, en: str) -> str:
    """Return a line that names the turns that carried a score; older scores name none."""
    turns = [f"#{one['turn'] + 1} ({one['effect']:+.2f})" for one in score.get("carried_by", ())]
    return f"\n  {pick(zh, en)} " + pick("、", ", ").join(turns) if turns else ""


def _csat(csat: Json, resolution: Json) -> Text:
    from rich.text import Text

    text = Text()
    for rating, share in enumerate(csat["distribution"], start=1):
        style = "red" if rating < 3 else "green" if rating > 3 else "yellow"
        text.append(f"  {rating} ").append("█" * round(share * 30), style=style).append(f" {share:.0%}\n", style="dim")
    low, high = csat["interval"]
    text.append(pick("  均值 ", "  mean ") + f"{csat['mean']:.2f}", style="bold")
    text.append(f"  [{low:.1f}–{high:.1f}] {csat['coverage']:.0%}  {_label(csat['label'])}")
    text.append(pick("  不满意概率 ", "  P(dissatisfied) ") + f"{csat['p_dissatisfied']:.0%}")
    text.append(pick("  解决概率 ", "  P(resolved) ") + f"{resolution['p_resolved']:.0%} {_label(resolution['label'])}")
    text.append(_carried(csat, "满意度来自", "CSAT carried by"))
    text.append(_carried(resolution, "解决概率来自", "P(resolved) carried by"))
    if csat["abstain"]:
        text.append(pick("\n  模型不作判断:依据不足", "\n  the model abstains: too little to go by"), style="yellow")
    return text


def _checks(compliance: Json, titles: Titles, coaching: Mapping[str, str]) -> RenderableType:
    from rich.text import Text

    table = _grid(3)
    for check in compliance["checks"]:
        sign, zh, style = _VERDICTS[check["verdict"]]
        title = titles.checks.get(check["id"])
        detail = Text(title or check["id"], style="bold" if check["critical"] else "")
        detail.append(f" ({check['id']})" if title else "", style="not bold dim")
        detail.append(pick(" 红线", " critical") if check["critical"] else "", style="red")
        reason = printable(pick(check["reason"], check["reason_en"]))
        detail.append(f"\n{reason}", style="not bold")
        for span in check["evidence"][:_SHOWN_SPANS]:
            detail.append(f"  #{span['turn'] + 1}{_quote(span['quote'], reason)}", style="not bold italic dim")
        if len(check["evidence"]) > _SHOWN_SPANS:
            detail.append(f"  +{len(check['evidence']) - _SHOWN_SPANS}", style="not bold italic dim")
        if check["verdict"] == "fail" and check["id"] in coaching:
            detail.append(f"\n→ {printable(coaching[check['id']])}", style="not bold cyan")
        table.add_row(
            Text(f" {sign} {pick(zh, check['verdict'].replace('_', ' '))}", style=style),
            Text(f"{check['confidence']:.2f}", style="dim"),
            detail,
        )
    table.add_row(Text(pick(" 得分", " score"), style="bold"), Text(_share(compliance["score"]), style="bold"), Text())
    return table


def _quote(quote: str, told: str) -> str:
    """Return the quoted words, cut where they are long; nothing where ``told`` holds them already."""
    words = printable(" ".join(quote.split()))
    shown = words if len(words) <= _SHOWN_QUOTE else words[:_SHOWN_QUOTE] + "…"
    return "" if words[:_SHOWN_QUOTE] in told else f" “{shown}”"


def _qa(qa: Json, titles: Titles) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    if qa["score"] is None:
        return Text(pick("  没有适用的评分项", "  no criterion applies"), style="dim")
    line = Text(f"  {qa['score']:.1f} / 100  ", style="bold")
    line.append(
        pick("合格", "passed") if qa["passed"] else pick("不合格", "not passed"),
        style="green" if qa["passed"] else "bold red",
    )
    if qa.get("band"):
        line.append("  " + printable(str(qa["band"])), style="bold")
    if qa["auto_fail"]:
        line.append(pick("  触犯红线,总分归零", "  a critical check failed: the score is 0"), style="bold red")
    elif qa.get("capped_at") is not None:
        line.append(pick(f"  封顶 {qa['capped_at']:g} 分", f"  capped at {qa['capped_at']:g}"), style="bold red")
    if qa.get("open"):
        line.append(pick(f"  {len(qa['open'])} 项待人工回答", f"  {len(qa['open'])} to be answered"), style="yellow")
    table = _grid(2)
    for criterion in qa["criteria"]:
        applies = criterion["value"] is not None
        points = _points(criterion) if applies else "–"
        style = "bold red" if criterion["auto_fail"] else "" if applies else "dim"
        check = criterion["source"].removeprefix("check:")
        what = Text(titles.checks.get(check) or titles.criteria.get(criterion["id"]) or criterion["id"], style=style)
        if check not in titles.checks:  # why a check passed or failed stands above already
            what.append("  " + printable(pick(criterion["reason"], criterion["reason_en"])), style="not bold dim")
        table.add_row(Text(f" {points}", style=style), what)
    return Group(line, table)


def _points(criterion: Json) -> str:
    if criterion.get("style", "weighted") == "weighted":
        return f"{criterion['points']:.1f}/{criterion['max_points']:.1f}"
    return f"{criterion['points']:+.1f}" if criterion["points"] else "0"


def _versions(versions: Json) -> Text:
    from rich.text import Text

    names = {"playbook": "话术手册", "rubric": "评分规则", "model": "模型", "code": "程序", "input": "输入"}
    # The hash of the input is there to tell inputs apart; its beginning does.
    parts = [f"{pick(zh, name)} {_shortened(str(versions[name]))}" for name, zh in names.items()]
    return Text("\n" + " · ".join(parts), style="dim")


def _shortened(version: str) -> str:
    return version[:_SHOWN_HASH] + "…" if version.startswith("sha256:") else version


def _grid(columns: int) -> Table:
    """Return a table without lines, whose last column takes the long texts; Chinese has no blanks to wrap at."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), show_header=False)
    for _ in range(columns - 1):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _label(name: str) -> str:
    return pick(_LABELS[name], name)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
