"""What other programs call their columns."""

import re

_UNITS = {form: unit for unit in ("days", "weeks", "months", "years") for form in (unit, unit[:-1])}

ROW, ARM, PANEL, TIME = "row number", "arm", "panel", "time"
SURVIVAL, INCIDENCE, PATIENT = "survival", "incidence", "patient"
N_RISK, LOWER, UPPER, TOTAL, N_EVENT, N_CENSORED, FIGURE = "n_risk", "lower", "upper", "total", "n_event", "n_censored", "figure"

_SHARED = {
    ROW: ("", "id", "no", "row", "rowid", "index", "interval", "point"),
    ARM: ("arm", "group", "treat", "treatment", "series", "curve", "strata", "stratum", "dataset"),
    PANEL: ("panel",),
    TIME: ("time", "times", "t", "x", "trisk", "tk", "timepoint"),
}
OF_CURVES = _SHARED | {
    SURVIVAL: ("survival", "surv", "s", "y", "st", "sk", "probability", "prob", "survivalprobability", "survprob", "os", "pfs", "efs", "dfs"),
    INCIDENCE: ("failure", "incidence", "cumulativeincidence", "cuminc", "cif", "1s"),
    PATIENT: ("status", "event", "events", "censor", "censored", "cens"),
}
OF_RISKS = _SHARED | {
    N_RISK: ("nrisk", "n", "nar", "risk", "atrisk", "natrisk", "numberatrisk", "noatrisk", "nosatrisk", "numbersatrisk"),
    LOWER: ("lower",),
    UPPER: ("upper",),
    TOTAL: ("te", "totevents", "totalevents", "totalnevents"),
    N_EVENT: ("nevent", "nevents"),
    N_CENSORED: ("ncensored", "ncensor", "ncens"),
    FIGURE: ("studyid", "study", "trial", "trialid", "figure"),
}


def roles(header, vocabulary):
    """Tell what each column is.

    Parameters
    ----------
    header : sequence of str
    vocabulary : dict of str to tuple of str
        Spellings by role: `OF_CURVES` or `OF_RISKS`.

    Returns
    -------
    list of (str or None)
        A role, or None where the name is not known; a unit of time alone is a time.
    """
    role_of = {spelling: role for role, spellings in vocabulary.items() for spelling in spellings}
    return [TIME if unit_of(name) and not _letters(name) else role_of.get(_letters(name)) for name in header]


def unit_of(name):
    """Find the unit of time that a name holds; empty where there is none."""
    return next((_UNITS[word] for word in _words(name) if word in _UNITS), "")


def _words(name):
    return re.findall(r"[a-z]+|[0-9]+|[^\W\d_a-z]+", name.casefold())


def _letters(name):
    return "".join(word for word in _words(name) if word not in _UNITS)
