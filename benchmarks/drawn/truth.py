"""The truth of a drawn figure, in the format of the practice figures."""

import csv

from drawn.plot import marked_times

FEWEST = 5


def write_rows(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def curve_rows(arms):
    return [
        (arm.name, f"{time:.6g}", f"{value:.8g}") for arm in arms for time, value in zip(*arm.curve()[:2], strict=True)
    ]


def patient_rows(arms):
    return [
        (arm.name, f"{time:.6g}", int(event)) for arm in arms for time, event in zip(arm.time, arm.event, strict=True)
    ]


def mark_rows(panels):
    """The censor marks that the time axis has room for."""
    return [
        (arm.name, f"{time:.10g}")
        for panel in panels
        for arm in panel.arms
        for time in marked_times(panel, arm)
        if time <= panel.axes.get_xlim()[1]
    ]


def write_truth(out, name, file, arms, *, panel, numbers, marks, style, x_max, trap="", carried=None):
    """Write curves, numbers at risk, censor marks and patients of one panel; its entry in the index.

    `carried` is what the index says of a vector figure alone. Arms with fewer than five events have no hazard ratio worth comparing: then the patients are not named.
    """
    stem = out / "truth" / name
    write_rows(stem.with_name(f"{name}.curves.csv"), ("arm", "time", "survival"), curve_rows(arms))
    write_rows(stem.with_name(f"{name}.ipd.csv"), ("arm", "time", "event"), patient_rows(arms))
    write_rows(stem.with_name(f"{name}.marks.csv"), ("arm", "time"), marks)
    if numbers:
        write_rows(stem.with_name(f"{name}.at_risk.csv"), ("arm", "time", "n_risk"), numbers)
    return {
        "name": name, "file": f"images/{file}", "panel": panel, "arms": [arm.name for arm in arms], "truth": "exact", "x_max": x_max,
        "curves": f"truth/{name}.curves.csv", "at_risk": f"truth/{name}.at_risk.csv" if numbers else None, "marks": f"truth/{name}.marks.csv", "ipd": f"truth/{name}.ipd.csv" if min(arm.event.sum() for arm in arms) >= FEWEST else None,
        "hr": None, "trap": bool(trap), "tags": trap, "style": style,
    } | (carried or {})  # fmt: skip
