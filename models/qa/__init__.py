"""The auto-QA score: a rubric applied to the scores of one conversation."""

from models.qa.compare import Case, Compared, Comparison, compare_case, compare_rubrics, compare_scores, strongest_cause
from models.qa.evaluate import evaluate_rubric
from models.qa.explain import criterion_titles, explain_rubric
from models.qa.loading import (
    list_rubrics,
    load_rubric,
    missing_checks,
    packaged_text,
    parse_rubric,
    require_checks,
    rubric_schema,
)
from models.qa.scopes import claims
from models.qa.stored import measured_from_json, qa_from_json
from models.qa.traits import traits_of
from models.qa.variants import effective_rubric
from models.qa.why import ChangeReason, reasons_of

__all__ = [
    "Case",
    "ChangeReason",
    "Compared",
    "Comparison",
    "claims",
    "compare_case",
    "compare_rubrics",
    "compare_scores",
    "criterion_titles",
    "effective_rubric",
    "evaluate_rubric",
    "explain_rubric",
    "list_rubrics",
    "load_rubric",
    "measured_from_json",
    "missing_checks",
    "packaged_text",
    "parse_rubric",
    "qa_from_json",
    "reasons_of",
    "require_checks",
    "rubric_schema",
    "strongest_cause",
    "traits_of",
]
