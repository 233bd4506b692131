"""Turn a skeleton into what was said: pick wordings, fill slots, speak in the agent's and the customer's own way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from service.samples.script import Alternative, Line, Skeleton
from service.samples.verdicts import Said

_SLOT = re.compile(r"\{(\w+)\}")
_MACRO = re.compile(r"@(greet|hold|sorry|bye)")
_PAUSE = re.compile(r"(?<=[\u4e00-\u9fff])[,。](?=[^,。]{2})|(?<=[?!])(?=[^?!])")
_ASKS = re.compile("什么|多少|哪|几|怎么|谁")
_CHINESE_END = re.compile(r"[\u4e00-\u9fff]$")
_SILENT_ENDINGS = ("吗", "呢", "哦", "呀", "啦", "哈", "嘛", "么", "再见", "吧", "了", "啊")
_TYPOS = [
    ("已经", "以经"), ("怎么", "咋么"), ("收到", "受到"), ("快递", "快第"), ("知道", "造"), ("现在", "先在"),
    ("什么", "什莫"), ("东西", "东东"), ("没有", "木有"), ("这样", "酱"), ("退款", "推款"), ("发货", "发获"),
]  # fmt: skip
_ENGLISH_TYPOS = [
    ("the ", "teh "), ("receive", "recieve"), ("thanks", "thx"), ("you ", "u "), ("please", "pls"),
    ("definitely", "definately"), ("because", "bc"), ("delivered", "deliverd"), ("really", "realy"),
]  # fmt: skip
_ANGRY = {"zh": ["😡", "😤", "🙄", "[怒]", "[微笑]", "!!!", "。。。"], "en": [" 😡", " 🙄", "!!", "...", " smh"]}
_THANKS = {"zh": ["🌹", "😄", "[抱拳]", "👍", "~"], "en": [" 🙏", " :)", " 👍"]}
_WIDE = {",": "\uff0c", "?": "\uff1f", "!": "\uff01", ":": "\uff1a", ";": "\uff1b"}
_OPENERS = {"zh": ["在吗", "在?", "你好", "有人吗", "亲", "hello", "您好", "在不在", "客服", "哈喽", "人呢", "在嘛亲"],
            "en": ["hi", "hello?", "hey", "anyone there", "Hi there", "good evening"]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: the id, the contact data some of them write, and how they type."""

    id: str
    name: str
    phone: str
    address: str
    commas: str
    splits: float
    typos: float
    opener: float


def customer(language: str, number: int, shop: Mapping[str, Any], rng: Random) -> Person:
    """Invent one customer of the shop."""
    words = shop[language]
    if language == "zh":
        name = rng.choice(words["family"]) + rng.choice(words["given"])
        phone = f"1990000{rng.randint(0, 999):04d}"
        city, district = rng.choice(words["cities"]), rng.choice(words["districts"])
        street = f"{rng.choice(words['roads'])}{rng.randint(2, 188)}号"
        flat = f"{rng.randint(1, 18)}栋{rng.randint(2, 22)}0{rng.randint(1, 4)}室"
        address = f"{city}市{district}{street}{rng.choice(words['estates'])}{flat}"
    else:
        name = f"{rng.choice(words['given'])} {rng.choice(words['family'])}"
        phone = f"+1 202-555-01{rng.randint(0, 99):02d}"
        address = f"{rng.randint(2, 188)} {rng.choice(words['roads'])}, {rng.choice(words['cities'])}"
    return Person(
        id=f"u-{number:04d}", name=name, phone=phone, address=address,
        commas=rng.choices(["full", "space", "half"], [45, 35, 20])[0],
        splits=rng.choices([0.65, 0.15], [35, 65])[0],
        typos=rng.choices([0.12, 0.0], [30, 70])[0],
        opener=rng.choices([0.7, 0.08], [25, 75])[0],
    )  # fmt: skip


