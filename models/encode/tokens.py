"""Cuts texts into pieces with the ``tokenizers`` library, at any length and for any string."""

from __future__ import annotations

from pathlib import Path

from models.errors import ArtifactError

# No piece is longer, so what lies beyond cannot reach the tokens kept (unless the text opens with thousands of blanks,
# which become one); it bounds the time to tokenise.
_CHARACTERS_PER_TOKEN = 16


class PieceTokenizer:
    """A ``tokenizer.json`` with a fixed prefix and a greatest length."""

    def __init__(self, path: Path, *, prefix: str, max_tokens: int) -> None:
        """Load the file; texts are cut after ``max_tokens`` tokens, special ones and prefix included.

        Raises:
            ArtifactError: if the library cannot read it.
        """
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare exceptions
            raise ArtifactError(
                f"the tokenizer cannot be loaded: {error}",
                f"无法加载分词器：{error}",
                hint="check the version of tokenizers / 请检查 tokenizers 的版本",
                location=str(path),
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._prefix = prefix
        self._characters = max_tokens * _CHARACTERS_PER_TOKEN

    @property
    def pieces(self) -> int:
        """The number of pieces, special ones included; ids are below it."""
        return int(self._tokenizer.get_vocab_size())

    def ids(self, text: str) -> list[int]:
        """The ids of a text's pieces between those of its start and its end."""
        kept = text[: self._characters]
        well_formed = kept.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is not text to the tokenizer
        ids: list[int] = self._tokenizer.encode(self._prefix + well_formed).ids
        return ids
