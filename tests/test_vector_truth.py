"""By truth: SVG and PDF drawn by R and by matplotlib from known patients, read without any option.

Every drop and every censor mark of the patients' Kaplan-Meier curves is there, and nothing else, to a millionth of the axes
or, where the file prints its coordinates with less, to their last digit: half of it is due to the drop, half to the ticks.
"""

import io
import json
import re
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.figure.digitisation import digitise
from ipdrecon.figure.opening import open_document
from ipdrecon.figure.vector import glyphs

BY_R = Path(__file__).parent / "data" / "vector"
MADE = json.loads((BY_R / "vector_figures.json").read_text(encoding="utf-8"))["figures"]
MILLIONTH = 1e-6
# a letter that marks a censored patient is set to the middle of the mark by its width, which R rounds
LETTER_PT = 0.1
LEAST_DROP = 1e-9


@dataclass(frozen=True)
class Arm:
    """Patients of one arm."""

    name: str
    time: np.ndarray
    event: np.ndarray

    def drops(self):
        """Time of each drop, and the Kaplan-Meier estimate just after it: shape (2, n_drops)."""
        times = np.unique(self.time[self.event])
        n_risk = (self.time[:, None] >= times).sum(axis=0)
        n_event = (self.time[self.event][:, None] == times).sum(axis=0)
        return np.array([times, np.cumprod(1 - n_event / n_risk)])

    def survival(self, at):
        times, survival = self.drops()
        return np.append(1.0, survival)[np.searchsorted(times, at, side="right")]

    def marks(self):
        return np.unique(self.time[~self.event])

    def n_risk(self, times):
        return [int((self.time >= at).sum()) for at in times]


def patients_of(made):
    """Arms of a figure by R."""
    table = pd.read_csv(BY_R / made["patients"])
    return [Arm(name, rows.time.to_numpy(float), rows.event.to_numpy(bool)) for name, rows in table.groupby("arm", sort=False)]


def drops_read(curve):
    falls = np.diff(curve.survival) < -LEAST_DROP
    return np.array([curve.time[1:][falls], curve.survival[1:][falls]])


def unlike(arm, curve):
    """Mean distance between the drops of an arm and of a curve, by rank; what one has more counts whole."""
    true, read = arm.drops(), drops_read(curve)
    count = min(true.shape[1], read.shape[1])
    return np.abs(true[1, :count] - read[1, :count]).sum() + abs(true.shape[1] - read.shape[1])


def paired(arms, curves):
    """Each arm with the curve most like it."""
    assert len(curves) == len(arms)
    return min((list(zip(arms, order, strict=True)) for order in permutations(curves)), key=lambda pairs: sum(unlike(*pair) for pair in pairs))


def units(panel, points):
    """What a length in points is in time and in survival."""
    px = points * panel.px_per_point
    return abs(panel.calibration.time.slope) * px, panel.calibration.survival_per_px * px


def near(panel, digit_pt):
    """How far time and survival may be off: a millionth of their axes, or the file's last digit; shape (2, 1)."""
    ticks = panel.calibration.time.tick_value
    millionth = MILLIONTH * (ticks.max() - ticks.min()), MILLIONTH
    return np.maximum(millionth, units(panel, digit_pt))[:, None]


def check_drops(panel, arms, digit_pt):
    for arm, curve in paired(arms, panel.curves):
        true, read = arm.drops(), drops_read(curve)
        assert read.shape == true.shape, f"{arm.name}: {read.shape[1]} drops read, {true.shape[1]} drawn"
        assert (np.abs(read - true) <= near(panel, digit_pt)).all(), f"{arm.name}: off by {np.abs(read - true).max(axis=1)}"


def check_marks(panel, arms, digit_pt):
    for arm, curve in paired(arms, panel.curves):
        read, drawn = np.sort(curve.censor_time), arm.marks()
        assert len(read) == len(drawn), f"{arm.name}: {len(read)} marks read, {len(drawn)} drawn"
        assert (np.abs(read - drawn) <= near(panel, digit_pt)[0]).all(), f"{arm.name}: off by {np.abs(read - drawn).max()}"


def check_table(panel, arms, times):
    table, names = panel.at_risk, {curve.arm: arm for arm, curve in paired(arms, panel.curves)}
    assert list(table.time) == list(times)
    assert {name: list(row) for name, row in zip(table.arms, table.n_risk, strict=True)} == {name: arm.n_risk(times) for name, arm in names.items()}


