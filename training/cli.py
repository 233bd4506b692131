"""The commands of ``python -m training``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.artifacts import Artifact, load_artifact
from models.encode.load import load_encoder
from models.errors import ArtifactError, AttuneError
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.config import ConfigError, load_config
from training.data.sentiment import read_lines
from training.data.ssa import read_chats
from training.data.stc3 import read_dialogues
from training.data.vectors import VectorStore
from training.evaluate.sentiment import evaluate_sentiment
from training.evaluate.ssa import evaluate_ssa
from training.evaluate.stc3 import evaluate_stc3
from training.fit.ssa import fit_ssa
from training.fit.ssa_config import load_ssa_config
from training.fit.ssa_model import load_ssa_model
from training.publish.build import build

_SSA_WEIGHTS = Path(__file__).parent / "weights"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status (0 done, 1 failed, 2 wrong use)."""
    options = _parser().parse_args(arguments)
    try:
        result = options.run(options)
    except AttuneError as problem:
        print(f"{problem.message_zh}\n{problem.message_en}", file=sys.stderr)
        if problem.hint:
            print(problem.hint, file=sys.stderr)
        return 1
    except (ConfigError, ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    text = json.dumps(result, ensure_ascii=False)
    print(text)
    if getattr(options, "out", None):
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Fit and measure Attune's models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    fit = commands.add_parser("fit", help="fit, measure and publish an artifact from the corpora of a configuration")
    fit.add_argument("--config", type=Path, default=Path("training/configs/default.yaml"))
    fit.set_defaults(run=_fit)
    evaluate = commands.add_parser("evaluate", help="measure an artifact on a labelled file; prints one JSON object")
    evaluate.add_argument("task", choices=("stc3", "sentiment", "ssa-clothes", "ssa-makeup"))
    evaluate.add_argument("--data", type=Path, required=True, help="a .jsonl or .jsonl.gz file of that task's format")
    evaluate.add_argument("--out", type=Path, help="also write the JSON object here")
    evaluate.add_argument("--artifact", type=Path, help="the artifact's directory (default: the packaged one)")
    evaluate.add_argument("--encoder", help="an encoder (default: the artifact's encoder/)")
    evaluate.add_argument("--cache", type=Path, default=Path("var/vectors"), help="where encoded texts are kept")
    evaluate.set_defaults(run=_evaluate)
    return parser


def _fit(options: argparse.Namespace) -> dict[str, Any]:
    if (ssa := load_ssa_config(options.config)) is not None:
        model = fit_ssa(ssa)
        measured = evaluate_ssa(read_chats(ssa.test), load_ssa_model(ssa.out, ssa.name))
        return {"name": ssa.name, "path": str(ssa.out), "fit": model.figures, "test": measured}
    artifact = build(load_config(options.config))
    return {"artifact": artifact.id, "path": str(artifact.path), "metrics": artifact.manifest.metrics}


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    if options.task.startswith("ssa-"):
        return evaluate_ssa(read_chats(options.data), load_ssa_model(options.artifact or _SSA_WEIGHTS, options.task))
    artifact = load_artifact(options.artifact)
    vectors = _open_vectors(artifact, options.encoder, options.cache)
    if options.task == "stc3":
        csat, sentiment = CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact)
        return evaluate_stc3(read_dialogues(options.data), csat, sentiment, vectors)
    lines = read_lines(options.data, options.data.name)
    if not lines:
        raise ValueError(f"{options.data}: no labelled lines")
    return evaluate_sentiment(lines, SentimentScorer.from_artifact(artifact), vectors)


def _open_vectors(artifact: Artifact, encoder_spec: str | None, cache: Path) -> VectorStore:
    encoder = load_encoder(encoder_spec or artifact.path / "encoder", cache=0)
    if encoder.fingerprint != artifact.manifest.encoder:
        raise ArtifactError(
            f"the artifact {artifact.id} was trained with another encoder than {encoder.name}",
            f"模型包 {artifact.id} 不是用编码器 {encoder.name} 训练的",
            hint="Fit again with this encoder, or name the one it was trained with.",
        )
    return VectorStore(encoder, cache)
