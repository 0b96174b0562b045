"""The joint reconstruction: integers that make curve, table, totals and marks hold together, and how sure they are."""

from ipdrecon.survival.joint.fit import fit_joint
from ipdrecon.survival.joint.printed import OF_ARMS, OF_PAIRS, Statement, fit_with_printed
from ipdrecon.survival.joint.size import n_from_drops

__all__ = ["OF_ARMS", "OF_PAIRS", "Statement", "fit_joint", "fit_with_printed", "n_from_drops"]
