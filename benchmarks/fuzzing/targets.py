"""What is fuzzed: each reader with sound files, which of them are damaged, and how much of the run it gets."""

import contextlib
import functools
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from fuzzing import seeds

_KINDS = {".json": "json", ".csv": "text", ".txt": "text", ".toml": "text", ".svg": "text", ".rm5": "text", ".zip": "zip", ".gz": "gzip", ".svgz": "gzip", ".png": "png"}
CLI_STATUSES = (0, 1, 3)


class WrongStatus(Exception):
    """A command ended with a status that is not its own, or complained of a bug."""


class Refused(Exception):
    """A command refused its input in one line, which is this message."""


def refuse(message):
    """Raise `Refused`."""
    raise Refused(message)


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes
    ----------
    name : str
    cases : callable
        Gives a list of dicts, sound files by name.
    read : callable
        Called with the folder of the files and a random.Random.
    share : float
        Of the inputs, relative to the others.
    damaged : tuple of str
        Names of files to damage, any by default.
    writes : bool
        Whether a folder ``out`` may hold files afterwards.
    words : tuple of bytes
        That mean something in the format.
    limit : float
        In seconds; what takes longer hangs.
    """

    name: str
    cases: object
    read: object
    share: float
    damaged: tuple = ()
    writes: bool = False
    words: tuple = ()
    limit: float = 20.0
    in_place: bool = False


def kind_of(name):
    return _KINDS.get(Path(name).suffix, "bytes")


def _files(name, contents):
    return [{name: content} for content in contents]


def _only(home):
    (path,) = home.iterdir()
    return path


# --- pictures and documents ------------------------------------------------------------------------------------------


def _open_picture(home, rng):
    from ipdrecon.errors import FigureError
    from ipdrecon.figure.opening import open_sheet
    from ipdrecon.figure.picture import summarise

    path = _only(home)
    with contextlib.suppress(FigureError):
        summarise(path)
    open_sheet(path, ocr=False)


def _digitise_picture(home, rng):
    from ipdrecon.figure.digitisation import DigitiseSettings, digitise

    digitise(_only(home), x_range=(0, 24), y_range=(0, 1), settings=DigitiseSettings(ocr=False))


def _digitise_document(home, rng):
    from ipdrecon.figure.digitisation import DigitiseSettings, digitise

    digitise(_only(home), settings=DigitiseSettings(ocr=False))


def _open_svg(home, rng):
    from ipdrecon.figure.picture import page_px
    from ipdrecon.figure.vector.svg_file import open_svg

    path = _only(home)
    with open_svg(path.read_bytes(), path.name) as document:
        document.scene(1)
    if rng.random() < 0.15:
        page_px(path, 1, most_side_px=120)


def _read_pdf(home, rng):
    """Within this process, so that a fault of ours is seen; pdfium itself runs in a process of its own elsewhere."""
    from ipdrecon.figure.vector.pdf import to_scene
    from ipdrecon.figure.vector.pdf_child import flattened
    from ipdrecon.figure.vector.pdf_document import Document

    document = Document(_only(home).read_bytes(), "x.pdf")
    try:
        for page in range(1, min(document.n_pages, 2) + 1):
            to_scene(*flattened(document.draw(page)), page)
        if rng.random() < 0.2:
            document.px(1, 0.3)
    finally:
        document.close()


def _open_pdf(home, rng):
    from ipdrecon.figure.picture import page_px, summarise

    summarise(_only(home))
    page_px(_only(home), 1, most_side_px=120)


def _figure_files(kinds):
    px = seeds.km_figure()
    return [{f"figure.{kind}": seeds.saved(px, kind)} for kind in kinds]


def _edited(home, rng):
    from ipdrecon.app.given import read_edits
    from ipdrecon.figure.digitisation import DigitiseSettings, digitise

    edits = [edit.to_dict() for edit in read_edits(home / "edits.json", home / "figure.png")]
    digitise(home / "figure.png", x_range=(0, 24), y_range=(0, 1), settings=DigitiseSettings(ocr=False), edits=edits)


# --- tables and records ----------------------------------------------------------------------------------------------


def _figure_folder(home, rng):
    from ipdrecon.app import library
    from ipdrecon.app.record import figure_record
    from ipdrecon.app.saving import json_bytes

    digitisation = library.read_digitisation(home)
    json_bytes(figure_record(digitisation, {}))


def _arms(home, rng):
    from ipdrecon.app.workflow import read_arms

    read_arms(home)


def _at_risk(home, rng):
    from ipdrecon.app.library import read_at_risk_tables

    read_at_risk_tables(home / "at_risk.csv")


def _reported(home, rng):
    from ipdrecon.survival.reported import read_reported

    read_reported(home / "reported.csv")


def _audit(home, rng):
    from ipdrecon.audit import audit

    audit(*sorted(home.iterdir())).to_dict()


def _pool(home, rng):
    from ipdrecon.app.pooling import PoolSettings, pool_table

    pool_table(home / "studies.csv", PoolSettings(by=rng.choice((None, "subgroup")), fixed=rng.choice(("iv", "iv", "mh"))))


def _coordinates(home, rng):
    from ipdrecon.app.exchange.imported_figure import ImportRequest, import_figure

    import_figure(ImportRequest((str(_only(home)),)))


def _risks(home, rng):
    from ipdrecon.app.exchange.risk_files import read_risk_file

    read_risk_file(_only(home))


def _manifest(home, rng):
    from ipdrecon.app.batch.manifest import read_manifest

    read_manifest(_only(home))


def _trial(home, rng):
    from ipdrecon.app.review import read_trial

    read_trial(home)


def _review(home, rng):
    from ipdrecon.app.review import read_review

    read_review(home / "review.toml")


def _edits(home, rng):
    from ipdrecon.app.given import read_edits

    read_edits(home / "edits.json")


def _cochrane(home, rng):
    from metaanalysis.errors import MetaAnalysisError
    from metaanalysis.exchange.review_file import read_review
    from metaanalysis.studies.table import pool_studies, read_studies

    for analysis in read_review(_only(home)).analyses[:4]:
        with contextlib.suppress(MetaAnalysisError):
            pool_studies(read_studies(analysis.to_frame(source="x")))


def _jobs(home, rng):
    from ipdrecon.app.batch.job_run import standing_record
    from ipdrecon.app.batch.results import result_files, results_frame

    record = standing_record(home, "k")
    if record is not None:
        result_files(results_frame([record]), home, "x")


def _records(home, rng):
    from ipdrecon.app.finder_pictures import LIST, _listed
    from ipdrecon.app.review_run import _files_of_run

    shutil.copy(home / "run.json", home / LIST)
    _files_of_run(home), _listed(home / LIST)
    (home / LIST).unlink()


def _pooled(home, rng):
    from ipdrecon.app.exchange.pooled_out import export_pooled_folder

    export_pooled_folder(home, rng.choice(("metafor", "meta", "revman", "json", "csv")), home / "out")


def _workbench(home, rng):
    from ipdrecon.app.workbench.standing import changed_by_hand, take_up

    standing = take_up(home)
    changed_by_hand(home, standing.record)


# --- commands --------------------------------------------------------------------------------------------------------


def command(*arguments):
    """A reader that runs a command; ``{}`` in an argument is the folder."""

    def run(home, rng):
        from ipdrecon.app.commands import main

        said, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
            status = main([argument.replace("{}", str(home)) for argument in arguments])
        complaint = told.getvalue()
        if status not in CLI_STATUSES or "Traceback" in complaint or "this is a bug" in complaint:
            raise WrongStatus(f"{status}: {complaint.strip()[-300:]}")
        if status == 1:
            raise Refused(complaint.removesuffix("\n"))

    return run


def _trial_files(prefix=""):
    files = {"trial.toml": seeds.TRIAL, "reported.csv": seeds.REPORTED, "at_risk.csv": seeds.AT_RISK, "figure.svg": seeds.svgs()["svg"][0]}
    return {prefix + name: content for name, content in files.items()}


def _review_case():
    return {"review.toml": seeds.REVIEW, "studies.csv": seeds.STUDIES, **_trial_files("t/")}


def _batch_case():
    return {"batch.csv": b"figure,id,at_risk\nfigure.svg,first,at_risk.csv\n", "figure.svg": seeds.svgs()["svg"][0], "at_risk.csv": seeds.AT_RISK}


def _job():
    row = {"panel": "1", "source": "vector", "sha256": "0", "unit": "months", "arms": "a; b", "n": "5; 6", "confidence": 0.9, "hr": 0.8, "ci_low": 0.5, "ci_high": 1.2, "treatment": "b", "reference": "a"}
    return json.dumps({"id": "case", "figure": "a.png", "key": "k", "status": "done", "message": "", "rows": [row], "seconds": 1.0}).encode()


_folder = functools.lru_cache(seeds.figure_folder)
_pooled_files = functools.lru_cache(seeds.pooled_folder)
_PNG = (b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"iCCP", b"zTXt", b"eXIf", b"gAMA", b"pHYs")
_JPEG = (b"\xff\xd8", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda", b"\xff\xdb", b"\xff\xdd", b"\xff\xe1Exif\0\0", b"\xff\xee", b"\xff\xd9")
_PDF = (b"obj", b"endobj", b"stream", b"/Kids", b"/Count -1", b"/Type/Page", b"1 0 R", b"4 0 R", b"/Filter/FlateDecode", b"/Length 0", b"q ", b" Q", b" re f ", b" cm ", b" Do ", b"BT ", b" ET", b"/Rotate 45", b"1e38", b"BI /W 9 /H 9 ID ", b"/MediaBox[0 0 1e9 1e9]", b"/JBIG2Decode", b"/JPXDecode", b"/ObjStm")
_SVG = (b"<g>", b"</g>", b"<use href='#m'/>", b"url(#c)", b"transform=", b"viewBox=", b"<svg>", b"<style>", b"<!DOCTYPE x>", b"<!ENTITY a 'b'>", b"&unit;", b"<![CDATA[", b"data:image/png;base64,", b"matrix(0 0 0 0 0 0)", b"A1 1 0 0 1", b"1e30", b"-1e30", b"%", b"em")
_TOML = (b"[[trial]]", b"[[outcome]]", b"[pool]", b"[", b"]", b"=", b"true", b"'''", b'"""', b"1979-05-27", b"0x1F", b"[1,2]", b"{a=1}", b"nan", b"inf", b"a.b.c=1")
_CSV = (b"panel", b"arm", b"time", b"survival", b"n_risk", b"event", b"quantity", b"value", b"hr", b"median", b"NR", b"nan", b"<0.05", b"2.5%", b"n.s.", b'"')
_ZIP = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x07\x08", b"\x09\x00", b"\x0c\x00", b"\x63\x00")


