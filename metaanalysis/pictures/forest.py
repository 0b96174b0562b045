"""Forest plots: a table of numbers, the same numbers drawn beside it, in the look of Cochrane, JAMA, BMJ or Lancet."""

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.pictures.forest_bias import risk_of_bias as read_risk_of_bias
from metaanalysis.pictures.forest_columns import titled
from metaanalysis.pictures.forest_drawing import (
    draw_axis,
    draw_diamond,
    draw_light,
    draw_line,
    draw_prediction,
    draw_rule,
    draw_study,
    write,
)
from metaanalysis.pictures.forest_layout import lay_out
from metaanalysis.pictures.forest_lines import Content, forest_lines
from metaanalysis.pictures.forest_look import look_of
from metaanalysis.pictures.forest_numbers import Numbers, usual_decimals
from metaanalysis.pictures.forest_table import study_table

_NOTE = "#5b6066"


def _page(layout):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(layout.width / 72, layout.height / 72), dpi=150, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(layout.height, 0)
    axes.set_axis_off()
    return figure, axes


def _draw_header(axes, layout):
    look, face = layout.content.look, layout.face
    top, bottom = layout.header
    if look.top_rule_pt:
        draw_rule(axes, layout.edges, top, width=look.top_rule_pt, colour=look.ink)
    draw_rule(axes, layout.edges, bottom, width=look.rule_pt, colour=look.ink)
    for column in layout.columns:
        write(axes, column.anchor, bottom - 3, column.title, face, colour=look.ink, align=column.align, valign="bottom", weight="bold", gid=f"header-{column.name}")
    for spanner in dict.fromkeys(column.spanner for column in layout.columns if column.spanner):
        _draw_spanner(axes, layout, [column for column in layout.columns if column.spanner == spanner])
    if not look.favours_above:
        title = titled(layout.content, look.axis_title)
        write(axes, layout.axis.left + layout.axis.width / 2, bottom - 3, title, face, colour=look.ink, align="center", valign="bottom", weight="bold", gid="axis-title")


def _draw_spanner(axes, layout, columns):
    look, face = layout.content.look, layout.face
    left, right = columns[0].left, columns[-1].left + columns[-1].width
    y = layout.header[1] - 5 - (1 + max(column.title.count("\n") for column in columns)) * layout.lead(face)
    draw_line(axes, [left, right], [y, y], color=look.ink, lw=0.5)
    write(axes, (left + right) / 2, y - 2, columns[0].spanner, face, colour=look.ink, align="center", valign="bottom", weight="bold", gid="spanner")


def _draw_cells(axes, layout, line, y):
    look, face = layout.content.look, layout.face
    weight = "bold" if line.kind == "group" or line.kind == "diamond" and not line.hollow else "normal"
    for column in layout.columns:
        text = line.cells.get(column.name, "")
        if not text:
            continue
        if column.name == "study" and line.kind in ("study", "excluded", "diamond"):
            text = face.abridged(text, max(look.study_pt, column.width), weight)
        write(axes, column.anchor, y, text, face, colour=look.ink, align=column.align, weight=weight, gid=f"{line.kind}-{column.name}")


def _draw_lights(axes, layout, bias, study, y):
    judgements = dict(zip(bias.domains, bias.judgements.get(study, ()), strict=False))
    for column in layout.columns:
        judgement = judgements.get(column.name.removeprefix("bias-"), "")
        if judgement:
            draw_light(axes, column.anchor, y, judgement)


def _draw_body(axes, layout, bias):
    look, axis = layout.content.look, layout.axis
    heaviest = max(line.weight for line in layout.lines if line.kind == "study")
    for line, y in zip(layout.lines, layout.middles, strict=True):
        _draw_cells(axes, layout, line, y)
        if line.kind == "rule":
            draw_rule(axes, layout.edges, y, width=0.6)
        elif line.kind == "study":
            draw_study(axes, line, axis, y, look=look, heaviest=heaviest)
        elif line.kind == "diamond":
            draw_diamond(axes, line, axis, y, look=look)
        elif line.kind == "prediction":
            draw_prediction(axes, line, axis, y, look=look)
        if bias and line.study:
            _draw_lights(axes, layout, bias, line.study, y)


def _draw_bands(axes, layout):
    from matplotlib.patches import Rectangle

    look = layout.content.look
    left, right = layout.edges
    rows = [y for line, y in zip(layout.lines, layout.middles, strict=True) if line.kind in ("study", "excluded")]
    for y in rows[::2]:
        axes.add_artist(Rectangle((left, y - look.row_pt / 2), right - left, look.row_pt, facecolor=look.band, edgecolor="none", zorder=0, gid="band"))


def _draw_pooled_line(axes, layout):
    look, axis = layout.content.look, layout.axis
    totals = [(line, y) for line, y in zip(layout.lines, layout.middles, strict=True) if line.is_total]
    if totals and axis.inside(totals[0][0].estimate):
        place = axis.to_pt(totals[0][0].estimate)
        draw_line(axes, [place, place], [layout.middles[0] - look.row_pt / 2, totals[0][1]], color=look.diamond, lw=0.7, ls=(0, (3, 2)), zorder=2)


