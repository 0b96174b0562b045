"""One reading of one figure on the table: what was read, the edits, who waits for what; all of it is on disk before it is told."""

import contextlib
import hashlib
import json
import tempfile
import threading
import time
from pathlib import Path

from ipdrecon.app import library
from ipdrecon.app.given import EDITS
from ipdrecon.app.json_files import MALFORMED
from ipdrecon.app.record import held_record
from ipdrecon.app.saving import digest, json_bytes, write_files
from ipdrecon.app.seen_text import SeenText
from ipdrecon.app.workbench.journal import BusyError, HandChangedError, OldRevisionError, RefusedError, is_own_file
from ipdrecon.app.workbench.standing import Standing, changed_by_hand, read_figure_record, stamp, take_up, tells_of
from ipdrecon.app.workbench.views import figure_view, summary_view
from ipdrecon.app.workbench.worker import JobError, WorkerError
from ipdrecon.app.workflow import OWN_FILES, write_figure_folder
from ipdrecon.errors import FolderError, IpdreconError
from ipdrecon.figure.session import STEPS

READ_SECONDS, EDIT_SECONDS, PICTURE_SECONDS, QUICK_SECONDS = 300.0, 120.0, 120.0, 60.0
TABLES = (library.CURVES, library.AT_RISK, library.CENSOR_MARKS)
_READ_FILES = (*TABLES, library.FIGURE, library.OVERLAY)
REPORTED = "reported.csv"
_NO_FILE = "The figure's own file is not there; only its tables are. Put the picture beside its folder."
_READ_FROM = (*TABLES, library.FIGURE, REPORTED)


