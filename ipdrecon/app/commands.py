"""The command line: one command per verb; each parses, calls one function and says what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from ipdrecon.app.console import Outcome, verb

app = typer.Typer(
    name="ipdrecon",
    help="Published Kaplan-Meier figures to patients, hazard ratios and pooled results, offline.",
    epilog="Exit status: 0 done; 1 could not be done; 2 wrong usage; 3 done, but something needs a look.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results.", show_default=False)]
_Range = tuple[float, float] | None
_Box = tuple[float, float, float, float] | None
_SCALES = ("survival", "percent", "incidence", "incidence_percent")


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        Exit status.
    """
    try:
        app(args=None if arguments is None else list(arguments))
    except SystemExit as end:
        return end.code or 0
    return 0


def _show_version(wanted):
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ipdrecon {version('ipdrecon')}")
        raise typer.Exit


@app.callback()
def _front(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
):
    pass


@verb(app, "digitise", hidden_names=("digitize",))
def digitise(
    talk,
    figure: Annotated[Path, typer.Argument(help="The figure: PNG, JPEG, WebP, TIFF, BMP, GIF, PDF or SVG.", show_default=False)],
    out: _Out = None,
    panel: Annotated[str | None, typer.Option(help="Only this panel: its letter, or its number.")] = None,
    page: Annotated[int | None, typer.Option(help="Page of a PDF, from 1; all are searched by default.", min=1)] = None,
    arms: Annotated[int | None, typer.Option(help="Number of curves, where it is seen wrongly.", min=1)] = None,
    x_range: Annotated[_Range, typer.Option(metavar="MIN MAX", help="Times at the first and the last tick.")] = None,
    y_range: Annotated[_Range, typer.Option(metavar="MIN MAX", help="Values at the lowest and the highest tick.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the time axis: days, weeks, months, years.")] = None,
    at_risk: Annotated[Path | None, typer.Option(help="Numbers at risk by hand: CSV panel,arm,time,n_risk.")] = None,
    name: Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Another name of an arm; may be repeated.")] = None,
    scale: Annotated[str | None, typer.Option(help="survival, percent, incidence or incidence_percent.")] = None,
    box: Annotated[_Box, typer.Option(metavar="LEFT TOP RIGHT BOTTOM", help="The only plotting box, in px.")] = None,
    ocr: Annotated[bool, typer.Option("--ocr/--no-ocr", help="Read text; without, give both ranges.")] = True,
    edits: Annotated[Path | None, typer.Option(help="Changes by hand; by default edits.json of the results' folder.")] = None,
    no_edits: Annotated[bool, typer.Option("--no-edits", help="Leave the folder's edits.json aside.")] = False,
    save_edits: Annotated[bool, typer.Option("--save-edits", help="Keep all changes in edits.json, for the next run.")] = False,
    pictures: Annotated[Path | None, typer.Option(metavar="DIR", help="One picture per finder, and one per doubt.")] = None,
):
    """Read the curves and the at-risk table of a figure.

    Example: ipdrecon digitise fig5.png --name "arm 1=Placebo"
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.given import Given
    from ipdrecon.app.workflow import digitise_to_folder
    from ipdrecon.flags import needs_review

    folder = out or figure.with_suffix("")
    names, scale = _pairs(name, "--name"), scale and _one_of(scale, _SCALES, "--scale")
    given = Given(panel, page, arms, x_range, y_range, unit, at_risk, box, scale, names, edits, no_edits, ocr)
    with talk.working(f"Reading {figure.name} …"):
        digitisation = digitise_to_folder(figure, folder, given, pictures=pictures, save_edits=save_edits)
    for line in sentences.of_digitisation(digitisation):
        talk.say(line)
    talk.flags(digitisation.all_flags(), with_numbers=True)
    talk.say(f"Look at {folder / 'overlay.png'}; the tables are beside it.")
    if pictures is not None:
        talk.say(f"What each finder saw, and each doubt, is in {pictures}.")
    return Outcome(_json_of(folder / "figure.json") | {"folder": str(folder)}, needs_review(digitisation.all_flags()))


@verb(app, "reconstruct")
def reconstruct(
    talk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A figure folder.", show_default=False)],
    n: Annotated[list[str] | None, typer.Option("--n", metavar="ARM=N", help="Patients of an arm; may be repeated.")] = None,
    events: Annotated[list[str] | None, typer.Option(metavar="ARM=N", help="Total events of an arm; may be repeated.")] = None,
    method: Annotated[str, typer.Option(help="joint: everything printed at once; guyot: the algorithm of Guyot et al. (2012).")] = "joint",
    reported: Annotated[Path | None, typer.Option(metavar="FILE", help="A reported.csv: medians, survival at times, … enter with their precision.")] = None,
    use_hr: Annotated[bool, typer.Option("--use-hr", help="With --reported: hazard ratios and log-rank p enter too, and are then no test of the result.")] = False,
    draws: Annotated[int, typer.Option(help="Further data sets that fit the figure as well; they tell how sure the result is. joint only.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Of the draws; the patients themselves do not depend on it.", min=0)] = 0,
    cause: Annotated[list[str] | None, typer.Option(metavar="CURVE=CAUSE[@ARM]", help="Curves are incidences of causes: which, the main one first.")] = None,
    overall: Annotated[list[str] | None, typer.Option(metavar="CURVE[@ARM]", help="With --cause: the curve of all causes together.")] = None,
):
    """Rebuild the patients behind digitised curves.

    Example: ipdrecon reconstruct fig5/ --events "Placebo=48" --draws 50
    """
    if cause or overall:
        return _reconstruct_causes(talk, folder, (cause, overall), (n, events))
    from ipdrecon.app import sentences
    from ipdrecon.app.draws import DRAWS
    from ipdrecon.app.workflow import all_flags, reconstruct_to_folder
    from ipdrecon.flags import needs_review
    from ipdrecon.survival.reconstruction import METHODS
    from ipdrecon.survival.reported import read_reported

    method = _one_of(method, METHODS, "--method")
    numbers = {"n": _numbers_by_arm(n, "--n"), "n_event": _numbers_by_arm(events, "--events")}
    if use_hr and reported is None:
        raise typer.BadParameter("--use-hr goes with --reported FILE, which holds the hazard ratio")
    printed = () if reported is None else read_reported(reported)
    with talk.working("Rebuilding patients …"):
        digitisation, arms = reconstruct_to_folder(folder, method=method, draws=draws, seed=seed, reported=printed, use_hr=use_hr, **numbers)
    for line in (*sentences.of_arms(arms), *sentences.of_expected(arms)):
        talk.say(line)
    flags = all_flags(digitisation, arms)
    talk.flags(flags)
    talk.say(f"Look at {folder / 'reconstruction.png'}; the patients are in {folder / 'ipd.csv'}.")
    if any(arm.draws for arm in arms):
        talk.say(f"The draws are in {folder / DRAWS}.")
    return Outcome(_json_of(folder / "reconstruction.json") | {"folder": str(folder)}, needs_review(flags))


def _reconstruct_causes(talk, folder, curves, numbers):
    from ipdrecon.app.by_cause import parse_cause, parse_overall, reconstruct_causes_to_folder, sentences_of
    from ipdrecon.app.workflow import all_flags
    from ipdrecon.flags import needs_review

    causes = [parse_cause(text) for text in curves[0] or ()]
    if None in causes:
        raise typer.BadParameter(f"{curves[0][causes.index(None)]!r} is not CURVE=CAUSE or CURVE=CAUSE@ARM, as in --cause 'Relapse=relapse@Placebo'")
    if not causes:
        raise typer.BadParameter("--overall goes with --cause CURVE=CAUSE; name a cause too")
    causes += [parse_overall(text) for text in curves[1] or ()]
    n, events = _numbers_by_arm(numbers[0], "--n"), _numbers_by_arm(numbers[1], "--events")
    with talk.working("Rebuilding patients with causes …"):
        digitisation, arms = reconstruct_causes_to_folder(folder, causes, n=n, n_event=events)
    for line in sentences_of(arms):
        talk.say(line)
    flags = all_flags(digitisation, arms)
    talk.flags(flags)
    talk.say(f"Look at {folder / 'reconstruction.png'}; the patients and their causes are in {folder / 'ipd.csv'}.")
    return Outcome(_json_of(folder / "reconstruction.json") | {"folder": str(folder)}, needs_review(flags))


@verb(app, "validate")
def validate(
    talk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A figure folder with rebuilt patients.", show_default=False)],
    reported: Annotated[Path, typer.Option(help="What the paper prints: reported.csv.", show_default=False)],
):
    """Compare rebuilt patients with the numbers the paper prints.

    Example: ipdrecon validate fig5/ --reported reported.csv
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.workflow import agreement_needs_review, validate_to_folder
    from ipdrecon.survival.reported import read_reported

    with talk.working("Comparing …"):
        agreement = validate_to_folder(folder, read_reported(reported))
    for line in sentences.of_agreement(agreement):
        talk.say(line)
    talk.flags(flag for flag in agreement.flags if flag.name != "disagrees")
    talk.say(f"The table is in {folder / 'validation.csv'}.")
    return Outcome(_json_of(folder / "validation.json") | {"folder": str(folder)}, agreement_needs_review(agreement))


