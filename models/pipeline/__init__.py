"""Puts encoder and scorers together: whole conversations in batches, or one turn at a time."""

from models.domain.coaching import Coaching, Edit
from models.pipeline.coach import coach
from models.pipeline.config import PipelineConfig
from models.pipeline.engine import Pipeline, load_pipeline
from models.pipeline.serialise import bundle_to_json, coaching_to_json
from models.pipeline.stream import Session

__all__ = [
    "Coaching",
    "Edit",
    "Pipeline",
    "PipelineConfig",
    "Session",
    "bundle_to_json",
    "coach",
    "coaching_to_json",
    "load_pipeline",
]
