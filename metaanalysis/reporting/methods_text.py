"""A methods paragraph: what was done to pool the studies, in prose, with numbered references.

Examples
--------
>>> from metaanalysis import pool
>>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR", source=["reported"] * 3)
>>> methods = methods_paragraph(pooled, outcome="overall survival", software="ipdrecon 1.0")
>>> print(methods.text[:145])
Hazard ratios for overall survival of 3 studies were pooled on the logarithmic scale. Effects were taken as reported in the publications (k = 3).
"""

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from metaanalysis.estimate import RATIOS
from metaanalysis.reporting.references import numbered

_MEASURES = {"HR": "Hazard ratios", "RR": "Risk ratios", "OR": "Odds ratios", "RD": "Risk differences"}
_BY_SOURCE = {
    "reported": "taken as reported in the publications",
    "derived": "derived from other statistics in the publications {parmar1998,tierney2007}",
    "reconstructed": "estimated by Cox regression {cox1972} from individual patient data reconstructed from published Kaplan-Meier curves",
    "ipd": "estimated by Cox regression {cox1972} from individual patient data",
    "summary": "taken from pooled results of several trials, each as one row",
    "": "given as they stand",
}
_BY_ROUTE = {
    "yi+se": "taken as an effect with its standard error",
    "ci": "taken with the confidence interval printed, which gave the standard error {parmar1998}",
    "se": "taken with the standard error printed",
    "o-e+v": "calculated from observed minus expected events and their variance {yusuf1985}",
    "o+e": "calculated from events observed and expected in each arm {parmar1998}",
    "p": "taken as printed, with a standard error from the p-value {parmar1998}",
    "hr+events": "taken as printed, with a variance approximated from numbers of events {tierney2007}",
    "logrank-p": "calculated from the log-rank p-value and numbers of events {parmar1998,tierney2007}",
    "survival-times": "calculated from survival and numbers at risk at several times {williamson2002,tierney2007}",
    "survival-times+follow-up": "calculated from survival at several times and the range of follow-up {parmar1998,tierney2007}",
    "survival-at-time": "calculated from survival percentages at one time {perneger2008}",
    "medians": "calculated from median survival times, under exponential survival {brookmeyer1982}",
    "events": "calculated from events and patients of both arms",
}
_ZERO_CELLS = {
    "tables": "For the effects of single studies, 0.5 was added to each cell of tables that held a zero.",
    "all": "For the effects of single studies, 0.5 was added to each cell of all tables.",
    "treatment-arm": "For the effects of single studies, to tables that held a zero, the share of the arm in all patients was added (treatment arm continuity correction {sweeting2004}).",
    "none": "Nothing was added to tables that held a zero.",
}
_FIXED = {
    "IV": "by inverse variance",
    "Peto": "by Peto's method {yusuf1985}",
    "MH": "by the Mantel-Haenszel method {mantel1959}",
}
_MH_VARIANCE = {"RR": "greenland1985", "OR": "robins1986", "RD": "sato1989"}
_TAU2 = {
    "REML": "restricted maximum likelihood {viechtbauer2005}", "DL": "the method of DerSimonian and Laird {dersimonian1986}",
    "PM": "the method of Paule and Mandel {paule1982}", "ML": "maximum likelihood {hardy1996}", "HE": "the method of Hedges and Olkin {hedges1985}",
    "SJ": "the method of Sidik and Jonkman {sidik2005}", "EB": "the empirical Bayes method {morris1983}",
}
_CI = {
    "hk-adhoc": "by the method of Hartung and Knapp {hartung2001}, its variance factor not below 1 {knapp2003,rover2015}",
    "hk": "by the method of Hartung and Knapp {hartung2001}",
    "hk-iqwig": "by the method of Hartung and Knapp {hartung2001}, widened where it was narrower than the normal interval",
    "wald": "by the normal distribution",
}
_TAU2_CI = {"QP": "the Q-profile method {viechtbauer2007}", "BJ": "a generalised Q statistic {jackson2013}", "J": "a generalised Q statistic {jackson2013}", "PL": "profile likelihood {hardy1996}"}
_PREDICTION = {"t": "t with k - 1 degrees of freedom", "riley": "t with k - 2 degrees of freedom", "normal": "the normal distribution"}

