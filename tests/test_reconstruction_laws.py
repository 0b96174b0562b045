"""By law: what every method of rebuilding patients must do, whatever curve and table it is handed."""

import time as clock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ipdrecon.errors import AtRiskError, CurveError, IpdreconError, ReconstructionError
from ipdrecon.survival import kaplan_meier, n_risk_at, reconstruct_arm
from ipdrecon.survival.kaplan_meier import RISK_CONVENTIONS
from ipdrecon.survival.reconstruction import METHODS

MOST_SECONDS = 2
TABLE_FLAGS = {"table_curve_conflict", "table_after_curve", "n_contradicts_table", "events_conflict"}
TABLE_SLACK = 0.06
"""Reading errors of time and survival, at their most, move this share of the patients across a printed time."""
every_method = pytest.mark.parametrize("method", METHODS)
# The algorithm of 2012 spreads censorings evenly whatever the drops say, and may so contradict a true figure.
every_newer_method = pytest.mark.parametrize("method", [method for method in METHODS if method != "guyot"])


def _names(found):
    return {flag.name for flag in found.flags}


def _bytes(found):
    return found.time.tobytes(), found.event.tobytes()


def _within_time(function, *arguments, **keywords):
    begin = clock.perf_counter()
    try:
        return function(*arguments, **keywords)
    finally:
        assert clock.perf_counter() - begin < MOST_SECONDS


def _table_gap(found, risk_time, n_risk):
    """Largest distance from the printed numbers, by the convention that fits better."""
    known = np.isfinite(risk_time) & np.isfinite(n_risk)
    if not known.any():
        return 0
    at, printed = np.asarray(risk_time, float)[known], np.asarray(n_risk, float)[known]
    return min(float(np.abs(n_risk_at(found.time, at, convention=name) - printed).max()) for name in RISK_CONVENTIONS)


def assert_are_patients(found, *, n=None, risk_time=(), n_risk=(), **_):
    """Reusable: are these patients who keep to what was given, or is it told?"""
    names = _names(found)
    assert np.isfinite(found.time).all()
    assert found.time.min() >= 0
    survival = kaplan_meier(found.time, found.event).survival
    assert ((survival >= 0) & (survival <= 1)).all()
    assert (np.diff(survival) <= 0).all()
    first = [number for at, number in zip(risk_time, n_risk, strict=True) if at == 0 and np.isfinite(number)]
    expected = n if n is not None else first[0] if first else None
    assert "n_assumed" in names if expected is None else found.n == expected
    gap = _table_gap(found, risk_time, n_risk)
    assert gap <= found.residuals["n_risk_max"] or "n_contradicts_table" in names
    assert gap <= 2 + TABLE_SLACK * found.n or names & TABLE_FLAGS
    assert 0 <= found.residuals["curve_mean"] <= found.residuals["curve_max"] + 1e-12 <= 1 + 1e-12


# --- input that nobody has looked at -----------------------------------------------------------------------------------

junk = st.floats() | st.floats(-0.2, 1.2) | st.sampled_from([np.nan, 0.0, 1.0, -1.0, 100.0, np.inf])
junk_points = st.lists(st.tuples(st.floats(-1, 100) | junk, junk), max_size=30)
junk_cells = st.lists(st.tuples(st.floats(0, 100) | junk, st.integers(-1, 200).map(float) | junk), max_size=6)
junk_count = st.none() | st.integers(-1, 300)


@every_method
@given(points=junk_points, cells=junk_cells, n=junk_count, n_event=junk_count, marks=st.lists(junk, max_size=5))
@settings(deadline=None)
def test_junk_ends_in_patients_or_in_a_named_error(method, points, cells, n, n_event, marks):
    (time, survival), (risk_time, n_risk) = np.reshape(points, (-1, 2)).T, np.reshape(cells, (-1, 2)).T
    row = {"n": n, "risk_time": risk_time, "n_risk": n_risk, "n_event": n_event, "censor_time": marks}
    try:
        found = _within_time(reconstruct_arm, time, survival, method=method, **row)
    except IpdreconError as trouble:
        assert "\n" not in str(trouble)
        assert str(trouble).rstrip().endswith(".")
    else:
        assert found.n >= 1
        assert (np.diff(kaplan_meier(found.time, found.event).survival) <= 0).all()


