"""By law and by truth: what a curve says of the numbers at risk beside it, and which misread digits it gives away."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.figure.at_risk import PrintedTable, TableRow, settle_by_curves, tie_rows
from ipdrecon.figure.at_risk.cells import find_strip
from ipdrecon.figure.at_risk.check import sum_flags
from ipdrecon.figure.at_risk.grid import columns_at
from ipdrecon.figure.at_risk.laws import (
    check_against_curve,
    consistent_part,
    implied_survival,
    most_at_risk,
    uneven_losses,
)
from ipdrecon.figure.at_risk.read import Cell, RowCells
from ipdrecon.figure.at_risk.table import NamedRow, assemble_table
from ipdrecon.figure.at_risk.text import Count
from ipdrecon.model import ArmLook, Box, Curve

PX = 1 / 400  # of survival, in the figures imagined here
END = 60.0


def kaplan_meier(time, event):
    drops = np.unique(time[event])
    factors = [1 - (time[event] == t).sum() / (time >= t).sum() for t in drops]
    return drops, np.cumprod(factors)


def simulated_trial(rng):
    """An arm as a reader sees it: the curve read to a third of a px, and the true numbers at risk at even times.

    With them the true survival just before each of these times.
    """
    n = int(np.exp(rng.uniform(np.log(20), np.log(1200))))
    death = END * rng.weibull(rng.uniform(0.7, 1.6), n) / rng.uniform(0.3, 3)
    leave = rng.uniform(rng.uniform(0.05, 0.7) * END, rng.uniform(0.9, 1.6) * END, n)
    time, event = np.minimum(death, leave), death <= leave
    event[np.argmin(time)] = True
    drops, survival = kaplan_meier(time, event)
    last = min(time.max(), END)
    drops, survival = drops[drops <= last], survival[drops <= last]
    read = np.minimum.accumulate(np.clip(survival + rng.normal(0, 0.3 * PX, len(drops)), 0, 1))
    curve = Curve("A", np.r_[0, drops, last], np.r_[1, read, read[-1]], np.zeros(0), 0.1, 0.4 * PX)
    looks = np.arange(0, last + 1e-9, END / rng.choice([5, 6, 10]))
    before = np.r_[1, survival][np.searchsorted(drops, looks, side="left")]
    return curve, looks, np.array([(time >= t).sum() for t in looks], float), before


def with_one_digit_changed(rng, n_risk):
    n_risk, cell = n_risk.copy(), int(rng.integers(len(n_risk)))
    digits = list(str(int(n_risk[cell])))
    place = int(rng.integers(len(digits)))
    least = 1 if place == 0 and len(digits) > 1 else 0
    digits[place] = str(rng.choice([d for d in range(least, 10) if str(d) != digits[place]]))
    n_risk[cell] = int("".join(digits))
    return n_risk


def implied_events(time, n_risk, curve):
    """Patients with an event that a curve and a table tell together: the weight that the arm has in any analysis."""
    survival = np.maximum(curve.survival_at(time), 1e-3)
    share = survival[1:] / survival[:-1]
    lost = np.maximum(n_risk[:-1] * share - n_risk[1:], 0)
    return float(((n_risk[:-1] - 0.5 * lost) * (1 - share)).sum())


def is_doubted(time, n_risk, curve):
    return bool((np.diff(n_risk) > 0).any()) or bool(check_against_curve(time, n_risk, curve, "A"))


def is_impossible(n_risk, before):
    """Whether more patients are at risk than the true curve leaves of those at an earlier time."""
    most = n_risk[:, None] * before[None, :] / np.maximum(before[:, None], 1e-9)
    later = np.arange(len(n_risk))[None, :] > np.arange(len(n_risk))[:, None]
    return bool((n_risk > np.where(later, most, np.inf).min(axis=0)).any())


def injected_errors(seed, *, trials=300, each=8):
    """Rows of: relative change of the implied events, whether the true curve forbids it, whether it is flagged."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(trials):
        curve, time, n_risk, before = simulated_trial(rng)
        if len(time) < 3:
            continue
        events = implied_events(time, n_risk, curve)
        for _ in range(each):
            wrong = with_one_digit_changed(rng, n_risk)
            effect = abs(implied_events(time, wrong, curve) - events) / max(events, 1)
            rows.append((effect, is_impossible(wrong, before), is_doubted(time, wrong, curve)))
    return np.array(rows, float)


