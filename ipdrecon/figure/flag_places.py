"""Where in the picture each doubt is: the box to look at."""

from dataclasses import replace

_MARGIN_PX = 6.0


def place_flags(panel):
    """Give every flag of a panel the box it is about, where it has none.

    Parameters
    ----------
    panel : DigitisedPanel

    Returns
    -------
    DigitisedPanel
    """
    curves = tuple(
        replace(curve, flags=tuple(_placed(flag, curve_box(panel.calibration, curve)) for flag in curve.flags)) for curve in panel.curves
    )
    at_risk = panel.at_risk
    if at_risk is not None:
        at_risk = replace(at_risk, flags=tuple(_placed(flag, _table_box(panel)) for flag in at_risk.flags))
    flags = tuple(_placed(flag, _box_of(panel, flag)) for flag in panel.flags)
    return replace(panel, curves=curves, at_risk=at_risk, flags=flags)


def _placed(flag, box):
    return flag if flag.box is not None or box is None else replace(flag, box=box)


def _box_of(panel, flag):
    """The box that a flag's place names: an axis, an arm, the table, or the whole panel."""
    box = panel.box
    reach = 0.16 * min(box.width, box.height)
    if flag.place == "time axis":
        return _tick_box(panel, flag) or (box.left, box.bottom - 0.2 * reach, box.right, box.bottom + reach)
    if flag.place == "vertical axis":
        return _tick_box(panel, flag) or (box.left - reach, box.top, box.left + 0.2 * reach, box.bottom)
    if flag.place.startswith("at-risk table"):
        return _table_box(panel)
    for curve in panel.curves:
        if flag.place == f"arm {curve.arm!r}":
            return curve_box(panel.calibration, curve)
    if flag.name == "no_at_risk":
        return (box.left - reach, box.bottom, box.right, box.bottom + 2 * reach)
    return (box.left, box.top, box.right, box.bottom)


def _tick_box(panel, flag):
    """Around the ticks left out of an axis, for the flag that tells of one."""
    if flag.name != "tick_label_rejected":
        return None
    box, time = panel.box, flag.place == "time axis"
    axis = panel.calibration.time if time else panel.calibration.vertical
    out = axis.tick_px[~axis.used]
    if not len(out):
        return None
    reach = 0.1 * min(box.width, box.height)
    first, last = float(out.min()) - 0.5 * reach, float(out.max()) + 0.5 * reach
    return (first, box.bottom - 0.3 * reach, last, box.bottom + reach) if time else (box.left - reach, first, box.left + 0.3 * reach, last)


def curve_box(calibration, curve, begin=None, end=None):
    """The box around a curve, or a stretch of it, in px: left, top, right, bottom.

    Parameters
    ----------
    calibration : Calibration
    curve : Curve
    begin, end : float, optional
        Times.

    Returns
    -------
    tuple of float
    """
    begin, end = 0.0 if begin is None else begin, curve.time[-1] if end is None else end
    px, py = calibration.to_px([begin, end], curve.survival_at([begin, end]))
    left, right = sorted(float(value) for value in px)
    top, bottom = sorted(float(value) for value in py)
    return (left - _MARGIN_PX, top - _MARGIN_PX, right + _MARGIN_PX, bottom + _MARGIN_PX)


def _table_box(panel):
    """Around the cells of the table, or below the box where none was read."""
    if not panel.cells:
        box = panel.box
        return (box.left, box.bottom, box.right, box.bottom + 0.4 * box.height)
    boxes = [cell.box for cell in panel.cells]
    return (
        min(box.left for box in boxes) - _MARGIN_PX,
        min(box.top for box in boxes) - _MARGIN_PX,
        max(box.right for box in boxes) + _MARGIN_PX,
        max(box.bottom for box in boxes) + _MARGIN_PX,
    )
