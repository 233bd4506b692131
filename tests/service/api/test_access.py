from __future__ import annotations

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from service.accounts.roles import ROLES
from service.app import openapi_document

_OPEN = {"/healthz", "/readyz", "/version"}
_OPERATIONS = [(method.upper(), path) for path, item in openapi_document()["paths"].items() for method in item]
_CLOSED = [(method, path) for method, path in _OPERATIONS if path not in _OPEN]

# Which roles may do what; written out by hand, so that a change of the permission map shows here.
_READERS = {"admin", "qa", "supervisor", "trainer", "viewer"}
_AGENTS_TOO = _READERS | {"agent"}
_JUDGES = {"admin", "qa"}
_LEADS = {"admin", "qa", "supervisor"}
_ALLOWED = {
    ("POST", "/v1/conversations"): {"admin", "ingest"},
    ("GET", "/v1/conversations"): _AGENTS_TOO,
    ("GET", "/v1/conversations/{conversation_id}"): _AGENTS_TOO,
    ("GET", "/v1/conversations/{conversation_id}/scores"): _AGENTS_TOO,
    ("GET", "/v1/conversations/{conversation_id}/scores/diff"): _AGENTS_TOO,
    ("POST", "/v1/scores/{score_id}/verify"): _AGENTS_TOO,
    ("POST", "/v1/conversations/{conversation_id}/rescore"): {"admin", "qa", "supervisor"},
    ("POST", "/v1/rescore"): {"admin", "qa", "supervisor"},
    ("GET", "/v1/playbooks"): _AGENTS_TOO,
    ("GET", "/v1/playbooks/{playbook_id}"): _AGENTS_TOO,
    ("GET", "/v1/playbooks/{playbook_id}/yaml"): _AGENTS_TOO,
    ("POST", "/v1/playbooks"): {"admin", "qa"},
    ("POST", "/v1/playbooks/validate"): {"admin", "qa", "supervisor", "trainer"},
    ("POST", "/v1/playbooks/{playbook_id}/activate"): {"admin", "qa"},
    ("POST", "/v1/playbooks/{playbook_id}/retire"): {"admin", "qa"},
    ("POST", "/v1/playbooks/dry-run"): {"admin", "qa", "supervisor", "trainer"},
    ("POST", "/v1/playbooks/{playbook_id}/dry-run"): {"admin", "qa", "supervisor", "trainer"},
    ("GET", "/v1/dry-runs"): {"admin", "qa", "supervisor", "trainer"},
    ("GET", "/v1/dry-runs/{dry_run_id}"): {"admin", "qa", "supervisor", "trainer"},
    ("GET", "/v1/dry-runs/{dry_run_id}/changes"): {"admin", "qa", "supervisor", "trainer"},
    ("POST", "/v1/dry-runs/{dry_run_id}/cancel"): {"admin", "qa", "supervisor", "trainer"},
    ("GET", "/v1/rubrics"): _AGENTS_TOO,
    ("GET", "/v1/rubrics/{rubric_id}"): _AGENTS_TOO,
    ("GET", "/v1/rubrics/{rubric_id}/yaml"): _AGENTS_TOO,
    ("POST", "/v1/rubrics"): {"admin", "qa"},
    ("POST", "/v1/rubrics/validate"): {"admin", "qa", "supervisor", "trainer"},
    ("POST", "/v1/rubrics/preview"): {"admin", "qa", "supervisor", "trainer"},
    ("POST", "/v1/rubrics/{rubric_id}/activate"): {"admin", "qa"},
    ("POST", "/v1/rubrics/{rubric_id}/retire"): {"admin", "qa"},
    ("GET", "/v1/qa/root-causes"): _AGENTS_TOO,
    ("GET", "/v1/qa/root-causes/taxonomy"): _AGENTS_TOO,
    ("GET", "/v1/qa/root-causes/figures"): _AGENTS_TOO,
    ("GET", "/v1/qa/root-causes/agreement"): _LEADS,
    ("GET", "/v1/qa/root-causes/{score_id}"): _AGENTS_TOO,
    ("POST", "/v1/qa/root-causes/{score_id}/suggest"): _LEADS,
    ("POST", "/v1/qa/root-causes/{score_id}/confirm"): _LEADS,
    ("GET", "/v1/kpis"): _READERS,
    ("GET", "/v1/exports"): {"admin", "qa", "supervisor", "trainer", "agent"},
    ("GET", "/v1/exports/{dataset}.{form}"): {"admin", "qa", "supervisor", "trainer", "agent"},
    ("GET", "/v1/qa/labels.jsonl"): {"admin", "qa", "trainer"},
    ("GET", "/v1/jobs/{job_id}"): _READERS | {"ingest"},
    ("GET", "/v1/qa/sampling/policies"): _LEADS,
    ("POST", "/v1/qa/sampling/policies"): _JUDGES,
    ("POST", "/v1/qa/sampling/run"): _JUDGES,
    ("GET", "/v1/qa/tasks"): _LEADS,
    ("POST", "/v1/qa/tasks"): _LEADS,
    ("POST", "/v1/qa/tasks/take"): _JUDGES,
    ("GET", "/v1/qa/tasks/{task_id}"): _LEADS,
    ("POST", "/v1/qa/tasks/{task_id}/take"): _JUDGES,
    ("POST", "/v1/qa/tasks/{task_id}/assign"): _LEADS,
    ("POST", "/v1/qa/tasks/{task_id}/release"): _LEADS,
    ("POST", "/v1/qa/tasks/{task_id}/skip"): _LEADS,
    ("POST", "/v1/qa/tasks/{task_id}/submit"): _JUDGES,
    ("GET", "/v1/qa/scores/{score_id}"): _AGENTS_TOO,
    ("GET", "/v1/qa/reviewers"): _LEADS,
    ("POST", "/v1/qa/appeals"): {"admin", "supervisor", "agent"},
    ("GET", "/v1/qa/appeals"): _AGENTS_TOO,
    ("GET", "/v1/qa/appeals/reversals"): _LEADS,
    ("POST", "/v1/qa/appeals/expire"): _LEADS,
    ("GET", "/v1/qa/appeals/{appeal_id}"): _AGENTS_TOO,
    ("POST", "/v1/qa/appeals/{appeal_id}/take"): _JUDGES,
    ("POST", "/v1/qa/appeals/{appeal_id}/assign"): _LEADS,
    ("POST", "/v1/qa/appeals/{appeal_id}/release"): _JUDGES,
    ("POST", "/v1/qa/appeals/{appeal_id}/decide"): _JUDGES,
    ("POST", "/v1/qa/appeals/{appeal_id}/withdraw"): {"admin", "supervisor", "agent"},
    ("POST", "/v1/qa/calibrations"): _JUDGES,
    ("GET", "/v1/qa/calibrations"): _JUDGES,
    ("GET", "/v1/qa/calibrations/{session_id}"): _JUDGES,
    ("GET", "/v1/qa/calibrations/{session_id}/scores/{score_id}"): _JUDGES,
    ("POST", "/v1/qa/calibrations/{session_id}/marks"): _JUDGES,
    ("POST", "/v1/qa/calibrations/{session_id}/close"): _JUDGES,
    ("GET", "/v1/qa/agreement"): _LEADS,
    ("GET", "/v1/qa/automation"): _LEADS,
    ("POST", "/v1/qa/automation"): _JUDGES,
    ("GET", "/v1/qa/automation/history"): _LEADS,
    ("POST", "/v1/qa/automation/lower"): _JUDGES,
    ("POST", "/v1/people"): {"admin"},
    ("GET", "/v1/people"): {"admin"},
    ("DELETE", "/v1/people/{person_id}"): {"admin"},
    ("GET", "/v1/audit"): {"admin"},
    ("POST", "/v1/keys"): {"admin"},
    ("GET", "/v1/keys"): {"admin"},
    ("DELETE", "/v1/keys/{key_id}"): {"admin"},
}