_BESIDES = {
    "cumulative": "Studies were added one by one in a cumulative meta-analysis {lau1992}.",
    "influence": "The influence of single studies was described by the diagnostics of Viechtbauer and Cheung {viechtbauer2010}.",
    "gosh": "Subsets of the studies were pooled to show heterogeneity graphically {olkin2012}.",
    "regression": "Effects were regressed on moderators under a mixed-effects model {knapp2003}.",
    "absolute": "Absolute effects were calculated at stated baseline risks {skoetz2020}.",
    "sequential": "Trial sequential analysis used O'Brien-Fleming-type monitoring boundaries {wetterslev2008} and a required information size adjusted for diversity {wetterslev2009}.",
    "bayes": "A Bayesian random-effects model was computed by quadrature, with a weakly informative prior on heterogeneity {rover2020}.",
    "patients": "Patients were also analysed in one stage, by a Cox model stratified by trial {cox1972}, beside two stages {burke2017}.",
}


@dataclass(frozen=True)
class MethodsText:
    """A methods paragraph and its references.

    Attributes
    ----------
    text : str
        With numbers such as ``[1]``.
    references : tuple of str
        In the order of their numbers.
    """

    text: str
    references: tuple

    def __str__(self):
        return "\n".join([self.text, "", *(f"{number}. {reference}" for number, reference in enumerate(self.references, 1))])

    def to_dict(self):
        """As JSON has it."""
        return {"text": self.text, "references": list(self.references)}


def methods_paragraph(pooled, *, studies=None, outcome="", besides=(), software=None):
    """Tell what was done, and only that.

    Parameters
    ----------
    pooled : PooledEstimate
    studies : DataFrame, optional
        As `metaanalysis.read_studies` gives it: then the route of each effect is counted, and reconstruction errors and
        rules for zero cells are told.
    outcome : str
        For the first sentence, such as ``overall survival``.
    besides : sequence of str
        What else was done, of ``cumulative, influence, gosh, regression, absolute, sequential, bayes, patients``.
    software : str, optional
        Name and version; this package's by default.

    Returns
    -------
    MethodsText
    """
    sentences = [
        *_effects(pooled, studies, outcome), *_models(pooled), *_heterogeneity(pooled), *_subgroups(pooled), *_robustness(pooled),
        *(sentence for name, sentence in _BESIDES.items() if name in besides),
        f"Analyses were done with {software or _software()}.",
    ]
    return MethodsText(*numbered(" ".join(sentences)))


def _software():
    try:
        return f"ipdrecon {version('ipdrecon')}"
    except PackageNotFoundError:
        return "ipdrecon"


def _counted(number, noun):
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else plural}"


def _effects(pooled, studies, outcome):
    names = [_MEASURES.get(measure, "Effects") for measure in dict.fromkeys(pooled.measures or (pooled.measure,))]
    named = " and ".join([names[0], *(name[0].lower() + name[1:] for name in names[1:])])
    scale = " on the logarithmic scale" if set(pooled.measures or (pooled.measure,)) <= set(RATIOS) else ""
    done = "were pooled" if not pooled.is_mixed else "were pooled within subgroups of one measure, without a total,"
    yield f"{named}{f' for {outcome}' if outcome else ''} of {_counted(pooled.k, 'study')} {done}{scale}."
    ways = Counter(_way(source, route) for source, route in zip(pooled.source, _routes(pooled, studies), strict=True))
    yield f"Effects were {'; '.join(f'{way} (k = {count})' for way, count in ways.most_common())}."
    if studies is not None and {"sampling_se", "reconstruction_se"} <= set(studies):
        drawn = int(studies[studies["study"].isin(pooled.study)][["sampling_se", "reconstruction_se"]].replace("", None).notna().all(axis=1).sum())
        if drawn:
            yield f"Standard errors of {_counted(drawn, 'study')} include the error of the reconstruction, from repeated draws combined by Rubin's rules {{rubin1987}}."
    yield from _zero_cells(pooled, studies)


