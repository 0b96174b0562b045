"""Words and numbers that all pictures share: p-values about 0.05, tests that are not broken, names of measures, levels."""

import pytest

from metaanalysis import forest_plot, leave_one_out_plot, pool, pool_bayes, posterior_plot
from metaanalysis.pictures.forest_look import look_of
from metaanalysis.pictures.forest_numbers import Numbers, format_p
from metaanalysis.pictures.typeface import Typeface

YI, VI = [-0.36, -0.11, -0.52, 0.02], [0.04, 0.02, 0.09, 0.05]


@pytest.mark.parametrize(("p", "text"), [(0.048, "P = 0.048"), (0.0512, "P = 0.051"), (0.0449, "P = 0.04"), (0.056, "P = 0.06"), (0.0004, "P < 0.001")])
def test_two_decimals_do_not_hide_the_side_of_005(p, text):
    assert format_p(p) == text


@pytest.mark.parametrize("width", range(40, 220, 10))
def test_a_number_is_not_parted_from_its_sign(width):
    lines = Typeface(("DejaVu Sans",), 8.5).wrapped("Within trials (random): ratio 1.27, k = 3 (P = .21)", width)
    assert not any(line.endswith(("=", "<")) or line.startswith(("=", "<")) for line in lines)


def test_notes_name_tau2_as_the_look_does():
    assert Numbers(look_of("jama"), True, 2).sentence("Subgroups share one Tau², 0.1.") == "Subgroups share one τ², 0.1."


def test_every_measure_has_a_name_on_the_axis():
    pooled = pool(YI, VI, measure="RMST ratio")
    assert leave_one_out_plot(pooled).axes[0].get_xlabel() == "RMST ratio (log scale)"
    assert forest_plot(pooled) is not None


def test_a_posterior_names_its_level():
    figure = posterior_plot(pool_bayes(YI, VI, measure="HR", level=0.9))
    texts = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert sum("90 % CrI" in text for text in texts) == 3