def _pictures():
    words = {"png": _PNG, "jpeg": _JPEG, "webp": (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"RIFF"), "tiff": (b"II*\0", b"MM\0*"), "bmp": (b"BM",), "gif": (b"GIF87a", b"\x21\xf9\x04", b"\x2c", b"\x3b")}
    shares = {"png": 14, "jpeg": 10, "webp": 8, "tiff": 12, "bmp": 6, "gif": 8}
    return [Target(kind, functools.partial(lambda kind: _files(f"figure.{kind}", seeds.pictures()[kind]), kind), _open_picture, shares[kind], words=words[kind]) for kind in shares]


def _documents():
    return [
        Target("digitise picture", lambda: _figure_files(("png", "jpeg", "webp", "tif")), _digitise_picture, 1.5, words=_PNG, limit=60),
        Target("svg", lambda: [*_files("figure.svg", seeds.svgs()["svg"]), *_files("figure.svg", [seeds.svgs()["svg"][1]] * 3), *_files("figure.svgz", seeds.svgs()["svgz"])], _open_svg, 12, words=_SVG),
        Target("digitise svg", lambda: _files("figure.svg", seeds.svgs()["svg"][:1]), _digitise_document, 0.6, words=_SVG, limit=60),
        Target("pdf", lambda: _files("figure.pdf", seeds.pdfs()), _read_pdf, 10, words=_PDF),
        Target("pdf in its process", lambda: _files("figure.pdf", seeds.pdfs()), _open_pdf, 0.6, words=_PDF, limit=60),
        Target("digitise pdf", lambda: _files("figure.pdf", seeds.pdfs()[:2]), _digitise_document, 0.3, words=_PDF, limit=60),
        Target("digitise with edits", lambda: [{"figure.png": seeds.saved(seeds.km_figure(), "png"), "edits.json": seeds.edits()}], _edited, 1.0, ("edits.json",), limit=60),
    ]  # fmt: skip


