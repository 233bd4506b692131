"""The auto-QA score: a rubric applied to the scores of one conversation."""

from models.qa.evaluate import evaluate_rubric
from models.qa.rubric import list_rubrics, load_rubric, require_checks, rubric_schema

__all__ = ["evaluate_rubric", "list_rubrics", "load_rubric", "require_checks", "rubric_schema"]
