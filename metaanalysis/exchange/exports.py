"""A pooled result in the files of other programs: its studies, and for R the script that gives the same numbers.

Examples
--------
>>> from metaanalysis import pool
>>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
>>> files = export_pooled(pooled, "metafor")
>>> list(files)
['metafor.csv', 'metafor.R']
>>> files["metafor.csv"].splitlines()[0], files["metafor.R"].splitlines()[2]
('slab,yi,vi,sei', 'library(metafor)')
"""

import csv
import io
import json
import math
import re

import numpy as np
import pandas as pd

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.measures import is_ratio
from metaanalysis.spreadsheet import guarded
from metaanalysis.studies.columns import COUNTS
from metaanalysis.studies.events import event_effects
from metaanalysis.wording import counted

FORMATS = ("metafor", "meta", "revman", "json", "csv")
REVMAN_COLUMNS = (
    "Analysis group", "Analysis number", "Analysis name", "Subgroup", "Applicability", "Study", "Study year", "GIV Mean", "GIV SE",
    "Experimental mean", "Experimental SD", "Experimental cases", "Experimental N", "Control mean", "Control SD", "Control cases",
    "Control N", "O-E", "Variance", "Weight", "Mean", "CI start", "CI end", "Footnotes",
)
_METAFOR_TESTS = {"wald": "z", "hk": "knha", "hk-adhoc": "adhoc"}
_METAFOR_FIXED = {"IV": "rma", "MH": "rma.mh", "Peto": "rma.peto"}
_META_CI = {"wald": 'method.random.ci = "classic"', "hk": 'method.random.ci = "HK", adhoc.hakn.ci = ""', "hk-adhoc": 'method.random.ci = "HK", adhoc.hakn.ci = "se"'}
_META_PREDICTION = {"t": "V", "riley": "HTS", "normal": "S"}
_WORD = re.compile(r"[A-Za-z0-9_ ,.+-]*")
_Z = 1.959963984540054