def _tables():
    return [
        Target("figure folder", lambda: [_folder(), {"curves.csv": seeds.CURVES, "at_risk.csv": seeds.AT_RISK, "censor_marks.csv": seeds.MARKS}], _figure_folder, 12, ("curves.csv", "at_risk.csv", "censor_marks.csv", "figure.json", "figure.json"), words=_CSV),
        Target("patients and draws", lambda: [_folder(), {"ipd.csv": seeds.IPD}], _arms, 7, ("ipd.csv", "ipd_draws.csv.gz", "reconstruction.json"), words=_CSV),
        Target("numbers at risk", lambda: _files("at_risk.csv", [seeds.AT_RISK]), _at_risk, 4, words=_CSV),
        Target("reported numbers", lambda: _files("reported.csv", [seeds.REPORTED]), _reported, 6, words=_CSV),
        Target("audit", lambda: [{"reported.csv": seeds.REPORTED}, {"a.csv": seeds.CHARACTERISTICS, "b.csv": seeds.REPORTED}], _audit, 3, words=_CSV),
        Target("studies", lambda: [*({"studies.csv": content} for content in (seeds.STUDIES, seeds.COUNTS, seeds.ROUTES)), {"studies.csv": seeds.WITH_PATIENTS, "ipd.csv": seeds.IPD}], _pool, 7, words=_CSV),
        Target("coordinates", lambda: [{name: content} for name, content in seeds.COORDINATES.items()], _coordinates, 5, words=_CSV),
        Target("risk files", lambda: [{name: content} for name, content in seeds.RISKS.items()], _risks, 4, words=_CSV),
        Target("manifest", lambda: [{"batch.csv": seeds.MANIFEST_CSV}, {"batch.toml": seeds.MANIFEST_TOML}], _manifest, 4, words=(*_TOML, *_CSV)),
        Target("trial", lambda: [_trial_files()], _trial, 4, ("trial.toml",), words=_TOML),
        Target("review", lambda: _files("review.toml", [seeds.REVIEW, seeds.OUTCOMES]), _review, 4, words=_TOML),
        Target("edits", lambda: _files("edits.json", [seeds.edits()]), _edits, 5),
        Target("data package", lambda: _files("x.zip", [seeds.package()]), _cochrane, 5, words=_ZIP),
        Target("data rows", lambda: _files("x.csv", [seeds.data_rows()]), _cochrane, 2, words=_CSV),
        Target("rm5", lambda: _files("x.rm5", [seeds.RM5]), _cochrane, 5, words=(*_SVG[:2], b"<DICH_DATA/>", b"NO=", b"SE=", b"<!DOCTYPE x>")),
        Target("job record", lambda: _files("job.json", [_job()]), _jobs, 2),
        Target("run record", lambda: _files("run.json", [json.dumps({"files": ["a", "b/c"], "inputs": {}}).encode()]), _records, 1),
        Target("pooled result", lambda: [_pooled_files()], _pooled, 3, ("pooled.json", "pooled.json", "studies.csv"), writes=True),
        Target("workbench folder", lambda: [_folder() | {"edits.json": seeds.edits(), "journal.json": json.dumps({"schema_version": 1, "edits": seeds.EDITS[:2], "revision": 3, "undo": [], "redo": [], "given": {"page": 1}}).encode()}, _folder()], _workbench, 3, ("figure.json", "edits.json", "journal.json")),
    ]  # fmt: skip


