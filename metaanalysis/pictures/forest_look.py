"""How forest plots look: each look a record of columns, words, number formats, shapes and sizes, after a journal's habit."""

from dataclasses import dataclass

from metaanalysis.errors import MetaAnalysisError

_FONTS = ("DejaVu Sans",)
"""Comes with matplotlib, so that a plot has the same bytes on every machine."""


@dataclass(frozen=True)
class ForestLook:
    """A look of a forest plot; make another by `dataclasses.replace`.

    Attributes
    ----------
    name : str
    left, right : tuple of str
        Columns before and after the plot, in their order, out of ``study, source, extra, events, yi, sei, reconstruction,
        weights, effect, bias``; those without content are left out.
    study_title, effect_title, axis_title : str
        ``{measure}`` is the short name, ``{name}`` the long one, ``{level}`` the percentage; `axis_title` stands above the
        plot, below it where `favours_above`.
    events_title : str
        Above both arms' ``events/N``; empty for two columns, events and total, below the name of each arm.
    fonts : tuple of str
        The first that is installed is taken; the others fill in for signs it lacks. DejaVu Sans is always there.
    font_pt, row_pt, gap_pt, margin_pt : float
        Text size, height of a line, space between columns, space around, in points.
    plot_pt, table_pt, study_pt, square_pt : float
        Least width of the plot and of the columns before it, greatest width of a study's name, side of the heaviest square.
    decimal_mark, equals, percent : str
        ``"."`` or ``"·"``; ``" = "`` or ``"="``; between a number and its ``%``.
    limits : tuple of str
        What opens, parts and closes an interval; a dash gives way to " to " beside a minus sign.
    p_name : str
    p_zero : bool
        Whether P values have a zero before the decimal mark.
    p_least : float
        Smaller ones are told as smaller than this.
    tau2_name, chi2_name : str
    favours : str
        ``{arm}`` is the arm.
    favours_above : bool
    ink, square, diamond, prediction, band : str
        Colours; `band` behind every other study, empty for none.
    prediction_shape : {"bar", "diamond", "line"}
        A filled bar, a hollow diamond with a dashed edge, or a line with ends.
    pooled_line : bool
        A dashed line down from the first study, at the estimate of the first model.
    rule_pt, top_rule_pt : float
        Strength of the rule below the header, and of the one above (0 for none).
    """

    name: str
    left: tuple
    right: tuple
    study_title: str = "Study"
    effect_title: str = "{measure}\n({level}% CI)"
    axis_title: str = "{name}\n({level}% CI)"
    events_title: str = "Events/patients"
    fonts: tuple = _FONTS
    font_pt: float = 8.5
    row_pt: float = 14.0
    gap_pt: float = 13.0
    margin_pt: float = 14.0
    plot_pt: float = 220.0
    table_pt: float = 265.0
    study_pt: float = 190.0
    square_pt: float = 9.5
    decimal_mark: str = "."
    equals: str = " = "
    percent: str = ""
    limits: tuple = ("(", " to ", ")")
    p_name: str = "P"
    p_zero: bool = True
    p_least: float = 0.001
    tau2_name: str = "τ²"
    chi2_name: str = "χ²"
    favours: str = "Favours {arm}"
    favours_above: bool = False
    ink: str = "#1a1a1a"
    square: str = "#2f6690"
    diamond: str = "#1a1a1a"
    prediction: str = "#9b2226"
    band: str = ""
    prediction_shape: str = "bar"
    pooled_line: bool = False
    rule_pt: float = 0.8
    top_rule_pt: float = 0.0


LOOKS = {
    "cochrane": ForestLook(
        "cochrane", ("study", "source", "extra", "events", "yi", "sei", "reconstruction", "weights", "effect"), ("bias",),
        study_title="Study or subgroup", effect_title="{measure}\n[{level}% CI]", axis_title="{name}", events_title="",
        limits=("[", ", ", "]"), tau2_name="Tau²", chi2_name="Chi²", favours="Favours [{arm}]", square="#2b62a8",
    ),
    "jama": ForestLook(
        "jama", ("study", "source", "extra", "events", "reconstruction", "effect"), ("weights", "bias"),
        study_title="Source", events_title="No. of events/total No.", limits=("(", "-", ")"), p_zero=False, favours="Favors {arm}",
        favours_above=True, square="#3c6e8f", diamond="#b5472f", prediction="#6b6b6b", prediction_shape="line", rule_pt=0.6, top_rule_pt=1.8,
    ),
    "bmj": ForestLook(
        "bmj", ("study", "source", "extra", "events", "reconstruction"), ("weights", "effect", "bias"),
        effect_title="{name}\n({level}% CI)", events_title="No of events/total", equals="=", square="#5b7fa6", diamond="#16325c",
        prediction="#16325c", band="#eef3f8", prediction_shape="diamond", rule_pt=0.6, top_rule_pt=0.6,
    ),
    "lancet": ForestLook(
        "lancet", ("study", "source", "extra", "events", "reconstruction"), ("effect", "weights", "bias"),
        decimal_mark="·", equals="=", limits=("(", "–", ")"), p_name="p", p_least=0.0001, square="#6e6e6e", diamond="#1a1a1a", prediction="#1a1a1a",
        pooled_line=True, rule_pt=1.2,
    ),
}
"""The looks by name."""


def look_of(look):
    """Give the look of a name, or the look itself.

    Parameters
    ----------
    look : str or ForestLook

    Returns
    -------
    ForestLook

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> look_of("lancet").decimal_mark
    '·'
    """
    if isinstance(look, ForestLook):
        return look
    if look not in LOOKS:
        raise MetaAnalysisError(f"The look is {look!r}; expected one of {', '.join(LOOKS)}, or a ForestLook.")
    return LOOKS[look]