def slots(skeleton: Skeleton, person: Person, day: date, shop: Mapping[str, Any], rng: Random) -> dict[str, str]:
    """Draw the facts of one story; they stay the same through the conversation."""
    language, words = skeleton.language, shop[skeleton.language]
    shelf = shop["products"]
    category = skeleton.category if skeleton.category != "any" else rng.choice(sorted(shelf))
    named = [product for kind in shelf.values() for product in kind if product["zh"] in skeleton.products]
    product = rng.choice(named or shelf[category])
    days = rng.randint(*skeleton.days)
    carriers, cities, sizes = (list(x) for x in (words["carriers"], words["cities"], product["sizes"]))
    if "logistics_crisis" in skeleton.planted:
        carriers.remove("青桥物流")  # the one that is blocked: nothing is sent again with it
    for options in (carriers, cities):
        rng.shuffle(options)
    first = rng.randrange(len(sizes) - 1)
    order = f"8{day:%m%d}{rng.randint(0, 9_999_999):07d}"
    ordered = day - timedelta(days=days)
    colors = rng.sample(product["colors"], 2)
    if language == "en":
        colors, sizes = ([words["labels"].get(label, label) for label in labels] for labels in (colors, sizes))
    zh = language == "zh"
    return {
        "product": product["zh" if zh else "en"], "short": product["short"], "price": str(product["price"]),
        "color": colors[0], "color2": colors[1], "size": sizes[first], "size2": sizes[first + 1],
        "order": order, "last4": order[-4:], "days": str(days), "days2": str(days + rng.randint(1, 3)),
        "odate": f"{ordered.month}月{ordered.day}号" if zh else f"{ordered:%B} {ordered.day}",
        "carrier": carriers[0], "carrier2": carriers[1], "track": f"HY{rng.randint(10**9, 10**10 - 1)}",
        "city": cities[0], "city2": cities[1], "diff": str(rng.choice([15, 20, 26, 30, 38, 40, 50])),
        "coupon": str(rng.choice([5, 8, 10, 15, 20])), "count": str(rng.randint(2, 4)),
        "hours": rng.choice(["24", "48"]), "h": str(rng.randint(156, 175)), "w": str(rng.randint(92, 138)),
        "name": person.name, "phone": person.phone, "addr": person.address,
        "othername": rng.choice(words["family"]) + ("女士" if zh else ""),
        "otherphone": f"1990000{rng.randint(0, 999):04d}" if zh else f"202-555-01{rng.randint(0, 99):02d}",
        "room": f"{rng.randint(1, 9)}栋{rng.randint(2, 22)}0{rng.randint(1, 4)}",
        "code": f"{rng.randint(100000, 999999)}",
    }  # fmt: skip


def speak(
    skeleton: Skeleton, agents: Mapping[str, Mapping[str, Any]], facts: Mapping[str, str], person: Person, rng: Random
) -> list[Said]:
    """Return the messages of one conversation; ``agents`` maps the speakers A and A2 to the cast."""
    said: list[Said] = []
    chosen: dict[str, int] = {}
    left_out = ""
    for line in skeleton.lines:
        # An optional answer comes only with its optional question.
        if line.optional and ((left_out == "C" and line.speaker == "A") or rng.random() < 0.45):
            left_out = line.speaker
            continue
        left_out = ""
        alternative = _choose(skeleton, line, chosen, rng)
        if line.speaker.startswith("A"):
            said.extend(_agent_says(line, alternative, agents[line.speaker], facts, skeleton.language, rng))
        else:
            named = {**facts, "me": agents["A"]["name"]}
            # Letters are written with care: no chat habits.
            line = replace(line, marks=line.marks | {"="}) if skeleton.channel == "email" else line
            said.extend(_other_says(line, alternative, named, person, skeleton.language, rng))
    if skeleton.channel == "chat" and rng.random() < person.opener and said[0].speaker == "C" and len(said[0].text) > 5:
        said.insert(0, Said("C", rng.choice(_OPENERS[skeleton.language]), frozenset()))
    return said


def _choose(skeleton: Skeleton, line: Line, chosen: dict[str, int], rng: Random) -> Alternative:
    """Pick a choice; ``chosen`` remembers the last one (``""``) and the named ones, so that answers fit questions."""
    count = len(line.alternatives)
    index = chosen[line.follows] if line.follows is not None and line.follows in chosen else rng.randrange(count)
    if index >= count:
        raise ValueError(f"{skeleton.id}: a line has fewer choices than the line it follows: {line}")
    if line.follows:
        chosen[line.follows] = index
    if count > 1:
        chosen[""] = index
    return line.alternatives[index]


