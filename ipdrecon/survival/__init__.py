"""Room 2: curves and numbers at risk to patients, patients to a hazard ratio, both held against what was reported."""

from ipdrecon.survival.kaplan_meier import kaplan_meier, median_survival, n_risk_at, restricted_mean
from ipdrecon.survival.reconstruction import reconstruct, reconstruct_arm

__all__ = ["kaplan_meier", "median_survival", "n_risk_at", "reconstruct", "reconstruct_arm", "restricted_mean"]