@verb(app, "import")
def import_files(
    talk,
    curves: Annotated[list[str], typer.Argument(metavar="[ARM=]FILE", help="Coordinates of curves, as a digitiser wrote them.", show_default=False)],
    at_risk: Annotated[list[str] | None, typer.Option(metavar="[ARM=]FILE", help="Numbers at risk; may be repeated, in the order of the curves.")] = None,
    name: Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Another name of an arm; may be repeated.")] = None,
    n: Annotated[list[str] | None, typer.Option("--n", metavar="ARM=N", help="Patients of an arm; may be repeated.")] = None,
    events: Annotated[list[str] | None, typer.Option(metavar="ARM=N", help="Total events of an arm; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of time: days, weeks, months, years.")] = "",
    scale: Annotated[str | None, typer.Option(help="survival, percent, incidence or incidence_percent.")] = None,
    decimal: Annotated[str | None, typer.Option(help="point or comma, where a file does not tell.")] = None,
    out: _Out = None,
):
    """Make a figure folder from the files of another digitiser.

    Example: ipdrecon import placebo.csv drug.csv --at-risk nrisk_placebo.txt --at-risk nrisk_drug.txt --unit months --out fig5/
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.exchange.cell_table import DECIMALS
    from ipdrecon.app.exchange.imported_figure import ImportRequest, import_to_folder, name_and_path
    from ipdrecon.flags import needs_review

    if out is None and len(curves) > 1:
        raise typer.BadParameter(f"{len(curves)} files make one figure folder; give its name with --out DIR")
    folder = out or name_and_path(curves[0])[1].with_suffix("")
    scale, decimal = scale and _one_of(scale, _SCALES, "--scale"), decimal and _one_of(decimal, DECIMALS, "--decimal")
    numbers = _numbers_by_arm(n, "--n"), _numbers_by_arm(events, "--events")
    request = ImportRequest(tuple(curves), tuple(at_risk or ()), _pairs(name, "--name"), *numbers, unit.strip(), scale, decimal)
    with talk.working("Reading …"):
        imported = import_to_folder(request, folder)
    for line in sentences.of_import(imported):
        talk.say(line)
    flags = imported.digitisation.all_flags()
    talk.flags(flags)
    talk.say(f"The figure folder is {folder}; go on with: ipdrecon reconstruct {folder}")
    return Outcome(_json_of(folder / "figure.json") | {"folder": str(folder)}, needs_review(flags))


@verb(app, "export")
def export(
    talk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A figure folder with rebuilt patients.", show_default=False)],
    to: Annotated[str, typer.Option(help="csv, ipdfromkm, stata, survhe or metarmst.")] = "csv",
    panel: Annotated[str | None, typer.Option(help="Only this panel; each has files of its own.")] = None,
    arm: Annotated[list[str] | None, typer.Option(help="Only these arms, in this order; may be repeated. The first is the reference.")] = None,
    trial: Annotated[int, typer.Option(help="Number of the trial, for metarmst.", min=1)] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder, or the file itself; by default DIR/export.", show_default=False)] = None,
):
    """Write rebuilt patients in another program's format.

    Example: ipdrecon export fig5/ --to stata --out fig5.dta
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.exchange.patients_out import FORMATS, ExportRequest, export_from_folder
    from ipdrecon.flags import needs_review

    request = ExportRequest(_one_of(to, FORMATS, "--to"), panel, tuple(arm or ()), trial)
    exported = export_from_folder(folder, request, out)
    for line in sentences.of_export(exported):
        talk.say(line)
    talk.flags(exported.flags)
    record = {"format": request.to, "files": [str(path) for path in exported.paths], "codes": exported.codes, "patients": exported.counts}
    return Outcome(record | {"flags": [flag.to_dict() for flag in exported.flags]}, needs_review(exported.flags))