def _draw_below(axes, layout, bias):
    look, face, small = layout.content.look, layout.face, layout.small
    left, _ = layout.edges
    y = layout.below
    if bias and bias.seen:
        y += 0.8 * face.size
        place = left
        for judgement, word in bias.key.items():
            draw_light(axes, place + 5, y, judgement)
            write(axes, place + 13, y, word, small, colour=look.ink, gid="key")
            place += 13 + small.width(word) + look.gap_pt
        y += face.size
    for number, note in enumerate(layout.notes):
        write(axes, left, y + number * layout.lead(small), note, small, colour=_NOTE, valign="top", gid="note")


def _draw_labels(axes, layout):
    """The title, what each side favours, and in some looks the title of the axis below it."""
    look, face, large = layout.content.look, layout.face, layout.large
    for number, part in enumerate(layout.title):
        write(axes, look.margin_pt, look.margin_pt + number * layout.lead(large), part, large, colour=look.ink, valign="top", weight="bold", gid="title")
    for place, align, text in layout.favours:
        y, valign = (layout.header[1] - 3, "bottom") if look.favours_above else (layout.favours_top, "top")
        write(axes, place, y, text, face, colour=look.ink, align=align, valign=valign, gid="favours")
    if look.favours_above:
        middle = layout.axis.left + layout.axis.width / 2
        write(axes, middle, layout.favours_top, titled(layout.content, look.axis_title), face, colour=look.ink, align="center", valign="top", gid="axis-title")


def _draw(layout, bias):
    look = layout.content.look
    figure, axes = _page(layout)
    if look.band:
        _draw_bands(axes, layout)
    _draw_labels(axes, layout)
    _draw_header(axes, layout)
    _draw_body(axes, layout, bias)
    if look.pooled_line:
        _draw_pooled_line(axes, layout)
    span = (layout.header[1], layout.axis_bottom)
    draw_axis(axes, layout.axis, span, look=look, face=layout.face, numbers=layout.content.numbers)
    _draw_below(axes, layout, bias)
    return figure


def forest_plot(
    pooled, *, look="cochrane", favours=("treatment", "reference"), arms=None, title="", ticks=None, models=("random", "fixed"),
    sort=None, table=None, columns=(), risk_of_bias=None, comparison=None, decimals=None,
):
    """Draw a forest plot.

    Every number printed is one of `pooled.to_dict()`, rounded. Squares have areas in proportion to the weights of
    the first model; intervals that leave the axis end in arrows; summary rows and fixed-effect diamonds are hollow; the
    prediction interval is below the diamonds, its rule beside it; each row says where its number is from.

    Parameters
    ----------
    pooled : PooledEstimate
    look : {"cochrane", "jama", "bmj", "lancet"} or ForestLook
        Columns and their order, words, number formats, shapes.
    favours : tuple of str
        What effects left and right of no effect favour.
    arms : tuple of str, optional
        Names of treatment and reference above their events; by default those of `favours`.
    title : str
    ticks : sequence of float, optional
        On the scale of ratios; by default the narrowest of 0.9-1.1, 0.8-1.25, 0.5-2, 0.2-5, ... that shows the estimates and
        most limits.
    models : tuple of {"random", "fixed"}
        Diamonds and weights to show.
    sort : {"effect", "weight", "year", "study"}, optional
        Order of the rows, within subgroups; as pooled by default.
    table : DataFrame, optional
        What else is known of the studies: a column `study` and any of `events_1, n_1, events_2, n_2`, `year`,
        `reconstruction_se` (the part of a standard error from reading a figure), and those in `columns`.
    columns : sequence of str or dict of str to str
        Further columns of `table` to show, or their names with titles.
    risk_of_bias : DataFrame, dict or RiskOfBias, optional
        Judgements per study, drawn as lights; see `metaanalysis.pictures.forest_bias.risk_of_bias`.
    comparison : object with `contrasts`, optional
        Differences between subgroups within trials, told before the test between subgroups, which is across trials.
    decimals : int, optional
        Of effects; by default 2 for ratios and 3 for differences, and up to two more where intervals are very narrow.

    Returns
    -------
    matplotlib.figure.Figure
        Save it by `save_picture`, which writes the same bytes each time.

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> from metaanalysis import pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> figure = forest_plot(pooled, look="lancet", favours=("radiotherapy", "no radiotherapy"))
    >>> "0·70 (0·47–1·03)" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    models, look = tuple(models), look_of(look)
    if not models or set(models) - {"random", "fixed"}:
        raise MetaAnalysisError(f"The models are {models!r}; expected \"random\", \"fixed\" or both.")
    decimals = usual_decimals(pooled) if decimals is None else decimals
    if decimals not in range(7):
        raise MetaAnalysisError(f"The decimals are {decimals!r}; expected a whole number from 0 to 6.")
    numbers = Numbers(look, pooled.is_ratio, decimals)
    studies = study_table(pooled, table, columns, sort=sort, model=models[0])
    content = Content(pooled, look, numbers, models, studies, tuple(comparison.contrasts) if comparison else ())
    bias = None if risk_of_bias is None else read_risk_of_bias(risk_of_bias)
    told = tuple(look.favours.format(arm=name) for name in favours)
    layout = lay_out(content, forest_lines(content), arms=arms or favours, favours=told, bias=bias, ticks=ticks, title=title)
    return _draw(layout, bias)