def _commands():
    figure = lambda: _figure_files(("png", "svg"))  # noqa: E731
    return [
        Target("ipdrecon digitise", lambda: [_figure_files(("png",))[0] | {"edits.json": seeds.edits()}], command("digitise", "{}/figure.png", "--no-ocr", "--x-range", "0", "24", "--y-range", "0", "1", "--edits", "{}/edits.json", "--out", "{}/out"), 0.2, writes=True, limit=60),
        Target("ipdrecon digitise svg", lambda: [figure()[1] | {"risk.csv": seeds.AT_RISK}], command("digitise", "{}/figure.svg", "--no-ocr", "--at-risk", "{}/risk.csv", "--out", "{}/out"), 0.15, writes=True, limit=60),
        Target("ipdrecon import", lambda: [{"c.csv": content, "r.csv": seeds.RISKS["r.csv"]} for content in seeds.COORDINATES.values()], command("import", "{}/c.csv", "--at-risk", "{}/r.csv", "--out", "{}/out"), 0.6, writes=True, limit=60),
        Target("ipdrecon import revman", lambda: [{"x.zip": seeds.package()}, {"x.zip": seeds.RM5}], command("import", "revman", "{}/x.zip", "--analysis", "1.1", "--out", "{}/out/studies.csv"), 0.6, writes=True, limit=60),
        Target("ipdrecon reconstruct", lambda: [{"curves.csv": seeds.CURVES, "at_risk.csv": seeds.AT_RISK}], command("reconstruct", "{}"), 0.25, writes=True, in_place=True, limit=120),
        Target("ipdrecon validate", lambda: [_folder() | {"reported.csv": seeds.REPORTED}], command("validate", "{}", "--reported", "{}/reported.csv"), 0.3, ("ipd.csv", "reported.csv", "reconstruction.json", "figure.json"), writes=True, in_place=True, limit=60),
        Target("ipdrecon export", lambda: [_folder(), {"ipd.csv": seeds.IPD}], command("export", "{}", "--to", "stata", "--out", "{}/out"), 0.3, ("ipd.csv", "reconstruction.json", "curves.csv"), writes=True, limit=60),
        Target("ipdrecon pool", lambda: [{"studies.csv": seeds.STUDIES}, {"studies.csv": seeds.COUNTS}, {"studies.csv": seeds.WITH_PATIENTS, "ipd.csv": seeds.IPD}], command("pool", "{}/studies.csv"), 0.5, limit=60),
        Target("ipdrecon audit", lambda: [{"reported.csv": seeds.REPORTED}], command("audit", "{}/reported.csv"), 0.5, limit=60),
        Target("ipdrecon batch", lambda: [_batch_case()], command("batch", "{}/batch.csv", "--out", "{}/out"), 0.06, writes=True, limit=120),
        Target("ipdrecon run", lambda: [_review_case()], command("run", "{}/review.toml", "--out", "{}/out"), 0.06, writes=True, limit=120),
        Target("ipdrecon run tables", lambda: [{"review.toml": seeds.OUTCOMES, "studies.csv": seeds.STUDIES, "counts.csv": seeds.COUNTS}], command("run", "{}/review.toml", "--out", "{}/out"), 0.06, writes=True, limit=120),
    ]  # fmt: skip


def targets():
    """All readers that are fuzzed, by name."""
    return {target.name: target for target in (*_pictures(), *_documents(), *_tables(), *_commands())}
