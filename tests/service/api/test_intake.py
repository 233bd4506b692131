from __future__ import annotations

import gzip
import json

import pytest
from fastapi.testclient import TestClient


def ndjson(*documents) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents).encode()


def test_one_conversation(client: TestClient, document) -> None:
    first = client.post("/v1/conversations", json=document())
    assert first.status_code == 201
    assert first.json()["accepted"] == 1
    [job] = first.json()["jobs"]
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "waiting"

    again = client.post("/v1/conversations", json=document())
    assert (again.status_code, again.json()["unchanged"], again.json()["jobs"]) == (200, 1, [])

    other = client.post("/v1/conversations", json=document(text="换一句"))
    assert (other.status_code, other.json()["code"]) == (409, "conversation-conflict")
    assert other.headers["content-type"] == "application/problem+json"

    revised = client.post("/v1/conversations?revise=true", json=document(text="换一句"))
    assert (revised.status_code, revised.json()["revised"]) == (200, 1)


@pytest.mark.parametrize("wrap", [lambda many: many, lambda many: {"conversations": many}])
def test_many_each_by_itself(client: TestClient, document, wrap) -> None:
    good, bad = document("c-1"), document("c-2", turns=[{"role": "boss", "text": "…"}])
    answer = client.post("/v1/conversations", json=wrap([good, bad, 3, good]))
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["unchanged"], body["refused"]) == (1, 1, 2)
    [wrong_role, no_object] = body["refusals"]
    assert wrong_role["index"] == 1
    assert wrong_role["id"] == "c-2"
    assert wrong_role["path"] == "$.turns[0].role"
    assert wrong_role["reason"]
    assert wrong_role["reason_en"]
    assert no_object["index"] == 2


@pytest.mark.parametrize(
    "pack", [lambda data: (data, {}), lambda data: (gzip.compress(data), {"Content-Encoding": "gzip"})]
)
def test_lines_as_they_come(client: TestClient, document, pack) -> None:
    lines = (
        ndjson(*(document(f"c-{number}") for number in range(450))) + b"\n{broken\n\xff\xfe\n" + ndjson(document("c-0"))
    )
    data, headers = pack(lines)
    answer = client.post("/v1/conversations", content=data, headers={"Content-Type": "application/x-ndjson", **headers})
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["unchanged"], body["refused"]) == (450, 1, 2)
    assert [refusal["line"] for refusal in body["refusals"]] == [452, 453]
    assert len(body["jobs"]) == 3


def test_several_gzip_files_in_one_body(client: TestClient, document) -> None:
    data = gzip.compress(ndjson(document("c-1"))) + gzip.compress(ndjson(document("c-2")))
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    assert client.post("/v1/conversations", content=data, headers=headers).json()["accepted"] == 2


def test_a_gzip_body_that_breaks_off_keeps_what_came_before(client: TestClient, document) -> None:
    import random

    noise = random.Random(1)
    texts = ("".join(chr(noise.randrange(0x4E00, 0x9FA5)) for _ in range(600)) for _ in range(300))
    data = gzip.compress(ndjson(*(document(f"c-{number}", text=text) for number, text in enumerate(texts))))
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    answer = client.post("/v1/conversations", content=data[: len(data) // 2], headers=headers)
    assert answer.status_code == 207
    assert answer.json()["accepted"] > 100
    assert answer.json()["refusals"][-1]["code"] == "malformed-body"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{broken", "application/json", 400, "malformed-body"),
        (b"[1,", "application/json", 400, "malformed-body"),
        (b"", "application/json", 400, "malformed-body"),
        (b"[]", "application/json", 400, "malformed-body"),
        (b'"text"', "application/json", 400, "malformed-body"),
        (b'{"id": "c-1", "id": "c-2"}', "application/json", 400, "malformed-body"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "application/json", 400, "malformed-body"),
        (b"[NaN]", "application/json", 400, "malformed-body"),
        (b"\xff", "application/json", 400, "malformed-body"),
        (b"[" * 100_000, "application/json", 400, "malformed-body"),
        (b"{}", "application/json", 422, "invalid-conversation"),
        (b"\n\n", "application/x-ndjson", 400, "malformed-body"),
        (b"id,text", "text/csv", 415, "unsupported-media-type"),
    ],
)
def test_bodies_that_are_none(client: TestClient, content: bytes, content_type: str, status: int, code: str) -> None:
    answer = client.post("/v1/conversations", content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_half_a_character_in_one_line_refuses_that_line_only(client: TestClient, document) -> None:
    data = ndjson(document("c-1")) + b'{"\\ud800": 1, "\\ud800": 2}\n' + ndjson(document("c-2"))
    answer = client.post("/v1/conversations", content=data, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refusals"][0]["line"]) == (207, 2, 2)


def test_batches_of_long_lines_hold_few_of_them(client: TestClient, document, monkeypatch) -> None:
    from service.api import intake

    sizes: list[int] = []
    store = intake.store_conversations

    def counted(session, conversations, revise):
        sizes.append(len(conversations))
        return store(session, conversations, revise)

    monkeypatch.setattr(intake, "store_conversations", counted)
    monkeypatch.setattr(intake, "BATCH_BYTES", 10_000)
    data = ndjson(*[document(f"c-{number}", extra={"long": "x" * 4000}) for number in range(10)])
    answer = client.post("/v1/conversations", content=data, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.json()["accepted"], max(sizes)) == (10, 3)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_encodings_that_are_none(client: TestClient, content_type: str) -> None:
    def post(encoding: str):
        headers = {"Content-Type": content_type, "Content-Encoding": encoding}
        return client.post("/v1/conversations", content=b"no gzip at all", headers=headers)

    assert (post("gzip").status_code, post("gzip").json()["code"]) == (400, "malformed-body")
    assert (post("br").status_code, post("br").json()["code"]) == (415, "unsupported-media-type")


class TestLimits:
    @pytest.fixture
    def app_settings(self, app_settings):
        from dataclasses import replace

        limits = {"max_body_bytes": 2000, "max_line_bytes": 1000, "max_stream_bytes": 5000}
        return replace(app_settings, service=app_settings.service.model_copy(update=limits))

    def test_json(self, client: TestClient, document) -> None:
        answer = client.post("/v1/conversations", json=document(text="好" * 2000))
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")

    def test_a_zip_bomb(self, client: TestClient) -> None:
        bomb = gzip.compress(b" " * 50_000_000)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert client.post("/v1/conversations", content=bomb, headers=headers).status_code == 413

    def test_a_line(self, client: TestClient, document) -> None:
        data = ndjson(document("c-1"), document("c-2", text="好" * 1000), document("c-3"))
        answer = client.post("/v1/conversations", content=data, headers={"Content-Type": "application/x-ndjson"})
        assert (answer.status_code, answer.json()["accepted"]) == (207, 2)
        [refusal] = answer.json()["refusals"]
        assert (refusal["line"], refusal["code"]) == (2, "too-large")


def test_the_same_conversation_posted_by_many_at_once(client: TestClient, document) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/conversations", json=document()), range(24)))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert len(client.get("/v1/conversations").json()["items"]) == 1