def read_panels(path, count=1):
    """The panels of a figure, every one of them read from its paths."""
    reading = digitise(path)
    assert reading.kind == "vector"
    assert [panel.way for panel in reading.panels] == ["vector"] * count
    return reading.panels


@cache
def read_by_r(file):
    (panel,) = read_panels(BY_R / file)
    return panel


def panel_by_r(made):
    """The one panel of a figure by R, read once."""
    return read_by_r(made["file"])


by_r = pytest.mark.parametrize("made", MADE, ids=lambda made: made["name"])


@by_r
def test_every_drop_of_a_figure_by_r(made):
    check_drops(panel_by_r(made), patients_of(made), made["digit_pt"])


@by_r
def test_every_mark_of_a_figure_by_r(made):
    panel, arms = panel_by_r(made), patients_of(made)
    if made["marks"]:
        check_marks(panel, arms, made["digit_pt"] if made["marks"] == "symbol" else LETTER_PT)
    else:
        assert not any(len(curve.censor_time) for curve in panel.curves)


@by_r
def test_ticks_of_a_figure_by_r_lie_on_a_straight_scale(made):
    panel = panel_by_r(made)
    assert panel.calibration.residual_px / panel.px_per_point <= made["digit_pt"]


@pytest.mark.parametrize("made", [made for made in MADE if made["at_risk_times"]], ids=lambda made: made["name"])
def test_the_table_of_a_figure_by_r(made):
    check_table(panel_by_r(made), patients_of(made), made["at_risk_times"])


@pytest.mark.parametrize("made", [made for made in MADE if made["text"] and made["name"] != "default_cairo_pdf"], ids=lambda made: made["name"])
def test_names_of_a_figure_by_r(made):
    assert [curve.arm for _, curve in paired(patients_of(made), panel_by_r(made).curves)] == [arm.name for arm in patients_of(made)]


def test_the_large_page_has_digits_enough():
    large = [made for made in MADE if "large" in made["name"]]
    for made in large:
        panel = panel_by_r(made)
        ticks = panel.calibration.time.tick_value
        time, survival = units(panel, made["digit_pt"] / 2)
        assert time <= MILLIONTH * (ticks.max() - ticks.min())
        assert survival <= MILLIONTH


def simulate(name, rate, seed, n, *, ties=False):
    """Exponential deaths, censored evenly over the second half of 48 months."""
    rng = np.random.default_rng(seed)
    death, followed = rng.exponential(1 / rate, n), rng.uniform(14, 47, n)
    time = np.minimum(death, followed)
    return Arm(name, np.ceil(time) if ties else np.maximum(time, 0.05), death <= followed)


TWO = [simulate("Placebo", 0.05, 1, 80), simulate("Nivolumab", 0.025, 2, 70)]
THREE = [simulate("Low", 0.01, 3, 60, ties=True), simulate("Middle", 0.03, 4, 60, ties=True), simulate("High", 0.08, 5, 60, ties=True)]
MANY = [simulate("Placebo", 0.05, 6, 700), simulate("Nivolumab", 0.02, 7, 600)]
TICKS = np.arange(0, 49, 12)
COLOURS = ("tab:blue", "tab:red", "tab:green")
LETTERS = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "truth"}


def draw(axes, arms, *, look=None, scale="survival", marker=None, around=None, table=False, colours=COLOURS):
    """Draw arms upon axes; `look` gives each arm its line, `around` what lies about it: band or limits."""
    factor = 100 if scale == "percent" else 1
    rises = scale == "incidence"
    for k, arm in enumerate(arms):
        (times, survival), end = arm.drops(), arm.time.max()
        time = np.concatenate([[0], times, [end]])
        shown = np.concatenate([[1], survival, survival[-1:]])
        shown = factor * (1 - shown if rises else shown)
        line = {"color": colours[k % len(colours)], "lw": 1.3, "label": arm.name} | (look[k] if look else {})
        if around == "band":
            axes.fill_between(time, 0.9 * shown, np.minimum(1.08 * shown, factor), step="post", color=line["color"], alpha=0.2, lw=0)
        if around == "limits":
            for limit in (0.9 * shown, np.minimum(1.08 * shown, factor)):
                axes.step(time, limit, where="post", color=line["color"], lw=0.5, ls=":")
        axes.step(time, shown, where="post", **line)
        if marker:
            at = arm.survival(arm.marks())
            axes.plot(arm.marks(), factor * (1 - at if rises else at), marker, color=line["color"], ms=6, mew=0.8)
    axes.set(xlim=(0, 48), ylim=(0, 1.02 * factor), xticks=TICKS, xlabel="Months")
    axes.set_ylabel({"survival": "Overall survival", "percent": "Overall survival (%)", "incidence": "Cumulative incidence"}[scale])
    axes.legend(loc="upper left", frameon=False, bbox_to_anchor=(1.02, 1))
    for k, arm in enumerate(arms if table else ()):
        below = -0.34 - 0.09 * k
        axes.text(-0.1, below, arm.name, transform=axes.transAxes, ha="right", va="center")
        for at, count in zip(TICKS, arm.n_risk(TICKS), strict=True):
            axes.text(at, below, str(count), transform=axes.get_xaxis_transform(), ha="center", va="center")
    if table:
        axes.text(-0.1, -0.25, "Number at risk", transform=axes.transAxes, ha="right", va="center")


