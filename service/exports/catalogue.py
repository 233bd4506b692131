"""All datasets. A further one is a ``Dataset`` in a module of its own and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from service.exports.conversations import CONVERSATIONS
from service.exports.criteria import CRITERIA
from service.exports.dataset import Dataset
from service.exports.figures import KPIS
from service.exports.log import AUDIT
from service.exports.review import APPEALS, CALIBRATION, DECISIONS, TASKS
from service.exports.root_causes import ROOT_CAUSES

DATASETS: Mapping[str, Dataset] = {
    one.id: one
    for one in (
        CONVERSATIONS,
        CRITERIA,
        TASKS,
        DECISIONS,
        APPEALS,
        CALIBRATION,
        ROOT_CAUSES,
        KPIS,
        AUDIT,
    )
}
