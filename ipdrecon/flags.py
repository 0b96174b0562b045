"""Every kind of doubt: its name, what it means, what to look at.

A doubtful number is returned and marked, never dropped and never silently kept. A flag that `needs_review` makes the
command line end with status 3; the others inform.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FlagDefinition:
    """One kind of doubt.

    Attributes
    ----------
    name : str
        The key, in snake case.
    meaning : str
        What was noticed, in one sentence.
    look_at : str
        What a person should check.
    needs_review : bool
        Whether a result with this flag should be looked at before it is used.
    """

    name: str
    meaning: str
    look_at: str
    needs_review: bool = True


_DEFINITIONS = (
    # reading the picture
    FlagDefinition(
        "panel_unread", "A panel of the figure could not be read and was left out.", "the panel; crop it, or give its ranges"
    ),
    FlagDefinition("facets", "Each arm is drawn in a box of its own; the boxes were read as one comparison.", "the titles of the boxes", False),
    FlagDefinition("inset", "A smaller plot stands within the plot; it was covered and left out.", "the smaller plot: it may show what the larger one cannot", False),
    FlagDefinition("picture_damaged", "A part of the picture's file is damaged or missing, and what it showed is not there or not as drawn.", "the picture: where it turns grey or breaks off; fetch it again"),
    FlagDefinition("skew_removed", "The figure lay askew and was turned back before it was read.", "the axes in overlay.png: they must lie level and upright", False),
    FlagDefinition("axis_residual", "The tick labels do not lie on one straight scale.", "the ticks in overlay.png"),
    FlagDefinition("tick_label_rejected", "A tick label contradicts the others and was left out of the fit.", "the tick in overlay.png", False),
    FlagDefinition("text_unread", "The text of the picture was not read, since the program that reads it is not installed.", "the axes, the names of the arms and the numbers at risk; or install what the flag names"),
    FlagDefinition("change_unread", "The figure cannot be read with the latest change by hand; what stands here was read before it.", "the change: mend it, or undo it in the workbench"),
    FlagDefinition("few_ticks", "An axis was fitted through two ticks only, so a misread label would not show.", "the ticks in overlay.png"),
    FlagDefinition("axis_given", "The range of an axis was given by hand.", "the range given", False),
    FlagDefinition("scale_assumed", "Nothing printed tells the scale or the direction of the vertical axis; the reading is the likeliest.", "the vertical axis"),
    FlagDefinition("percent", "The figure is drawn in percent; survival is stored as a probability.", "the unit of the vertical axis", False),
    FlagDefinition("incidence", "The figure draws cumulative incidence (1 - S); survival is stored.", "the paper's methods: only 1 minus a Kaplan-Meier estimate can be turned back into survival", False),
    FlagDefinition("arms_given", "The number of arms was given by hand.", "the curves in overlay.png", False),
    FlagDefinition("arms_doubtful", "The number of curves is not certain.", "the curves in overlay.png"),
    FlagDefinition("arm_unnamed", "No label was found for a curve.", "the legend", False),
    FlagDefinition("arm_name_doubtful", "The label of a curve was matched or read by weak evidence, or another contradicts it.", "the legend and the curves in overlay.png"),
    FlagDefinition("occluded", "A stretch of the curve is hidden by another curve or by text.", "the stretch in overlay.png", False),
    FlagDefinition("gap", "A stretch of the curve has no ink and was bridged.", "the stretch in overlay.png"),
    FlagDefinition("not_monotone", "The ink goes back up where a survival curve cannot.", "the curve in overlay.png"),
    FlagDefinition("start_off_one", "The curve does not begin at survival 1.", "the start of the curve and the axis"),
    FlagDefinition("low_resolution", "The plotting box is small: one pixel is more than half a percent of survival.", "the paper's page for a larger figure", False),
    FlagDefinition("not_kaplan_meier", "The plot is not a plain Kaplan-Meier plot.", "the axis title and the shape of the curves"),
    FlagDefinition("time_below_zero", "The curve begins before time 0; its times are as printed.", "the time axis, and what its 0 stands for"),
    FlagDefinition("curve_cut", "The curve leaves the plot where the vertical axis ends above survival 0, and is read to there.", "the end of the curve; what lies beyond is not drawn", False),
    FlagDefinition("log_axis", "The tick labels grow by equal factors: the axis is logarithmic, and was read as if it were not.", "the axis; a curve on a logarithmic axis cannot be used as read"),
    FlagDefinition("broken_axis", "Tick labels contradict the others although they were read surely: the axis is broken or changes its scale, or a label is misread.", "the axis and its labels in overlay.png"),
    FlagDefinition("path_simplified", "The path of the curve was simplified, or drawn anew by hand: some of its drops are merged with others or not those of whole patients.", "the curve in overlay.png: a drop may stand for several events near each other; use a figure whose paths were not simplified if there is one"),
    FlagDefinition("paths_incomplete", "The paths of the page hold no curves, or fewer than the table has rows or were asked for, so the curves were read from a picture of it.", "the curves in overlay.png"),
    FlagDefinition("smooth_curve", "The curve slopes where a Kaplan-Meier curve has steps: a fitted or smoothed curve, or points joined by lines.", "the paper's methods, and the curve"),
    FlagDefinition("filled_area", "The area below a curve is filled down to the axis: stacked areas, bars, or a restricted mean.", "the legend, and what the area stands for"),
    FlagDefinition("confidence_band", "A confidence band or limits were seen and left out.", "the curves in overlay.png: none may be a limit", False),
    FlagDefinition("no_at_risk", "The figure has no table of numbers at risk, or none was found.", "the space below the axis", False),
    FlagDefinition("at_risk_given", "The numbers at risk were given by hand.", "the numbers given", False),
    FlagDefinition("at_risk_missing_cell", "A cell of the at-risk table could not be read.", "the table"),
    FlagDefinition("at_risk_cell_doubtful", "A cell of the at-risk table may be misread: two readings differ, or its number does not go with the others.", "the table in overlay.png"),
    FlagDefinition("at_risk_rises", "Numbers at risk rise along a row.", "the table; a digit may be misread"),
    FlagDefinition("at_risk_contradicts_curve", "Numbers at risk fall less than the curve demands.", "the table and the curve"),
    FlagDefinition("at_risk_loss_uneven", "Between two times far more patients are lost than before and after, and without an event.", "the two numbers; a digit may be misread"),
    FlagDefinition("at_risk_rows_unmatched", "Rows of the at-risk table could not be tied to the curves by name or colour; order was used.", "the table and the legend"),
    FlagDefinition("time_unit_unknown", "The time unit is not printed.", "the axis title", False),
    FlagDefinition("edited", "A part was set or changed by hand.", "the edits in figure.json", False),
    # rebuilding patients
    FlagDefinition("rescaled_percent", "Survival was given in percent and divided by 100.", "the input", False),
    FlagDefinition("curve_repaired", "The curve rose or left the range from 0 to 1, and was mended to be a survival curve.", "the curve and its coordinates"),
    FlagDefinition("rows_dropped", "Rows with missing or impossible values were left out.", "the input"),
    FlagDefinition("few_points", "The curve falls in few, large drops; where it was clicked at few points, the events between two of them were put at the later one.", "the coordinates: one point at each drop of the curve", False),
    FlagDefinition("row_numbers_differ", "The row numbers in a table of numbers at risk do not fit the rows of the curve; the times were used.", "the two files: points may be missing, or the table be another arm's"),
    FlagDefinition("table_time_unlike", "The at-risk table and the curve reach very different times.", "the units of time of both"),
    FlagDefinition("n_from_name", "The number of patients is the one in the arm's name.", "the name in the figure: a digit may be misread, or the number be another's", False),
    FlagDefinition("times_recorded", "All drops of the figure lie at whole multiples of a unit of time; they were put exactly there, so that events of the arms share times.", "the paper's methods: how times were recorded", False),
    FlagDefinition("n_assumed", "The number of patients was estimated, not read.", "the number of patients"),
    FlagDefinition(
        "n_contradicts_table", "The number of patients given differs from the one the figure prints.", "the number given and the table"
    ),
    FlagDefinition("no_total_events", "The total number of events is not known; the last interval's censoring is extrapolated.", "the paper's text and tables for the number of events", False),
    FlagDefinition(
        "events_at_visits",
        "Events seem to come at visits, many at a time, and the number of patients alone tells little of how many they are.",
        "the paper for numbers at risk or the total number of events",
    ),
    FlagDefinition("table_curve_conflict", "The at-risk table and the curve cannot both be right.", "the residuals in reconstruction.json"),
    FlagDefinition("curve_unmet", "The rebuilt patients leave the curve by more than reading allows.", "the curve, and the number of patients"),
    FlagDefinition("events_conflict", "The total of events cannot be reached with this curve and table.", "the total of events"),
    FlagDefinition("printed_conflict", "A printed number contradicts curve and table, and was not used.", "the number, and whether it is about these patients and this analysis"),
    FlagDefinition("hr_is_input", "The reported comparison of the arms (hazard ratio, log-rank p) was an input of the reconstruction, so agreement with it proves nothing.", "the reconstruction without --use-hr", False),
    FlagDefinition("table_after_curve", "The at-risk table goes on after the curve ends.", "the end of the curve"),
    FlagDefinition("delayed_entry", "Numbers at risk rise: patients enter late, and this is no plain Kaplan-Meier curve.", "the paper's methods"),
    FlagDefinition("draws_without_ratio", "Some draws have no finite hazard ratio and were left out of the reconstruction's variance.", "the number of events in each arm; a risk difference may serve better"),
    FlagDefinition("competing_risks", "Patients were rebuilt with causes from curves of cumulative incidence; event is 1 for the main cause alone.", "the column cause of ipd.csv before the data are used", False),
    FlagDefinition("causes_taken_for_all", "The causes given were taken for all there are, so that nobody leaves by another.", "the paper's methods: a cause that is not drawn changes all numbers", False),
    FlagDefinition("subdistribution", "The incidence of one cause alone is known: patients whom another cause took cannot be told from censored ones.", "the figure for a curve of the other causes or of overall survival, and the text for the number of events"),
    FlagDefinition("weighted_curve", "The curve or the numbers at risk are weighted, or may be: rebuilt numbers of patients and events are not those of the trial.", "the paper's methods, and the unweighted numbers"),
    FlagDefinition("model_curve", "The curve comes from a model or from interval-censored data: its drops are no patients' events.", "the paper's methods; a Kaplan-Meier curve of the same data if there is one"),
    # comparing and pooling
    FlagDefinition("disagrees", "A reconstructed quantity differs from the reported one.", "the agreement table"),
    FlagDefinition("reported_unmatched", "A printed number names no arm that the figure has.", "the labels in the table of reported numbers and in curves.csv"),
    FlagDefinition("facsimile", "The figure is a facsimile drawn from printed facts, not the published figure.", "the published figure before any number is used as evidence"),
    FlagDefinition("summary_row", "The row is a pooled result: the variance between the trials inside it is unknown.", "the row's source", False),
    FlagDefinition("non_proportional", "The hazards are not proportional: one hazard ratio does not describe them.", "the curves"),
)

_SIDES = ("left", "top", "right", "bottom")

DEFINITIONS = {definition.name: definition for definition in _DEFINITIONS}


@dataclass(frozen=True)
class Flag:
    """One doubt about one thing.

    Attributes
    ----------
    name : str
        A key of `DEFINITIONS`.
    place : str
        What it is about: ``"arm 'Placebo'"``, ``"time axis"``, ``"at-risk table"``.
    detail : str
        What was seen, with numbers.
    box : tuple of float, or None
        Where to look in the figure: left, top, right, bottom in px.
    """

    name: str
    place: str = ""
    detail: str = ""
    box: tuple | None = None

    def __post_init__(self):
        if self.name not in DEFINITIONS:
            raise ValueError(f"unknown flag {self.name!r}")
        if self.box is not None:
            object.__setattr__(self, "box", tuple(round(float(edge), 1) for edge in self.box))

    @property
    def needs_review(self):
        """Whether a person should look before the result is used."""
        return DEFINITIONS[self.name].needs_review

    def to_dict(self):
        """As written to JSON: name, place, detail, box_px where the place is known, meaning, look_at, needs_review."""
        definition = DEFINITIONS[self.name]
        where = {} if self.box is None else {"box_px": dict(zip(_SIDES, self.box, strict=True))}
        return {"name": self.name, "place": self.place, "detail": self.detail} | where | {
            "meaning": definition.meaning,
            "look_at": definition.look_at,
            "needs_review": definition.needs_review,
        }

    @classmethod
    def from_dict(cls, record):
        """Read back what `to_dict` wrote."""
        box = record.get("box_px")
        return cls(record["name"], record.get("place", ""), record.get("detail", ""), box and tuple(box[side] for side in _SIDES))

    def __str__(self):
        where = f" ({self.place})" if self.place else ""
        detail = f" {self.detail}" if self.detail else ""
        return f"{self.name}{where}: {DEFINITIONS[self.name].meaning}{detail} Look at {DEFINITIONS[self.name].look_at}."


def needs_review(flags):
    """Whether any of `flags` asks for a person's look."""
    return any(flag.needs_review for flag in flags)


def numbered(flags):
    """Number flags from 1, each once, as pictures and `figure.json` number them.

    Parameters
    ----------
    flags : iterable of Flag

    Returns
    -------
    dict of Flag to int
    """
    return {flag: number for number, flag in enumerate(dict.fromkeys(flags), start=1)}
