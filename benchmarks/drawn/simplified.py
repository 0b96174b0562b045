"""Whether matplotlib leaves out steps of a curve when it writes it to a vector file."""

POINTS = 72


def is_simplified(figure, lines):
    """Whether any of a figure's lines loses points within its axes."""
    before, figure.dpi = figure.dpi, POINTS
    try:
        return any(map(loses_points, lines))
    finally:
        figure.dpi = before


def loses_points(line):
    """Whether a line loses points at the present resolution of its figure."""
    path, to_page, end = line.get_path(), line.get_transform(), line.axes.get_xlim()[1]
    kept = path.cleaned(to_page, simplify=path.should_simplify)
    edge = to_page.transform((end, 0))[0]
    drawn = (kept.codes != kept.STOP) & (kept.vertices[:, 0] <= edge)
    return bool(drawn.sum() < (path.vertices[:, 0] <= end).sum())
