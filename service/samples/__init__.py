"""The sample that ships with Attune: conversations of an invented shop, for the demo, the docs and the tests."""

from pathlib import Path


def sample_path() -> Path:
    """Return the path of the shipped sample, gzipped JSON Lines in the interchange format."""
    return Path(__file__).with_name("conversations.jsonl.gz")
