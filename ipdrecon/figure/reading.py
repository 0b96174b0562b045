"""What each finder saw on the way from a figure to its `Digitisation`: kept for pictures, for checks by eye."""

from dataclasses import dataclass, field

from ipdrecon.figure.ink import Plot
from ipdrecon.figure.panels import PanelBox
from ipdrecon.model import DigitisedPanel, Figure


@dataclass(frozen=True)
class PanelReading:
    """What was seen of one plotting box.

    Attributes
    ----------
    panel : DigitisedPanel
    place : PanelBox
    entries : tuple of LegendEntry
        Those that may speak of this panel.
    plot : Plot
    inks : tuple of ArmInk
    names : tuple of str
        Of the arms the inks became, before any edit.
    edges : tuple of Edges
        In the same order.
    table : PrintedTable or None
    missed : dict of str to EditError
        Edits without a panel that fit nothing here, by position.
    """

    panel: DigitisedPanel
    place: PanelBox
    entries: tuple
    plot: Plot = field(repr=False)
    inks: tuple = field(repr=False)
    names: tuple
    edges: tuple = field(repr=False)
    table: object = None
    missed: dict = field(default_factory=dict)


@dataclass(frozen=True)
class FigureReading:
    """What was seen of a figure.

    Attributes
    ----------
    figure : Figure
    words : tuple of Word
    legend : tuple of LegendEntry
        Of the whole figure.
    places : tuple of PanelBox
        Every plotting box found.
    panels : tuple of PanelReading
        Those that were read.
    digitisation : Digitisation
    """

    figure: Figure = field(repr=False)
    words: tuple
    legend: tuple
    places: tuple
    panels: tuple
    digitisation: object