class Desk:
    """One reading of one figure.

    Parameters
    ----------
    source : Path or None
        The figure's file; None where only its folder is there.
    folder : Path
    crew : Crew
    scratch : Path
        For pictures that are shown and not kept.
    base : Path, optional
        The folder of the first reading, where this is a further one.
    """

    def __init__(self, source, folder, crew, scratch, base=None):
        self.source, self.folder, self._crew, self._scratch = source, folder, crew, scratch
        self._base, self._seen_text = base or folder, None
        self.lock, self._state = threading.RLock(), threading.Lock()
        self.status, self.message, self.step, self.seconds = "new", "", "", 0.0
        self._view, self._drafts, self._size, self.is_warm = None, [], None, False
        self._warming = threading.Lock()
        self.ticks, self._began, self.instead = 0, None, None
        self._is_unwanted = self._is_running = self.is_turning = False
        self._open()

    # --- what is there -------------------------------------------------------------------------------------------

    def _open(self):
        """Take up what the folder holds; a reading that does not go with the edits is done anew by `ready`."""
        self._standing, self._seen = take_up(self.folder, is_document=self.is_document), self._stamps()
        self.journal, record = self._standing.journal, self._standing.record
        failed = self._standing.trouble or (self.journal.given or {}).get("failed")
        if record is not None and (self.source is None or self.is_held or tells_of(record, self.journal.edits)):
            try:
                self._take(library.read_digitisation(self.folder), record)
                self.message = failed or ""
            except (IpdreconError, *MALFORMED) as error:
                self.status, self.message = "failed", f"The tables of the folder cannot be used: {error}"
        elif record is not None or self.journal.edits or failed:
            self.status, self.message = "failed", failed or "The edits were changed since the figure was read."
        self.message = self._standing.trouble or self.message

    @property
    def is_held(self):
        """Whether a reading stands, flagged, though the figure cannot be read with the latest change."""
        return (self.journal.given or {}).get("held") == self.journal.revision

    def _take(self, digitisation, record):
        self._view = figure_view(digitisation, record)
        self.status, self.message, self._drafts = "read", "", []

    @property
    def opens(self):
        """Whether there is a picture to draw upon, as far as is known."""
        return self._view is not None or self._size is not None

    @property
    def told_status(self):
        """The status as it is told: a page that is about to become a picture is still being read."""
        return "reading" if self.is_turning else self.status

    def turned(self, instead=None):
        """Note that a page has become a picture, whose id is `instead`, or cannot."""
        self.instead, self.is_turning = instead, False
        self.tick()

    @property
    def is_stale(self):
        """Whether tables are there that do not go with the edits, or edits are known whose folder is gone."""
        if self.journal.edits and not self.folder.exists():
            return True
        record = read_figure_record(self.folder)
        usable = record is not None and not self._standing.trouble and not self.is_held
        return usable and not tells_of(record, self.journal.edits) and not changed_by_hand(self.folder, record)

    @property
    def revision(self):
        """Grows with every change."""
        return self.journal.revision

    def record(self):
        """What the page shows of it, as a dict."""
        view = self._view or {"size": self._size or [0, 0], "kind": None, "confidence": None, "panels": [], "flags": []}
        known = [panel["panel"] for panel in view["panels"]]
        return view | {
            "panels": view["panels"] + [draft for draft in self._drafts if draft["panel"] not in known],
            "status": self.told_status,
            "message": self.message,
            "revision": self.revision,
            "edits": list(self.journal.edits),
            "edit_labels": self.journal.labels,
            "can_undo": bool(self.journal.undo),
            "can_redo": bool(self.journal.redo),
            "has_image": self.source is not None,
            "instead": self.instead,
        }

    def progress(self):
        """How far a reading is, as a dict."""
        seconds = self.seconds if self._began is None else time.monotonic() - self._began
        n_step = STEPS.index(self.step) + 1 if self.step in STEPS else 0
        return {
            "status": self.told_status,
            "step": self.step,
            "n_step": n_step,
            "n_steps": len(STEPS),
            "message": self.message,
            "seconds": round(seconds, 2),
            "revision": self.revision,
            "instead": self.instead,
        }

    def summary(self):
        """What a list of figures shows of it, as a dict."""
        return {"status": self.told_status, "message": self.message, "revision": self.revision} | summary_view(self._view or {})

    def tick(self):
        """Note that something has changed, for those who wait for it."""
        self.ticks += 1

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def _options(self):
        given = self.journal.given or {}
        return {"source": str(self.source), "page": given.get("page"), "ocr": given.get("ocr", True)}

    @property
    def sheet(self):
        """The file with the picture of the figure, which may not be there yet."""
        key = hashlib.sha256(json.dumps([self._options, stamp(self.source)]).encode()).hexdigest()[:24]
        return self._scratch / f"{key}.png"

    def begin(self, **given):
        """Note that a reading is about to begin, with what is given for it.

        Raises
        ------
        BusyError, FolderError
        """
        with self._state:
            if self.status == "reading":
                raise BusyError("The figure is being read already; wait, or stop it first.")
            if self.source is None:
                raise FolderError(_NO_FILE)
            if self._standing.trouble:
                raise FolderError(f"{self._standing.trouble} Mend the file, or take it away.")
            if given:
                self.journal = self.journal.knowing(**given)
            self.status, self.step, self.message, self.instead = "reading", "", "", None
            self._is_unwanted = False
            self._began = time.monotonic()
            self.tick()

    def read(self):
        """Read the figure with its edits, and write its folder; errors end up in `message`."""
        with self.lock:
            try:
                answer = self._ask(self._crew.reader, self.journal.edits, READ_SECONDS, on_step=self._told, is_wanted=self._begins)
                self._settle(self.journal, answer)
            except JobError as error:
                self.is_turning = self.is_document and not (error.answer.get("size") or self.opens)
                (self._hold if self.is_held and self._view is not None else self._fail)(self.journal, error)
            except IpdreconError as error:
                self.status, self.message = "read" if self._view is not None else "failed", str(error)
            finally:
                self._is_running = False
                self.seconds, self._began, self.step = time.monotonic() - self._began, None, ""
                self.tick()

    def _told(self, step):
        self.step = step
        self.tick()

    def stop(self):
        """Stop a reading that is under way, or waits for its turn."""
        self._is_unwanted = True
        if self._is_running:
            self._crew.reader.stop()

    def _begins(self):
        self._is_running = not self._is_unwanted
        return self._is_running

    def _ask(self, worker, edits, seconds=EDIT_SECONDS, **calls):
        text, given = self._text, self._options | {"panel": (self.journal.given or {}).get("panel"), "sheet": str(self.sheet)}
        try:
            answer = self._crew.read(by=worker, seconds=seconds, edits=list(edits), **calls, **given)
        except JobError as error:
            text.note(error.answer.get("text", ()))
            raise
        text.note(answer["text"])
        return answer

    @property
    def _text(self):
        """The text that was seen in the figure; the processes are told once what an earlier reading has seen."""
        if self._seen_text is None:
            self._seen_text = SeenText(self.folder, self._base)
            self._crew.learn(self._seen_text.rows)
        return self._seen_text

    def _settle(self, journal, answer):
        """Put edits and tables on disk, all or none, then take them up."""
        files = {name: content.encode() for name, content in answer["files"].items()}
        journal = journal.knowing(failed=None, held=None)
        kept = journal.files(self.folder, json.loads(answer["files"][library.FIGURE])["sha256"])
        self._write(kept | files, (library.OVERLAY,))
        self.journal, self._view, self._drafts, self._seen = journal, answer["view"], [], self._stamps()
        self.status, self.message = "read", ""
        self._standing = Standing(journal, None)

    def _write(self, files, outdated):
        write_figure_folder(self.folder, files | self._text.file(), TABLES, outdated=outdated)
        self._text.stored()

    def _fail(self, journal, error):
        """Keep the edits of a figure that cannot be read; tables of an earlier reading are taken away."""
        journal = journal.knowing(failed=error.message, held=None)
        kept = journal.files(self.folder, self._digest())
        self._write(kept, _READ_FILES)
        self.journal, self._view, self._drafts, self._seen = journal, None, error.answer.get("drafts", []), self._stamps()
        self._size = error.answer.get("size") or self._size
        self.status, self.message = "failed", error.message

    def _hold(self, journal, error):
        """Keep edits with which a figure cannot be read; the reading before them stands as it is, flagged."""
        journal = journal.knowing(failed=error.message, held=journal.revision)
        record = held_record(read_figure_record(self.folder), error.message)
        write_files(self.folder, journal.files(self.folder, self._digest()) | {library.FIGURE: json_bytes(record)})
        self._view = self._view | {"flags": figure_view(library.read_digitisation(self.folder), record)["flags"]}
        self.journal, self._drafts, self._seen = journal, error.answer.get("drafts", []), self._stamps()
        self.status, self.message, self._standing = "read", error.message, Standing(journal, None)

    def _digest(self):
        return digest(self.source) if self.source is not None else ""

    def warm(self):
        """Let the process that answers edits see the figure before the first edit; its text is read by the other one."""
        if self.is_warm or self.source is None:
            return
        with self._warming:
            workers = (self._crew.reader, self._crew.mender) if self._text.is_empty else (self._crew.mender,)
            for worker in () if self.is_warm else workers:
                with contextlib.suppress(JobError, WorkerError):
                    self._ask(worker, self.journal.edits)
            self.is_warm = True

    def ready(self):
        """Bring what is shown up to date: the draft of a figure that could not be read, or tables older than the edits."""
        self._look_again()
        if self.status != "failed" or self._drafts or self._size or self.source is None:
            return
        with self.lock:
            if self.is_stale and self.is_warm:
                self._reread(self.journal)
            if self.is_stale or self.status == "read":
                return
            with contextlib.suppress(JobError, WorkerError):
                options = self._options | {"ocr": False} if not self.is_document else self._options
                answer = self._crew.mender.call("draft", seconds=EDIT_SECONDS, edits=list(self.journal.edits), sheet=str(self.sheet), **options)
                self._size, self._drafts = answer["size"], answer["drafts"]

    def _stamps(self):
        return [stamp(self.folder / name) for name in (EDITS, library.FIGURE, *TABLES)]

    def _look_again(self):
        """Take up edits and tables that were changed by another program; of a folder that was deleted, the edits are still known."""
        if self._seen == self._stamps() or self.status == "reading":
            return
        with self.lock:
            if self._seen == self._stamps() or self.status == "reading":
                return
            self._view, self._drafts, self._size, self.status = None, [], None, "new"
            if self.folder.exists() or not self.journal.edits:
                self._open()
            else:
                self.status, self.message, self._seen = "failed", "The folder was deleted; its changes are known still, and it is written anew.", self._stamps()

    @property
    def is_document(self):
        """Whether the figure's file has pages."""
        return self.source is not None and self.source.suffix.lower() in (".pdf", ".svg")

    # --- edits ---------------------------------------------------------------------------------------------------

    def change(self, revision, make, *, keep=False):
        """Change the edits, read the figure with them, and put both on disk.

        Parameters
        ----------
        revision : int
            The one that the caller has seen.
        make : callable
            Gives the new journal from the present one.
        keep : bool
            Whether edits are kept that make a figure unreadable which can be read now.

        Raises
        ------
        OldRevisionError, BusyError, RefusedError, IpdreconError
        """
        if self.status == "reading":
            raise BusyError("The figure is being read; wait until it is done.")
        with self.lock:
            self._look_again()
            if revision != self.revision:
                raise OldRevisionError(f"The figure has been changed in the meantime: its revision is {self.revision}, not {revision}. Look at it anew.")
            if self._standing.trouble:
                raise FolderError(f"{self._standing.trouble} Mend the file, or take it away.")
            if self.source is None:
                raise FolderError("The figure's own file is not there, so that it cannot be read anew with edits. Put the picture beside its folder.")
            changed = changed_by_hand(self.folder, read_figure_record(self.folder))
            if changed and not keep:
                raise HandChangedError(f"{', '.join(changed)} of the folder was changed by hand; an edit reads the figure anew and writes over it.")
            before = self.journal.appended(self._standing.first) if self._standing.first else self.journal
            self._reread(make(before), may_fail=keep or self.is_held or self.status != "read")
            self.tick()

    def _reread(self, journal, *, may_fail=True):
        self.warm()
        try:
            answer = self._ask(self._crew.mender, journal.edits)
        except JobError as error:
            if error.kind == "Bug" or not may_fail:
                can_keep = error.kind not in ("EditError", "Bug")
                raise (RefusedError if can_keep else FolderError)(error.message) from error
            is_drawn = any(edit["edit"] == "arms" and not edit["count"] for edit in journal.edits)  # all of it is wanted by hand
            (self._hold if self.status == "read" and not is_drawn else self._fail)(journal, error)
        else:
            self._settle(journal, answer)

    def know(self, **given):
        """Keep what is given beside the edits.

        Raises
        ------
        FolderError
        """
        with self.lock:
            journal = self.journal.knowing(**given)
            journal.write(self.folder, self._digest())
            self.journal, self._seen = journal, self._stamps()

    # --- pictures ------------------------------------------------------------------------------------------------

    def picture(self):
        """The file with the picture of the figure, made where it is not there.

        Raises
        ------
        FolderError
            When the figure's file is not there.
        """
        if self.source is None:
            raise FolderError(_NO_FILE)
        if not self.sheet.exists():
            worker, ocr = (self._crew.reader, {}) if self.is_document else (self._crew.rebuilder, {"ocr": False})
            answer = worker.call("sheet", seconds=READ_SECONDS, sheet=str(self.sheet), **self._options | ocr)
            if answer["size"] is None:
                raise FolderError("The figure cannot be shown: it cannot be opened.")
        return self.sheet

    def ask_mender(self, job, **given):
        """Have a small job done on the figure's picture."""
        options = self._options if self.is_document else self._options | {"ocr": False}
        if self.source is None:
            raise FolderError(_NO_FILE)
        return self._crew.mender.call(job, seconds=QUICK_SECONDS, **options, **given)

    def tidy(self):
        """Draw `overlay.png` where it is missing; an edit does not wait for it, and makes it void."""
        if self.status == "read" and self.source is not None and not (self.folder / library.OVERLAY).exists():
            with contextlib.suppress(JobError, WorkerError, FolderError):
                self.apart("overlay", (library.OVERLAY,), sheet=str(self.picture()))

    def apart(self, job, made, **given):
        """Have a job done on a copy of the folder, so that no edit waits for it.

        Parameters
        ----------
        job : str
            One of the jobs that take a folder.
        made : sequence of str
            Names of the files it makes, which are put into the folder if nothing has changed since.
        **given
            What the job needs.

        Returns
        -------
        dict
            The job's answer, with the revision it is about.
        """
        with tempfile.TemporaryDirectory(dir=self._scratch) as place:
            copy = Path(place) / self.folder.name
            with self.lock:
                revision, before = self.revision, self.copy_to(copy)
            answer = self._crew.rebuilder.call(job, seconds=PICTURE_SECONDS, folder=str(copy), **given)
            after = {name: (copy / name).read_bytes() for name in made if (copy / name).is_file()}
            with self.lock:
                if revision == self.revision and all(self._contents().get(name) == before.get(name) for name in _READ_FROM):
                    new = {name: content for name, content in after.items() if content != before.get(name)}
                    write_files(self.folder, new, outdated=[name for name in made if name not in after])
        return {"revision": revision} | answer

    def copy_to(self, place):
        """Write what the folder holds to another place; the contents by name."""
        with self.lock:
            contents = self._contents()
            write_files(place, contents)
        return contents

    def _contents(self):
        names = (*OWN_FILES, REPORTED)
        return {name: (self.folder / name).read_bytes() for name in names if name != library.OVERLAY and is_own_file(self.folder / name)}