def _fill(text: str, facts: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda match: facts[match[1]], text)


def _agent_says(
    line: Line, choice: Alternative, agent: Mapping[str, Any], facts: Mapping[str, str], language: str, rng: Random
) -> list[Said]:
    marks = line.marks | choice.marks
    wording = text = rng.choice(choice.wordings)

    def macro(match: re.Match[str]) -> str:
        nonlocal marks
        kind = match[1]
        if kind in ("greet", "bye") and rng.random() < agent[f"skip_{kind}"]:
            return ""
        if kind != "hold":
            marks |= {kind}
        return str(rng.choice(agent[kind]))

    had_macro = "@" in text
    text = _MACRO.sub(macro, text).strip(", ")
    if not text:
        if "@bye" not in wording:
            return [] if "@" in wording else [Said(line.speaker, "", marks, line.gap)]
        # Who skips the closing still acknowledges now and then.
        nods = {"zh": ["嗯", "好的", "嗯嗯", "OK"], "en": ["ok", "sure", "np"]}[language]
        return [Said(line.speaker, rng.choice(nods), frozenset(marks), line.gap)]
    text = _fill(text, {**facts, "亲": rng.choice(agent["qin"]), "me": agent["name"]})
    if language == "zh":
        text = full_width(text)
        text = text.removesuffix("。")
        plain_end = _CHINESE_END.search(text) and not text.endswith(_SILENT_ENDINGS) and not _ASKS.search(text)
        if plain_end and not had_macro and rng.random() < 0.45:
            text += rng.choice(agent["tail"])
    return [Said(line.speaker, text, frozenset(marks), line.gap)]


def _other_says(
    line: Line, choice: Alternative, facts: Mapping[str, str], person: Person, language: str, rng: Random
) -> list[Said]:
    said = Said(line.speaker, _fill(rng.choice(choice.wordings), facts), line.marks | choice.marks, line.gap)
    if line.speaker != "C":
        return [replace(said, text=full_width(said.text) if language == "zh" else said.text)]
    if "=" in said.marks or not said.text:
        return [said]
    pieces = _chinese_habits(said.text, person, rng) if language == "zh" else _english_habits(said.text, person, rng)
    moody = _ANGRY if "-" in said.marks else _THANKS if re.search("谢|thank|好评|great", said.text.lower()) else None
    if moody and pieces and rng.random() < 0.16:
        pieces[-1] += rng.choice(moody[language])
    return [replace(said, text=piece, gap=said.gap if i == 0 else 0) for i, piece in enumerate(pieces)]


def _chinese_habits(text: str, person: Person, rng: Random) -> list[str]:
    text = text.removesuffix("。")
    for right, wrong in _TYPOS:
        if right in text and rng.random() < person.typos:
            text = text.replace(right, wrong, 1)
    pieces = [text]
    if len(text) > 11 and rng.random() < person.splits:
        pieces = [piece for piece in _PAUSE.split(text) if piece]
    if person.commas == "half":
        return pieces
    pieces = [full_width(piece) for piece in pieces]
    return [piece.replace("\uff0c", " ") for piece in pieces] if person.commas == "space" else pieces


def _english_habits(text: str, person: Person, rng: Random) -> list[str]:
    for right, wrong in _ENGLISH_TYPOS:
        if right in text and rng.random() < person.typos:
            text = text.replace(right, wrong, 1)
    pieces = re.split(r"(?<=[.?!]) ", text) if len(text) > 30 and rng.random() < person.splits else [text]
    if person.commas != "full":
        pieces = [piece[:-1] if piece.endswith(".") and not piece.endswith("..") else piece for piece in pieces]
    return [piece.lower() for piece in pieces] if person.commas == "space" else pieces


def full_width(text: str) -> str:
    """Chinese punctuation after Chinese text; numbers, codes and Latin text keep theirs."""
    return re.sub(
        r"(?<=[\u4e00-\u9fff\])】\u201d])[,?!:;]+|(?<=[0-9A-Za-z])[,?!:;]+(?=[\u4e00-\u9fff]|$)",
        lambda match: "".join(_WIDE[mark] for mark in match[0]),
        text,
    )
