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

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.studies.columns import COUNTS

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
_RATIOS = ("HR", "RR", "OR")
_FORMULA_STARTS = ("=", "+", "-", "@")
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
    if "," in record["measure"]:
        raise MetaAnalysisError(f"The rows are of different measures ({record['measure']}); expected one for {to}: pool the rows of one measure, or write csv or json.")
    if to == "revman":
        return {"data-rows.csv": _revman(record, studies, name)}
    return _metafor(record, studies) if to == "metafor" else _meta(record, studies)


# --- studies as rows -------------------------------------------------------------------------------------------------


def _studies(record, details, counts):
    """Give the studies with what is known of them besides."""
    known = {}
    if details is not None:
        columns = [column for column in ("year", *COUNTS) if column in details]
        known = {str(row["study"]): {column: row[column] for column in columns} for row in details.to_dict("records")}
    found = []
    for place, study in enumerate(record["studies"]):
        more = {column: value for column, value in known.get(study["study"], {}).items() if value == value and value not in (None, "")}
        if counts is not None:
            more |= dict(zip(COUNTS, counts[place].tolist(), strict=True))
        found.append({"measure": record["measure"]} | more | study)
    return found


def _filled(studies, columns):
    return [column for column in columns if any(study.get(column) not in (None, "") for study in studies)]


def _csv(columns, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value):
    """Numbers whole; text that a spreadsheet would take for a formula gets a blank before it."""
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, float):
        return repr(float(value))
    return f" {value}" if str(value).startswith(_FORMULA_STARTS) else value


def _has_counts(studies):
    return all(study.get(column) not in (None, "") for study in studies for column in COUNTS)


def _revman(record, studies, name):
    """Data rows: events where every study has them and the measure is theirs, else generic inverse variance."""
    by_events = _has_counts(studies) and record["measure"] in ("RR", "OR", "RD")
    scale = math.exp if record["measure"] in _RATIOS else float
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
    back = "exp() gives ratios." if record["measure"] in _RATIOS else "No scale is changed."
    return [
        f"# {record['k']} {'study' if record['k'] == 1 else 'studies'}, measure {record['measure'] or 'not named'}: the same numbers as metaanalysis gives, by the R package {package}.",
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
    names = ", ".join(json.dumps(group["name"], ensure_ascii=False) for group in groups)
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
