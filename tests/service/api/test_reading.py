from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def post(client: TestClient, *documents) -> None:
    assert client.post("/v1/conversations", json=list(documents)).status_code == 201


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_a_conversation_and_its_score(client: TestClient, document, score_all) -> None:
    post(client, document())
    waiting = client.get("/v1/conversations/c-1").json()
    assert (waiting["state"], waiting["score"], waiting["revision"]) == ("pending", None, 1)
    assert waiting["document"]["turns"][0]["text"] == "在吗，怎么还没发货"
    assert client.get("/v1/conversations/c-1/scores").json()["items"] == []

    score_all("c-1")
    scored = client.get("/v1/conversations/c-1").json()
    assert scored["state"] == "scored"
    assert scored["score"]["timing"]["first_response_s"] == 8.0
    [score] = client.get("/v1/conversations/c-1/scores").json()["items"]
    assert score["bundle"] == scored["score"]


def test_scores_newest_first(client: TestClient, document, score_all) -> None:
    from service.scoring.fake import FakeEngine

    post(client, document())
    score_all("c-1")
    score_all("c-1")
    assert len(client.get("/v1/conversations/c-1/scores").json()["items"]) == 1
    score_all("c-1", engine=FakeEngine(playbook="other"))
    history = client.get("/v1/conversations/c-1/scores").json()["items"]
    assert [item["bundle"]["versions"]["playbook"] for item in history] == ["other@fake", "ecommerce-zh@fake"]
    [latest] = client.get("/v1/conversations/c-1/scores?latest=true").json()["items"]
    assert latest == history[0]
    # Going back to what was active before makes the earlier score current again, without another row.
    score_all("c-1")
    [latest] = client.get("/v1/conversations/c-1/scores?latest=true").json()["items"]
    assert latest == history[1]


def test_what_to_say_instead_on_demand(client: TestClient, document, score_all) -> None:
    post(client, *(document(f"c-{number}") for number in range(12)))
    assert client.get("/v1/conversations/c-1/scores?coach=true").json() == {"items": [], "coaching": None}
    score_all(*(f"c-{number}" for number in range(12)))
    seen = 0
    for number in range(12):
        answer = client.get(f"/v1/conversations/c-{number}/scores?coach=true").json()
        [score] = answer["items"]
        failed = [check["id"] for check in score["bundle"]["compliance"]["checks"] if check["verdict"] == "fail"]
        assert [one["check"] for one in answer["coaching"]] == failed
        assert all(one["say"][0]["text"] for one in answer["coaching"])
        seen += len(failed)
    assert seen
    assert client.get("/v1/conversations/c-1/scores").json()["coaching"] is None


def test_a_revision_waits_for_its_own_score(client: TestClient, document, score_all) -> None:
    post(client, document())
    score_all("c-1")
    client.post("/v1/conversations?revise=true", json=document(text="换一句"))
    assert client.get("/v1/conversations/c-1").json()["state"] == "pending"
    assert client.get("/v1/conversations/c-1/scores?latest=true").json()["items"] == []
    score_all("c-1")
    revisions = [item["revision"] for item in client.get("/v1/conversations/c-1/scores").json()["items"]]
    assert revisions == [2, 1]


def test_paging_goes_through_all_once(client: TestClient, document) -> None:
    # Several at the same time of day, so that the id has to decide.
    times = [f"2026-10-12T09:0{number // 3}:00+08:00" for number in range(11)]
    post(client, *(document(f"c-{number}", started_at=time) for number, time in enumerate(times)))
    seen, cursor = [], None
    while True:
        page = client.get("/v1/conversations", params={"limit": 4, **({"cursor": cursor} if cursor else {})})
        seen += ids(page)
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
        # What comes in meanwhile does not shift the pages.
        post(client, document(f"new-{len(seen)}", started_at="2026-12-01T00:00:00+08:00"))
    assert len(seen) == 11
    assert set(seen) == {f"c-{number}" for number in range(11)}
    assert seen == sorted(seen, key=lambda one: (times[int(one[2:])], one), reverse=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("queue=presale", {"b"}),
        ("channel=email", {"b"}),
        ("agent=a-2", {"b"}),
        ("customer=u-1", {"a", "c"}),
        ("language=en", {"b"}),
        ("tag=物流", {"a"}),
        ("from=2026-10-13", {"b", "c"}),
        ("to=2026-10-12", {"a"}),
        ("from=2026-10-12&to=2026-10-13", {"a", "b"}),
        ("from=2026-10-13T10:00:00%2B08:00&to=2026-10-14T10:00:00%2B08:00", {"b"}),
        ("from=2026-10-13T10:00:00+08:00", {"b", "c"}),
        ("state=scored", {"a", "b"}),
        ("state=pending", {"c"}),
        ("state=failed", set()),
        ("min_csat=1", {"a", "b"}),
        ("max_csat=0.5", set()),
        ("min_qa=0&max_qa=100", {"a", "b"}),
        ("min_compliance=0&max_compliance=1", {"a", "b"}),
        ("queue=presale&agent=a-1", set()),
    ],
)
def test_filters(client: TestClient, document, score_all, query: str, expected: set[str]) -> None:
    other = {
        "queue": "presale",
        "channel": "email",
        "language": "en",
        "agent": {"id": "a-2"},
        "customer": {"id": "u-2"},
        "started_at": "2026-10-13T10:00:00+08:00",
        "turns": [{"role": "customer", "text": "hello"}],
    }
    late = {"started_at": "2026-10-14T10:00:00+08:00", "turns": [{"role": "customer", "text": "你好"}]}
    post(client, document("a", tags=["物流"]), document("b", **other), document("c", **late))
    score_all("a", "b")
    assert set(ids(client.get(f"/v1/conversations?{query}"))) == expected