def _routes(pooled, studies):
    """Give the route of each pooled study, empty where it is not known."""
    if pooled.counts is not None:
        return ["events"] * pooled.k
    if studies is None or "route" not in studies or int(studies["yi"].notna().sum()) != pooled.k:
        return [""] * pooled.k
    return list(studies.loc[studies["yi"].notna(), "route"])


def _way(source, route):
    if source in ("reconstructed", "ipd", "summary") or not route:
        return _BY_SOURCE.get(source, _BY_SOURCE[""])
    for key in (route, route.rpartition("+")[2], route.partition("+")[0], "+".join(route.split("+")[:2])):
        if key in _BY_ROUTE and not (key == "events" and route != "events"):
            return _BY_ROUTE[key]
    return _BY_ROUTE["hr+events"]


def _zero_cells(pooled, studies):
    rule = None if studies is None else studies.attrs.get("zero_cells")
    counts = pooled.counts
    if counts is not None and ((counts[:, [0, 2]] == 0).any() or (counts[:, [0, 2]] == counts[:, [1, 3]]).any() or rule == "all"):
        yield _ZERO_CELLS[rule or "tables"]
    if pooled.excluded:
        yield f"{_counted(len(pooled.excluded), 'study')} carried no information on the measure and {'was' if len(pooled.excluded) == 1 else 'were'} left out."


def _models(pooled):
    random, settings = pooled.random, pooled.settings
    if pooled.k == 1:
        yield "With a single study nothing was pooled; its interval is its own."
        return
    fixed = _FIXED.get(pooled.fixed.method, pooled.fixed.method)
    variance = f" with the variance of {{{_MH_VARIANCE[pooled.measure]}}}" if pooled.fixed.method == "MH" and pooled.measure in _MH_VARIANCE else ""
    yield f"The fixed-effect model was fitted {fixed}{variance}."
    yield f"The random-effects model used the variance between studies (tau²) by {_TAU2.get(random.method, random.method)}, and a {100 * settings.level:g} % confidence interval {_CI.get(random.ci, f'of the kind {random.ci}')}."
    if random.prediction_rule.startswith("none") or pooled.is_mixed:
        if pooled.k < 3:
            yield "No prediction interval is given for fewer than 3 studies."
        return
    yield f"The prediction interval {{higgins2009}} used {_PREDICTION[settings.prediction]}."


def _heterogeneity(pooled):
    if pooled.k == 1 or pooled.is_mixed:
        return
    interval = _TAU2_CI[getattr(pooled.settings, "tau2_ci", "QP")]
    yield f"Heterogeneity was described by Cochran's Q {{cochran1954}}, I² {{higgins2002}} and tau² with a confidence interval by {interval}."


def _subgroups(pooled):
    if not pooled.subgroups:
        return
    common = getattr(pooled.settings, "subgroup_tau2", "separate") == "common"
    yield f"Studies were pooled within {_counted(len(pooled.subgroups), 'subgroup')}, with {'one tau² for all' if common else 'a tau² of its own for each'}."
    if pooled.subgroup_test is not None:
        yield "Subgroups were compared by the test for differences between them {borenstein2013}, across studies."


def _robustness(pooled):
    if pooled.leave_one_out:
        yield "Each study was left out in turn."
    if pooled.is_mixed:
        return
    if pooled.egger is not None:
        yield "Small-study effects were tested by Egger's regression {egger1997}, and missing studies imputed by trim and fill {duval2000}, as a sensitivity analysis."
    elif pooled.trim_fill is not None:
        yield "All variances were equal, so small-study effects were not tested; missing studies were imputed by trim and fill {duval2000}, as a sensitivity analysis."
    else:
        yield "Small-study effects were not tested, since fewer than 10 studies do not allow it {sterne2011}."
