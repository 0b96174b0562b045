"""Room 2: curves and numbers at risk to patients, patients to a hazard ratio, both held against what was reported."""

from ipdrecon.survival.aalen_johansen import aalen_johansen
from ipdrecon.survival.agreement import Tolerances, validate
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank, proportional_hazards_p
from ipdrecon.survival.incidence import ReconstructedIncidence, reconstruct_incidence
from ipdrecon.survival.kaplan_meier import kaplan_meier, median_survival, n_risk_at, restricted_mean
from ipdrecon.survival.reconstruction import reconstruct, reconstruct_arm
from ipdrecon.survival.reported import ReportedNumber, read_reported
from ipdrecon.survival.risk_ratio import estimate_risk_ratio
from ipdrecon.survival.summary_data import from_interval, from_p

__all__ = [
    "ReconstructedIncidence",
    "ReportedNumber",
    "Tolerances",
    "aalen_johansen",
    "estimate_hazard_ratio",
    "estimate_risk_ratio",
    "from_interval",
    "from_p",
    "kaplan_meier",
    "logrank",
    "median_survival",
    "n_risk_at",
    "proportional_hazards_p",
    "read_reported",
    "reconstruct",
    "reconstruct_arm",
    "reconstruct_incidence",
    "restricted_mean",
    "validate",
]
