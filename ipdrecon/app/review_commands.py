"""The commands of many studies: pool, audit, batch, and whole reviews."""

from pathlib import Path
from typing import Annotated

import typer

from ipdrecon.app.command_options import Jobs, Out, one_of
from ipdrecon.app.console import Outcome, refuse, verb

app = typer.Typer()


@verb(app, "pool")
def pool(
    talk,
    studies: Annotated[Path, typer.Argument(help="A table of studies: studies.csv.", show_default=False)],
    measure: Annotated[str | None, typer.Option(help="HR, RR, OR or RD; by default as the columns say, else HR.")] = None,
    tau2: Annotated[str | None, typer.Option(help="REML, DL, PM, ML, HE, SJ or EB; by default of the preset, else REML.")] = None,
    ci: Annotated[str | None, typer.Option(help="hk-adhoc, hk, hk-iqwig or wald; by default of the preset, else hk-adhoc.")] = None,
    fixed: Annotated[str, typer.Option(help="iv, mh or peto; the last two need events.")] = "iv",
    by: Annotated[str | None, typer.Option(help="Column of the subgroups.")] = None,
    subgroup_tau2: Annotated[str | None, typer.Option(help="separate or common: one tau² per subgroup, or one for all.")] = None,
    preset: Annotated[str | None, typer.Option(help="revman, metafor, meta, iqwig or legacy-dl: as that program does.")] = None,
    prediction: Annotated[str | None, typer.Option(help="Prediction interval: t, riley or normal.")] = None,
    level: Annotated[float | None, typer.Option(help="Of all intervals, as 0.95.")] = None,
    zero_cells: Annotated[str, typer.Option(help="tables, all, treatment-arm or none: what is added to tables with a zero.")] = "tables",
    analysis: Annotated[str | None, typer.Option(help="Which analysis of a RevMan file, as 1.2.")] = None,
    also: Annotated[list[str] | None, typer.Option(help="Besides: influence, gosh, bayes (repeatable).")] = None,
    order: Annotated[str | None, typer.Option(help="Column by which studies are added one by one, as year.")] = None,
    moderator: Annotated[list[str] | None, typer.Option(help="Column of a meta-regression (repeatable).")] = None,
    effect: Annotated[float | None, typer.Option(help="Sequential analysis: the effect anticipated, as a ratio 0.8.")] = None,
    control_risk: Annotated[float | None, typer.Option(help="Its risk in the control group; by default as observed.")] = None,
    baseline_risk: Annotated[list[float] | None, typer.Option(help="Absolute effects at this risk of the event (repeatable).")] = None,
    time: Annotated[str | None, typer.Option(help="When that risk is, in words: '3 years'.")] = None,
    look: Annotated[str, typer.Option(help="Of the forest plot: cochrane, jama, bmj or lancet.")] = "cochrane",
    favours: Annotated[tuple[str, str], typer.Option(metavar="LEFT RIGHT", help="What effects left and right of no effect favour.")] = ("treatment", "reference"),
    sort: Annotated[str | None, typer.Option(help="Rows by effect, weight, year or study.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="Further column of the table in the forest plot (repeatable).")] = None,
    jobs: Jobs = 1,
    out: Out = None,
):
    """Pool hazard ratios or other effects of several studies.

    Example: ipdrecon pool studies.csv --by aetiology --out pooled/
    """
    from ipdrecon.app import pooled_sentences
    from ipdrecon.app.analyses import ALSO, AnalysisRequest, analyse
    from ipdrecon.app.command_options import pool_settings, share
    from ipdrecon.app.patient_rows import holds_patients
    from ipdrecon.app.pooled_files import ForestRequest, pooled_files, pooled_record, write_pooled
    from ipdrecon.app.pooling import pool_table
    from ipdrecon.app.processes import counting, processes
    from metaanalysis import LOOKS
    from metaanalysis.pictures.forest_table import SORTS

    settings = pool_settings(
        measure, fixed, by, analysis, zero_cells=zero_cells, preset=preset, tau2=tau2, ci=ci, prediction=prediction, subgroup_tau2=subgroup_tau2, level=level,
    )
    refuse({"--time": None if baseline_risk else time}, "goes with --baseline-risk")
    refuse({"--control-risk": None if effect is not None else control_risk}, "goes with --effect")
    control_risk = control_risk and share(control_risk, "--control-risk")
    risks = tuple(share(risk, "--baseline-risk") for risk in baseline_risk or ())
    request = AnalysisRequest(tuple(one_of(name, ALSO, "--also") for name in also or ()), order, tuple(moderator or ()), effect, control_risk, risks, time)
    forest = ForestRequest(one_of(look, LOOKS, "--look"), favours, sort and one_of(sort, SORTS, "--sort"), tuple(column or ()))
    shown = talk.counting("Pooling …") if holds_patients(studies) else talk.working("Pooling …")
    with processes(jobs) as run, shown as step:
        run = run if step is None else counting(run, step, "parts")
        pooled, frame, patients = pool_table(studies, settings, run)
        analyses = analyse(pooled, frame, request, patients, run=run)
        record = pooled_record(pooled, frame, analyses)
        if out is not None:
            write_pooled(out, pooled_files(pooled, frame, analyses, record, forest))
    for line in pooled_sentences.of_all(pooled, frame, analyses):
        talk.say(line)
    if out is not None:
        talk.say(f"The forest plot is {out / 'forest.svg'}; the numbers are in {out / 'pooled.json'}; the methods in words in {out / 'methods.txt'}.")
    return Outcome(record, bool(analyses.refused))


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


@verb(app, "audit")
def audit(
    talk,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What a paper prints: reported.csv, or several tables of one paper.", show_default=False)],
):
    """Hold the numbers a paper prints against each other.

    Example: ipdrecon audit reported.csv
    """
    from ipdrecon.app.auditing import summary_of, tables_of
    from ipdrecon.audit import audit as audit_files

    with talk.working("Comparing …"):
        result = audit_files(*files)
    for table in tables_of(result, all_places=talk.verbose):
        talk.show(table)
    for line in summary_of(result):
        talk.say(line)
    return Outcome(result.to_dict(), result.is_contradicted)


@verb(app, "run")
def run(
    talk,
    review: Annotated[Path, typer.Argument(help="A review.toml.", show_default=False)],
    out: Out = None,
    jobs: Jobs = 1,
):
    """Do everything a review asks for, from its figures to report.html.

    Example: ipdrecon run review.toml
    """
    from ipdrecon.app.processes import processes
    from ipdrecon.app.review_run import run_review

    with processes(jobs) as run, talk.working("Working through the review …"):
        result = run_review(review, out, run=run)
    _tell_review(talk, result)
    return Outcome(result.to_dict(), result.needs_review())


@verb(app, "batch")
def batch(
    talk,
    source: Annotated[str, typer.Argument(metavar="MANIFEST|FOLDER", help="A CSV or TOML file, a folder of figures, or a pattern in quotes.", show_default=False)],
    out: Out = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes started here; a scheduler at an address has its own.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, or local.", show_default=False)] = None,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds for one figure.")] = 600.0,
    draws: Annotated[int, typer.Option(min=0, help="Data sets to draw of each figure.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Do everything anew.")] = False,
):
    """Digitise, rebuild and compare many figures; run it again and only what is missing or changed is done.

    Example: ipdrecon batch figures/ --jobs 2
    """
    from ipdrecon.app.batch.batch_run import BatchSettings, run_batch
    from ipdrecon.errors import lacking

    if jobs > 1 and scheduler not in (None, "local"):
        raise typer.BadParameter(f"--jobs {jobs} has no effect at {scheduler}, whose workers do the work; leave it out, or give --scheduler local")
    settings = BatchSettings(jobs, scheduler, time_limit, draws, seed, force)
    with talk.counting("Figures") as step:
        result = run_batch(
            source, out, settings,
            on_begin=lambda kept, total: step(kept, total, f"{kept} stand already") if kept else None,
            on_step=lambda done, total, record: step(done, total, f"{record['id']}: {record['status']}"),
        )
    talk.say(f"{result.counts()}; {result.n_kept} stood already.")
    for line in result.failures():
        talk.say(f"  ! {line}", style="yellow")
    if missing := lacking("parquet"):
        talk.say(f"No results.parquet: {missing}.", style="dim")
    talk.say(f"Rows: {result.out / 'results.csv'}; what to look at first: {result.out / 'queue.csv'}; pictures: {result.out / 'overview.html'}")
    return Outcome(result.to_dict(), result.statuses["done"] < sum(result.statuses.values()))


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
    from ipdrecon.app.review_sentences import of_review

    for line in of_review(result):
        talk.say(line)
    talk.flags(result.flags())
    talk.say(f"Open {result.report}", style="bold")
