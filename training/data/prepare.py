"""Reads every corpus a configuration names, splits them by group, and drops what would leak into the held-out rows.

The outcome is a function of the configuration and the files' bytes alone, so every stage may ask for it anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from glob import glob
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from models.artifacts import DataSource
from models.scorers.compliance import load_playbook
from training.config import Config, Corpus, OwnLabels
from training.data.enough import check_enough
from training.data.files import file_sha256, located
from training.data.labels import LabelledConversation, read_labels
from training.data.leak_rows import conversation_rows, line_rows, rated_turn_rows
from training.data.leakage import Part, Row, dropped_keys, find_leaks
from training.data.prepared import DialogueSplit, LabelSplit, Prepared
from training.data.rated import Rated, RatedSplit, split_rated, surveys
from training.data.sentiment import LineSplit, corpus_path, corrected_lines, read_lines, split_lines
from training.data.splits import hold_out
from training.data.stc3 import Dialogue, read_dialogues
from training.data.uss import UssDialogue, as_rated, read_uss

STC3 = "stc3"

R = TypeVar("R", Dialogue, Rated, LabelledConversation)


def prepare_data(config: Config) -> Prepared:
    """Read, split and clean everything that ``config`` names.

    Raises:
        ValueError: A file is not of its format, or a pattern matches none; the message names it.
        InvalidLabelError: A user's label file has a fault, or an id stands twice; its location names the line.
        NotEnoughDataError: Something could not be fitted or calibrated on these data.
        UnknownPlaybookError: There is no such playbook as users' verdicts are said to be about.
        OSError: A file cannot be read.
    """
    by_language = {
        language: read_dialogues(located(file, config.data), language) for language, file in config.csat.files.items()
    }
    dialogues = _split_dialogues(by_language, config)
    uss = {name: read_uss(located(corpus.file, config.data)) for name, corpus in config.ratings.items()}
    rated = {
        name: split_rated(as_rated(uss[name], name, corpus.weight), corpus.held_out, config.seed)
        for name, corpus in config.ratings.items()
    }
    seen: dict[str, str] = {}  # an id in two files would be one conversation in two parts
    labelled = {name: _read_labelled(own, config, seen) for name, own in config.own_labels.items()}
    leaks = find_leaks(_conversation_rows(dialogues, rated, labelled))
    dialogues, rated, labelled = _without_copies(dropped_keys(leaks), dialogues, rated, labelled)

    lines = {
        name: split_lines(read_lines(corpus_path(corpus, config.data), name), corpus, config.seed)
        for name, corpus in config.sentiment.corpora.items()
    }
    for name, split in labelled.items():
        weight = config.own_labels[name].survey_weight
        rated[name] = RatedSplit(surveys(split.train, name, weight), surveys(split.test, name, weight))
        lines[name] = LineSplit(corrected_lines(split.train, name), [], corrected_lines(split.test, name))
    tested = {row.conversation.id for split in rated.values() for row in split.test}
    held_out = {name: [row for row in rows if row.conversation.id in tested] for name, rows in uss.items()}
    line_leaks = find_leaks(_line_rows(lines, held_out))
    dropped = dropped_keys(line_leaks)
    lines = {name: _kept_lines(split, dropped.get(name, frozenset())) for name, split in lines.items()}
    sources = _sources(config, dialogues, lines, rated, labelled)
    found = Prepared(dialogues, lines, _corpora(config), rated, held_out, labelled, sources, [*leaks, *line_leaks])
    check_enough(config, found)
    return found


def learnt_ids(config: Config) -> set[str]:
    """Return the ids of users' own conversations that a run of this configuration learns from.

    Raises:
        InvalidLabelError: A label file has a fault.
        ValueError: A pattern matches no file.
    """
    seen: dict[str, str] = {}
    return {
        row.conversation.id for own in config.own_labels.values() for row in _read_labelled(own, config, seen).train
    }


def _split_dialogues(by_language: Mapping[str, Sequence[Dialogue]], config: Config) -> DialogueSplit:
    """Split by dialogue id, which translations share, so that no dialogue is in two parts in two languages."""
    everything = [dialogue for dialogues in by_language.values() for dialogue in dialogues]
    ids = [dialogue.conversation.id for dialogue in everything]
    test, train = hold_out(ids, [config.csat.test_dialogues], config.seed)
    return DialogueSplit(
        train=[dialogue for dialogue in everything if dialogue.conversation.id in train],
        test={
            language: [dialogue for dialogue in dialogues if dialogue.conversation.id in test]
            for language, dialogues in by_language.items()
        },
    )


def _label_files(own: OwnLabels, data: Path) -> list[Path]:
    pattern = located(own.files, data)
    files = sorted(Path(found) for found in glob(str(pattern)))
    if not files:
        raise ValueError(f"{pattern}: no such file / 没有这样的文件")
    return files


def _read_labelled(own: OwnLabels, config: Config, seen: dict[str, str]) -> LabelSplit:
    load_playbook(own.playbook)
    rows = [row for file in _label_files(own, config.data) for row in read_labels(file, seen)]
    test, train = hold_out((row.conversation.id for row in rows), [own.held_out], config.seed)
    return LabelSplit(
        train=[row for row in rows if row.conversation.id in train],
        test=[row for row in rows if row.conversation.id in test],
        playbook=own.playbook,
    )


def _corpora(config: Config) -> dict[str, Corpus]:
    corrections = {
        name: Corpus(own.files, 0, own.sentiment_weight, False, own.held_out, False, own.terms)
        for name, own in config.own_labels.items()
    }
    return {**config.sentiment.corpora, **corrections}


def _conversation_rows(
    dialogues: DialogueSplit, rated: Mapping[str, RatedSplit], labelled: Mapping[str, LabelSplit]
) -> Iterator[Row]:
    parts: list[tuple[Part, list[Dialogue]]] = [("train", dialogues.train)]
    parts.extend(("test", part) for part in dialogues.test.values())
    for part, rows in parts:
        yield from conversation_rows(STC3, (row.conversation for row in rows), part)
    for splits in (rated, labelled):
        for name, split in splits.items():
            yield from conversation_rows(name, (row.conversation for row in split.train), "train")
            yield from conversation_rows(name, (row.conversation for row in split.test), "test")


def _without_copies(
    dropped: Mapping[str, frozenset[str]],
    dialogues: DialogueSplit,
    rated: Mapping[str, RatedSplit],
    labelled: Mapping[str, LabelSplit],
) -> tuple[DialogueSplit, dict[str, RatedSplit], dict[str, LabelSplit]]:
    def kept(rows: Sequence[R], corpus: str) -> list[R]:
        return [row for row in rows if row.conversation.id not in dropped.get(corpus, ())]

    return (
        DialogueSplit(kept(dialogues.train, STC3), dialogues.test),
        {name: RatedSplit(kept(split.train, name), split.test) for name, split in rated.items()},
        {name: replace(split, train=kept(split.train, name)) for name, split in labelled.items()},
    )


def _line_rows(lines: Mapping[str, LineSplit], uss: Mapping[str, Sequence[UssDialogue]]) -> Iterator[Row]:
    for name, split in lines.items():
        yield from line_rows(name, split)
    for name, dialogues in uss.items():
        yield from rated_turn_rows(name, dialogues)


def _kept_lines(split: LineSplit, dropped: Collection[str]) -> LineSplit:
    return LineSplit(
        [line for line in split.train if line.identity not in dropped],
        [line for line in split.calibration if line.identity not in dropped],
        split.test,
    )


def _sources(
    config: Config,
    dialogues: DialogueSplit,
    lines: Mapping[str, LineSplit],
    rated: Mapping[str, RatedSplit],
    labelled: Mapping[str, LabelSplit],
) -> list[DataSource]:
    """Return every file with the rows of it that fitting and calibration see."""
    seen = Counter(row.conversation.language for row in dialogues.train)
    sources = [
        DataSource(f"stc3-{language}", file_sha256(located(file, config.data)), seen[language], config.csat.terms)
        for language, file in config.csat.files.items()
    ]
    for name, corpus in config.sentiment.corpora.items():
        rows = len(lines[name].train) + len(lines[name].calibration)
        sources.append(DataSource(name, file_sha256(corpus_path(corpus, config.data)), rows, corpus.terms))
    for name, ratings in config.ratings.items():
        rows = len(rated[name].train) if ratings.weight else 0
        sources.append(DataSource(name, file_sha256(located(ratings.file, config.data)), rows, ratings.terms))
    for name, own in config.own_labels.items():
        hashes = [file_sha256(file) for file in _label_files(own, config.data)]
        digest = hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()
        sources.append(DataSource(name, digest, len(labelled[name].train), own.terms))
    return sources
