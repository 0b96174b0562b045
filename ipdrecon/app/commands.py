"""The command line: one command per verb; each parses, calls one function and says what came of it."""

from pathlib import Path
from typing import Annotated

import typer

from ipdrecon.app import review_commands
from ipdrecon.app.command_options import Jobs, Out, folder_beside, numbers_by_arm, one_of, pairs_of
from ipdrecon.app.console import Outcome, refuse, verb

app = typer.Typer(
    name="ipdrecon",
    help="Published Kaplan-Meier figures to patients, hazard ratios and pooled results, offline.",
    epilog="Exit status: 0 done; 1 could not be done; 2 wrong usage; 3 done, but something needs a look.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
    out: Out = None,
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

    folder = out or folder_beside(figure)
    names, scale = pairs_of(name, "--name"), scale and one_of(scale, _SCALES, "--scale")
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
    jobs: Jobs = 1,
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
    from ipdrecon.app.processes import processes
    from ipdrecon.app.workflow import all_flags, reconstruct_to_folder
    from ipdrecon.flags import needs_review
    from ipdrecon.survival.reconstruction import METHODS
    from ipdrecon.survival.reported import read_reported

    method = one_of(method, METHODS, "--method")
    numbers = {"n": numbers_by_arm(n, "--n"), "n_event": numbers_by_arm(events, "--events")}
    if use_hr and reported is None:
        raise typer.BadParameter("--use-hr goes with --reported FILE, which holds the hazard ratio")
    printed = () if reported is None else read_reported(reported)
    shown = talk.counting("Rebuilding patients …") if draws else talk.working("Rebuilding patients …")
    with processes(jobs) as run, shown as step:
        digitisation, arms = reconstruct_to_folder(
            folder, method=method, draws=draws, seed=seed, reported=printed, use_hr=use_hr, run=run, on_draws=step, **numbers
        )
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
    n, events = numbers_by_arm(numbers[0], "--n"), numbers_by_arm(numbers[1], "--events")
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
    curves: Annotated[list[str], typer.Argument(metavar="[ARM=]FILE", help="Coordinates of curves, as a digitiser wrote them; or: revman FILE.", show_default=False)],
    at_risk: Annotated[list[str] | None, typer.Option(metavar="[ARM=]FILE", help="Numbers at risk; may be repeated, in the order of the curves.")] = None,
    name: Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Another name of an arm; may be repeated.")] = None,
    n: Annotated[list[str] | None, typer.Option("--n", metavar="ARM=N", help="Patients of an arm; may be repeated.")] = None,
    events: Annotated[list[str] | None, typer.Option(metavar="ARM=N", help="Total events of an arm; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of time: days, weeks, months, years.")] = "",
    scale: Annotated[str | None, typer.Option(help="survival, percent, incidence or incidence_percent.")] = None,
    decimal: Annotated[str | None, typer.Option(help="point or comma, where a file does not tell.")] = None,
    analysis: Annotated[str | None, typer.Option(help="revman: which analysis, as 1.2; without, they are listed.")] = None,
    measure: Annotated[str | None, typer.Option(help="revman: HR, RR, OR or RD, where the file does not tell.")] = None,
    into: Annotated[Path | None, typer.Option(metavar="FILE", help="revman: a studies.csv whose pooled row the trials replace.", show_default=False)] = None,
    replaces: Annotated[str | None, typer.Option(metavar="STUDY", help="revman: the study of that row, where several are pooled.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the results; revman: the table to write.", show_default=False)] = None,
):
    """Make a figure folder from the files of another digitiser, or a studies.csv from the file of a Cochrane review.

    Example: ipdrecon import placebo.csv drug.csv --at-risk nrisk_placebo.txt --at-risk nrisk_drug.txt --unit months --out fig5/

    Example: ipdrecon import revman CD012244-dataPackage.zip --analysis 1.1 --out studies.csv
    """
    of_review = {"--analysis": analysis, "--measure": measure, "--into": into, "--replaces": replaces}
    if curves[0] == "revman":
        from ipdrecon.app.exchange.review_rows import import_by_command

        refuse({"--at-risk": at_risk, "--name": name, "--n": n, "--events": events, "--unit": unit, "--scale": scale, "--decimal": decimal}, "goes with curves, not with revman")
        return import_by_command(talk, curves[1:], of_review, out)
    refuse(of_review, "goes with: ipdrecon import revman FILE")
    from ipdrecon.app import sentences
    from ipdrecon.app.exchange.cell_table import DECIMALS
    from ipdrecon.app.exchange.imported_figure import ImportRequest, import_to_folder, name_and_path
    from ipdrecon.flags import needs_review

    if out is None and len(curves) > 1:
        raise typer.BadParameter(f"{len(curves)} files make one figure folder; give its name with --out DIR")
    folder = out or folder_beside(name_and_path(curves[0])[1])
    scale, decimal = scale and one_of(scale, _SCALES, "--scale"), decimal and one_of(decimal, DECIMALS, "--decimal")
    numbers = numbers_by_arm(n, "--n"), numbers_by_arm(events, "--events")
    request = ImportRequest(tuple(curves), tuple(at_risk or ()), pairs_of(name, "--name"), *numbers, unit.strip(), scale, decimal)
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
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A figure folder with rebuilt patients, or a pooled result.", show_default=False)],
    to: Annotated[str, typer.Option(help="Patients: csv, ipdfromkm, stata, survhe or metarmst. A pooled result: metafor, meta, revman, json or csv.")] = "csv",
    panel: Annotated[str | None, typer.Option(help="Only this panel; each has files of its own.")] = None,
    arm: Annotated[list[str] | None, typer.Option(help="Only these arms, in this order; may be repeated. The first is the reference.")] = None,
    trial: Annotated[int, typer.Option(help="Number of the trial, for metarmst.", min=1)] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder, or the file itself; by default DIR/export.", show_default=False)] = None,
):
    """Write rebuilt patients, or a pooled result, in another program's format.

    Example: ipdrecon export fig5/ --to stata --out fig5.dta

    Example: ipdrecon export pooled/ --to metafor
    """
    from ipdrecon.app import sentences
    from ipdrecon.app.exchange.patients_out import FORMATS, ExportRequest, export_from_folder
    from ipdrecon.app.exchange.pooled_out import export_pooled_folder, is_pooled
    from ipdrecon.flags import needs_review

    if is_pooled(folder):
        refuse({"--panel": panel, "--arm": arm}, "goes with patients, not with a pooled result")
        paths = export_pooled_folder(folder, to.casefold(), out)
        for path in paths:
            talk.say(f"  {path}")
        return Outcome({"format": to.casefold(), "files": [str(path) for path in paths]})
    request = ExportRequest(one_of(to, FORMATS, "--to"), panel, tuple(arm or ()), trial)
    exported = export_from_folder(folder, request, out)
    for line in sentences.of_export(exported):
        talk.say(line)
    talk.flags(exported.flags)
    record = {"format": request.to, "files": [str(path) for path in exported.paths], "codes": exported.codes, "patients": exported.counts}
    return Outcome(record | {"flags": [flag.to_dict() for flag in exported.flags]}, needs_review(exported.flags))


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

    def ready(address, door):
        talk.announce(address, {"address": address, "path": str(path)})
        talk.say("Ctrl-C ends it; everything is on disk.", style="dim")
        if browser:
            import webbrowser

            webbrowser.open(door)

    serve_folder(path, port=port, on_ready=ready, debug=talk.debug)
    return Outcome(None)


def _json_of(path):
    import json

    return json.loads(path.read_text("utf-8"))


app.add_typer(review_commands.app)
