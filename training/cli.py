"""The commands of ``python -m training``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.artifacts import load_artifact
from models.errors import AttuneError
from training.config import Config, ConfigError, load_config
from training.data.prepared import Prepared
from training.data.ssa import read_chats, without_copies
from training.evaluate.comparison import compare_artifacts
from training.evaluate.comparison_page import as_markdown
from training.evaluate.compliance import DEFAULT_PLAYBOOK
from training.evaluate.ssa import evaluate_ssa
from training.evaluate.tasks import TASKS
from training.fit.ssa import fit_ssa
from training.fit.ssa_config import SsaConfig, load_ssa_config
from training.fit.ssa_model import load_ssa_model
from training.publish.fitting import fitted, prepare, prepare_and_encode
from training.publish.playbook import tune_playbook
from training.publish.release import publish
from training.publish.stages import Stages, log

_SSA_WEIGHTS = Path(__file__).parent / "weights"
_SSA_TASKS = ("ssa-clothes", "ssa-makeup")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status (0 done, 1 failed or refused, 2 wrong use)."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if getattr(options, "force", False) != (getattr(options, "why", None) is not None):
        parser.error("--force and --why TEXT go together / --force 与 --why 须同时给出")
    try:
        if out := getattr(options, "out", None) or getattr(options, "written", None):
            out.parent.mkdir(parents=True, exist_ok=True)  # before anything is measured
        text = json.dumps(options.run(options), ensure_ascii=False)
        print(text)  # first: a file that cannot be written must not cost the figures
        if getattr(options, "out", None):
            options.out.write_text(text + "\n", encoding="utf-8")
    except AttuneError as problem:
        print(f"✗ [{problem.code}] {problem.location or ''}", file=sys.stderr)
        print(f"{problem.message_zh}\n{problem.message_en}", file=sys.stderr)
        if problem.hint:
            print(problem.hint, file=sys.stderr)
        return 1
    except (ConfigError, ValueError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Fit and measure Attune's models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("prepare", _prepare, "read, check and split the corpora, drop leaks, encode the texts"),
        ("fit", _fit, "fit and measure an artifact in the work directory; goes on where it was interrupted"),
        ("publish", _publish, "pass the fitted artifact through the gates into its place"),
        ("all", _all, "prepare, fit and publish: the complete retraining"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--config", type=Path, default=Path("training/configs/default.yaml"))
        if name in ("publish", "all"):
            command.add_argument("--force", action="store_true", help="publish even if a gate refuses; needs --why")
            command.add_argument("--why", help="the reason, for manifest and model card")
        command.set_defaults(run=run)
    evaluate = commands.add_parser("evaluate", help="measure an artifact on a labelled file; prints one JSON object")
    evaluate.add_argument("task", choices=sorted({*TASKS, *_SSA_TASKS}))
    evaluate.add_argument("--data", type=Path, required=True, help="a .jsonl or .jsonl.gz file of that task's format")
    evaluate.add_argument("--out", type=Path, help="also write the JSON object here")
    evaluate.add_argument("--artifact", type=Path, help="the artifact's directory or name (default: the packaged one)")
    evaluate.add_argument("--encoder", help="an encoder (default: the artifact's encoder/)")
    evaluate.add_argument("--cache", type=Path, default=Path("var/vectors"), help="where encoded texts are kept")
    evaluate.add_argument(
        "--playbook", help="compliance only: a packaged playbook or a YAML file (default: ecommerce-zh)"
    )
    evaluate.set_defaults(run=_evaluate)
    tune = commands.add_parser(
        "tune-playbook", help="set a playbook's thresholds and confidences on labels of your own"
    )
    tune.add_argument("playbook", help="a packaged playbook or a YAML file")
    tune.add_argument("--labels", type=Path, nargs="+", required=True, help="files of labelled conversations")
    tune.add_argument("--out", dest="written", type=Path, required=True, help="the YAML file to write")
    tune.add_argument("--artifact", type=Path, help="the artifact's directory or name (default: the packaged one)")
    tune.add_argument("--cache", type=Path, default=Path("var/vectors"), help="where encoded texts are kept")
    tune.add_argument("--bound", type=float, default=0.01, help="most false accusations of a forbidden check, 0…1")
    tune.add_argument("--version", type=int, help="of the new playbook (default: the next)")
    tune.add_argument("--config", type=Path, help="the configuration whose heads learnt from these very labels")
    tune.set_defaults(run=_tune)
    compare = commands.add_parser("compare", help="what retraining changed, check by check; prints one JSON object")
    compare.add_argument("--before", type=Path, required=True, help="the artifact in use: its directory or name")
    compare.add_argument("--after", type=Path, required=True, help="the artifact that was fitted anew")
    compare.add_argument("--labels", type=Path, nargs="+", required=True, help="files of labelled conversations")
    compare.add_argument("--playbook", default=DEFAULT_PLAYBOOK, help="a packaged playbook or a YAML file")
    compare.add_argument("--playbook-after", help="the one that goes with --after, where it is another")
    compare.add_argument(
        "--config",
        type=Path,
        nargs="+",
        default=[],
        help="of the runs that made them: what they learnt from is no test",
    )
    compare.add_argument("--out", type=Path, help="also write the JSON object here")
    compare.add_argument("--markdown", type=Path, help="also write a page for people here")
    compare.add_argument("--cache", type=Path, default=Path("var/vectors"), help="where encoded texts are kept")
    compare.set_defaults(run=_compare)
    return parser


def _prepare(options: argparse.Namespace) -> dict[str, Any]:
    if (ssa := load_ssa_config(options.config)) is not None:
        train, test = read_chats(ssa.train), read_chats(ssa.test)
        kept = without_copies(train, test)
        return {"name": ssa.name, "train": len(kept), "test": len(test), "copies_dropped": len(train) - len(kept)}
    config = load_config(options.config)
    prepared = prepare_and_encode(config)
    return {"work": str(config.workplace), **prepared.summary()}


def _fit(options: argparse.Namespace) -> dict[str, Any]:
    if (ssa := load_ssa_config(options.config)) is not None:
        return _fit_ssa(ssa)
    config = load_config(options.config)
    with fitted(config, prepare(config)) as found:
        artifact = found.artifact
        return {"artifact": artifact.id, "path": str(artifact.path), "metrics": artifact.manifest.metrics}


def _publish(options: argparse.Namespace) -> dict[str, Any]:
    config = _publishable(options.config)
    return _release(config, prepare(config), options.why, finished=True)


def _all(options: argparse.Namespace) -> dict[str, Any]:
    if (ssa := load_ssa_config(options.config)) is not None:
        return _fit_ssa(ssa)
    started = time.monotonic()
    config = load_config(options.config)
    try:
        return _release(config, prepare(config), options.why, finished=False)
    finally:
        for name, seconds in Stages(config.workplace).seconds().items():
            log(f"  {name}: {seconds:.0f} s")
        log(f"  in all, this time: {time.monotonic() - started:.0f} s")


def _publishable(path: Path) -> Config:
    if load_ssa_config(path) is not None:
        raise ConfigError(f"{path}: the SSA benchmark is no part of an artifact; `fit` writes its weights in place")
    return load_config(path)


def _release(config: Config, prepared: Prepared, why: str | None, *, finished: bool) -> dict[str, Any]:
    with fitted(config, prepared, finished=finished) as found:
        artifact = publish(config, found, why)
    return {"artifact": artifact.id, "path": str(artifact.path), "metrics": artifact.manifest.metrics}


def _fit_ssa(config: SsaConfig) -> dict[str, Any]:
    model = fit_ssa(config)
    measured = evaluate_ssa(read_chats(config.test), load_ssa_model(config.out, config.name))
    return {"name": config.name, "path": str(config.out), "fit": model.figures, "test": measured}


def _tune(options: argparse.Namespace) -> dict[str, Any]:
    return tune_playbook(
        options.playbook,
        options.labels,
        options.written,
        load_artifact(options.artifact),
        options.cache,
        bound=options.bound,
        version=options.version,
        config=load_config(options.config) if options.config else None,
    )


def _compare(options: argparse.Namespace) -> dict[str, Any]:
    report = compare_artifacts(
        options.labels,
        load_artifact(options.before),
        load_artifact(options.after),
        options.cache,
        playbook=options.playbook,
        playbook_after=options.playbook_after,
        configs=[load_config(path) for path in options.config],
    )
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text(as_markdown(report), encoding="utf-8")
    return report


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    if options.playbook and options.task != "compliance":
        raise ValueError(
            f"--playbook is for the task compliance, not {options.task} / --playbook 只用于 compliance 任务"
        )
    if options.task in _SSA_TASKS:
        return evaluate_ssa(read_chats(options.data), load_ssa_model(options.artifact or _SSA_WEIGHTS, options.task))
    more = {"playbook": options.playbook} if options.playbook else {}
    return TASKS[options.task](options.data, load_artifact(options.artifact), options.cache, options.encoder, **more)