def export_pooled(pooled, to, *, details=None, name="Pooled studies"):
    """Write a pooled result for another program.

    Parameters
    ----------
    pooled : PooledEstimate or dict
        Or what its `to_dict` gives, as in a ``pooled.json``.
    to : {"metafor", "meta", "revman", "json", "csv"}
        metafor and meta come with an R script that pools the same way and stops where its numbers differ.
    details : DataFrame, optional
        The table of studies, for years and events; matched by the study's name.
    name : str
        Of the analysis, for RevMan.

    Returns
    -------
    dict of str to str
        Text by file name.

    Raises
    ------
    MetaAnalysisError
        Where the format is none of these, or rows are of different measures and the format has one.
    """
    if to not in FORMATS:
        raise MetaAnalysisError(f"The format is {to!r}; expected one of {', '.join(FORMATS)}.")
    record = pooled if isinstance(pooled, dict) else pooled.to_dict()
    counts = None if isinstance(pooled, dict) else pooled.counts
    if to == "json":
        return {"pooled.json": json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"}
    studies = _studies(record, details, counts)
    if to == "csv":
        columns = ["study", "measure", "yi", "sei", *_filled(studies, ("subgroup", "year", *COUNTS)), "source", "weight_fixed", "weight_random"]
        return {"studies.csv": _csv(columns, [[study.get(column) for column in columns] for study in studies])}
    _refuse_other_words(record)
    if "," in record["measure"]:
        raise MetaAnalysisError(f"The rows are of different measures ({record['measure']}); expected one for {to}: pool the rows of one measure, or write csv or json.")
    if to == "revman":
        return {"data-rows.csv": _revman(record, studies, name)}
    return _metafor(record, studies) if to == "metafor" else _meta(record, studies)


def _refuse_other_words(record):
    """Refuse a record, which may come from a file, whose names of measures and methods could be more than names in a script."""
    for word in (record["measure"], record["fixed"]["method"], record["random"]["method"], record["random"]["ci"]):
        if not isinstance(word, str) or not _WORD.fullmatch(word):
            raise MetaAnalysisError(f"The pooled result names {word!r}; expected the name of a measure or a method: pool the studies again.")
    if not isinstance(record["k"], int):
        raise MetaAnalysisError(f"The pooled result counts {record['k']!r} studies; expected a whole number: pool the studies again.")


# --- studies as rows -------------------------------------------------------------------------------------------------


def _studies(record, details, counts):
    """Give the studies with what is known of them besides."""
    known = _details(record, details)
    found = []
    for place, study in enumerate(record["studies"]):
        more = {column: value for column, value in known[place].items() if value == value and value not in (None, "")}
        if counts is not None:
            more |= dict(zip(COUNTS, counts[place].tolist(), strict=True))
        found.append({"measure": record["measure"]} | more | study)
    return found


def _details(record, details):
    """Give years and events of each study: row by row where the table has the same studies in the same order, else by name."""
    names = [study["study"] for study in record["studies"]]
    if details is None:
        return [{}] * len(names)
    pooled = pd.to_numeric(details["yi"], errors="coerce").notna() if "yi" in details else slice(None)
    rows = details.loc[pooled, [column for column in ("study", "year", *COUNTS) if column in details]].to_dict("records")
    if [str(row["study"]) for row in rows] == names:
        return [{column: value for column, value in row.items() if column != "study"} for row in rows]
    by_name = {str(row.pop("study")): row for row in details[[column for column in ("study", "year", *COUNTS) if column in details]].to_dict("records")}
    return [by_name.get(name, {}) if names.count(name) == 1 else {} for name in names]


def _filled(studies, columns):
    return [column for column in columns if any(study.get(column) not in (None, "") for study in studies)]


def _csv(columns, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([guarded(column) for column in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value):
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, float):
        return repr(float(value))
    return guarded(value) if isinstance(value, str) else value


def _has_counts(studies):
    return all(study.get(column) not in (None, "") for study in studies for column in COUNTS)


def _is_of_events(record, studies):
    """Whether the effects pooled are those of the events beside them, and not others that a paper prints."""
    if not _has_counts(studies) or record["measure"] not in ("RR", "OR", "RD"):
        return False
    if record["fixed"]["method"] != "IV":
        return True
    counts = np.array([[study[column] for column in COUNTS] for study in studies], dtype=float)
    plain = (counts > 0).all(axis=1) & (counts[:, 0] < counts[:, 1]) & (counts[:, 2] < counts[:, 3])  # a zero cell has its rules
    yi, _ = event_effects(*counts.T, measure=record["measure"])
    return bool(np.allclose(yi[plain], np.array([study["yi"] for study in studies])[plain], rtol=1e-6, atol=1e-9))


def _revman(record, studies, name):
    """Data rows: events where the effects of all studies are theirs, else generic inverse variance."""
    by_events = _is_of_events(record, studies)
    scale = math.exp if is_ratio(record["measure"]) else float
    rows = []
    for study in studies:
        limits = [scale(study["yi"] + sign * _Z * study["sei"]) for sign in (-1, 1)]
        cells = {
            "Analysis group": 1, "Analysis number": 1, "Analysis name": name, "Subgroup": study.get("subgroup", ""), "Study": study["study"],
            "Study year": study.get("year", ""), "Weight": study["weight_random"], "Mean": scale(study["yi"]), "CI start": limits[0], "CI end": limits[1],
            "Footnotes": study["source"],
        }
        if by_events:
            cells |= dict(zip(("Experimental cases", "Experimental N", "Control cases", "Control N"), (_whole(study[column]) for column in COUNTS), strict=True))
        else:
            cells |= {"GIV Mean": study["yi"], "GIV SE": study["sei"]}
        rows.append([cells.get(column, "") for column in REVMAN_COLUMNS])
    return _csv(REVMAN_COLUMNS, rows)


def _whole(value):
    return int(value) if float(value).is_integer() else float(value)


# --- scripts for R ---------------------------------------------------------------------------------------------------


def _r(*values):
    """Give numbers as R writes them."""
    return ", ".join("NA" if value is None else repr(float(value)) for value in values)


def _check(what, expected):
    return f"stopifnot(all.equal(c({what}), c({_r(*expected)}), tolerance = 1e-6, check.attributes = FALSE))"


def _prediction(record):
    """Give the rule of the prediction interval from how it is told; None where there is none."""
    rule = record["random"]["prediction_rule"]
    if rule.startswith("none"):
        return None
    return "normal" if rule.startswith("normal") else "riley" if "k - 2" in rule else "t"


def _head(package, record):
    back = "exp() gives ratios." if is_ratio(record["measure"]) else "No scale is changed."
    return [
        f"# {counted(record['k'], 'study')}, measure {record['measure'] or 'not named'}: the same numbers as metaanalysis gives, by the R package {package}.",
        f"# Estimates are on the analysis scale. {back} The script stops where a number differs.",
        f"library({package})",
        f'studies <- read.csv("{package}.csv")',
    ]


def _metafor(record, studies):
    fixed, random, by_events = record["fixed"], record["random"], _has_counts(studies)
    extra = _filled(studies, ("subgroup", "year", *(COUNTS if by_events else ())))
    table = _csv(["slab", "yi", "vi", "sei", *extra], [[study["study"], study["yi"], study["sei"] ** 2, study["sei"], *(study.get(column) for column in extra)] for study in studies])
    level = f"level = {_r(100 * record['level'])}"
    lines = [*_head("metafor", record), ""]
    call = _METAFOR_FIXED[fixed["method"]] if by_events else "rma"
    if call == "rma":
        lines.append(f'fixed <- rma(yi, vi, data = studies, slab = slab, method = "FE", {level})')
    else:
        measure = f'measure = "{record["measure"]}", ' if call == "rma.mh" else ""
        lines.append(f"fixed <- {call}({measure}ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = studies, slab = slab, {level})")
    lines.append("print(fixed)")
    if call != "rma" or fixed["method"] != "MH":
        lines.append(_check("fixed$beta, fixed$ci.lb, fixed$ci.ub", [fixed["estimate"], fixed["ci_low"], fixed["ci_high"]]))
    else:
        lines.append("# The fixed effect of metaanalysis is Mantel-Haenszel; without events in the table it is not compared.")
    if record["k"] > 1:
        lines += ["", *_metafor_random(record, random, level), *_metafor_subgroups(record, level)]
    return {"metafor.csv": table, "metafor.R": "\n".join(lines) + "\n"}


_EXACT = "control = list(threshold = 1e-12, maxiter = 10000, tol = 1e-12)"


def _metafor_random(record, random, level):
    known = random["ci"] in _METAFOR_TESTS
    test = _METAFOR_TESTS.get(random["ci"], "knha")
    yield f'random <- rma(yi, vi, data = studies, slab = slab, method = "{random["method"]}", test = "{test}", {level}, {_EXACT})'
    yield "print(random)"
    if known:
        yield _check("random$beta, random$ci.lb, random$ci.ub, random$tau2", [random[name] for name in ("estimate", "ci_low", "ci_high", "tau2")])
    else:
        yield f"# The interval {random['ci']} is none of metafor's: only the estimate and tau2 are compared."
        yield _check("random$beta, random$tau2", [random["estimate"], random["tau2"]])
    rule = _prediction(record)
    if rule is not None and known:
        default = rule == ("normal" if random["ci"] == "wald" else "t")
        call = "predict(random)" if default else f'predict(random, pi.type = "{rule}")'
        if rule == "normal" and not default:
            yield "# metafor has no normal prediction interval beside a Hartung-Knapp one: it is not compared."
            return
        yield f"prediction <- {call}"
        yield "print(prediction)"
        yield _check("prediction$pi.lb, prediction$pi.ub", [random["prediction_low"], random["prediction_high"]])


def _metafor_subgroups(record, level):
    groups = record["subgroups"]
    if len(groups) < 2:
        return
    random, test = record["random"], _METAFOR_TESTS.get(record["random"]["ci"], "knha")
    names = ", ".join(json.dumps(guarded(group["name"]), ensure_ascii=False) for group in groups)  # as they stand in the table
    yield ""
    yield f"names <- c({names})"
    yield 'studies$subgroup[is.na(studies$subgroup) | studies$subgroup == ""] <- "not stated"'
    if record["subgroup_test"] is not None and record["subgroup_test"]["random"]["tau2"] == "common":
        yield f'subgroups <- rma(yi, vi, mods = ~ 0 + factor(subgroup, levels = names), data = studies, method = "{random["method"]}", {level}, {_EXACT})'
        yield "print(subgroups)"
        yield _check("subgroups$beta", [group["random"]["estimate"] for group in groups])
        return
    yield "subgroups <- lapply(names, function(name) {"
    yield f'  rma(yi, vi, data = studies[studies$subgroup == name, ], method = "{random["method"]}", test = if (sum(studies$subgroup == name) > 1) "{test}" else "z", {level}, {_EXACT})'
    yield "})"
    yield "print(subgroups)"
    yield _check("sapply(subgroups, function(fit) fit$beta)", [group["random"]["estimate"] for group in groups])


def _meta(record, studies):
    random, extra = record["random"], _filled(studies, ("subgroup", "year"))
    table = _csv(["studlab", "TE", "seTE", *extra], [[study["study"], study["yi"], study["sei"], *(study.get(column) for column in extra)] for study in studies])
    known = random["ci"] in _META_CI
    prediction = _prediction(record)
    options = [
        "TE, seTE, studlab = studlab, data = studies", f'sm = "{record["measure"]}"', f'method.tau = "{random["method"]}"', _META_CI.get(random["ci"], 'method.random.ci = "HK"'),
        f"level.ma = {_r(record['level'])}", f'prediction = TRUE, method.predict = "{_META_PREDICTION[prediction]}", level.predict = {_r(record["level"])}' if prediction else "prediction = FALSE",
        "control = list(threshold = 1e-12, maxiter = 10000, tol = 1e-12)", *(["subgroup = subgroup, tau.common = FALSE"] if record["subgroups"] else []),
    ]
    lines = [*_head("meta", record), "", "pooled <- metagen(", *(f"  {option}," for option in options[:-1]), f"  {options[-1]}", ")", "print(pooled)"]
    if record["fixed"]["method"] == "IV":
        lines.append(_check("pooled$TE.common, pooled$lower.common, pooled$upper.common", [record["fixed"][name] for name in ("estimate", "ci_low", "ci_high")]))
    else:
        lines.append(f"# The fixed effect of metaanalysis is {record['fixed']['method']}; metagen gives inverse variance, which is not compared.")
    if record["k"] > 1 and known:
        lines.append(_check("pooled$TE.random, pooled$lower.random, pooled$upper.random, pooled$tau2", [random[name] for name in ("estimate", "ci_low", "ci_high", "tau2")]))
    return {"meta.csv": table, "meta.R": "\n".join(lines) + "\n"}
