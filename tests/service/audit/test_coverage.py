"""Every route of the API leaves an event of its own, or stands here with the reason why it needs none."""

from __future__ import annotations

from fastapi.testclient import TestClient

from service.app import openapi_document
from service.audit.log import EventFilter, list_events
from service.db.engine import Database
from tests.service.playbooks.shops import shop
from tests.service.rubrics.sheets import sheet

_ROUTES = {(method.upper(), path) for path, item in openapi_document()["paths"].items() for method in item}
_CATALOGUE = "what is packaged or published for everybody: no conversation, no person, no figure"
_WITHOUT = {
    ("GET", "/healthz"): "whether the process runs, for load balancers",
    ("GET", "/readyz"): "whether the database answers, for load balancers",
    ("GET", "/version"): "the program's version",
    ("GET", "/v1/playbooks"): _CATALOGUE,
    ("GET", "/v1/playbooks/{playbook_id}"): _CATALOGUE,
    ("GET", "/v1/playbooks/{playbook_id}/yaml"): _CATALOGUE,
    ("POST", "/v1/playbooks/validate"): "looks at the text that was sent and stores nothing",
    ("GET", "/v1/rubrics"): _CATALOGUE,
    ("GET", "/v1/rubrics/{rubric_id}"): _CATALOGUE,
    ("GET", "/v1/rubrics/{rubric_id}/yaml"): _CATALOGUE,
    ("POST", "/v1/rubrics/validate"): "looks at the text that was sent and stores nothing",
    ("GET", "/v1/qa/root-causes/taxonomy"): _CATALOGUE,
    ("GET", "/v1/exports"): "names of datasets and columns; each export has events",
}
_APPEAL = {"score_id": 1, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
_SESSION = {"title": "十月", "criteria": ["script.greeting"], "score_ids": [2], "reviewers": ["lin", "zhao"]}
_MARKS = {"marks": [{"score_id": 2, "criterion_id": "script.greeting", "verdict": "pass"}]}
_JUDGEMENT = {"criterion_id": "script.greeting", "verdict": "pass", "reason": "第二句有问候"}
_SAID = {"greeting": "fail", "closing": "fail", "rude": "pass"}
_VERDICTS = {"criteria": [{"criterion_id": f"script.{name}", "verdict": said} for name, said in _SAID.items()]}
_DAY = {"from": "2026-10-12", "to": "2026-10-12"}
_LEVEL = {"criterion": "shop/greeting", "level": "human", "reason": "先由人判"}


def _story(document) -> list[tuple[str, str, str, str, object]]:
    """Return who calls which route with what, in an order in which each of them does something."""
    return [
        ("boss", "POST", "/v1/conversations", "", document("c-9")),
        ("boss", "GET", "/v1/conversations", "", None),
        ("boss", "GET", "/v1/conversations/{conversation_id}", "c-1", None),
        ("agent", "GET", "/v1/conversations/{conversation_id}/scores", "c-1", None),
        ("boss", "GET", "/v1/conversations/{conversation_id}/scores/diff?from=1&to=1", "c-1", None),
        ("boss", "POST", "/v1/scores/{score_id}/verify", "1", None),
        ("boss", "POST", "/v1/conversations/{conversation_id}/rescore", "c-1", None),
        ("boss", "POST", "/v1/rescore", "", {"queue": "complaint"}),
        ("boss", "GET", "/v1/jobs/{job_id}", "1", None),
        ("boss", "POST", "/v1/playbooks", "", {"yaml": shop("mine")}),
        ("boss", "POST", "/v1/playbooks/{playbook_id}/activate", "mine@1", None),
        ("boss", "POST", "/v1/playbooks/{playbook_id}/retire", "mine@1", None),
        ("boss", "POST", "/v1/playbooks/dry-run", "", {"yaml": shop("mine", version=2)}),
        ("boss", "POST", "/v1/playbooks/{playbook_id}/dry-run", "mine@1", {}),
        ("boss", "GET", "/v1/dry-runs", "", None),
        ("boss", "GET", "/v1/dry-runs/{dry_run_id}", "1", None),
        ("boss", "GET", "/v1/dry-runs/{dry_run_id}/changes", "1", None),
        ("boss", "POST", "/v1/dry-runs/{dry_run_id}/cancel", "1", None),
        ("boss", "POST", "/v1/rubrics", "", {"yaml": sheet()}),
        ("boss", "POST", "/v1/rubrics/preview", "", {"rubric": "mine@1"}),
        ("boss", "POST", "/v1/rubrics/{rubric_id}/activate", "mine@1", {}),
        ("boss", "POST", "/v1/rubrics/{rubric_id}/retire", "mine@1", {}),
        ("boss", "GET", "/v1/qa/root-causes", "", None),
        ("boss", "GET", "/v1/qa/root-causes/figures", "", None),
        ("boss", "GET", "/v1/qa/root-causes/agreement", "", None),
        ("boss", "POST", "/v1/qa/root-causes/{score_id}/suggest", "1", None),
        ("boss", "POST", "/v1/qa/root-causes/{score_id}/confirm", "1", {"kind": "system", "reason": "物流"}),
        ("boss", "GET", "/v1/qa/root-causes/{score_id}", "1", None),
        ("boss", "GET", "/v1/kpis", "", None),
        ("boss", "GET", "/v1/exports/{dataset}.{form}", "conversations.csv", None),
        ("boss", "POST", "/v1/qa/sampling/policies", "", {"policy": {"seed": "a", "random_share": 1.0}}),
        ("boss", "GET", "/v1/qa/sampling/policies", "", None),
        ("boss", "POST", "/v1/qa/sampling/run", "", _DAY),
        ("boss", "GET", "/v1/qa/tasks", "", None),
        ("boss", "GET", "/v1/qa/tasks/{task_id}", "1", None),
        ("lin", "POST", "/v1/qa/tasks/take", "", {}),
        ("lin", "POST", "/v1/qa/tasks/{task_id}/submit", "1", _VERDICTS),
        ("lin", "POST", "/v1/qa/tasks/{task_id}/take", "2", None),
        ("lin", "POST", "/v1/qa/tasks/{task_id}/release", "2", None),
        ("boss", "POST", "/v1/qa/tasks/{task_id}/assign", "2", {"person": "lin"}),
        ("lin", "POST", "/v1/qa/tasks/{task_id}/skip", "2", {"reason": "空会话"}),
        ("boss", "POST", "/v1/qa/tasks", "", {"conversation_id": "c-2"}),
        ("boss", "GET", "/v1/qa/reviewers", "", None),
        ("lin", "GET", "/v1/qa/scores/{score_id}", "1", None),
        ("agent", "POST", "/v1/qa/appeals", "", _APPEAL),
        ("boss", "GET", "/v1/qa/appeals", "", None),
        ("wu", "POST", "/v1/qa/appeals/{appeal_id}/take", "1", None),
        ("wu", "GET", "/v1/qa/appeals/{appeal_id}", "1", None),
        ("wu", "POST", "/v1/qa/appeals/{appeal_id}/release", "1", None),
        ("boss", "POST", "/v1/qa/appeals/{appeal_id}/assign", "1", {"person": "wu"}),
        ("wu", "POST", "/v1/qa/appeals/{appeal_id}/decide", "1", _JUDGEMENT),
        ("agent", "POST", "/v1/qa/appeals", "", {**_APPEAL, "criterion_id": "script.closing"}),
        ("agent", "POST", "/v1/qa/appeals/{appeal_id}/withdraw", "2", None),
        ("boss", "GET", "/v1/qa/appeals/reversals", "", None),
        ("boss", "POST", "/v1/qa/appeals/expire", "", None),
        ("boss", "POST", "/v1/qa/calibrations", "", _SESSION),
        ("lin", "GET", "/v1/qa/calibrations", "", None),
        ("lin", "GET", "/v1/qa/calibrations/{session_id}", "1", None),
        ("lin", "GET", "/v1/qa/calibrations/{session_id}/scores/{score_id}", "1/scores/2", None),
        ("lin", "POST", "/v1/qa/calibrations/{session_id}/marks", "1", _MARKS),
        ("boss", "POST", "/v1/qa/calibrations/{session_id}/close", "1", None),
        ("boss", "GET", "/v1/qa/agreement", "", None),
        ("boss", "GET", "/v1/qa/automation", "", None),
        ("boss", "POST", "/v1/qa/automation", "", _LEVEL),
        ("boss", "GET", "/v1/qa/automation/history?criterion=shop/greeting", "", None),
        ("boss", "POST", "/v1/qa/automation/lower", "", None),
        ("boss", "GET", "/v1/qa/labels.jsonl", "", None),
        ("boss", "GET", "/v1/people", "", None),
        ("boss", "POST", "/v1/people", "", {"id": "new", "name": "新人", "role": "qa"}),
        ("boss", "POST", "/v1/keys", "", {"name": "new's", "person": "new"}),
        ("boss", "GET", "/v1/keys", "", None),
        ("boss", "DELETE", "/v1/keys/{key_id}", "1", None),
        ("boss", "DELETE", "/v1/people/{person_id}", "new", None),
        ("boss", "GET", "/v1/audit", "", None),
    ]


def test_every_route_leaves_an_event(database: Database, client_of, scored, document) -> None:
    for name in ("c-1", "c-2", "c-3"):
        scored(name, {"greeting": "fail", "closing": "fail"} if name == "c-1" else None)
    client_of("nobody")  # whose key is revoked
    clients: dict[str, TestClient] = {name: client_of(name) for name in ("lin", "zhao", "wu")}
    clients |= {"boss": client_of("boss", "admin"), "agent": client_of("agent", "agent", "a-1")}
    story = _story(document)
    assert {(method, path.partition("?")[0]) for _, method, path, _, _ in story} | set(_WITHOUT) == _ROUTES
    silent = []
    for number, (who, method, path, value, body) in enumerate(story):
        address = _address(path, value)
        headers = {"X-Request-ID": f"call-{number}"}
        answer = clients[who].request(method, address, json=body, headers=headers)
        assert answer.is_success, f"{method} {address}: {answer.text}"
        with database.transaction() as session:
            found = list_events(session, EventFilter(request_id=f"call-{number}")).items
        if not [one for one in found if one.action != "key.use"]:
            silent.append(f"{method} {address}")
    assert silent == []


def _address(path: str, value: str) -> str:
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    if "/" in value or "." in value:
        return before + value
    return before + value + rest.partition("}")[2]
