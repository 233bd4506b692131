"""Reading bodies that may be longer than small ones, such as those around a YAML text."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from models.documents import MAX_BYTES
from service.api.body import read_json
from service.core.errors import InvalidRequestError

M = TypeVar("M", bound=BaseModel)
_LARGEST = 2 * MAX_BYTES  # of the JSON around a YAML text


async def read_model(request: Request, model: type[M]) -> M:
    """Return the body as ``model``.

    Raises:
        MalformedBodyError: It is no JSON in UTF-8.
        TooLargeError: It is longer than any YAML text may be.
        InvalidRequestError: It is none of the kind; the location is the field.
    """
    body = await read_json(request, _LARGEST)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(["body", *(str(part) for part in problem["loc"])])
        raise InvalidRequestError(f"{where}: {problem['msg']}", f"{where} 无效", location=where) from None


def json_body(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """Return what OpenAPI is to say of such a body."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