def test_filters_on_decisions_fit_the_scores(client: TestClient, document, score_all) -> None:
    names = [f"c-{number}" for number in range(40)]
    post(client, *(document(name) for name in names))
    score_all(*names)
    bundles = {name: client.get(f"/v1/conversations/{name}").json()["score"] for name in names}

    def fitting(condition) -> set[str]:
        return {name for name, bundle in bundles.items() if condition(bundle)}

    for label in ("dissatisfied", "neutral", "satisfied"):
        found = ids(client.get(f"/v1/conversations?limit=200&csat_label={label}"))
        assert set(found) == fitting(lambda bundle: bundle["csat"]["label"] == label)  # noqa: B023
    for value in (True, False):
        found = ids(client.get(f"/v1/conversations?limit=200&qa_passed={value}"))
        assert set(found) == fitting(lambda bundle: bundle["qa"]["passed"] is value)  # noqa: B023
        found = ids(client.get(f"/v1/conversations?limit=200&critical_fail={value}"))
        assert set(found) == fitting(
            lambda bundle: (
                any(check["critical"] and check["verdict"] == "fail" for check in bundle["compliance"]["checks"])
                is value  # noqa: B023
            )
        )
    assert fitting(lambda bundle: bundle["qa"]["passed"])
    assert fitting(lambda bundle: not bundle["qa"]["passed"])


def test_an_id_with_slashes(client: TestClient, document, score_all) -> None:
    post(client, document("shop/1/c-7"))
    score_all("shop/1/c-7")
    for written in ("shop/1/c-7", "shop%2F1%2Fc-7"):
        assert client.get(f"/v1/conversations/{written}").json()["id"] == "shop/1/c-7"
        assert len(client.get(f"/v1/conversations/{written}/scores").json()["items"]) == 1
        assert client.post(f"/v1/conversations/{written}/rescore").status_code == 202


def test_scoring_again(client: TestClient, document) -> None:
    post(client, document("a"), document("b", queue="presale"), document("c"))
    one = client.post("/v1/conversations/a/rescore")
    assert one.status_code == 202
    assert client.get(f"/v1/jobs/{one.json()['jobs'][0]}").json()["conversations"] == 1
    many = client.post("/v1/rescore", json={"queue": "aftersale"})
    assert (many.status_code, many.json()["conversations"]) == (202, 2)
    assert client.post("/v1/rescore", json={"queue": "complaint"}).json() == {"jobs": [], "conversations": 0}
    assert client.post("/v1/rescore", json={"queu": "x"}).status_code == 422


@pytest.mark.parametrize("kind", ["playbooks", "rubrics"])
def test_catalogue(client: TestClient, kind: str) -> None:
    items = client.get(f"/v1/{kind}").json()["items"]
    assert [item["active"] for item in items].count(True) == 1
    active = items[0]
    assert client.get(f"/v1/{kind}/{active['id']}").json() == active
    assert client.get(f"/v1/{kind}/{active['id']}@{active['version']}").json() == active
    assert client.get(f"/v1/{kind}/nothing").status_code == 404


def test_a_playbook_is_never_taken_for_a_file(client: TestClient, tmp_path) -> None:
    from urllib.parse import quote

    path = tmp_path / "secret.yaml"
    path.write_text("id: secret")
    answer = client.get(f"/v1/playbooks/{quote(str(path), safe='')}")
    assert answer.status_code == 404


def test_readiness_counts_what_waits(client: TestClient, document) -> None:
    post(client, document("a"), document("b"))
    ready = client.get("/readyz").json()
    assert ready["queue"] == {"waiting": 1, "running": 0, "conversations": 2, "workers": 0}
    assert client.get("/version").json()["schema_revision"] == ready["schema_revision"]