def test_misread_digits_that_matter_are_flagged(record_property):
    """An error matters where it changes the patients with events that curve and table imply by a tenth or more.

    Of these, the ones that the true curve forbids can be seen; the others never rise and agree with the curve, as if more
    or fewer patients had been censored, and show only where the loss is far from that of the intervals beside it.
    """
    effect, impossible, flagged = injected_errors(seed=2).T
    matter, visible = effect >= 0.1, impossible > 0
    shares = {
        "all": flagged.mean(),
        "matter": flagged[matter].mean(),
        "matter, visible": flagged[matter & visible].mean(),
        "matter, invisible": flagged[matter & ~visible].mean(),
    }
    record_property("share of one-digit errors flagged", str({name: round(float(share), 3) for name, share in shares.items()}))
    assert matter.sum() > 200
    assert shares["matter, visible"] >= 0.97, shares
    assert shares["matter"] >= 0.95, shares
    assert shares["matter, invisible"] >= 0.5, shares
    assert shares["all"] >= 0.5, shares


def test_true_tables_of_simulated_trials_are_not_flagged():
    rng = np.random.default_rng(2)
    trials = [simulated_trial(rng) for _ in range(200)]
    doubted = [is_doubted(time, n_risk, curve) for curve, time, n_risk, _ in trials]
    assert np.mean(doubted) <= 0.01


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_true_numbers_agree_with_each_other_and_with_their_curve(seed):
    curve, time, n_risk, _ = simulated_trial(np.random.default_rng(seed))
    most = most_at_risk(time, n_risk, curve)
    assert (n_risk <= most.min(axis=0)).all()
    assert consistent_part(most, n_risk, np.ones(len(n_risk))).all()


def test_rows_that_count_censorings_or_events_are_tied_by_the_survival_they_tell():
    """Both rows fit both curves as far as patients at risk go: only their censorings tell which is which."""
    time = np.array([0.0, 10, 20, 30])
    n_risk = np.array([100.0, 50, 25, 10])
    few, many = np.array([0.0, 4, 6, 8]), np.array([0.0, 45, 65, 78])
    rows = tuple(TableRow("", (0, 0, 0), n_risk, n_censored) for n_censored in (few, many))
    curves = [Curve(name, time, implied_survival(n_risk, n_censored, None), np.zeros(0), 0.1, 0.002) for name, n_censored in (("A", many), ("B", few))]
    at_risk, _, _ = tie_rows(PrintedTable(time, rows, ()), (ArmLook("A"), ArmLook("B")), curves)
    np.testing.assert_array_equal(at_risk.n_censored, [many, few])


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_survival_told_by_the_counts_is_that_of_the_curve(seed):
    rng = np.random.default_rng(seed)
    death, leave = rng.exponential(20, 400), rng.uniform(5, 60, 400)
    time, event = np.minimum(death, leave), death <= leave
    drops, survival = kaplan_meier(time, event)
    looks = np.arange(0, 31, 3.0)
    n_risk = (time[:, None] > looks).sum(axis=0)
    gone = [((time[:, None] <= looks) & (event == kind)[:, None]).sum(axis=0) for kind in (False, True)]
    true = np.r_[1, survival][np.searchsorted(drops, looks, side="right")]
    for counts in ((gone[0], gone[1]), (gone[0], None), (None, gone[1])):
        np.testing.assert_allclose(implied_survival(n_risk, *counts), true, atol=0.02)


def test_a_loss_far_beyond_those_beside_it_is_told():
    curve = Curve("A", np.array([0.0, 60]), np.array([1.0, 1.0]), np.zeros(0), 0.1, 0.001)
    time = np.arange(0, 61, 10.0)
    assert uneven_losses(time, np.array([200, 190, 180, 170, 160, 150, 60.0]), curve) == ()
    assert uneven_losses(time, np.array([900, 190, 180, 170, 160, 150, 60.0]), curve) == (0,)
    assert uneven_losses(time, np.array([200, 190, 130, 128, 125, 122, 60.0]), curve) == (1,)


