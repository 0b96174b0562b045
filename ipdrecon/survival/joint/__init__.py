"""The joint reconstruction: integers that make curve, table, totals and marks hold together, and how sure they are."""

from ipdrecon.survival.joint.fit import Arm, JointFit, JointModel

__all__ = ["Arm", "JointFit", "JointModel"]
