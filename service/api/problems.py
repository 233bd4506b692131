"""Errors on the wire: always ``application/problem+json`` (RFC 9457), with a stable code. Statuses live here alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from models.errors import AttuneError, InvalidConversationError, InvalidPlaybookError, InvalidRubricError
from service.api.language import Language, preferred_language
from service.core import errors
from service.core.logs import get_logger

_log = get_logger(__name__)
MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[AttuneError], int] = {
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.ConversationConflictError: 409,
    errors.PlaybookConflictError: 409,
    errors.AmbiguousPlaybookError: 409,
    errors.RubricConflictError: 409,
    errors.AmbiguousRubricError: 409,
    errors.PersonConflictError: 409,
    errors.WorkConflictError: 409,
    errors.TooLargeError: 413,
    errors.UnsupportedMediaTypeError: 415,
    errors.MalformedBodyError: 400,
    errors.InvalidRequestError: 422,
    errors.InvalidCursorError: 422,
    InvalidConversationError: 422,
    InvalidPlaybookError: 422,
    InvalidRubricError: 422,
    errors.TooManyExportsError: 503,
    errors.DatabaseUnavailableError: 503,
    errors.DatabaseNotMigratedError: 503,
}

_TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求无法读取", "Bad request"),
    401: ("需要身份验证", "Unauthenticated"),
    403: ("没有权限", "Forbidden"),
    404: ("不存在", "Not found"),
    405: ("不支持该方法", "Method not allowed"),
    409: ("内容冲突", "Conflict"),
    413: ("请求过大", "Too large"),
    415: ("不支持的类型", "Unsupported media type"),
    422: ("请求无效", "Invalid request"),
    500: ("内部错误", "Internal error"),
    503: ("服务暂不可用", "Unavailable"),
}

# What the framework refuses before a route is reached.
_ROUTER_CODES: Mapping[int, str] = {
    400: errors.MalformedBodyError.code,
    404: "no-such-route",
    405: "method-not-allowed",
}


class FieldProblem(BaseModel):
    """One invalid parameter or field."""

    location: str = Field(description="Where: query.limit, body.name …")
    message: str = Field(description="What is wrong, in English")


class Problem(BaseModel):
    """What every error answer looks like."""

    type: str = Field(description="urn:attune:problem: and the code")
    title: str = Field(description="The kind of problem, in the language asked for")
    status: int = Field(description="The HTTP status again")
    detail: str = Field(description="What happened, in the language of Accept-Language (Chinese by default)")
    code: str = Field(description="Stable, for programs")
    message_zh: str
    message_en: str
    hint: str | None = Field(default=None, description="What can be done about it")
    location: str | None = Field(default=None, description="Where: a JSON path, a parameter, an id")
    errors: list[FieldProblem] | None = Field(default=None, description="Every invalid parameter or field")
    request_id: str | None = Field(default=None, description="To be found in the logs")

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "type": "urn:attune:problem:not-found",
                    "title": "不存在",
                    "status": 404,
                    "detail": "没有会话 'c-1'",
                    "code": "not-found",
                    "message_zh": "没有会话 'c-1'",
                    "message_en": "no conversation 'c-1'",
                    "location": "c-1",
                    "request_id": "5f0c9a52c3f24d0f",
                }
            ]
        }
    }


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error answers of a route for its OpenAPI entry."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _TITLES[status][1], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def problem_response(
    request: Request,
    status: int,
    code: str,
    message_en: str,
    message_zh: str,
    *,
    hint: str | None = None,
    location: str | None = None,
    fields: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer for a problem, worded as the request prefers."""
    language: Language = preferred_language(request.headers.get("accept-language"))
    title_zh, title_en = _TITLES.get(status, ("错误", "Error"))
    problem = Problem(
        type=f"urn:attune:problem:{code}",
        title=title_zh if language == "zh" else title_en,
        status=status,
        detail=message_zh if language == "zh" else message_en,
        code=code,
        message_zh=message_zh,
        message_en=message_en,
        hint=hint,
        location=location,
        errors=list(fields) if fields else None,
        request_id=getattr(request.state, "request_id", None),
    )
    content = problem.model_dump(exclude_none=True)
    all_headers = {**(headers or {}), "Content-Language": language}
    return JSONResponse(content, status, media_type=MEDIA_TYPE, headers=all_headers)


def install_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` a problem."""
    app.add_exception_handler(AttuneError, _attune_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _database_error)
    app.add_exception_handler(NoFreeConnectionError, _database_error)


def internal_error(request: Request) -> Response:
    """Return the answer for an error nobody foresaw; what it was is in the logs only."""
    return problem_response(
        request, 500, "internal-error", "something went wrong here; the logs tell what", "服务内部错误，详情见日志"
    )


def _attune_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AttuneError)
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if status is None:
        _log.error("an error without a status", exc_info=error)
        return internal_error(request)
    return problem_response(
        request,
        status,
        error.code,
        error.message_en,
        error.message_zh,
        hint=error.hint,
        location=error.location,
        headers={"WWW-Authenticate": "Bearer"} if status == 401 else None,
    )


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        FieldProblem(location=".".join(str(part) for part in one["loc"]), message=str(one["msg"]))
        for one in error.errors()
    ]
    where = "、".join(field.location for field in fields)
    said = "; ".join(f"{field.location}: {field.message}" for field in fields)
    return problem_response(
        request,
        422,
        errors.InvalidRequestError.code,
        said,
        f"参数无效：{where}（{said}）",
        location=fields[0].location if fields else None,
        fields=fields,
    )


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    zh, en = _TITLES.get(error.status_code, (str(error.detail), str(error.detail)))
    code = _ROUTER_CODES.get(error.status_code, "http-error")
    where = f"{request.method} {request.url.path}"
    return problem_response(request, error.status_code, code, f"{en}: {where}", f"{zh}：{where}", headers=error.headers)


def _database_error(request: Request, error: Exception) -> Response:
    _log.error("the database does not answer", exc_info=error)
    return _attune_error(request, errors.DatabaseUnavailableError("the database does not answer", "数据库无响应"))
