"""One figure of a batch, from its file to the rows of its panels; whatever happens becomes a record."""

import contextlib
import functools
import hashlib
import io
import json
import os
import shutil
import time as clock
from pathlib import Path

from ipdrecon.app import saving
from ipdrecon.app.given import EDITS
from ipdrecon.app.json_files import read_record
from ipdrecon.app.stage import mend
from ipdrecon.errors import FolderError, IpdreconError, lacking
from metaanalysis.errors import one_line

RECORD, THUMBNAIL = "job.json", "thumbnail.jpg"
DONE, REVIEW, FAILED = "done", "needs review", "failed"
_THUMBNAIL_PX = 360
_IN_A_MANIFEST = " In a batch: the column n of a manifest."


def job_key(job, folder, settings):
    """Tell what a job's results depend on: the content of its files, what is given, the settings, the program's version, and whether it can read text.

    Parameters
    ----------
    job : Job
    folder : Path
        Of its results: changes made by hand that stand there count, where the manifest names no others.
    settings : dict

    Returns
    -------
    str
        A SHA-256; of a file that cannot be read, its name stands in.
    """
    inputs = job.inputs()
    if "edits" not in inputs and (folder / EDITS).is_file():
        inputs["edits"] = folder / EDITS
    contents = {name: _digest(path) for name, path in inputs.items()}
    told = {"version": _version(), "entry": job.entry.model_dump(mode="json"), "inputs": contents, "settings": settings, "unread": lacking("ocr")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@functools.cache
def _version():
    """The program's version, which takes a while to find."""
    from ipdrecon import __version__

    return __version__


def _digest(path):
    try:
        return saving.digest(path)
    except OSError:
        return f"unread: {path}"


def standing_record(folder, key):
    """Give the record of an earlier run that stands in a job's folder, where it is of the same key; else None.

    What was lost to the machine, not to the figure (a full disk, a process that died, a time that ran out), does not stand.
    """
    record = read_record(Path(folder) / RECORD)
    is_of_job = record.get("key") == key and record.get("id") == Path(folder).name
    return record if is_of_job and record.get("stands", True) and _is_whole(record) else None


def _is_whole(record):
    """Whether a record of an earlier run has the fields that this program writes."""
    rows = record.get("rows")
    is_told = all(isinstance(record.get(name), str) for name in ("figure", "message")) and record.get("status") in (DONE, REVIEW, FAILED)
    return is_told and isinstance(rows, list) and all(map(_is_row, rows))


def _is_row(row):
    from ipdrecon.app.batch.results import NUMBERS

    if not isinstance(row, dict):
        return False
    return all(isinstance(value, int | float | None) if name in NUMBERS else not isinstance(value, list | dict) for name, value in row.items())


def run_job(job, folder, key, settings):
    """Read a figure, rebuild its patients and compare them with what is printed.

    Parameters
    ----------
    job : Job
    folder : str or Path
        Of the job's results.
    key : str
    settings : dict
        ``draws``, ``seed``.

    Returns
    -------
    dict
        The job's record, which is also written to its folder.
    """
    begin, folder, stands, rows, status = clock.perf_counter(), Path(folder), True, [], FAILED
    try:
        if job_key(job, folder, settings) != key:
            raise _OtherInput("The figure, a file given with it, the version of the program, or what is installed with it is another than when the batch was begun; run it again.")
        clear_folder(folder)
        _bring(job.figure, folder)
        rows, status, message = _work(job, folder, settings)
    except MemoryError:
        message, stands = "The figure needs more memory than there is; crop it or reduce its size.", False
    except IpdreconError as error:
        message, stands = str(error), not isinstance(error, _OtherInput) and not isinstance(error.__cause__, OSError)
    except Exception as error:
        message = f"This is a bug in ipdrecon ({type(error).__name__}: {error}); run `ipdrecon digitise` on the figure with --debug and report the traceback."
    return write_record(job, folder, key, status, message, rows=rows, seconds=clock.perf_counter() - begin, stands=stands)


class _OtherInput(IpdreconError):
    """What a job was planned with is no longer so."""


def clear_folder(folder):
    """Take away what an earlier run left in a job's folder, whole or half-written, its record first; changes made by hand stay.

    Parameters
    ----------
    folder : Path
    """
    from ipdrecon.app.exchange.written_list import exported
    from ipdrecon.app.workflow import OWN_FILES

    with contextlib.suppress(OSError):
        mend(folder)
    figure = read_record(folder / RECORD).get("figure")
    names = {THUMBNAIL, *OWN_FILES, *exported(folder)} | ({Path(figure).name} if isinstance(figure, str) else set())
    for path in (folder / RECORD, *(folder / name for name in sorted(names - {EDITS, ""}))):
        with contextlib.suppress(OSError):
            path.unlink()


def _bring(figure, folder):
    """Put the figure beside its results, so that the workbench finds it there: as a link where the file system makes one, else as a copy."""
    from ipdrecon.app.workflow import OWN_FILES

    target = folder / figure.name
    if figure.name in (RECORD, THUMBNAIL, *OWN_FILES) or not figure.is_file():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(figure.resolve(), target)
        except OSError:
            shutil.copyfile(figure, target)
    except OSError as error:
        raise FolderError(f"{target} cannot be written ({error.strerror}); give another place with --out.") from error


def write_record(job, folder, key, status, message, *, rows=(), seconds=0.0, stands=True):
    """Write a job's record to its folder, and give it.

    Parameters
    ----------
    job : Job
    folder : str or Path
    key : str
    status : {"done", "needs review", "failed"}
    message : str
    rows : sequence of dict
        One per panel.
    seconds : float
    stands : bool
        Whether a later run takes it as it is.

    Returns
    -------
    dict
    """
    record = saving.plain({
        "id": job.id, "figure": job.entry.figure, "key": key, "status": status, "message": one_line(" ".join(message.split())), "rows": list(rows),
        "seconds": round(seconds, 2), "stands": stands,
    })
    saving.write_files(folder, _thumbnail(Path(folder)) | {RECORD: saving.json_bytes(record)})
    return record


def _thumbnail(folder):
    """A small picture of what was read, where something was, as a file to write."""
    from PIL import Image

    from ipdrecon.app.library import OVERLAY

    if not (folder / OVERLAY).is_file():
        return {}
    with Image.open(folder / OVERLAY) as picture:
        small = picture.convert("RGB")
        small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=80)
    return {THUMBNAIL: stream.getvalue()}


