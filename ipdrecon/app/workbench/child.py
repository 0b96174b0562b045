"""The worker's side: jobs, one after the other, as lines of JSON on standard input; answers as lines on standard output."""

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path

MOST_FILE_BYTES = 2 * 1024**3


def read(source, *, page=None, panel=None, ocr=True, edits=(), sheet=None):
    """Read a figure: the content of its folder's tables, what is drawn upon it, and its picture where `sheet` names a file."""
    from ipdrecon import __version__
    from ipdrecon.app.library import FIGURE, digitisation_files
    from ipdrecon.app.workbench.views import drafts, figure_view
    from ipdrecon.errors import IpdreconError
    from ipdrecon.figure.digitisation import DigitiseSettings, read_figure
    from ipdrecon.figure.session import noted, step

    with noted("text") as seen:
        try:
            reading = read_figure(source, page=page, panel=panel, edits=edits, settings=DigitiseSettings(ocr=ocr))
        except IpdreconError as error:
            size = _keep_sheet(source, page, ocr, sheet)
            raise _Failed(error, {"size": size, "drafts": drafts(edits), "text": _rows(seen)}) from error
    step("writing")
    digitisation = _with_version(reading.digitisation, __version__)
    if sheet is not None and not Path(sheet).exists():
        _write_png(sheet, reading.figure.px)
    files = {name: content.decode() for name, content in digitisation_files(digitisation).items()}
    return {"files": files, "view": figure_view(digitisation, json.loads(files[FIGURE])), "text": _rows(seen)}


def _rows(readings):
    """Readings of text as JSON takes them: a key and a result each."""
    return [[list(key), list(result)] for key, result in readings.items()]


def _with_version(digitisation, version):
    from dataclasses import replace

    return replace(digitisation, version=version)


def _keep_sheet(source, page, ocr, sheet):
    """Write the picture of a figure that could not be read; its size, or None where it cannot be opened either."""
    from ipdrecon.errors import IpdreconError
    from ipdrecon.figure.opening import open_sheet

    try:
        figure = open_sheet(source, page=page, ocr=ocr).figure
    except IpdreconError:
        return None
    if sheet is not None and not Path(sheet).exists():
        _write_png(sheet, figure.px)
    return [figure.width, figure.height]


def _write_png(path, px):
    from ipdrecon.app.saving import write_files
    from ipdrecon.figure.picture import png_of

    write_files(Path(path).parent, {Path(path).name: png_of(px)})


def draft(source, *, page=None, ocr=True, edits=(), sheet=None):
    """Draw what edits alone say of a figure that could not be read, and its picture."""
    from ipdrecon.app.workbench.views import drafts

    return {"size": _keep_sheet(source, page, ocr, sheet), "drafts": drafts(edits)}


def sheet(source, *, page=None, ocr=True, sheet=None):
    """Write the picture of a figure."""
    return {"size": _keep_sheet(source, page, ocr, sheet)}


def crop(source, *, page=None, ocr=True, box, scale=1.0):
    """Cut a part out of a figure, as PNG in base 64."""
    import base64

    from ipdrecon.figure.opening import open_sheet
    from ipdrecon.figure.picture import part_of, png_of

    px = open_sheet(source, page=page, ocr=ocr).figure.px
    return {"png": base64.b64encode(png_of(part_of(px, box, scale=scale))).decode()}


def snap(source, *, page=None, ocr=True, stroke, colour=None, reach=12.0):
    """Lay a stroke upon the ink beneath it."""
    from ipdrecon.figure.opening import open_sheet
    from ipdrecon.figure.snap import snap_stroke

    snapped = snap_stroke(open_sheet(source, page=page, ocr=ocr).figure.px, stroke, colour=colour, reach=reach)
    return {"points": [[round(x, 2), round(y, 2)] for x, y in snapped.points.tolist()], "share": round(snapped.share, 4)}


def summarise(source):
    """Tell what a file is."""
    from dataclasses import asdict

    from ipdrecon.figure.picture import summarise as summary_of

    return asdict(summary_of(source))


def count_plots(source, *, page):
    """Count the plots on a page of a document."""
    from ipdrecon.figure.picture import count_plots as plots_on

    n_plots, n_pictures = plots_on(source, page)
    return {"n_plots": n_plots, "n_pictures": n_pictures}


def page(source, *, page, most_side_px, out):
    """Write the picture of a page of a document."""
    from ipdrecon.figure.picture import page_px

    _write_png(out, page_px(source, page, most_side_px=most_side_px))
    return {}


def overlay(folder, *, sheet):
    """Draw `overlay.png` of a figure folder anew."""
    from ipdrecon.app.library import OVERLAY, read_digitisation
    from ipdrecon.app.plots import draw_overlay, png_bytes
    from ipdrecon.app.saving import write_files
    from ipdrecon.figure.opening import open_sheet

    px = open_sheet(sheet, ocr=False).figure.px
    write_files(folder, {OVERLAY: png_bytes(draw_overlay(px, read_digitisation(folder)))})
    return {}