def drawn_file(folder, kind, panels, *, simplify=False, letters=None, ground=None):
    """A figure of some panels (arms, and how they are drawn), as a file."""
    with rc_context(LETTERS | {"path.simplify": simplify} | (letters or {})):
        figure = Canvas(figsize=(6.5 * len(panels), 4.2))
        FigureCanvasAgg(figure)
        for axes, (arms, style) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            draw(axes, arms, **style)
            if ground:
                axes.set_facecolor(ground)
                axes.grid(color="white")
                axes.set_axisbelow(True)
        figure.subplots_adjust(wspace=0.9)
        content = io.BytesIO()
        figure.savefig(content, format=kind, bbox_inches="tight", metadata={"Date" if kind == "svg" else "CreationDate": None})
    path = folder / f"figure.{kind}"
    path.write_bytes(content.getvalue())
    return path


DASHES = [{"ls": "-"}, {"ls": (0, (5, 3))}, {"ls": (0, (1, 2))}]
STYLES = {
    "plain": (TWO, {}),
    "dashed": (TWO, {"look": DASHES}),
    "black, three dashes": (THREE, {"look": DASHES, "colours": ("black",)}),
    "thick and thin": (TWO, {"look": [{"lw": 3.0}, {"lw": 0.4}]}),
    "bands": (TWO, {"around": "band"}),
    "limits": (TWO, {"around": "limits"}),
    "marks |": (TWO, {"marker": "|"}),
    "marks +, ties": (THREE, {"marker": "+"}),
    "table": (THREE, {"table": True}),
    "percent": (TWO, {"scale": "percent"}),
    "incidence": (TWO, {"scale": "incidence", "marker": "|"}),
    "many patients": (MANY, {}),
}
kinds = pytest.mark.parametrize("kind", ["svg", "pdf"])


@kinds
@pytest.mark.parametrize("style", STYLES)
def test_every_drop_of_a_figure_by_matplotlib(tmp_path, style, kind):
    arms, look = STYLES[style]
    (panel,) = read_panels(drawn_file(tmp_path, kind, [(arms, look)]))
    check_drops(panel, arms, 0)
    assert [curve.arm for _, curve in paired(arms, panel.curves)] == [arm.name for arm in arms]
    assert not simplified(panel)
    if look.get("marker"):
        check_marks(panel, arms, 0)
    else:
        assert not any(len(curve.censor_time) for curve in panel.curves)
    if look.get("table"):
        check_table(panel, arms, TICKS)


@kinds
def test_every_drop_of_two_panels(tmp_path, kind):
    panels = read_panels(drawn_file(tmp_path, kind, [(TWO, {"marker": "|"}), (THREE, {"scale": "percent"})]), count=2)
    check_drops(panels[0], TWO, 0)
    check_marks(panels[0], TWO, 0)
    check_drops(panels[1], THREE, 0)


@kinds
def test_every_drop_on_a_grey_ground(tmp_path, kind):
    (panel,) = read_panels(drawn_file(tmp_path, kind, [(TWO, {})], ground="0.92"))
    check_drops(panel, TWO, 0)


def test_every_drop_where_letters_are_outlines(tmp_path):
    (panel,) = read_panels(drawn_file(tmp_path, "svg", [(TWO, {"marker": "|"})], letters={"svg.fonttype": "path"}))
    check_drops(panel, TWO, 0)
    check_marks(panel, TWO, 0)


