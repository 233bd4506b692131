"""Loaders, splits and the vector store."""

import gzip
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.encode.hashing import HashingEncoder
from training.config import Corpus
from training.data.files import read_rows
from training.data.privacy import read_privacy
from training.data.sentiment import balance, read_every_line, read_lines, split_lines
from training.data.splits import hold_out, hold_out_rows
from training.data.ssa import read_chats
from training.data.stc3 import is_resolved, read_dialogues, read_unlabelled
from training.data.uss import as_rated, read_uss
from training.data.vectors import VectorStore
from training.evaluate.compliance import read_verdicts


def write_rows(path: Path, rows: list[dict]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def annotation(satisfaction: int, nuggets: list[str], accomplishment: int = 0) -> dict:
    return {"quality": {"A": accomplishment, "S": satisfaction, "E": 0}, "nugget": nuggets}


def test_annotators_become_distributions(tmp_path: Path) -> None:
    row = {
        "id": "d1",
        "turns": [
            {"sender": "customer", "utterances": ["在吗", "坏了"]},
            {"sender": "helpdesk", "utterances": ["您好"]},
        ],
        "annotations": [
            annotation(-2, ["CNUG0", "HNUG"]),
            annotation(1, ["CNUG0", "HNUG*"], 1),
            annotation(1, ["CNaN", "HNaN"]),
            annotation(2, ["CNUG0", "HNUG"]),
        ],
    }
    (dialogue,) = read_dialogues(write_rows(tmp_path / "d.jsonl.gz", [row]), "zh")
    assert dialogue.conversation.turns[0].text == "在吗\n坏了"
    assert list(dialogue.distribution("S")) == [0.25, 0, 0, 0.5, 0.25]
    assert dialogue.mean("S") == 3.5
    assert list(dialogue.nuggets[0]) == [0.75, 0, 0, 0.25]
    assert list(dialogue.nuggets[1]) == [0.5, 0.25, 0.25]
    assert dialogue.resolved == 0.25


@pytest.mark.parametrize(
    ("nuggets", "accomplishment", "resolved"),
    [
        (["CNUG0", "HNUG", "CNUG*"], -2, True),
        (["CNUG0", "HNUG*"], 1, True),
        (["CNUG0", "HNUG*"], 0, False),
        (["CNUG0", "HNUG"], 2, False),
    ],
)
def test_what_counts_as_resolved(nuggets: list[str], accomplishment: int, resolved: bool) -> None:
    assert is_resolved(annotation(0, nuggets, accomplishment)) is resolved


def test_a_dialogue_without_annotations_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "d.jsonl.gz", [{"id": "d7", "turns": []}])
    with pytest.raises(ValueError, match="d7 has no annotations"):
        read_dialogues(path)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "好"}\n{oops\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read_rows(path)


def test_lines_are_distinct_three_class_and_unambiguous(tmp_path: Path) -> None:
    rows = [
        {"text": "好", "label": "positive"},
        {"text": "好 ", "label": "positive"},
        {"text": "行吧", "label": "positive"},
        {"text": "行吧", "label": "negative"},
        {"text": "啊?", "label": "surprise"},
        {"text": " ", "label": "negative"},
    ]
    lines = read_lines(write_rows(tmp_path / "l.jsonl.gz", rows), "test")
    assert [(line.text, line.label) for line in lines] == [("好", "positive")]
    every = read_every_line(tmp_path / "l.jsonl.gz", "test")  # what a model is measured on: the file as it is
    assert [line.text for line in every] == ["好", "好 ", "行吧", "行吧"]  # as written, as the pipeline sees it


def test_rated_dialogues_give_neutral_lines_only(tmp_path: Path) -> None:
    turns = [
        {"role": "customer", "text": "A table for two.", "act": "INFORM", "satisfaction": [3, 3]},
        {"role": "customer", "text": "No, that is wrong!", "act": "INFORM", "satisfaction": [3, 2]},
        {"role": "customer", "text": "Thanks", "act": "THANK_YOU", "satisfaction": [3, 3]},
        {"role": "agent", "text": "Done.", "act": "INFORM", "satisfaction": []},
    ]
    lines = read_lines(write_rows(tmp_path / "u.jsonl.gz", [{"turns": turns}]), "uss")
    assert [(line.text, line.label) for line in lines] == [("A table for two.", "neutral")]


def test_the_lines_of_a_play_have_what_was_said_before(tmp_path: Path) -> None:
    said = [("d1", "甲", "怎么了"), ("d1", "乙", "没什么"), ("d1", "甲", "真的吗"), ("d2", "甲", "早")]
    rows = [{"dialogue": d, "speaker": who, "text": text, "label": "neutral"} for d, who, text in said]
    lines = read_lines(write_rows(tmp_path / "p.jsonl.gz", rows), "play")
    assert [line.context for line in lines] == [
        (),
        (("agent", "怎么了"),),
        (("customer", "怎么了"), ("agent", "没什么")),
        (),
    ]
    assert len({line.group for line in lines}) == 2


def test_lines_with_other_turns_before_are_other_lines(tmp_path: Path) -> None:
    def answer(label: str, before: str) -> dict:
        return {"text": "好的", "label": label, "intensity": 1, "context": [{"role": "agent", "text": before}]}

    rows = [
        answer("neutral", "已下单"),
        answer("negative", "不退"),
        answer("positive", "补发"),
        answer("neutral", "补发"),
    ]
    lines = read_lines(write_rows(tmp_path / "c.jsonl.gz", rows), "own")
    assert [(line.label, line.context[0][1]) for line in lines] == [("neutral", "已下单"), ("negative", "不退")]
    assert lines[0].intensity == 1.0


def test_a_dialogues_lines_stay_together(tmp_path: Path) -> None:
    rows = [{"dialogue": f"d{at // 7}", "speaker": "甲", "text": f"第{at}句", "label": "neutral"} for at in range(140)]
    lines = read_lines(write_rows(tmp_path / "p.jsonl.gz", rows), "play")
    corpus = Corpus("p", rows=0, weight=1.0, polar=False, held_out=40, calibrate=True, terms="own")
    split = split_lines(lines, corpus, seed=1)
    groups = [{line.group for line in part} for part in (split.train, split.calibration, split.test)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 20
    assert (len(split.calibration), len(split.test)) == (21, 21)  # whole dialogues of seven


def test_uss_keeps_every_rating(tmp_path: Path) -> None:
    turns = [
        {"role": "customer", "text": "A table.", "act": "INFORM", "satisfaction": [3, 4]},
        {"role": "agent", "text": "Done.", "act": "", "satisfaction": []},
    ]
    path = write_rows(tmp_path / "sgd.jsonl.gz", [{"turns": turns, "satisfaction": [5, 4, 4]}])
    (dialogue,) = read_uss(path)
    assert dialogue.conversation.id == "sgd-1"
    assert (dialogue.turn_ratings, dialogue.ratings) == ({0: (3, 4)}, (5, 4, 4))
    (rated,) = as_rated([dialogue], "sgd", 0.2)
    assert list(rated.distribution()) == pytest.approx([0, 0, 0, 2 / 3, 1 / 3])
    for wrong in ({"turns": []}, {"turns": turns, "satisfaction": [6]}, {"turns": [{"role": "bot", "text": ""}]}):
        with pytest.raises(ValueError, match="row 1: not a USS dialogue"):
            read_uss(write_rows(tmp_path / "w.jsonl.gz", [wrong]))


def test_held_out_rows_end_with_the_group_that_fills_them() -> None:
    rows = {f"g{at}": 3 for at in range(10)}
    first, second, rest = hold_out_rows(rows, [4, 0], seed=1)
    assert (len(first), len(second), len(rest)) == (2, 0, 8)
    assert hold_out_rows(rows, [1000], seed=1) == [set(rows), set()]


def test_parts_are_disjoint_complete_and_steady() -> None:
    groups = [f"g{at}" for at in range(100)]
    first, second, rest = hold_out([*groups, *groups], [10, 20], seed=5)
    assert (len(first), len(second), len(rest)) == (10, 20, 70)
    assert first | second | rest == set(groups)
    assert hold_out(reversed(groups), [10, 20], seed=5) == [first, second, rest]
    assert hold_out(groups, [10, 20], seed=6)[0] != first


def test_line_splits_share_no_text_and_balance(tmp_path: Path) -> None:
    rows = [{"text": f"第{at}句", "label": "positive" if at % 4 else "negative"} for at in range(200)]
    lines = read_lines(write_rows(tmp_path / "l.jsonl.gz", rows), "test")
    corpus = Corpus("l.jsonl.gz", rows=60, weight=1.0, polar=True, held_out=40, calibrate=True, terms="own")
    split = split_lines(lines, corpus, seed=1)
    assert (len(split.calibration), len(split.test), len(split.train)) == (20, 20, 60)
    assert sum(line.label == "negative" for line in split.train) == 30
    texts = [line.text for part in (split.train, split.calibration, split.test) for line in part]
    assert len(texts) == len(set(texts))


def test_balance_takes_what_there_is(tmp_path: Path) -> None:
    rows = [
        {"text": f"{label}{at}", "label": label} for label, n in (("negative", 3), ("neutral", 50)) for at in range(n)
    ]
    chosen = balance(read_lines(write_rows(tmp_path / "l.jsonl.gz", rows), "test"), 20, seed=1)
    assert sorted({(label, sum(c.label == label for c in chosen)) for label in ("negative", "neutral")}) == [
        ("negative", 3),
        ("neutral", 17),
    ]


class CountingEncoder(HashingEncoder):
    """Counts the texts it encodes."""

    def __init__(self) -> None:
        super().__init__(16)
        self.encoded: list[str] = []

    def encode(self, texts):
        self.encoded.extend(texts)
        return super().encode(texts)


def test_texts_are_masked_encoded_once_and_kept(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    store = VectorStore(encoder, tmp_path)
    store.warm(["电话13812345678", "你好", "你好", " "])
    assert sorted(encoder.encoded) == ["你好", "电话138****5678"]
    again = VectorStore(encoder, tmp_path)
    assert np.array_equal(again.vector("电话138****5678"), HashingEncoder(16).encode(["电话138****5678"])[0])
    assert again.vector(" ") is None
    assert len(encoder.encoded) == 2


def test_a_store_cut_off_in_the_middle_goes_on(tmp_path: Path) -> None:
    VectorStore(CountingEncoder(), tmp_path).warm(["一", "二", "三"])
    (vectors,) = tmp_path.rglob("vectors.bin")
    vectors.write_bytes(vectors.read_bytes()[:-30])
    encoder = CountingEncoder()
    store = VectorStore(encoder, tmp_path)
    assert np.array_equal(store.matrix(["一", "二", "三"]), HashingEncoder(16).encode(["一", "二", "三"]))
    assert len(encoder.encoded) == 1


def test_two_stores_open_at_once_share_what_they_encode(tmp_path: Path) -> None:
    first, second = (VectorStore(CountingEncoder(), tmp_path) for _ in range(2))
    first.warm(["一", "二"])
    second.warm(["二", "三"])
    first.warm(["三", "四"])
    everything = ["一", "二", "三", "四"]
    encoder = CountingEncoder()
    assert np.array_equal(VectorStore(encoder, tmp_path).matrix(everything), HashingEncoder(16).encode(everything))
    assert encoder.encoded == []
    assert first.matrix(everything).tolist() == second.matrix(everything).tolist()


def _fill(cache: Path, first: int) -> None:
    store = VectorStore(HashingEncoder(16), cache)
    for number in range(first, first + 150):
        store.warm([f"第{number}句"])


def test_two_processes_write_into_one_store(tmp_path: Path) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=_fill, args=(tmp_path, at)) for at in (0, 0, 100)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    texts = [f"第{number}句" for number in range(250)]
    encoder = CountingEncoder()
    assert np.array_equal(VectorStore(encoder, tmp_path).matrix(texts), HashingEncoder(16).encode(texts))
    assert encoder.encoded == []
    (keys,) = tmp_path.rglob("keys.bin")
    assert keys.stat().st_size == 250 * 16  # nothing twice


def test_dialogues_without_labels_are_conversations(tmp_path: Path) -> None:
    turns = [{"sender": "customer", "utterances": ["手机坏了", "急"]}, {"sender": "helpdesk", "utterances": ["您好"]}]
    path = write_rows(tmp_path / "u.jsonl.gz", [{"id": "u1", "turns": turns}])
    (conversation,) = read_unlabelled(path, "zh")
    assert (conversation.id, conversation.language, conversation.channel) == ("u1", "zh", "social")
    assert [(turn.role, turn.text) for turn in conversation.turns] == [("customer", "手机坏了\n急"), ("agent", "您好")]
    with pytest.raises(ValueError, match="row 1: not an STC-3 dialogue"):
        read_unlabelled(write_rows(tmp_path / "b.jsonl.gz", [{"id": "u2", "turns": [{"sender": "robot"}]}]))


CORPORA = Path(__file__).parents[3] / "shared" / "data"


# Which function reads which of the files in ../shared/data, and how many rows it has at least.
LOADERS = {
    "stc3/train_cn": (read_dialogues, 3200),
    "stc3/train_en": (read_dialogues, 1433),
    "stc3/unlabelled_cn": (read_unlabelled, 390),
    "ssa/clothes_train": (read_chats, 8000),
    "ssa/clothes_dev": (read_chats, 1000),
    "ssa/makeup_train": (read_chats, 2832),
    "ssa/makeup_dev": (read_chats, 354),
    **{
        f"sentiment/{name}": (lambda path: read_lines(path, path.name), 6000)
        for name in ("chat_manual", "chat_auto", "online_shopping", "waimai", "weibo_emotion", "cped_valid")
    },
    **{f"uss/{name}": (read_uss, 400) for name in ("sgd", "mwoz", "ccpe", "redial")},
}


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the research corpora are not beside the checkout")
def test_every_corpus_has_a_loader() -> None:
    assert {path.relative_to(CORPORA).as_posix().split(".")[0] for path in CORPORA.rglob("*.gz")} == set(LOADERS)


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the research corpora are not beside the checkout")
@pytest.mark.parametrize("name", sorted(LOADERS))
def test_the_loader_reads_the_real_file(name: str) -> None:
    read, least = LOADERS[name]
    assert len(read(CORPORA / f"{name}.jsonl.gz")) >= least


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the research corpora are not beside the checkout")
def test_the_real_corpora_load() -> None:
    chinese, english = (read_dialogues(CORPORA / "stc3" / f"train_{language}.jsonl.gz") for language in ("cn", "en"))
    assert (len(chinese), len(english)) == (3200, 1433)
    assert {d.conversation.id for d in english} <= {d.conversation.id for d in chinese}
    assert all(abs(sum(shares) - 1) < 1e-9 for dialogue in chinese for shares in dialogue.nuggets)
    assert {line.label for line in read_lines(CORPORA / "uss" / "sgd.jsonl.gz", "sgd")} == {"neutral"}


def stc3_row(**changes: object) -> dict:
    turns = [{"sender": "customer", "utterances": ["坏了"]}]
    return {"id": "d", "turns": turns, "annotations": [{**annotation(0, ["CNUG0"]), **changes}]}


FAULTS = [
    (read_dialogues, stc3_row(quality={"A": 0, "S": 1.0, "E": 0}), stc3_row()),
    (read_dialogues, stc3_row(quality={"A": 0, "S": 3, "E": 0}), stc3_row()),
    (read_dialogues, stc3_row(nugget=["HNUG"]), stc3_row()),
    (read_dialogues, {**stc3_row(), "turns": 1}, stc3_row()),
    *(
        (lambda path: read_every_line(path, "c"), {"text": "好", "label": "positive", **fault}, {"text": "好"})
        for fault in (
            {"context": [{"text": "在吗"}]},
            {"context": "在吗"},
            {"intensity": "strong"},
            {"intensity": 4},
            {"turns": [{"role": "customer", "text": "好", "satisfaction": "3"}]},
            {"dialogue": "d"},
        )
    ),
    *(
        (read_verdicts, {"id": "b", "turns": [], "labels": {"compliance": fault}}, good)
        for good in [{"id": "a", "turns": [{"role": "agent", "text": "好"}], "labels": {"compliance": {"x": "pass"}}}]
        for fault in (["x"], [{"verdict": "fail"}])
    ),
    *(
        (read_privacy, {"id": "2", "group": "g", "text": "电话", "spans": [], **fault}, good)
        for good in [{"id": "1", "group": "g", "text": "电话", "spans": []}]
        for fault in ({"text": None}, {"spans": [{"kind": "phone", "start": "0", "end": 1}]})
    ),
]


@pytest.mark.parametrize(("read", "fault", "good"), FAULTS)
def test_a_fault_is_told_with_file_and_row(read: Callable, fault: dict, good: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"rows\.jsonl\.gz, row 2: "):
        read(write_rows(tmp_path / "rows.jsonl.gz", [good, fault]))


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl.gz", [{"text": str(number)} for number in range(999)])
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a whole gzip file"):
        read_rows(path)