def rebuild(folder, **options):
    """Rebuild the patients of a figure folder, and show them."""
    from ipdrecon.app.workbench.rebuilt import rebuilt_view

    return rebuilt_view(folder, **options)


def validate(folder, *, reported=None, **given):
    """Store what the paper reports, and compare it."""
    from ipdrecon.app.workbench.rebuilt import agreement_view

    return agreement_view(folder, reported, **given)


def compare(folders, **options):
    """Compare the readings of two readers."""
    from ipdrecon.app.workbench.comparing import comparison_view

    return comparison_view(folders, **options)


def candidates(folder, **options):
    """List the comparisons of a figure that may be pooled."""
    from ipdrecon.app.workbench.pooling import candidates_view

    return candidates_view(folder, **options)


def pool(rows, *, settings, title, out):
    """Pool studies."""
    from ipdrecon.app.workbench.pooling import pooled_view

    return pooled_view(rows, settings, title, out)


def warm(what):
    """Load what reading, edits or rebuilding need, so that the first figure does not wait for it."""
    import numpy as np

    import ipdrecon.app.library
    import ipdrecon.app.plots
    import ipdrecon.app.workbench.rebuilt
    import ipdrecon.figure.digitisation
    import ipdrecon.figure.picture

    if what != "mender":
        from ipdrecon.figure.vector.pdf import keep_one_ready

        keep_one_ready()
    if what == "rebuilder":
        import ipdrecon.survival  # noqa: F401
    else:
        from ipdrecon.figure.text import read_words

        read_words(np.full((64, 200, 3), 255, np.uint8))
    return {}


def _get_ready():
    """After a job, have the process for the next document started, where documents are opened."""
    if (pdf := sys.modules.get("ipdrecon.figure.vector.pdf")) is not None:
        pdf.keep_one_ready()


JOBS = {
    job.__name__: job
    for job in (read, draft, sheet, crop, snap, summarise, count_plots, page, overlay, rebuild, validate, compare, candidates, pool, warm)
}


class _Interruption:
    """The signal to leave a job; between jobs it is not heeded."""

    def __init__(self):
        self._is_at_work = False

    def listen(self):
        """Heed the signal from now on."""
        signal.signal(signal.SIGINT, self._heard)

    def _heard(self, *_):
        if self._is_at_work:
            raise KeyboardInterrupt

    def leaving(self, job):
        """Do a job that may be left."""
        self._is_at_work = True
        try:
            return job()
        finally:
            self._is_at_work = False


_INTERRUPTION = _Interruption()


class _Failed(Exception):
    """An error that was expected, with what was found nonetheless."""

    def __init__(self, error, answer):
        super().__init__(str(error))
        self.error, self.answer = error, answer


def work(line, memory, send):
    """Do one job.

    Parameters
    ----------
    line : bytes
        ``{"job", "given", "words"}`` as JSON.
    memory : Memory
    send : callable
        Takes what is answered.
    """
    from ipdrecon.app.console import is_expected
    from ipdrecon.app.workbench.wording import in_the_page
    from ipdrecon.figure.session import session

    request = json.loads(line)
    for key, result in request["words"]:
        memory.put("text", tuple(key), tuple(result), is_new=False)
    with session(memory, lambda name: send({"step": name})):
        try:
            answer = {"result": _INTERRUPTION.leaving(lambda: JOBS[request["job"]](**request["given"]))}
        except KeyboardInterrupt:
            answer = {"error": {"kind": "Stopped", "message": "It was stopped.", "answer": {}}}
        except _Failed as failure:
            answer = {"error": {"kind": type(failure.error).__name__, "message": in_the_page(str(failure)), "answer": failure.answer}}
        except Exception as error:
            import traceback

            traceback.print_exc()
            message = in_the_page(str(error)) if is_expected(error) else f"This is a bug in ipdrecon ({type(error).__name__}: {error}); report it with the figure."
            answer = {"error": {"kind": type(error).__name__ if is_expected(error) else "Bug", "message": message, "answer": getattr(error, "answer", {})}}
    words = _rows({key: result for kind, key, result in memory.news if kind == "text"})
    memory.news.clear()
    send(answer | {"words": words})


def _limit(most_bytes):
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        for kind, most in ((resource.RLIMIT_AS, most_bytes), (resource.RLIMIT_FSIZE, MOST_FILE_BYTES), (resource.RLIMIT_CORE, 0)):
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, hard))


def main(arguments):
    """Do jobs until standard input ends; whatever writes to standard output by itself is sent to standard error.

    Parameters
    ----------
    arguments : sequence of str
        The most bytes of memory.
    """
    _limit(int(arguments[0]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lines = queue.Queue()

    def send(answer):
        out.write(json.dumps(answer, allow_nan=False).encode() + b"\n")
        out.flush()

    def listen():
        for line in sys.stdin.buffer:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    from ipdrecon.figure.session import Memory

    memory = Memory()
    _INTERRUPTION.listen()
    while True:
        work(lines.get(), memory, send)
        _get_ready()


if __name__ == "__main__":
    main(sys.argv[1:])
