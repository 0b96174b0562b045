"""A pooled result and what stands beside it, as files: pictures, tables, and the record of everything."""

import filecmp
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ipdrecon.app import saving
from ipdrecon.app.analyses import pooled_rows
from ipdrecon.app.exchange.written_list import exported
from ipdrecon.app.json_files import read_record
from ipdrecon.app.patient_rows import PARTS
from ipdrecon.app.pooling import rows_with_draws

FOREST, POOLED, STUDIES, METHODS = "forest", "pooled.json", "studies.csv", "methods.txt"
_ENDINGS = (".svg", ".pdf", ".png")
_LEAST_FOR_LEAVING_OUT, _LEAST_FOR_FUNNEL = 3, 10


@dataclass(frozen=True)
class ForestRequest:
    """How the forest plot looks.

    Attributes
    ----------
    look : str
        Of `metaanalysis.LOOKS`.
    favours : tuple of str
        What effects left and right of no effect favour.
    sort : {"effect", "weight", "year", "study"} or None
    columns : tuple of str
        Further columns of the table to show.
    """

    look: str = "cochrane"
    favours: tuple = ("treatment", "reference")
    sort: str | None = None
    columns: tuple = ()


def pooled_record(pooled, studies, analyses=None):
    """Make the record of a pooled result, as ``ipdrecon pool --json`` prints it.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
    analyses : Analyses, optional

    Returns
    -------
    dict
        Studies that have draws and are pooled by ``sei`` have its parts, ``sampling_se`` and ``reconstruction_se``; those
        whose effect was derived have its ``route``.
    """
    record = pooled.to_dict()
    rows = pooled_rows(pooled, studies)
    parts = {} if pooled.counts is not None else rows_with_draws(rows)[list(PARTS)].to_dict("index")
    routes = rows["route"].fillna("").tolist() if "route" in rows else [""] * len(rows)
    for place, (study, route) in enumerate(zip(record["studies"], routes, strict=True)):
        study |= parts.get(place, {}) | ({"route": route} if route else {})
    return record | ({} if analyses is None else analyses.to_dict())


def pooled_files(pooled, studies, analyses, record, forest=None):
    """Make the files of a pooled result.

    Parameters
    ----------
    pooled : metaanalysis.PooledEstimate
    studies : DataFrame
    analyses : Analyses
    record : dict
        Made of them by `pooled_record`.
    forest : ForestRequest, optional

    Returns
    -------
    dict of str to bytes
        ``pooled.json``, ``studies.csv``, ``methods.txt``, a table of each analysis as CSV, and each picture as SVG, PDF and
        PNG: ``forest`` always, ``leave_one_out`` from three studies on, ``funnel`` from ten, and those of the analyses. The record
        names the others.
    """
    files = {
        STUDIES: saving.frame_csv(studies.dropna(axis=1, how="all")),
        METHODS: f"{analyses.get('methods')}\n".encode(),
    }
    for name, frame in tables_of(analyses).items():
        files[f"{name}.csv"] = saving.frame_csv(frame)
    files |= _picture_files(_pictures(pooled, studies, analyses, forest or ForestRequest()))
    return files | {POOLED: saving.json_bytes(record | {"files": sorted(files)}, saving.ALL_DIGITS)}


def write_pooled(out, files):
    """Write the files of a pooled result; those of the result before, and what was exported of it, are taken away.

    Parameters
    ----------
    out : str or Path
    files : dict of str to bytes
        As `pooled_files` gives them, and others.

    Raises
    ------
    FolderError
        When they cannot be written.
    """
    out = Path(out)

    def untrue(new):
        named = read_record(out / POOLED).get("files")
        earlier = [name for name in named if isinstance(name, str) and name.endswith((*_ENDINGS, ".csv", ".txt"))] if isinstance(named, list) else []
        is_same = all((out / name).is_file() and filecmp.cmp(out / name, new / name, shallow=False) for name in (POOLED, STUDIES))
        return (*(name for name in earlier if Path(name).name == name and name not in files), *(() if is_same else exported(out)))

    saving.write_files(out, files, outdated=untrue)


def tables_of(analyses):
    """Give the tables of analyses, by name.

    Parameters
    ----------
    analyses : Analyses

    Returns
    -------
    dict of str to DataFrame
    """
    frames = {}
    for name, result in analyses.results.items():
        if isinstance(result, tuple):
            frames[name] = pd.DataFrame([item.to_dict() for item in result])
        elif hasattr(result, "to_frame"):
            frames[name] = result.to_frame()
    return frames


def _pictures(pooled, studies, analyses, forest):
    """Names and makers of pictures."""
    import metaanalysis as ma

    yield FOREST, lambda: _forest(pooled, studies, forest)
    if pooled.is_mixed:
        return
    if pooled.k >= _LEAST_FOR_LEAVING_OUT:
        yield "leave_one_out", lambda: ma.leave_one_out_plot(pooled)
    if pooled.k >= _LEAST_FOR_FUNNEL:
        yield "funnel", lambda: ma.funnel_plot(pooled, fill=True)
    drawn = {
        "cumulative": ma.cumulative_plot, "gosh": ma.gosh_plot, "sequential": ma.sequential_plot, "bayes": ma.posterior_plot, "influence": ma.influence_plot,
    }
    for name, plot in drawn.items():
        if analyses.get(name) is not None:
            yield name, lambda plot=plot, name=name: plot(analyses.get(name))
    if analyses.get("influence") is not None:
        yield "baujat", lambda: ma.baujat_plot(analyses.get("influence"))
        yield "galbraith", lambda: ma.galbraith_plot(pooled)
    yield from _bubbles(pooled, analyses.get("regression"))
    if analyses.get("patients") is not None and analyses.get("patients").curves is not None:
        yield "pooled_curves", lambda: ma.pooled_curves_plot(analyses.get("patients").curves, analyses.get("patients").windows)


def _forest(pooled, studies, wanted):
    from metaanalysis import forest_plot

    rows = pooled_rows(pooled, studies)
    judged = [name for name in rows if name == "overall" or name[:1] == "D" and name[1:].isdigit()]
    return forest_plot(
        pooled, look=wanted.look, favours=wanted.favours, sort=wanted.sort, columns=wanted.columns, table=rows,
        risk_of_bias=rows[["study", *judged]] if judged else None, comparison=pooled.subgroup_contrasts,
    )


def _bubbles(pooled, regression):
    """A bubble plot for each moderator of numbers."""
    from metaanalysis import bubble_plot

    if regression is None:
        return
    for term in regression.moderators.terms:
        if not term.levels:
            line, values = regression.line(term.name), regression.moderators.design[:, term.columns[0]]
            drawn = {"x": line[term.name], "estimate": line["estimate"], "ci_low": line["ci_low"], "ci_high": line["ci_high"]}
            options = {"weights": regression.weights, "study": pooled.study, "measure": pooled.measure, "moderator_name": term.name}
            yield f"bubble_{_plain(term.name)}", lambda values=values, drawn=drawn, options=options: bubble_plot(values, pooled.yi, pooled.vi, drawn, **options)


def _plain(name):
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _picture_files(pictures):
    from metaanalysis import save_picture

    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in pictures:
            figure = make()
            for ending in _ENDINGS:
                path = save_picture(figure, Path(folder) / f"{name}{ending}")
                files[path.name] = path.read_bytes()
    return files
