from pathlib import Path

import pytest

from models.encode.cache import CachedEncoder
from models.encode.hashing import HashingEncoder
from models.encode.load import load_encoder
from models.errors import ArtifactError


def test_hashing_with_and_without_a_cache() -> None:
    assert isinstance(load_encoder("hashing"), CachedEncoder)
    assert isinstance(load_encoder("hashing", cache=0), HashingEncoder)
    assert load_encoder("hashing").fingerprint == HashingEncoder().fingerprint


@pytest.mark.parametrize("spec", ["no/such/encoder", Path("no/such/encoder"), "st:no/such/model"])
def test_an_unknown_encoder_says_so_in_both_languages(spec: str | Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        load_encoder(spec)
    assert "no/such" in caught.value.message_en
    assert caught.value.message_zh != caught.value.message_en
    assert caught.value.hint