# --- true curves, spoiled ----------------------------------------------------------------------------------------------


def _drawn(seed, n, share, whole):
    """Patients, with `share` of them censored; in whole units of time or not."""
    rng = np.random.default_rng(seed)
    time = rng.exponential(20, n)
    return np.ceil(time) if whole else time, rng.random(n) >= share


def _curve(time, event):
    """From (0, 1) over every drop to the end of follow-up."""
    estimate = kaplan_meier(time, event)
    drop = estimate.counts.n_event > 0
    return np.r_[0, estimate.time[drop], time.max()], np.r_[1, estimate.survival[drop], estimate.survival[-1]]


patients = st.builds(_drawn, st.integers(0, 2**32 - 1), st.integers(1, 150), st.sampled_from([0, 0.2, 0.5, 0.9, 1]), st.booleans())


def _spoil(kind, rng, time, survival):
    """One fault that coordinates come with."""
    if kind == "noise":
        return time, np.clip(survival + rng.normal(0, 0.01, len(time)), 0, 1)
    if kind == "falls to 0 early":
        return time, np.where(time > np.median(time), 0, survival)
    if kind == "thinned":
        keep = np.sort(rng.choice(len(time), size=-(-len(time) // 3), replace=False))
        return time[keep], survival[keep]
    if kind == "missing":
        return time, np.where(rng.random(len(time)) < 0.2, np.nan, survival)
    if kind == "twice and unsorted":
        order = rng.permutation(np.repeat(np.arange(len(time)), 2))
        return time[order], survival[order]
    return time, 100 * survival if kind == "percent" else survival


FAULTS = ("none", "noise", "falls to 0 early", "thinned", "missing", "twice and unsorted", "percent")


@st.composite
def figures(draw):
    """A spoiled curve and what is given with it: a table true or with a wrong cell, past the end or late, n, a total."""
    time, event = draw(patients)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    at = np.linspace(0, time.max() * draw(st.sampled_from([0.5, 0.9, 1, 1.3])), draw(st.integers(1, 7)))
    row = n_risk_at(time, at).astype(float)
    wrong = draw(st.sampled_from(["none", "cell", "missing", "late"]))
    if wrong == "cell":
        row[rng.integers(len(row))] = rng.integers(0, 2 * len(time) + 1)
    if wrong == "missing":
        row[rng.integers(len(row))] = np.nan
    late = 1 if wrong == "late" else 0
    n = draw(st.sampled_from([None, len(time)]))
    n_event = draw(st.sampled_from([None, int(event.sum()), int(rng.integers(0, len(time) + 1))]))
    points = _spoil(draw(st.sampled_from(FAULTS)), rng, *_curve(time, event))
    return points, {"n": n, "risk_time": at[late:], "n_risk": row[late:], "n_event": n_event}


@every_method
@given(figure=figures())
@settings(deadline=None)
def test_spoiled_figures_end_in_patients_or_in_a_named_error(method, figure):
    points, given_with_it = figure
    try:
        found = _within_time(reconstruct_arm, *points, method=method, **given_with_it)
    except IpdreconError as trouble:
        assert "\n" not in str(trouble)
    else:
        assert_are_patients(found, **given_with_it)
        assert _bytes(found) == _bytes(reconstruct_arm(*points, method=method, **given_with_it))


def _true_figure(time, event):
    at = np.linspace(0, time.max(), 5)[:-1]
    return *_curve(time, event), {"risk_time": at, "n_risk": n_risk_at(time, at)}


@every_method
@given(arm=patients, seed=st.integers(0, 1000))
@settings(deadline=None)
def test_how_the_same_points_are_written_does_not_matter(method, arm, seed):
    time, survival, row = _true_figure(*arm)
    plain = _bytes(reconstruct_arm(time, survival, method=method, **row))
    order = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(time)), 2))
    written = {
        "unsorted, twice": (time[order], survival[order]),
        "both corners": (np.repeat(time, 2)[1:], np.repeat(survival, 2)[:-1]),
        "percent": (time, 100 * survival),
        "missing rows": (np.insert(time, 1, np.nan), np.insert(survival, 1, 0.5)),
    }
    if survival[-1] < 0.9:
        written["failure"] = (time, 1 - survival)
        written["failure in percent"] = (time, 100 - 100 * survival)
    for name, points in written.items():
        assert _bytes(reconstruct_arm(*points, method=method, **row)) == plain, name