def call(client: TestClient, method: str, path: str, **headers: str):
    names = {"conversation_id": "none", "playbook_id": "none", "rubric_id": "none", "person_id": "none"}
    names |= {"dataset": "conversations", "form": "jsonl"}
    numbers = dict.fromkeys(("key_id", "score_id", "task_id", "appeal_id", "session_id", "dry_run_id"), 10**6)
    address = path.format(**names, **numbers, job_id=1)
    return client.request(method, address, json={} if method == "POST" else None, headers=headers)


def test_every_route_is_in_the_reference(client: TestClient) -> None:
    def routes(router):
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route

    documented = {path for _, path in _OPERATIONS}
    assert {route.path.replace(":path", "") for route in routes(client.app)} <= documented
    assert set(_ALLOWED) == set(_CLOSED)


@pytest.mark.parametrize(("method", "path"), _CLOSED)
def test_nobody_enters_without_a_key(client: TestClient, method: str, path: str) -> None:
    for authorization in ("", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer att_" + "x" * 43):
        answer = call(client, method, path, Authorization=authorization)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/v1/keys", "/v1/rescore", "/v1/conversations/c-1/rescore"])
def test_nobody_fills_the_memory_without_a_key(client: TestClient, path: str) -> None:
    body = (b" " * 10_000 for _ in range(10))
    answer = client.post(path, content=body, headers={"Authorization": ""})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may(client_for, role) -> None:
    client = client_for(role)
    answers = {(method, path): call(client, method, path) for method, path in _CLOSED}
    # A role may do it, but not every key of the role: some work has to be a person's.
    own = {"person-needed"}
    refused = {route for route, one in answers.items() if one.status_code == 403 and one.json()["code"] not in own}
    assert refused == {operation for operation, roles in _ALLOWED.items() if role not in roles}


@pytest.mark.parametrize("path", sorted(_OPEN))
def test_health_needs_no_key(client: TestClient, path: str) -> None:
    assert call(client, "GET", path, Authorization="").status_code == 200


def test_the_other_header(client: TestClient) -> None:
    key = client.headers["authorization"].removeprefix("Bearer ")
    answer = client.get("/v1/keys", headers={"Authorization": "", "X-API-Key": key})
    assert answer.status_code == 200


def test_a_key_is_shown_once_and_ends_when_revoked(client: TestClient) -> None:
    made = client.post("/v1/keys", json={"name": "报表", "role": "viewer"})
    assert made.status_code == 201
    key, info = made.json()["key"], made.json()["info"]
    assert key.startswith(info["prefix"])
    listed = client.get("/v1/keys")
    assert info["id"] in [item["id"] for item in listed.json()["items"]]
    assert key not in listed.text

    theirs = {"Authorization": f"Bearer {key}"}
    assert client.get("/v1/kpis", headers=theirs).status_code == 200
    assert client.get("/v1/keys", headers=theirs).status_code == 403
    assert client.delete(f"/v1/keys/{info['id']}").json()["revoked_at"]
    assert client.get("/v1/kpis", headers=theirs).status_code == 401
    assert client.delete(f"/v1/keys/{info['id']}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"role": "viewer"},
        {"name": "x", "role": "root"},
        {"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "role": "viewer", "expires_at": "2099-01-01T00:00:00"},
        {"name": " ", "role": "viewer"},
        {"name": "x", "role": "viewer", "admin": True},
    ],
)
def test_keys_that_cannot_be_made(client: TestClient, body) -> None:
    answer = client.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