@verb(app, "pool")
def pool(
    talk,
    studies: Annotated[Path, typer.Argument(help="A table of studies: studies.csv.", show_default=False)],
    measure: Annotated[str | None, typer.Option(help="HR, RR, OR or RD; by default as the columns say, else HR.")] = None,
    tau2: Annotated[str, typer.Option(help="REML, DL, PM, ML, HE, SJ or EB.")] = "REML",
    ci: Annotated[str, typer.Option(help="hk-adhoc, hk or wald.")] = "hk-adhoc",
    fixed: Annotated[str, typer.Option(help="iv, mh or peto; the last two need events.")] = "iv",
    by: Annotated[str | None, typer.Option(help="Column of the subgroups.")] = None,
    analysis: Annotated[str | None, typer.Option(help="Which analysis of a RevMan file, as 1.2.")] = None,
    out: _Out = None,
):
    """Pool hazard ratios or other effects of several studies.

    Example: ipdrecon pool studies.csv --by aetiology --out pooled/
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.pooling import PoolSettings, pool_table, pooled_files, pooled_record, rows_with_draws
    from ipdrecon.app.saving import write_files
    from metaanalysis.events import FIXED_METHODS
    from metaanalysis.models import CI_METHODS
    from metaanalysis.studies import MEASURES
    from metaanalysis.tau2 import ESTIMATORS

    measure = measure and _one_of(measure, MEASURES, "--measure")
    tau2, ci = _one_of(tau2, ESTIMATORS, "--tau2"), _one_of(ci, CI_METHODS, "--ci")
    settings = PoolSettings(measure, tau2, ci, _one_of(fixed, FIXED_METHODS, "--fixed"), by, analysis)
    with talk.working("Pooling …"):
        pooled, frame = pool_table(studies, settings)
        if out is not None:
            write_files(out, pooled_files(pooled, frame))
    for line in (*sentences.of_pooled(pooled), *sentences.of_rows_with_draws(rows_with_draws(frame))):
        talk.say(line)
    if out is not None:
        talk.say(f"The forest plot is {out / 'forest.svg'}; the numbers are in {out / 'pooled.json'}.")
    return Outcome(pooled_record(pooled, frame))


@verb(app, "init")
def init(
    talk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put the review.")] = Path("."),
):
    """Write a commented review.toml and trial.toml to begin with, and the schemas by which an editor checks them.

    Example: ipdrecon init my-review
    """
    from ipdrecon.app.skeleton import write_skeleton

    names = write_skeleton(folder)
    for name in names:
        talk.say(str(folder / name))
    talk.say(f"Fill in {folder / names[0]}, then: ipdrecon run {folder / names[0]}", style="bold")
    return Outcome({"files": [str(folder / name) for name in names]})


@verb(app, "run")
def run(
    talk,
    review: Annotated[Path, typer.Argument(help="A review.toml.", show_default=False)],
    out: _Out = None,
):
    """Do everything a review asks for, from its figures to report.html.

    Example: ipdrecon run review.toml
    """
    from ipdrecon.app.review_run import run_review

    with talk.working("Working through the review …"):
        result = run_review(review, out)
    _tell_review(talk, result)
    return Outcome(result.to_dict(), result.needs_review())


@verb(app, "serve")
def serve(
    talk,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder with the figures.")] = Path(),
    port: Annotated[int, typer.Option(help="Port; any free one by default.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
):
    """Open the workbench: check and mend figures in the browser, on this machine only.

    Example: ipdrecon serve figures/
    """
    from ipdrecon.app.workbench.server import serve as serve_folder

    def ready(address):
        talk.announce(address, {"address": address, "path": str(path)})
        talk.say("Ctrl-C ends it; everything is on disk.", style="dim")
        if browser:
            import webbrowser

            webbrowser.open(address)

    serve_folder(path, port=port, on_ready=ready, debug=talk.debug)
    return Outcome(None)


@verb(app, "demo")
def demo(
    talk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put the example.")] = Path("ipdrecon-demo"),
):
    """Run the embedded example from its figure to report.html.

    Example: ipdrecon demo
    """
    from ipdrecon.app.example import run_example

    with talk.working("Running the example: reading the figure takes most of a minute …"):
        result = run_example(folder)
    _tell_review(talk, result)
    return Outcome(result.to_dict(), result.needs_review(ignored=("facsimile",)))


def _tell_review(talk, result):
    from ipdrecon.app import sentences

    for line in sentences.of_review(result):
        talk.say(line)
    talk.flags(result.flags())
    talk.say(f"Open {result.report}", style="bold")


def _json_of(path):
    import json

    return json.loads(path.read_text("utf-8"))


def _one_of(text, known, option):
    for name in known:
        if name.casefold() == text.casefold():
            return name
    raise typer.BadParameter(f"{option} is {text!r}; expected one of {', '.join(known)}")


def _pairs(texts, option):
    pairs = [tuple(part.strip() for part in text.partition("=")[::2]) for text in texts or ()]
    for text, (old, new) in zip(texts or (), pairs, strict=True):
        if not old or not new:
            raise typer.BadParameter(f"{text!r} is not OLD=NEW, as in {option} 'arm 1=Placebo'")
    return tuple(pairs)


def _numbers_by_arm(texts, option):
    numbers = {}
    for text in texts or ():
        arm, _, number = text.rpartition("=")
        if not number.strip().isdigit():
            raise typer.BadParameter(f"{text!r} is not ARM=N, with N a whole number, as in {option} 'Placebo=120'")
        if arm.strip() in numbers:
            raise typer.BadParameter(f"{arm.strip()!r} is given twice by {option}; give one number for each arm")
        numbers[arm.strip()] = int(number)
    return numbers