@every_method
@given(arm=patients, power=st.integers(-6, 6))
@settings(deadline=None)
def test_the_unit_of_time_does_not_matter(method, arm, power):
    time, survival, row = _true_figure(*arm)
    plain = reconstruct_arm(time, survival, method=method, **row)
    scaled = reconstruct_arm(time * 2.0**power, survival, method=method, **row | {"risk_time": row["risk_time"] * 2.0**power})
    np.testing.assert_array_equal(scaled.time, plain.time * 2.0**power)
    np.testing.assert_array_equal(scaled.event, plain.event)


@every_method
@given(arm=patients)
@settings(deadline=None)
def test_true_curve_and_table_come_back_or_it_is_told(method, arm):
    """All patients, the printed numbers, the curve within a patient."""
    time, survival, row = _true_figure(*arm)
    found = reconstruct_arm(time, survival, method=method, **row)
    assert_are_patients(found, **row)
    left = np.maximum(n_risk_at(found.time, time), 1)
    gap = np.abs(kaplan_meier(found.time, found.event).survival_at(time) - survival)
    assert (gap <= 1.5 / left + 1e-9).all() or "table_curve_conflict" in _names(found)


@every_newer_method
@given(arm=patients)
@settings(deadline=None)
def test_no_contradiction_is_told_where_there_is_none(method, arm):
    time, survival, row = _true_figure(*arm)
    found = reconstruct_arm(time, survival, n_event=int(arm[1].sum()), method=method, **row)
    assert not _names(found) & TABLE_FLAGS


@every_method
@given(arm=patients)
@settings(deadline=None)
def test_a_true_total_of_events_is_kept_or_told(method, arm):
    time, survival, row = _true_figure(*arm)
    total = int(arm[1].sum())
    found = reconstruct_arm(time, survival, n_event=total, method=method, **row)
    assert found.residuals["n_event"] == found.n_event - total
    assert abs(found.n_event - total) <= max(2, 0.03 * total) or "events_conflict" in _names(found)


