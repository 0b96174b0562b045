"""The joint reconstruction: integers that make curve, table, totals and marks hold together, and how sure they are."""

from ipdrecon.survival.joint.fit import fit_joint

__all__ = ["fit_joint"]
