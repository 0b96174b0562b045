"""Tables that print events and censorings too: what they settle, and how the rebuilt patients are held against them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.model import AtRiskTable, Axis, Box, Calibration, Curve, Digitisation, DigitisedPanel
from ipdrecon.survival import kaplan_meier, n_risk_at, reconstruct
from ipdrecon.survival.printed_counts import PrintedCounts

CALIBRATION = Calibration(Axis([0, 800], [0, 80], 0.1, 0.0, unit="days"), Axis([0, 200], [1, 0], -0.005, 1.0))
PIXEL = 0.06


def _mice(seed=3, n=129):
    """Patients with times in whole days, as trials of animals have: many events on the printed days."""
    rng = np.random.default_rng(seed)
    time = np.clip(np.round(rng.normal(57, 8, n)), 5, 75)
    return time, rng.random(n) > 0.06


def _cumulative(time, kind, at):
    return np.array([(time[kind] <= moment).sum() for moment in at])


def _figure(time, event, at, *, late=0.0, n_event=None, n_censored=None):
    """A curve read `late` days late, over a table that counts what happened up to and on the printed days."""
    estimate = kaplan_meier(time, event)
    curve = Curve("mice", np.r_[0, estimate.time + late], np.r_[1, estimate.survival], time_error=PIXEL, survival_error=0.002)
    n_risk = n_risk_at(time, at, convention="time > t")
    n_risk[0] = len(time)
    rows = {name: [values] for name, values in (("n_event", n_event), ("n_censored", n_censored)) if values is not None}
    table = AtRiskTable(("mice",), at, [n_risk], **rows)
    panel = DigitisedPanel("1", Box(0, 0, 1, 1), CALIBRATION, (curve,), (), table)
    return Digitisation("mice.png", "0" * 64, "raster", (800, 200), (panel,))


AT = np.arange(0, 80, 10.0)


@pytest.mark.parametrize("late", [0.0, PIXEL, -PIXEL])
def test_events_on_printed_days_are_met_however_they_were_read(late):
    time, event = _mice()
    printed = {"n_event": _cumulative(time, event, AT), "n_censored": _cumulative(time, ~event, AT)}
    (arm,) = reconstruct(_figure(time, event, AT, late=late, **printed))
    assert abs(arm.n_event - event.sum()) <= 0.05 * event.sum()
    assert arm.residuals["n_event_table_max"] <= 0.05 * event.sum()
    assert set(arm.residuals) >= {"n_event_table_max", "n_censored_table_max"}


def test_printed_events_that_the_curve_cannot_have_are_told():
    time, event = _mice()
    wrong = _cumulative(time, event, AT) // 2
    (arm,) = reconstruct(_figure(time, event, AT, n_event=wrong, n_censored=None))
    (flag,) = [flag for flag in arm.flags if flag.name == "events_conflict"]
    assert "curve and table lead to" in flag.detail
    assert arm.residuals["n_event_table_max"] > 0.05 * wrong.max()


def test_printed_censorings_alone_are_compared_too():
    time, event = _mice()
    (arm,) = reconstruct(_figure(time, event, AT, n_censored=_cumulative(time, ~event, AT) + 40 * (AT > 0)))
    assert arm.residuals["n_censored_table_max"] >= 30
    assert "n_event_table_max" not in arm.residuals
    assert [flag.detail for flag in arm.flags if flag.name == "events_conflict"][0].startswith("the table says 4")


def _counts(n_risk, n_event):
    nothing = np.full(len(n_risk), np.nan)
    return PrintedCounts(np.array([0.0, 10.0, 20.0]), np.array(n_risk, float), np.array(n_event, float), nothing)


FLAT, FALLING = Curve("a", [0, 5, 25], [1, 0.4, 0.4]), Curve("a", [0, 5, 24, 25], [1, 0.4, 0.0, 0.0])


@pytest.mark.parametrize(
    ("curve", "n_risk", "n_event", "total"),
    [
        (FLAT, [20, 9, 0], [0, 8, 12], 12),
        (FALLING, [20, 9, 0], [0, 8, 12], 12),
        (FLAT, [20, 9, 5], [0, 8, 12], 12),
        (FLAT, [20, 9, 1], [0, 8, 12], 12),
        (FALLING, [20, 9, 1], [0, 8, 12], 13),
        (FALLING, [20, 9, 5], [0, 8, 12], None),
        (FLAT, [20, 9, 5], [0, 8, np.nan], None),
    ],
)
def test_the_total_is_known_where_the_last_column_settles_it(curve, n_risk, n_event, total):
    assert _counts(n_risk, n_event).total(curve, 0.1) == total


def test_a_table_without_events_has_no_printed_counts():
    table = AtRiskTable(("a",), [0, 10], [[20, 9]])
    assert PrintedCounts.of_table(table, "a") is None
    assert PrintedCounts.of_table(None, "a") is None


@given(st.integers(0, 10_000), st.floats(0, 2))
def test_patients_are_never_off_their_own_numbers(seed, slack):
    time, event = _mice(seed, 40)
    counts = PrintedCounts(AT, n_risk_at(time, AT), _cumulative(time, event, AT).astype(float), _cumulative(time, ~event, AT).astype(float))
    assert all((gap == 0).all() for gap in counts.gaps(time, event, slack).values())