def table_of(counts, others=()):
    """A table of one row on blank paper, whose cells can only be what `counts` and `others` say."""
    px = np.full((40, 60 * len(counts), 3), 255, np.uint8)
    cells = tuple(
        Cell(i, Box(60 * i + 10, 10, 60 * i + 50, 24), Count(n), 0.9, Count(dict(others)[i]) if i in dict(others) else None)
        for i, n in enumerate(counts)
    )
    row = NamedRow(RowCells(17.0, find_strip(px, 10, 24), cells), "A", "risk", (0, 0, 0))
    return px, assemble_table([row], columns_at(10.0 * np.arange(len(counts)), 60 * np.arange(len(counts)) + 30, 60), "")


@pytest.mark.parametrize("first", [True, False])
def test_of_two_readings_the_one_that_the_curve_allows_is_taken_and_flagged(first):
    """Survival halves every 10 months without censoring: 160, 80, 40, 20; 60 is no rise, but more than the curve allows."""
    time = np.linspace(0, 30, 121)
    curve = Curve("A", time, 0.5 ** (time / 10), np.zeros(0), 0.1, 0.001)
    counts, others = ([160, 80, 60, 20], {2: 40}) if first else ([160, 80, 40, 20], {2: 60})
    px, table = table_of(counts, others)
    settled = settle_by_curves(px, table, (ArmLook("A"),), (curve,))
    assert settled.rows[0].n_risk.tolist() == [160, 80, 40, 20]
    assert "40 or 60 at time 20" in " ".join(flag.detail for flag in settled.flags)
    assert settled.cells[2].text == "40"


def test_a_number_that_no_reading_mends_is_kept_and_flagged_where_it_stands():
    time = np.linspace(0, 30, 121)
    curve = Curve("A", time, 0.5 ** (time / 10), np.zeros(0), 0.1, 0.001)
    px, table = table_of([160, 80, 60, 20])
    settled = settle_by_curves(px, table, (ArmLook("A"),), (curve,))
    at_risk, _, flags = tie_rows(settled, (ArmLook("A"),), (curve,))
    assert at_risk.n_risk[0].tolist() == [160, 80, 60, 20]
    (flag,) = (flag for flag in flags if flag.name == "at_risk_contradicts_curve")
    assert flag.box[0] < 130 < 170 < flag.box[2]


@pytest.mark.parametrize(("cell", "read"), [(0, 260), (2, 16), (3, 90)])
def test_patients_at_risk_censored_and_with_events_make_up_the_arm(cell, read):
    n_risk, boxes = np.array([160.0, 120, 76, 40, 12]), tuple(Box(60 * k, 10, 60 * k + 40, 24) for k in range(5))
    censored, time = np.array([0.0, 10, 24, 40, 58]), 10.0 * np.arange(5)
    row = TableRow("A", (0, 0, 0), n_risk, censored, 160 - n_risk - censored, boxes=boxes)
    assert sum_flags(row, time, "A") == ()
    n_risk[cell] = read
    (flag,) = sum_flags(replace(row, n_risk=n_risk), time, "A")
    assert f"at time {time[cell]:g}, elsewhere 160" in flag.detail
    assert flag.box[0] < boxes[cell].left and boxes[cell].right < flag.box[2]


def test_a_number_beyond_any_trial_is_flagged():
    _, table = table_of([160171, 80, 40, 20])
    assert any("160171" in flag.detail and flag.box for flag in table.flags)


def test_a_table_without_places_is_checked_all_the_same():
    curve = Curve("A", np.array([0.0, 5, 30]), np.array([1.0, 0.5, 0.5]), np.zeros(0), 0.1, 0.001)
    table = PrintedTable(np.array([0.0, 10, 20]), (TableRow("A", (0, 0, 0), np.array([100.0, 90, 40])),), ())
    _, _, flags = tie_rows(table, (ArmLook("A"),), (curve,))
    assert [flag.name for flag in flags] == ["at_risk_contradicts_curve"]
