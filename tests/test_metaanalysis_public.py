"""The public names: each is documented, with an example that runs as a doctest; lists do where arrays do."""

import inspect
import sys

import numpy as np
import pytest

import metaanalysis
from metaanalysis import ModelSettings, begg, diversity, egger, egger_mixed, estimate_tau2, tau2_interval, trim_fill

YI = [-0.1, 0.0, 0.05, 0.1, 0.0, -0.05, 0.3, 0.5, 0.8, 1.0]
VI = [0.01 + 0.03 * row for row in range(10)]
FUNCTIONS = {
    "begg": begg, "diversity": diversity, "egger": egger, "egger_mixed": egger_mixed, "estimate_tau2": estimate_tau2,
    "trim_fill": lambda yi, vi: trim_fill(yi, vi, ModelSettings()),
    **{f"tau2_interval {rule}": lambda yi, vi, rule=rule: tau2_interval(yi, vi, rule=rule) for rule in ("QP", "BJ", "J", "PL")},
}


def _docstrings(name):
    """Its own docstring, and those of its module that show it: for a constant, of all that is in the module."""
    thing, module = getattr(metaanalysis, name), sys.modules[metaanalysis._HOMES[name]]
    if inspect.isclass(thing) or inspect.isfunction(thing):
        return [inspect.getdoc(thing) or "", module.__doc__ or ""]
    inside = [inspect.getdoc(value) or "" for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]
    return ["constant", module.__doc__ or "", *inside]


@pytest.mark.parametrize("name", metaanalysis.__all__)
def test_every_public_name_is_documented_with_an_example(name):
    own, *around = _docstrings(name)
    assert own, f"{name} has no docstring"
    assert not own.startswith(f"{name}("), f"{name} has only the signature that dataclasses write"
    assert any(">>>" in text for text in (own, *around)), f"{name} has no example, nor has its module"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lists_do_where_arrays_do(name):
    assert str(FUNCTIONS[name](YI, VI)) == str(FUNCTIONS[name](np.array(YI), np.array(VI)))


@pytest.mark.parametrize("name", ["begg", "egger", "egger_mixed", "trim_fill"])
def test_impossible_variances_are_refused(name):
    with pytest.raises(metaanalysis.MetaAnalysisError, match="expected a finite effect and a positive variance"):
        FUNCTIONS[name](YI, [-1.0, *VI[1:]])


@pytest.mark.parametrize("function", [estimate_tau2, tau2_interval])
def test_tau2_of_one_study_is_refused(function):
    with pytest.raises(metaanalysis.MetaAnalysisError, match="2 or more"):
        function([0.1], [0.04])
