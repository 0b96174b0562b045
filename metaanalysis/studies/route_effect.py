"""An effect with the route it came by, and the choice among several routes.

Examples
--------
>>> from metaanalysis.studies.routes import from_interval, from_logrank_p
>>> printed = from_interval(0.72, 0.58, 0.89)
>>> derived = from_logrank_p(0.0026, favours="treatment", events=340)
>>> chosen = choose_route([derived, printed])
>>> chosen.route, [other.route for other in chosen.alternatives], round(chosen.yi_spread, 2)
('hr+ci', ['logrank-p+events'], 0.02)
"""

import math
from dataclasses import dataclass, field, replace

from metaanalysis.errors import MetaAnalysisError

TRUST = ("as printed", "derived", "approximate", "rough")
"""From an estimate with its precision as printed, to numbers that need strong assumptions."""

ROUTES = (
    "yi+se", "hr+ci", "hr+se", "o-e+v", "o+e", "hr+p", "hr+events-per-arm", "hr+events+n", "hr+events",
    "logrank-p+events-per-arm", "logrank-p+events+n", "logrank-p+events", "survival-times", "survival-times+follow-up", "medians+events",
    "medians+n", "survival-at-time",
)
"""Names of the routes, in the order in which they are chosen among those of the same trust."""


@dataclass(frozen=True)
class RouteEffect:
    """An effect, the route it came by, and what was assumed on the way.

    Attributes
    ----------
    yi, sei : float
        Log hazard ratio, treatment over reference, and its standard error.
    route : str
        One of `ROUTES`.
    trust : str
        One of `TRUST`.
    assumptions : tuple of str
        Sentences.
    alternatives : tuple of RouteEffect
        What other routes give for the same study.
    """

    yi: float
    sei: float
    route: str
    trust: str
    assumptions: tuple = ()
    alternatives: tuple = field(default=(), repr=False)

    def __post_init__(self):
        if not (math.isfinite(self.yi) and math.isfinite(self.sei) and self.sei > 0):
            raise MetaAnalysisError(f"The route {self.route} gives yi = {self.yi:g} with the standard error {self.sei:g}; expected finite numbers, the second above 0: check what was printed.")

    @property
    def vi(self):
        """Its variance."""
        return self.sei**2

    @property
    def v(self):
        """The log-rank variance V that belongs to it, ``1 / vi``."""
        return 1 / self.sei**2

    @property
    def o_minus_e(self):
        """Observed minus expected events of the treatment arm that belong to it, ``yi V``."""
        return self.yi / self.sei**2

    @property
    def yi_spread(self):
        """How far the alternatives' effects lie from this one at most, in its standard errors; 0 without alternatives."""
        return max((abs(other.yi - self.yi) / self.sei for other in self.alternatives), default=0.0)

    @property
    def sei_spread(self):
        """How many times larger or smaller the alternatives' standard errors are at most; 1 without alternatives."""
        return max((max(other.sei / self.sei, self.sei / other.sei) for other in self.alternatives), default=1.0)

    def to_dict(self):
        """Plain numbers, strings and lists."""
        own = {"yi": self.yi, "sei": self.sei, "route": self.route, "trust": self.trust, "assumptions": list(self.assumptions)}
        return own | {"alternatives": [other.to_dict() for other in self.alternatives]}


def choose_route(effects):
    """Choose among the routes of one study.

    The most trusted comes first (`TRUST`), then the first by the order of `ROUTES`.

    Parameters
    ----------
    effects : sequence of RouteEffect

    Returns
    -------
    RouteEffect
        The others are its `alternatives`, in the same order.

    Raises
    ------
    MetaAnalysisError
        Where there is none.
    """
    if not effects:
        raise MetaAnalysisError("There is no route to choose from; expected at least one.")
    first, *others = sorted(effects, key=lambda effect: (TRUST.index(effect.trust), ROUTES.index(effect.route)))
    return replace(first, alternatives=tuple(others))