@pytest.mark.parametrize("first", [4.0, 9.0])
@kinds
def test_every_drop_of_a_curve_that_begins_with_its_first_drop(tmp_path, kind, first):
    arm = simulate("Nivolumab", 0.025, 2, 24)
    late = Arm(arm.name, arm.time[arm.time > first], arm.event[arm.time > first])
    with rc_context(LETTERS | {"path.simplify": False}):
        figure = Canvas(figsize=(6.5, 4.2))
        axes = figure.add_subplot()
        draw(axes, [TWO[0]])
        times, survival = late.drops()
        axes.step([*times, late.time.max()], [*survival, survival[-1]], where="post", color="tab:red", lw=1.3, label=late.name)
        axes.legend(frameon=False)
        figure.savefig(tmp_path / f"figure.{kind}")
    (panel,) = read_panels(tmp_path / f"figure.{kind}")
    check_drops(panel, [TWO[0], late], 0)


def test_outlined_numbers_printed_upwards_are_read_where_they_are_asked_for(tmp_path, monkeypatch):
    with rc_context(LETTERS | {"svg.fonttype": "path"}):
        figure = Canvas(figsize=(4, 4))
        axes = figure.add_subplot(xlim=(0, 48), xticks=TICKS, xlabel="Months since randomisation")
        axes.set_yticks(np.arange(0.2, 1.01, 0.2), ["0.2", "0.4", "0.6", "0.8", "1.0"], rotation=90, va="center")
        figure.savefig(tmp_path / "figure.svg")
    read_words = glyphs.read_words
    monkeypatch.setattr(glyphs, "read_words", lambda px, **how: tuple(word for word in read_words(px, **how) if not word.vertical))
    data = re.sub(rb"<!--.*?-->", b"", (tmp_path / "figure.svg").read_bytes())  # which say what the outlines are
    with open_document("figure.svg", data, "SVG") as document:
        scene = document.scene(1)
    level, all_words = (glyphs.outlined_words(scene, standing=standing) for standing in (False, True))
    assert not any(word.vertical for word in level)
    assert {"0.2", "0.4", "0.6", "0.8", "1.0"} <= {word.text for word in all_words if word.vertical}
    assert {"12", "24", "36", "48", "Months since randomisation"} <= {word.text for word in all_words if not word.vertical}


def test_every_drop_where_letters_are_drawings_of_the_file(tmp_path):
    (panel,) = read_panels(drawn_file(tmp_path, "pdf", [(TWO, {"table": True})], letters={"pdf.fonttype": 3}))
    check_drops(panel, TWO, 0)
    check_table(panel, TWO, TICKS)


def simplified(panel):
    """Whether a panel, or one of its curves, is flagged as simplified."""
    flags = (*panel.flags, *(flag for curve in panel.curves for flag in curve.flags))
    return any(flag.name == "path_simplified" for flag in flags)


@kinds
def test_a_simplified_path_is_flagged_and_follows_the_curve(tmp_path, kind):
    (panel,) = read_panels(drawn_file(tmp_path, kind, [(MANY, {})], simplify=True))
    assert simplified(panel)
    off_time, off_survival = units(panel, 0.25)
    for arm, curve in paired(MANY, panel.curves):
        at = np.linspace(0, arm.time.max(), 4001)
        read = curve.survival[np.searchsorted(curve.time, at, side="right") - 1]
        assert (read <= arm.survival(at - off_time) + off_survival).all()
        assert (read >= arm.survival(at + off_time) - off_survival).all()


@kinds
def test_a_path_short_enough_is_not_simplified(tmp_path, kind):
    few = [simulate("Placebo", 0.05, 8, 50), simulate("Nivolumab", 0.02, 9, 50)]
    (panel,) = read_panels(drawn_file(tmp_path, kind, [(few, {})], simplify=True))
    assert not simplified(panel)
    check_drops(panel, few, 0)


@pytest.mark.parametrize("angle", [90, 270])
def test_every_drop_of_a_figure_that_lies_on_its_side(tmp_path, angle):
    path = drawn_file(tmp_path, "pdf", [(TWO, {"table": True, "marker": "|"})])
    document = pypdfium2.PdfDocument(path)
    document[0].set_rotation(angle)
    document.save(tmp_path / "turned.pdf")
    (panel,) = read_panels(tmp_path / "turned.pdf")
    check_drops(panel, TWO, 1e-3)
    check_marks(panel, TWO, 1e-3)
    check_table(panel, TWO, TICKS)
