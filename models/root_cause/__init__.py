"""Root causes of complaints and failed conversations: service or system, topic, responsible department."""

from models.root_cause.excuse import Excuse, evaluate_excused, measures_outcome
from models.root_cause.head import TopicHead, packaged_head
from models.root_cause.loading import (
    InvalidTaxonomyError,
    UnknownTaxonomyError,
    list_taxonomies,
    load_taxonomy,
    parse_taxonomy,
    taxonomy_schema,
)
from models.root_cause.suggest import Attributor, RootCause, Standing
from models.root_cause.taxonomy import KINDS, Kind, Taxonomy
from models.root_cause.triggers import Outcome, outcome_of, triggers_of

__all__ = [
    "KINDS",
    "Attributor",
    "Excuse",
    "InvalidTaxonomyError",
    "Kind",
    "Outcome",
    "RootCause",
    "Standing",
    "Taxonomy",
    "TopicHead",
    "UnknownTaxonomyError",
    "evaluate_excused",
    "list_taxonomies",
    "load_taxonomy",
    "measures_outcome",
    "outcome_of",
    "packaged_head",
    "parse_taxonomy",
    "taxonomy_schema",
    "triggers_of",
]
