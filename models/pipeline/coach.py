"""What to say instead: for every failed check the smallest edit with which it does not fail, tried before it is told.

Nothing is guessed: each edit offered here was made to a copy of the conversation, and the copy was judged again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from models.domain.coaching import Coaching, Edit
from models.domain.condition import Condition
from models.domain.conversation import Conversation
from models.domain.playbook import Check
from models.domain.scores import CheckResult, ScoreBundle
from models.pipeline.engine import Pipeline
from models.pipeline.replay import Edits, Replay, Span, merged
from models.text.language import detect_language

_MOST_PIECES = 16  # tried in one message
_MOST_MESSAGES = 12  # that one check fails by
_SHOWN = 40

_CLAUSE = re.compile(r"[^,，、。.!！?？;；:：~…\s]+[,，、。.!！?？;；:：~…\s]*")
_SENTENCE = re.compile(r"[^。!！?？;；\n…]+[。!！?？;；\n…]*")


def coach(pipeline: Pipeline, conversation: Conversation, bundle: ScoreBundle | None = None) -> tuple[Coaching, ...]:
    """Return one coaching per failed check, in the playbook's order.

    Judges some dozens of copies of the conversation, from the edit on: tenths of a second, not for every conversation.

    Args:
        pipeline: The one that made the score.
        conversation: As it was scored.
        bundle: Its score; without one it is judged anew.
    """
    replay = Replay(pipeline, conversation)
    checks = {check.id: check for check in pipeline.playbook.checks}
    results = bundle.compliance.checks if bundle else tuple(replay.results({}).values())
    failed = frozenset(result.id for result in results if result.verdict == "fail")
    return tuple(
        _forbidden(replay, checks[result.id], result, failed)
        if checks[result.id].kind == "forbidden"
        else _missing(replay, checks[result.id], result, failed)
        for result in results
        if result.id in failed and result.id in checks
    )


def _forbidden(replay: Replay, check: Check, result: CheckResult, failed: frozenset[str]) -> Coaching:
    flips = _verdict(replay, check, deletion_of(result)) != "fail"
    removed = _smallest(replay, check, result) or {}
    left_out = _edits(replay, _deleting(removed))
    say = _instead(replay, check, removed, failed)
    return _told(check, flips, left_out, say)


def _missing(replay: Replay, check: Check, result: CheckResult, failed: frozenset[str]) -> Coaching:
    for place in _places(replay.conversation, check, result):
        for sentence in _sentences(check, replay.conversation):
            results = replay.with_message(place, check.speaker, sentence)
            if _good(results, check, failed):
                say = Edit("insert", place, 0, 0, "", sentence)
                return _told(check, None, (), (say,), len(replay.conversation.turns))
    return _told(check, None, (), ())


def _smallest(replay: Replay, check: Check, result: CheckResult) -> dict[int, list[Span]] | None:
    """Return the pieces, by turn, without which the check does not fail: the shortest of one message after another."""
    removed: dict[int, list[Span]] = {}
    for _ in range(_MOST_MESSAGES):
        if result.verdict != "fail":
            return removed
        if not result.evidence:
            return None
        turn = result.evidence[0].turn
        whole = [(0, len(replay.conversation.turns[turn].text))]
        if removed.get(turn) == whole:
            return None
        quoted = [(piece.start, piece.end) for piece in result.evidence if piece.turn == turn]
        removed[turn] = whole if turn in removed else _piece(replay, check, turn, quoted, removed) or whole
        result = replay.results(_deleting(removed))[check.id]
    return None


def _piece(
    replay: Replay, check: Check, turn: int, quoted: Sequence[Span], removed: Mapping[int, list[Span]]
) -> list[Span] | None:
    """Return the shortest pieces of one message without which it does not show any more what is forbidden."""
    for spans in _candidates(replay.conversation.turns[turn].text, quoted):
        result = replay.results(_deleting({**removed, turn: spans}))[check.id]
        if result.verdict != "fail" or all(piece.turn != turn for piece in result.evidence):
            return spans
    return None


def _candidates(text: str, quoted: Sequence[Span]) -> list[list[Span]]:
    """Return what could be left out of a message, shortest first: what is quoted, clauses, sentences."""
    inner = [span for span in quoted if span != (0, len(text))]
    found = [[span] for span in quoted] + [inner]
    for pieces in (_CLAUSE, _SENTENCE):
        parts = [match.span() for match in pieces.finditer(text)]
        around = [part for part in parts if any(part[0] < end and start < part[1] for start, end in inner)]
        found += [[part] for part in (around if inner else parts)] + [around]
        if len(inner) < len(quoted):  # the whole message was found: any part of it may be why
            found += [[part] for part in parts]
    unique = {tuple(merged(spans)) for spans in found if spans}
    by_length = sorted(unique, key=lambda spans: (sum(end - start for start, end in spans), spans))
    return [list(spans) for spans in by_length[:_MOST_PIECES]]


def _instead(
    replay: Replay, check: Check, removed: Mapping[int, list[Span]], failed: frozenset[str]
) -> tuple[Edit, ...]:
    """Return the edits that say one of the playbook's sentences in place of the first piece, if one is good."""
    if not removed:
        return ()
    turn = min(removed)
    text = replay.conversation.turns[turn].text
    start, end = removed[turn][0][0], removed[turn][-1][1]
    parts = [match.span() for match in _SENTENCE.finditer(text)]
    around = [part for part in parts if part[0] < end and start < part[1]] or [(start, end)]
    for span in dict.fromkeys(((around[0][0], around[-1][1]), (0, len(text)))):
        for sentence in _sentences(check, replay.conversation):
            edits = {**_deleting(removed), turn: [(span, sentence)]}
            if _good(replay.results(edits), check, failed):
                return _edits(replay, edits)
    return ()


