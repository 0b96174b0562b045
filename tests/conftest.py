"""No network for any test, and a figure whose reading is known, for the tests of files, pictures and commands."""

import os
import runpy
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from ipdrecon.figure.reading import FigureReading
from ipdrecon.flags import Flag
from ipdrecon.model import (
    ArmLook,
    AtRiskTable,
    Axis,
    Box,
    Calibration,
    Curve,
    Digitisation,
    DigitisedPanel,
    Figure,
    Word,
)

_NO_NETWORK = Path(__file__).parent / "no_network"
runpy.run_path(str(_NO_NETWORK / "sitecustomize.py"))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_NO_NETWORK), os.environ.get("PYTHONPATH")]))
"""Loopback aside, what asks for an address fails, here and in the processes that tests start."""

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell lets what it runs in the background ignore an interruption, and so would the processes that tests interrupt."""

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")
"""The same examples each time, whatever else keeps the machine busy; other ones are tried by ``pytest --hypothesis-profile default``."""


def _cells(times, n_risk):
    return tuple(
        Word(f"{count:g}", Box(80 + 6 * time - 8, 470 + 20 * row - 6, 80 + 6 * time + 8, 470 + 20 * row + 6), 0.97)
        for row, counts in enumerate(n_risk)
        for time, count in zip(times, counts, strict=True)
    )


def _panel(name="1", arms=("Placebo", "Drug"), flags=()):
    """A panel of 600 x 520 px: time 0-72 months over 80-512 px, survival 1-0 over 40-400 px."""
    time = Axis([80, 152, 224, 296, 368, 440, 512], np.arange(0, 73, 12), 1 / 6, -80 / 6, 0.12, unit="months", title="Months")
    vertical = Axis([40, 130, 220, 310, 400], [1, 0.75, 0.5, 0.25, 0], -1 / 360, 400 / 360, 0.2, title="Overall survival")
    curves = (
        Curve(arms[0], [0, 5, 11.3, 20, 31, 44, 60, 66], [1, 0.9, 0.72, 0.6, 0.45, 0.3, 0.2, 0.2], [50.0, 63.5], 0.1, 0.002),
        Curve(arms[1], [0, 8, 19, 33, 47, 70], [1, 0.95, 0.8, 0.62, 0.5, 0.5], [40.0, 55.0], 0.1, 0.002, 0.9, (Flag("gap", "arm"),)),
    )
    times = [0, 12, 24, 36, 48, 60]
    n_risk = [[50, 36, 30, 22, 15, 8], [50, 45, 38, 28, 20, 9]]
    table = AtRiskTable(arms, times, n_risk)
    looks = (ArmLook(arms[0], (200, 30, 30), "solid", "legend", 0.95), ArmLook(arms[1], (20, 20, 200), "dashed", "legend", 0.9))
    return DigitisedPanel(name, Box(80, 40, 512, 400), Calibration(time, vertical), curves, looks, table, _cells(times, n_risk), flags)


def _digitisation(**keywords):
    return Digitisation("made.png", "0" * 64, "raster", (600, 520), (_panel(**keywords),), {"arms": 2}, (), "0.1.0")


@pytest.fixture
def made_panel():
    """Make the panel; options: name, arms, flags."""
    return _panel


@pytest.fixture
def made_digitisation():
    """Make a reading of the one panel; the same options."""
    return _digitisation


@pytest.fixture
def made_px():
    """Draw the figure: a white page with both curves as ink of two px."""
    px = np.full((520, 600, 3), 255, np.uint8)
    px[400:402, 80:513] = px[40:402, 78:80] = 0
    panel = _panel()
    for curve, look in zip(panel.curves, panel.looks, strict=True):
        columns = np.arange(80, 80 + int(6 * curve.time[-1]))
        _, rows = panel.calibration.to_px(0.0, curve.survival_at(panel.calibration.time.to_value(columns)))
        for column, top, before in zip(columns, rows, np.r_[rows[0], rows[:-1]], strict=True):
            px[int(min(top, before)) : int(max(top, before)) + 2, column] = look.colour
    return px


@pytest.fixture
def hand_made(tmp_path):
    """Write a figure folder by hand: the texts of its curves and of its numbers at risk."""

    def write(curves, at_risk):
        path = tmp_path / "fig"
        path.mkdir()
        (path / "curves.csv").write_text(curves)
        (path / "at_risk.csv").write_text(at_risk)
        return path

    return write


@pytest.fixture
def digitised(monkeypatch, made_px):
    """Put the known reading in the place of the reader; options as those of `made_digitisation`."""

    def put(**keywords):
        import ipdrecon.figure.digitisation as reader

        reading = FigureReading(Figure(made_px, "made.png", "0" * 64), (), (), (), (), _digitisation(**keywords))
        monkeypatch.setattr(reader, "read_figure", lambda path, **given: reading)

    return put


@pytest.fixture
def made_review(tmp_path, digitised, made_px):
    """Write a review of one trial whose figure has a known reading: the texts of its files."""
    import cv2

    def write(trial, reported, studies, review):
        digitised()
        (tmp_path / "made").mkdir()
        cv2.imwrite(str(tmp_path / "made" / "made.png"), made_px[:, :, ::-1])
        (tmp_path / "made" / "trial.toml").write_text(trial)
        (tmp_path / "made" / "reported.csv").write_text(reported)
        (tmp_path / "studies.csv").write_text(studies)
        (tmp_path / "review.toml").write_text(review)
        return tmp_path / "review.toml"

    return write