def _work(job, folder, settings):
    from ipdrecon.app.given import Given
    from ipdrecon.app.workflow import (
        agreement_needs_review,
        digitise_to_folder,
        reconstruct_to_folder,
        validate_to_folder,
    )
    from ipdrecon.flags import needs_review
    from ipdrecon.survival.reported import read_reported

    entry, inputs = job.entry, job.inputs()
    given = Given(panel=entry.panel, page=entry.page, arms=entry.arms, unit=entry.unit, at_risk=inputs.get("at_risk"), edits=inputs.get("edits"))
    digitisation = digitise_to_folder(job.figure, folder, given)
    message = ""
    try:
        _, arms = reconstruct_to_folder(folder, n=entry.n, n_event=entry.events, **settings)
    except IpdreconError as error:
        arms, message = (), f"{error}{_IN_A_MANIFEST if '--n ' in str(error) else ''}"
    agreement = validate_to_folder(folder, tuple(read_reported(inputs["reported"]))) if "reported" in inputs and arms else None
    flags = digitisation.all_flags() + tuple(flag for arm in arms for flag in arm.flags)
    doubt = bool(message) or needs_review(flags) or (agreement is not None and agreement_needs_review(agreement))
    rows = [_row(job, digitisation, panel, arms, agreement) for panel in digitisation.panels]
    return rows, REVIEW if doubt else DONE, message


def _row(job, digitisation, panel, arms, agreement):
    """Results of one panel."""
    own = [arm for arm in arms if arm.panel == panel.panel]
    flags = tuple(dict.fromkeys((*digitisation.flags, *panel.all_flags(), *(flag for arm in own for flag in arm.flags))))
    return {
        "panel": panel.panel,
        "source": digitisation.kind,
        "sha256": digitisation.sha256,
        "unit": panel.calibration.time.unit,
        "arms": "; ".join(curve.arm for curve in panel.curves),
        "n": "; ".join(str(arm.n) for arm in own),
        "n_event": "; ".join(str(arm.n_event) for arm in own),
        "confidence": _least_confidence(panel),
        "residual_px": panel.calibration.residual_px,
        **_comparison(job.entry, own),
        **_verdicts(agreement, panel.panel),
        "flags": "; ".join(dict.fromkeys(flag.name for flag in flags)),
        "n_to_review": sum(flag.needs_review for flag in flags),
    }


def _least_confidence(panel):
    """The least confidence of a panel's parts: its box, its curves, the names of its arms, and the cells of its table."""
    parts = (*panel.curves, *panel.looks, *panel.cells)
    return min([panel.box_confidence, *(part.confidence for part in parts)]) if panel.curves else 0.0


def _comparison(entry, arms):
    """Hazard ratio of the arms named, else of the second over the first where there are two; empty where there is none."""
    from ipdrecon.app.arm_names import match_arm
    from ipdrecon.survival import estimate_hazard_ratio

    labels = [arm.arm for arm in arms]
    named = entry.treatment is not None and entry.reference is not None
    if not named and len(arms) != 2:
        return {}
    try:
        pair = [match_arm(name, labels, entry.figure) for name in (entry.treatment, entry.reference)] if named else labels[::-1]
        estimate = estimate_hazard_ratio(arms, treatment=pair[0], reference=pair[1])
    except IpdreconError:
        return {}
    low, high = estimate.interval()
    return {
        "treatment": pair[0], "reference": pair[1], "direction": "given" if named else "second arm over first",
        "hr": estimate.ratio, "ci_low": low, "ci_high": high, "sei": estimate.sei, "reconstruction_sei": estimate.reconstruction_sei,
        "logrank_p": estimate.logrank_p,
    }


def _verdicts(agreement, panel):
    if agreement is None:
        return {}
    verdicts = [row.verdict for row in agreement.rows if row.panel in ("", panel)]
    return {"agrees": verdicts.count("agrees"), "differs": verdicts.count("differs"), "cannot_be_judged": verdicts.count("cannot be judged")}