def _good(results: Mapping[str, CheckResult], check: Check, failed: frozenset[str]) -> bool:
    """Tell whether the check does not fail any more, and no other that did not before."""
    return {other for other, result in results.items() if result.verdict == "fail"} <= failed - {check.id}


def _places(conversation: Conversation, check: Check, result: CheckResult) -> list[int]:
    """Return where a missing sentence may stand, the likeliest first: where the check looks for it, then anywhere."""
    turns = conversation.turns
    agents = [place for place, turn in enumerate(turns) if turn.role == check.speaker]
    customers = [place + 1 for place, turn in enumerate(turns) if turn.role == "customer"]
    behind = [piece.turn + 1 for piece in result.evidence]
    opening = agents[:1]
    # Before what the agent says last, unless the customer wrote after it.
    ending = [*(place for place in agents[-1:] if place >= max(customers, default=0)), len(turns)]
    parts = list(_parts(check.look_for))
    if any(part.last for part in parts):
        likely = [len(turns)]
    elif any(part.after for part in parts):
        likely = behind
    elif any(part.before for part in parts):
        likely = customers[:1]
    else:
        likely = opening if any(part.first for part in parts) else [*ending, *reversed(customers)]
    return list(dict.fromkeys((*likely, *behind, *opening, *ending, *customers)))


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in (*condition.all, *condition.any):
        yield from _parts(part)


def _sentences(check: Check, conversation: Conversation) -> list[str]:
    """Return what the playbook offers to say, in the language that whoever is judged writes."""
    said = [turn.text for turn in conversation.turns if turn.role == check.speaker]
    language = "en" if detect_language(said) == "en" else "zh"
    return [
        sentence
        for sentence in (*check.say_instead, *check.suggest)
        if (detect_language([sentence]) == "en") == (language == "en")
    ]


def deletion_of(result: CheckResult) -> Edits:
    """Return the edits that delete exactly what a finding quotes."""
    spans: dict[int, list[Span]] = {}
    for piece in result.evidence:
        spans.setdefault(piece.turn, []).append((piece.start, piece.end))
    return _deleting({turn: merged(several) for turn, several in spans.items()})


def _deleting(removed: Mapping[int, Sequence[Span]]) -> dict[int, list[tuple[Span, str]]]:
    return {turn: [(span, "") for span in spans] for turn, spans in removed.items()}


def _verdict(replay: Replay, check: Check, edits: Edits) -> str:
    return replay.results(edits)[check.id].verdict


def _edits(replay: Replay, edits: Edits) -> tuple[Edit, ...]:
    texts = [turn.text for turn in replay.conversation.turns]
    return tuple(
        Edit("replace" if text else "delete", turn, start, end, texts[turn][start:end], text)
        for turn, pieces in sorted(edits.items())
        for (start, end), text in pieces
    )


def _told(
    check: Check, flips: bool | None, left_out: tuple[Edit, ...], say: tuple[Edit, ...], turns: int = 0
) -> Coaching:
    zh: list[str] = []
    en: list[str] = []
    if left_out:
        zh.append(";".join(f"第 {edit.turn + 1} 条消息去掉“{_shortened(edit.quote)}”" for edit in left_out) + "即可")
        en.append("; ".join(f'leave out "{_shortened(edit.quote)}" in message {edit.turn + 1}' for edit in left_out))
    for edit in say:
        if edit.action == "replace":
            zh.append(f"第 {edit.turn + 1} 条也可以改说:“{edit.text}”")
            en.append(f'or say instead in message {edit.turn + 1}: "{edit.text}"')
        elif edit.action == "insert":
            last = edit.turn >= turns
            zh.append(("最后" if last else f"在第 {edit.turn + 1} 条消息之前") + f"可以说:“{edit.text}”")
            en.append(("at the end" if last else f"before message {edit.turn + 1}") + f', say: "{edit.text}"')
    if not zh:
        zh, en = ["没有找到现成的改法,请人工判断"], ["no ready sentence helps; a person has to look"]
    advice_en = "; ".join(en)
    return Coaching(check.id, flips, left_out, say, ";".join(zh) + "。", advice_en[0].upper() + advice_en[1:] + ".")


def _shortened(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
