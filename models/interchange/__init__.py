"""The interchange format: read strictly, written back exactly, masked, hashed and published as a JSON Schema."""

from models.interchange.digest import content_hash
from models.interchange.parse import decode_json, parse_conversation
from models.interchange.privacy import mask_conversation
from models.interchange.schema import conversation_schema
from models.interchange.serialize import conversation_to_json
from models.interchange.stc3 import conversation_from_stc3

__all__ = [
    "content_hash",
    "conversation_from_stc3",
    "conversation_schema",
    "conversation_to_json",
    "decode_json",
    "mask_conversation",
    "parse_conversation",
]
