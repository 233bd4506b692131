from __future__ import annotations

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from service.api.language import preferred_language
from service.db import migrate
from service.db.engine import Database


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "no-such-route"),
        ("GET", "/", 404, "no-such-route"),
        ("PUT", "/v1/kpis", 405, "method-not-allowed"),
        ("GET", "/v1/conversations/none", 404, "not-found"),
        ("GET", "/v1/conversations/none/scores", 404, "not-found"),
        ("GET", "/v1/conversations/none/scores?latest=true", 404, "not-found"),
        ("POST", "/v1/conversations/none/rescore", 404, "not-found"),
        ("GET", "/v1/conversations/%00", 422, "invalid-request"),
        ("GET", "/v1/conversations?agent=%00", 422, "invalid-request"),
        ("GET", "/v1/conversations?limit=0", 422, "invalid-request"),
        ("GET", "/v1/conversations?from=yesterday", 422, "invalid-request"),
        ("GET", "/v1/conversations?quue=presale", 422, "invalid-request"),
        ("GET", "/v1/conversations?min_csat=nan", 422, "invalid-request"),
        ("GET", "/v1/conversations?cursor=abc", 422, "invalid-cursor"),
        ("GET", "/v1/jobs/1", 404, "not-found"),
        ("GET", "/v1/jobs/99999999999999999999", 422, "invalid-request"),
        ("GET", "/v1/kpis?group_by=weather", 422, "invalid-request"),
        ("GET", "/v1/kpis?timezone=Mars/Olympus", 422, "invalid-request"),
        ("GET", "/v1/kpis?timezone=../../etc/passwd", 422, "invalid-request"),
        ("DELETE", "/v1/keys/12345", 404, "not-found"),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path, headers={"X-Request-ID": "test-7"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["request_id"]) == (code, status, "test-7")
    assert problem["detail"] == problem["message_zh"]
    assert answer.headers["x-request-id"] == "test-7"


def test_the_language_of_the_detail(client: TestClient) -> None:
    english = client.get("/v1/conversations/none", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert english.json()["detail"] == "no conversation 'none'"
    assert english.headers["content-language"] == "en"
    chinese = client.get("/v1/conversations/none", headers={"Accept-Language": "de"})
    assert chinese.json()["detail"] == "没有会话 'none'"


@given(st.text(max_size=40))
def test_any_language_header_is_understood(header: str) -> None:
    assert preferred_language(header) in ("zh", "en")


def test_what_nobody_foresaw(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret text of a customer")

    monkeypatch.setattr("service.api.kpis.kpi_report", broken)
    answer = client.get("/v1/kpis")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"]


def test_a_database_that_is_gone(client: TestClient, database: Database) -> None:
    database.engine.dispose()
    database.engine.url  # noqa: B018
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-not-migrated")


def test_a_schema_of_another_version(client: TestClient, database: Database) -> None:
    migrate.downgrade(database.engine)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
