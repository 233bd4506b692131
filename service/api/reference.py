"""The OpenAPI document: what FastAPI derives, with the interchange format's own schema in it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from models.interchange import conversation_schema
from service.api.problems import Problem

_DEFINITIONS = "#/$defs/"
_COMPONENTS = "#/components/schemas/"


def build_reference(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    conversation = _moved(conversation_schema())
    schemas.update(conversation.pop("$defs", {}))
    for key in ("$schema", "$id"):
        conversation.pop(key, None)
    schemas["Conversation"] = conversation
    problem = Problem.model_json_schema(ref_template=_COMPONENTS + "{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _moved(value: Any) -> Any:
    """Return a JSON Schema with its references pointing to where OpenAPI keeps schemas."""
    if isinstance(value, dict):
        return {
            key: _COMPONENTS + child.removeprefix(_DEFINITIONS)
            if key == "$ref" and isinstance(child, str)
            else _moved(child)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_moved(child) for child in value]
    return value
