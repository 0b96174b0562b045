"""The record `figure.json`: all that was read from a figure but its curves and numbers at risk, and how surely."""

from dataclasses import dataclass

from ipdrecon.errors import FolderError
from ipdrecon.flags import Flag, numbered
from ipdrecon.model import ArmLook, Axis, Box, Calibration, Facet, Word

SCHEMA_VERSION = 1
UNREAD = "change_unread"


def figure_record(digitisation, files, pictures=None):
    """Make what `figure.json` holds.

    Parameters
    ----------
    digitisation : Digitisation
    files : dict of str to str
        SHA-256 of the tables written beside it, by file name.
    pictures : dict of Flag to str, optional
        The picture of a doubt's place, by doubt.

    Returns
    -------
    dict
    """
    width, height = digitisation.size
    book = _FlagBook(numbered(digitisation.all_flags()), pictures or {})
    return {
        "schema_version": SCHEMA_VERSION,
        "program": "ipdrecon",
        "version": digitisation.version,
        "file": digitisation.source,
        "sha256": digitisation.sha256,
        "source": digitisation.kind,
        "width_px": width,
        "height_px": height,
        "confidence": min((_panel_confidence(panel) for panel in digitisation.panels), default=0.0),
        "flags": book.records(digitisation.flags),
        "panels": [_panel_record(panel, book) for panel in digitisation.panels],
        "settings": digitisation.settings,
        "edits": list(digitisation.edits),
        "files": files,
    }


def held_record(record, why):
    """Make the record of a reading that stands, though the figure cannot be read with the latest change: the same, and flagged.

    Parameters
    ----------
    record : dict
        As `figure.json` holds it.
    why : str
        It cannot be read with the change.

    Returns
    -------
    dict
    """
    flags = [flag for flag in record["flags"] if flag["name"] != UNREAD]
    number = 1 + len(flags) + sum(len(part["flags"]) for panel in record["panels"] for part in (panel, *panel["arms"], panel["at_risk"] or {"flags": ()}))
    return record | {"flags": [*flags, {"number": number} | Flag(UNREAD, "figure", why).to_dict()]}


@dataclass(frozen=True)
class _FlagBook:
    """Numbers of a figure's flags, and the pictures of their places."""

    numbers: dict
    pictures: dict

    def records(self, flags):
        return [{"number": self.numbers[flag]} | flag.to_dict() | self._picture(flag) for flag in flags]

    def _picture(self, flag):
        return {"picture": self.pictures[flag]} if flag in self.pictures else {}


def _panel_confidence(panel):
    parts = [panel.box_confidence, panel.calibration.time.confidence, panel.calibration.vertical.confidence]
    parts += [look.confidence for look in panel.looks if look.matched_by != "order"] + [curve.confidence for curve in panel.curves]
    return min(parts + ([panel.at_risk.confidence] if panel.at_risk is not None else []))


def _panel_record(panel, book):
    calibration = panel.calibration
    return {
        "panel": panel.panel,
        "box_px": panel.box,
        "box_confidence": panel.box_confidence,
        "scale": calibration.scale,
        "residual_px": calibration.residual_px,
        "source": panel.way,
        "page": panel.page,
        "px_per_point": panel.px_per_point,
        "residual_pt": None if panel.px_per_point is None else calibration.residual_px / panel.px_per_point,
        "confidence": _panel_confidence(panel),
        "flags": book.records(panel.flags),
        "axes": {"time": _axis_record(calibration.time), "vertical": _axis_record(calibration.vertical)},
        "arms": [_arm_record(curve, look, book) for curve, look in zip(panel.curves, panel.looks, strict=True)],
        "at_risk": None if panel.at_risk is None else _table_record(panel, book),
        "facets": [_facet_record(facet) for facet in panel.facets],
    }


def _facet_record(facet):
    axes = {"time": _axis_record(facet.calibration.time), "vertical": _axis_record(facet.calibration.vertical)}
    return {"title": facet.title, "box_px": facet.box, "scale": facet.calibration.scale, "axes": axes}


def _axis_record(axis):
    ticks = zip(axis.tick_px, axis.tick_value, axis.used, strict=True)
    return {
        "title": axis.title,
        "unit": axis.unit,
        "slope": axis.slope,
        "intercept": axis.intercept,
        "residual_px": axis.residual_px,
        "confidence": axis.confidence,
        "ticks": [{"px": px, "value": value, "used": used} for px, value, used in ticks],
    }


def _arm_record(curve, look, book):
    return {
        "label": curve.arm,
        "colour": look.colour,
        "dash": look.dash,
        "matched_by": look.matched_by,
        "label_confidence": look.confidence,
        "curve_confidence": curve.confidence,
        "marks_confidence": curve.marks_confidence,
        "time_error": curve.time_error,
        "survival_error": curve.survival_error,
        "occluded": [{"from": begin, "to": end, "survival_error": error} for begin, end, error in curve.occluded],
        "flags": book.records(curve.flags),
    }


def _table_record(panel, book):
    return {
        "confidence": panel.at_risk.confidence,
        "flags": book.records(panel.at_risk.flags),
        "cells": [{"text": word.text, "box_px": word.box, "confidence": word.confidence} for word in panel.cells],
    }


def check_schema(record, path):
    """Refuse a record of another schema.

    Raises
    ------
    FolderError
    """
    seen = record.get("schema_version") if isinstance(record, dict) else None
    if seen != SCHEMA_VERSION:
        raise FolderError(f"{path} has the schema version {seen!r}; this program reads {SCHEMA_VERSION}. Digitise the figure again.")


def read_flags(records):
    """Make flags from their records, as a tuple."""
    return tuple(Flag.from_dict(record) for record in records)


def read_axis(record):
    """Make an `Axis` from its record."""
    ticks = record["ticks"]
    return Axis(
        [tick["px"] for tick in ticks],
        [tick["value"] for tick in ticks],
        float(record["slope"]),
        float(record["intercept"]),
        float(record["residual_px"]),
        [tick["used"] for tick in ticks],
        record["unit"],
        record["title"],
        float(record["confidence"]),
    )


def read_calibration(record):
    """Make a `Calibration` from a panel's record."""
    axes = record["axes"]
    return Calibration(read_axis(axes["time"]), read_axis(axes["vertical"]), record["scale"])


def read_facets(record, arms):
    """Make the facets of a panel's record, as a tuple of `Facet`; none where the arms are no longer one for each."""
    records = record.get("facets", ())
    if len(records) != len(arms):
        return ()
    return tuple(Facet(facet["title"], Box(**facet["box_px"]), read_calibration(facet)) for facet in records)


def read_look(record):
    """Make an `ArmLook` from an arm's record."""
    return ArmLook(record["label"], tuple(record["colour"]), record["dash"], record["matched_by"], float(record["label_confidence"]))


def read_cells(record):
    """Make the at-risk cells of a panel's record, as a tuple of `Word`."""
    table = record["at_risk"] or {"cells": []}
    return tuple(Word(cell["text"], Box(**cell["box_px"]), float(cell["confidence"])) for cell in table["cells"])


def nominal_calibration(end, unit=""):
    """Make a calibration for coordinates that come without a picture: time from 0 to `end` over 1000 px."""
    return Calibration(Axis([0, 1000], [0, end], end / 1000, 0.0, unit=unit), Axis([0, 1000], [1, 0], -1e-3, 1.0))
