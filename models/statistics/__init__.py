"""Agreement of raters, rates behind imperfect verdicts, and what follows for automation. Pure functions on numpy.

Imports nothing else of Attune; formulas and sources are in the docstrings, worked examples in the tests.
"""

from models.statistics.agreement import cohen_kappa, gwet_ac1, percent_agreement
from models.statistics.alpha import krippendorff_alpha
from models.statistics.automation import LEVELS, AutomationDecision, AutomationPolicy, Level, automation_level
from models.statistics.calibration import (
    CriterionAgreement,
    Mark,
    RaterAgreement,
    agreement_by_criterion,
    majority_verdict,
)
from models.statistics.estimates import Estimate, Reason, wilson
from models.statistics.machine import MachineAgreement, Pair, machine_agreement
from models.statistics.prediction_powered import PoweredRate, prediction_powered_rate
from models.statistics.prevalence import NotIdentifiableError, Share, rogan_gladen

__all__ = [
    "LEVELS",
    "AutomationDecision",
    "AutomationPolicy",
    "CriterionAgreement",
    "Estimate",
    "Level",
    "MachineAgreement",
    "Mark",
    "NotIdentifiableError",
    "Pair",
    "PoweredRate",
    "RaterAgreement",
    "Reason",
    "Share",
    "agreement_by_criterion",
    "automation_level",
    "cohen_kappa",
    "gwet_ac1",
    "krippendorff_alpha",
    "machine_agreement",
    "majority_verdict",
    "percent_agreement",
    "prediction_powered_rate",
    "rogan_gladen",
    "wilson",
]
