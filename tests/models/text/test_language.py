import pytest

from models.text.language import detect_language


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["在吗", "ok"], "zh"),
        (["我要 iPhone 15 Pro Max 256 Titanium"], "zh"),
        (["在吗 https://shop.example.com/some/very/long/path/of/words"], "zh"),
        (["謝謝"], "zh"),
        (["Where is my order?"], "en"),
        (["ok"], "en"),
        (["123", "👍", ""], "und"),
        ([], "und"),
        (["https://shop.example.com"], "und"),
        (["こんにちは、元気ですか"], "und"),
        (["감사합니다"], "und"),
        (["спасибо большое"], "und"),
    ],
)
def test_the_language_is_told_by_all_turns_together(texts: list[str], language: str) -> None:
    assert detect_language(texts) == language
