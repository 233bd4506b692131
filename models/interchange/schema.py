"""The published JSON Schema of the interchange format."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from models.interchange.document import ConversationDocument


def conversation_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one conversation.

    It says what a schema can say. The parser also checks the order of times, calendar dates and broken characters.
    """
    body = ConversationDocument.model_json_schema()
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": "urn:attune:schema:conversation:1",
        **_without_names(body),
        "title": "Attune conversation",
    }


def _without_names(value: Any) -> Any:
    """Drop pydantic's generated titles and null defaults: they tell a reader nothing."""
    if isinstance(value, list):
        return [_without_names(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = {
        key
        for key in ("title", "default")
        if key in value
        and not isinstance(value[key], dict)
        and ("type" in value or "$ref" in value or "anyOf" in value)
    }
    return {key: _without_names(child) for key, child in value.items() if key not in dropped}