@every_newer_method
@given(arm=patients, seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_draws_are_patients_too_and_the_seed_decides(method, arm, seed):
    time, survival, row = _true_figure(*arm)
    one, two = (reconstruct_arm(time, survival, draws=3, seed=seed, method=method, **row) for _ in range(2))
    assert _bytes(one) == _bytes(reconstruct_arm(time, survival, method=method, **row))
    assert len(one.draws) == 3
    for (drawn, event), (again, event_again) in zip(one.draws, two.draws, strict=True):
        assert (len(drawn), len(event)) == (one.n, one.n)
        assert np.isfinite(drawn).all()
        assert drawn.min() >= 0
        assert (drawn.tobytes(), event.tobytes()) == (again.tobytes(), event_again.tobytes())


# --- the smallest arms -------------------------------------------------------------------------------------------------


@every_method
@pytest.mark.parametrize("died", [True, False])
def test_one_patient(method, died):
    found = reconstruct_arm([0, 5], [1, 0 if died else 1], risk_time=[0], n_risk=[1], method=method)
    assert (found.time.tolist(), found.event.tolist()) == ([5], [died])


@every_method
@pytest.mark.parametrize("n_event", [None, 0])
def test_all_censored(method, n_event):
    found = reconstruct_arm([0, 10], [1, 1], risk_time=[0, 5], n_risk=[50, 20], n_event=n_event, method=method)
    assert (found.n, found.n_event) == (50, 0)
    assert n_risk_at(found.time, 5) == 20
    assert found.time.max() <= 10


@every_method
def test_everybody_dies(method):
    found = reconstruct_arm(range(11), np.linspace(1, 0, 11), risk_time=[0, 5], n_risk=[10, 6], method=method)
    assert found.event.all()
    assert found.time.tolist() == list(range(1, 11))


# --- what users of other programs met (PAINS) --------------------------------------------------------------------------


@every_method
def test_survival_reaches_0_before_the_last_interval(method):
    row = {"risk_time": [0, 4, 8, 12], "n_risk": [20, 10, 3, 0]}
    found = _within_time(reconstruct_arm, [0, 3, 6, 9], [1, 0.6, 0.2, 0], method=method, **row)
    assert_are_patients(found, **row)
    assert kaplan_meier(found.time, found.event).survival_at(9) <= 0.2


@every_method
def test_a_risk_time_after_the_last_point(method):
    row = {"risk_time": [0, 6, 12], "n_risk": [20, 13, 5]}
    found = _within_time(reconstruct_arm, [0, 3, 6, 9], [1, 0.8, 0.7, 0.6], method=method, **row)
    assert_are_patients(found, **row)
    assert "table_after_curve" in _names(found)


@every_method
def test_flat_tail_with_heavy_censoring_makes_no_deaths(method):
    """n = 83; 44 at risk at 30 months, 29 at 36, one death between: elsewhere 38 were made (RESOLVE-IPD 4)."""
    time = [0, 4, 8, 12, 16, 20, 24, 28, 33, 36]
    survival = [1, 0.93, 0.86, 0.79, 0.72, 0.66, 0.6, 0.55, 0.537, 0.537]
    found = reconstruct_arm(time, survival, risk_time=[0, 12, 24, 30, 36], n_risk=[83, 71, 54, 44, 29], method=method)
    assert abs(kaplan_meier(found.time, found.event).survival_at(36.0) - 0.537) <= 0.01
    assert n_risk_at(found.time, 36.0) == 29
    assert found.event[(found.time > 30) & (found.time <= 36)].sum() <= 2
    assert not _names(found) & TABLE_FLAGS


# --- imperfect input, case by case -------------------------------------------------------------------------------------


def _known_arm():
    """150 patients, of whom 113 die; the last is seen at 39 months."""
    rng = np.random.default_rng(4)
    time, left = rng.exponential(14, 150), np.minimum(rng.exponential(90, 150), rng.uniform(24, 40, 150))
    return np.round(np.minimum(time, left), 2) + 0.01, time <= left


ARM = _known_arm()
TIME, SURVIVAL = _curve(*ARM)
AT = np.arange(0, 37, 6.0)
N_RISK = n_risk_at(ARM[0], AT)
NOISE = np.random.default_rng(1)


def _with(array, place, value):
    changed = np.array(array, float)
    changed[place] = value
    return changed


def _clicked(points):
    at = np.linspace(0, TIME[-1], points)
    return at, kaplan_meier(*ARM).survival_at(at)


def _case(expected, time=TIME, survival=SURVIVAL, **row):
    return expected, time, survival, {"risk_time": AT, "n_risk": N_RISK} | row


RISES = (AtRiskError, "rises from .* mend it in at_risk.csv")
DENSE = np.linspace(0, TIME[-1], 5000)
# The first says what must come of it: the patients of the clean input, numbers near the truth, this flag, or this error.
IMPERFECT = {
    "duplicates": _case("clean", np.repeat(TIME, 3), np.repeat(SURVIVAL, 3)),
    "both corners": _case("clean", np.repeat(TIME, 2)[1:], np.repeat(SURVIVAL, 2)[:-1]),
    "percent": _case("clean", survival=100 * SURVIVAL),
    "failure": _case("clean", survival=1 - SURVIVAL),
    "failure in percent": _case("clean", survival=100 - 100 * SURVIVAL),
    "backwards": _case("clean", TIME[::-1], SURVIVAL[::-1]),
    "missing rows": _case("clean", np.r_[TIME, np.nan, 5], np.r_[SURVIVAL, 0.5, np.nan]),
    "an infinite time": _case("clean", np.r_[TIME, np.inf], np.r_[SURVIVAL, 0]),
    "a time just below 0": _case("clean", np.r_[-0.1, TIME], np.r_[1, SURVIVAL]),
    "a time far below 0": _case("clean", np.r_[-5, TIME], np.r_[1, SURVIVAL]),
    "slightly above 1": _case("clean", survival=_with(SURVIVAL, 0, 1.0018)),
    "clearly above 1": _case("curve_repaired", survival=_with(SURVIVAL, slice(3), SURVIVAL[:3] + 0.03)),
    "below 0 at the end": _case("curve_repaired", survival=_with(SURVIVAL, -1, -0.02)),
    "below 0 between": _case("curve_repaired", survival=_with(SURVIVAL, 60, -0.02)),
    "far below 0": _case((CurveError, "falls to -0.4.*Check the vertical axis"), survival=_with(SURVIVAL, -1, -0.4)),
    "no point at time 0": _case("near", TIME[3:], SURVIVAL[3:]),
    "begins below 1": _case("start_off_one", survival=np.minimum(SURVIVAL, 0.97)),
    "noisy clicks": _case("near", survival=SURVIVAL + NOISE.normal(0, 0.005, len(SURVIVAL))),
    "one point too high": _case("curve_repaired", survival=_with(SURVIVAL, 40, 0.95)),
    "one point too low": _case("curve_repaired", survival=_with(SURVIVAL, 40, 0.2)),
    "two points": _case("few_points", TIME[[0, -1]], SURVIVAL[[0, -1]]),
    "four points": _case("few_points", *_clicked(4)),
    "fifteen points": _case("few_points", *_clicked(15)),
    "five thousand points": _case("near", DENSE, kaplan_meier(*ARM).survival_at(DENSE)),
    "falls to 0 early": _case("table_curve_conflict", survival=np.where(TIME > 20, 0, SURVIVAL)),
    "a digit makes the table rise": _case(RISES, n_risk=_with(N_RISK, 3, 95)),
    "a digit lost": _case(RISES, n_risk=_with(N_RISK, 2, 6)),
    "digits swapped": _case("table_curve_conflict", n_risk=_with(N_RISK, 3, 53)),
    "a wrong digit": _case("table_curve_conflict", n_risk=_with(N_RISK, 1, 69)),
    "table all alike": _case("table_curve_conflict", n_risk=np.full(7, 150)),
    "table of nothing": _case("table_curve_conflict", n_risk=_with(np.zeros(7), 0, 150)),
    "an empty cell": _case("near", n_risk=_with(N_RISK, 2, np.nan)),
    "a cell twice": _case("clean", risk_time=np.r_[AT, 6], n_risk=np.r_[N_RISK, N_RISK[1]]),
    "zeros after the curve": _case("clean", risk_time=np.r_[AT, 42, 48], n_risk=np.r_[N_RISK, 0, 0]),
    "patients after the curve": _case("table_after_curve", risk_time=np.r_[AT, 42], n_risk=np.r_[N_RISK, 3]),
    "table from month 6": _case("near", risk_time=AT[1:], n_risk=N_RISK[1:], n=150),
    "table from month 6, no n": _case("n_assumed", risk_time=AT[1:], n_risk=N_RISK[1:]),
    "n with a digit lost": _case(RISES, n=15),
    "more events than patients": _case((ReconstructionError, "151, but there are 150 patients.*Check both"), n_event=151),
    "more events than the curve allows": _case((ReconstructionError, "146, but a curve that ends at .* allows at most 140"), n_event=146),
    "far too few events": _case("events_conflict", n_event=20),
    "curve in days, table in months": _case("table_curve_conflict", TIME * 30.4375),
    "time and survival swapped": _case("table_curve_conflict", SURVIVAL, TIME),
    "words": _case((CurveError, "no number.*expected numbers only"), TIME.astype(str).tolist()[:-1] + ["end"]),
    "no points": _case((CurveError, "no usable point"), [], []),
    "one row too few": _case((CurveError, "expected as many of both"), TIME[:-1]),
}


def _assert_near(found):
    """Events and curve within the error of reading."""
    assert found.n == 150
    assert abs(found.n_event - 113) <= 5
    at = np.linspace(0, TIME[-1], 500)
    gap = np.abs(kaplan_meier(found.time, found.event).survival_at(at) - kaplan_meier(*ARM).survival_at(at))
    assert gap.mean() <= 0.01


@every_method
@pytest.mark.parametrize("name", IMPERFECT)
def test_imperfect_input_is_mended_or_told(method, name):
    expected, time, survival, row = IMPERFECT[name]
    if isinstance(expected, tuple):
        with pytest.raises(expected[0], match=expected[1]):
            reconstruct_arm(time, survival, method=method, **row)
        return
    found = _within_time(reconstruct_arm, time, survival, method=method, **row)
    assert found.n == 150 or "n_assumed" in _names(found)
    if expected == "clean":
        assert _bytes(found) == _bytes(reconstruct_arm(TIME, SURVIVAL, risk_time=AT, n_risk=N_RISK, method=method))
    elif expected == "near":
        _assert_near(found)
    else:
        assert expected in _names(found)


@every_method
def test_a_hundred_thousand_patients(method):
    row = {"risk_time": AT, "n_risk": N_RISK * 667}
    found = _within_time(reconstruct_arm, TIME, SURVIVAL, method=method, **row)
    assert_are_patients(found, **row)
    assert abs(found.n_event / found.n - 113 / 150) <= 0.02


@every_method
@pytest.mark.parametrize("row", [{"n": 10**30}, {"risk_time": [0], "n_risk": [1e300]}, {"risk_time": [30], "n_risk": [900_000]}])
def test_more_patients_than_memory_holds_are_refused(method, row):
    with pytest.raises(ReconstructionError, match=r"patients at time 0; expected at most 1000000\. Check the number"):
        reconstruct_arm(TIME, SURVIVAL, method=method, **row)


@every_method
def test_times_too_small_to_divide_by_are_0(method):
    found = reconstruct_arm([0, 1e-300, 10], [1, 0.8, 0.5], n=10, risk_time=[1e-300, 5], n_risk=[10, 7], method=method)
    assert found.n == 10
    assert (found.time[found.event] == 0).sum() == 2


@every_method
def test_the_known_arm_comes_back(method):
    found = reconstruct_arm(TIME, SURVIVAL, risk_time=AT, n_risk=N_RISK, method=method)
    assert _names(found) <= {"no_total_events"}
    _assert_near(found)


@every_method
@given(surplus=st.integers(1, 10**6))
def test_a_total_that_cannot_be_is_refused(method, surplus):
    most = round(150 * (1 - SURVIVAL[-1])) + 4
    with pytest.raises(ReconstructionError, match="Check"):
        reconstruct_arm(TIME, SURVIVAL, risk_time=AT, n_risk=N_RISK, n_event=most + surplus, method=method)


@every_method
@given(first=st.integers(1, 5), arm=patients)
@settings(deadline=None)
def test_a_table_that_starts_late_keeps_all_patients(method, first, arm):
    time, survival = _curve(*arm)
    assume(time[-1] > 0)
    at = np.linspace(0, time[-1], 7)[first:-1]
    found = reconstruct_arm(time, survival, n=len(arm[0]), risk_time=at, n_risk=n_risk_at(arm[0], at), method=method)
    assert found.n == len(arm[0])
