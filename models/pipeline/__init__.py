"""Puts encoder and scorers together: whole conversations in batches, or one turn at a time."""

from models.pipeline.config import PipelineConfig
from models.pipeline.engine import Pipeline, load_pipeline
from models.pipeline.serialise import bundle_to_json
from models.pipeline.stream import Session

__all__ = ["Pipeline", "PipelineConfig", "Session", "bundle_to_json", "load_pipeline"]
