"""The table of numbers at risk: found, read, checked, and tied to the curves."""

from ipdrecon.figure.at_risk.finder import find_table, heading_flags
from ipdrecon.figure.at_risk.settle import settle_by_curves
from ipdrecon.figure.at_risk.table import PrintedTable, TableRow
from ipdrecon.figure.at_risk.ties import tie_rows

__all__ = ["PrintedTable", "TableRow", "find_table", "heading_flags", "settle_by_curves", "tie_rows"]
