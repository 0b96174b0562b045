"""The figures under the served root: found on disk, known by ids that are no paths."""

import contextlib
import hashlib
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ipdrecon.app import library
from ipdrecon.app.saving import write_files
from ipdrecon.app.workbench.desk import Desk
from ipdrecon.app.workbench.documents import MOST_PAGES, Documents
from ipdrecon.app.workbench.journal import JOURNAL, Journal, is_own_file, own_record
from ipdrecon.app.workbench.standing import is_figure_folder
from ipdrecon.app.workbench.worker import JobError, WorkerError
from ipdrecon.errors import FigureError, IpdreconError

ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".gif": "GIF", ".pdf": "PDF", ".svg": "SVG"}
MOST_BYTES, MOST_PIXELS = 50 * 1024**2, 120_000_000
MOST_WAITING = 20
_DEEPEST, _MOST_FOLDERS, _FRESH_SECONDS = 5, 3000, 1.0
_LEFT_OUT = {"results", "node_modules", "__pycache__", "export", "pictures"}
_READER = re.compile(r"[A-Za-z0-9_-]{1,30}")
_TIDY_SECONDS = 4.0
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


class UnknownError(IpdreconError):
    """There is no such figure, reader or file."""


class TooLargeError(IpdreconError):
    """A file is too large to be taken."""


class TooManyError(IpdreconError):
    """Too much was asked for at once."""


class NoFigureError(IpdreconError):
    """What was sent is no figure."""


@dataclass
class Entry:
    """One figure under the root.

    Attributes
    ----------
    id : str
    name : str
        The folder's.
    folder : Path
    source : Path or None
        Its file.
    readers : dict of str to Path
        Folders of further readings, by reader.
    parent : str or None
        The id of the document that it is a page of.
    """

    id: str
    name: str
    folder: Path
    source: Path | None
    readers: dict
    parent: str | None = None


class Figures:
    """All figures under a root.

    Parameters
    ----------
    root : Path
    crew : Crew
    scratch : Path
        For pictures that are shown and not kept.
    """

    def __init__(self, root, crew, scratch):
        self.root, self.crew, self.scratch = Path(root).resolve(), crew, scratch
        self._desks, self._guard, self._documents = {}, threading.RLock(), Documents(crew, scratch)
        self._found, self._found_at = {}, 0.0
        self._background = ThreadPoolExecutor(4, "workbench")
        self._waiting = 0

    # --- what is there -------------------------------------------------------------------------------------------

    def entries(self, *, anew=False):
        """Find the figures on disk; what was found less than a second ago will do, unless asked for anew.

        Returns
        -------
        dict of str to Entry
            By id, in the order of their paths.
        """
        if anew or time.monotonic() - self._found_at > _FRESH_SECONDS:
            self._found, self._found_at = self._find(), time.monotonic()
        return self._found

    def forget(self):
        """Let the disk be looked at anew: something may have changed."""
        self._found_at = 0.0

    def _find(self):
        folders, pictures = self._walk()
        taken = {picture.with_suffix("") for picture in pictures}
        figures = {folder: None for folder in folders} | {picture.with_suffix(""): picture for picture in reversed(pictures)}
        readers = {folder: base for folder in folders if (base := self._base_of(folder, figures)) and folder not in taken}
        entries = {}
        for folder in sorted(set(figures) - set(readers)):
            own = {reader.name[len(folder.name) + 1 :]: reader for reader, base in readers.items() if base == folder}
            entry = Entry(self._id(folder), folder.name, folder, figures[folder], dict(sorted(own.items())))
            entries[entry.id] = entry
        for entry in entries.values():
            self._find_source(entry)
        return entries

    def _walk(self):
        """Figure folders, and pictures outside of them."""
        folders, pictures, todo = [], [], [(self.root, 0)]
        if is_figure_folder(self.root):
            return [self.root], []
        while todo and len(folders) < _MOST_FOLDERS:
            place, depth = todo.pop()
            try:
                items = sorted(os.scandir(place), key=lambda item: item.name)
            except OSError:
                continue
            for item in items:
                path = Path(item.path)
                if item.name.startswith(".") or item.is_symlink():
                    continue
                if item.is_file() and path.suffix.lower() in ENDINGS:
                    pictures.append(path)
                elif item.is_dir() and is_figure_folder(path):
                    folders.append(path)
                elif item.is_dir() and depth < _DEEPEST and item.name not in _LEFT_OUT:
                    todo.append((path, depth + 1))
        return folders, pictures

    def _base_of(self, folder, figures):
        """The figure of which a folder is a further reading; None where it is one of its own."""
        name, _, reader = folder.name.rpartition(".")
        base = folder.with_name(name) if name else None
        return base if base in figures and base != folder and _READER.fullmatch(reader) else None

    def _id(self, folder):
        place = os.path.relpath(folder, self.root).replace(os.sep, "/")
        return hashlib.sha256(place.encode()).hexdigest()[:12]

    def _find_source(self, entry):
        given = own_record(entry.folder / JOURNAL).get("given") or {}
        name = given.get("source")
        if isinstance(name, str) and name == Path(name).name and is_own_file(entry.folder.parent / name):
            entry.source = entry.folder.parent / name
            entry.parent = self._id(entry.source.with_suffix("")) if given.get("page") else None
        if entry.source is None:
            name = str(own_record(entry.folder / library.FIGURE).get("file") or "")
            places = [place / name for place in (entry.folder, entry.folder.parent, self.root)] if name and name == Path(name).name else []
            entry.source = next((place for place in places if is_own_file(place) and place.suffix.lower() in ENDINGS), None)

    def entry(self, figure_id):
        """Find one figure by its id.

        Raises
        ------
        UnknownError
        """
        entry = self.entries().get(figure_id) or self.entries(anew=True).get(figure_id)
        if entry is None:
            raise UnknownError("There is no such figure; it may have been moved or deleted.")
        return entry

    def desk(self, entry, reader=None):
        """Give the desk of a figure, or of a further reading of it.

        Parameters
        ----------
        entry : Entry
        reader : str, optional

        Returns
        -------
        Desk

        Raises
        ------
        UnknownError
            When the name of the reader has other signs than letters, digits, ``-`` and ``_``.
        """
        if reader is not None and not _READER.fullmatch(reader):
            raise UnknownError("A reader's name has letters, digits, - and _ only, at most 30.")
        folder = entry.folder if reader is None else entry.folder.with_name(f"{entry.folder.name}.{reader}")
        if reader is not None and _is_other(folder):
            raise UnknownError(f"The folder {folder.name} is there already and is no reading of {entry.name}; choose another name.")
        with self._guard:
            desk = self._desks.get(folder)
            if desk is None or desk.source != entry.source:
                desk = self._desks[folder] = Desk(entry.source, folder, self.crew, self.scratch, entry.folder)
            return desk

    # --- taking in -----------------------------------------------------------------------------------------------

    def take(self, name, content):
        """Take in a file, unless it is there already.

        Parameters
        ----------
        name : str
            Its title; the file gets a name made of its letters and digits.
        content : bytes

        Returns
        -------
        entry : Entry
        is_new : bool

        Raises
        ------
        NoFigureError, TooLargeError
        """
        for entry in self.entries(anew=True).values():
            known = entry.source
            if known is not None and entry.parent is None and known.stat().st_size == len(content) and known.read_bytes() == content:
                return entry, False
        summary = self._checked(content)
        with self._guard:
            stem = self._free_stem(_slug(name))
            ending = next(ending for ending, one in ENDINGS.items() if one == summary["kind"])
            write_files(self.root, {f"{stem}{ending}": content})
        self.forget()
        entry = self.entry(self._id(self.root / stem))
        self._documents.keep(entry.source, summary)
        return entry, True

    def _checked(self, content):
        """What the worker tells of a file."""
        path = self.scratch / f"{os.urandom(8).hex()}.upload"
        write_files(self.scratch, {path.name: content})
        try:
            summary = self._documents.look(path)
        except (JobError, WorkerError) as error:
            words = str(error).replace(str(path), "the file")
            raise NoFigureError(words[:1].upper() + words[1:]) from error
        finally:
            path.unlink(missing_ok=True)
        if summary["kind"] not in ("PDF", "SVG") and summary["width"] * summary["height"] > MOST_PIXELS:
            raise TooLargeError(f"The picture has {summary['width'] * summary['height'] / 1e6:.0f} million px; at most {MOST_PIXELS // 10**6} are read. Scale it down.")
        if summary["n_pages"] > MOST_PAGES:
            raise TooLargeError(f"The document has {summary['n_pages']} pages; at most {MOST_PAGES} are looked through. Give a file of just the pages with the figure.")
        return summary

    def _free_stem(self, stem):
        names = {path.name.split(".")[0].casefold() for path in self.root.iterdir()}
        number = 1
        while (candidate := stem if number == 1 else f"{stem}-{number}").casefold() in names:
            number += 1
        return candidate

    # --- reading -------------------------------------------------------------------------------------------------

    def start(self, entry, reader=None, *, page=None, **given):
        """Begin to read a figure; of a document with several pages, the page becomes a figure of its own.

        Parameters
        ----------
        entry : Entry
        reader : str, optional
        page : int, optional
        **given
            ``panel``, ``ocr``, ``as_picture``.

        Returns
        -------
        Entry
            Of what is being read.
        """
        as_picture = given.pop("as_picture", False)
        if entry.source is not None and entry.source.suffix.lower() in (".pdf", ".svg") and entry.parent is None:
            n_pages = self._documents.summary(entry.source)["n_pages"]
            if as_picture or (n_pages > 1 and page is not None):
                return self._start_page(entry, page or 1, as_picture, given)
            if n_pages > 1:
                self._survey(entry, n_pages)
                return entry
        return self._start(entry, reader, given)

    def _start(self, entry, reader, given):
        if self._waiting >= MOST_WAITING:
            raise TooManyError(f"{self._waiting} figures are waiting to be read; wait until some are done.")
        desk = self.desk(entry, reader)
        desk.begin(**given)
        self._waiting += 1
        self._background.submit(self._read, entry, desk)
        return entry

    def _start_page(self, entry, page, as_picture, given):
        summary = self._documents.summary(entry.source)
        if not 1 <= page <= summary["n_pages"]:
            raise FigureError(f"Page {page} was asked for, but the file has {summary['n_pages']}.")
        folder = entry.folder.with_name(f"{entry.folder.name}-p{page}")
        if as_picture:
            folder = self._page_picture(entry, page)
        elif not is_figure_folder(folder):
            Journal(given={"source": entry.source.name, "page": page} | given).write(folder)
        return self._start(self.entry(self._id(folder)), None, given)

    def _page_picture(self, entry, page):
        """Draw a page into a picture beside the document; the folder of the figure that it is then."""
        path = entry.folder.with_name(f"{entry.folder.name}-p{page}-picture.png")
        self._documents.picture(entry.source, page, path)
        return path.with_suffix("")

    def _read(self, entry, desk):
        try:
            desk.read()
            if desk.is_turning:
                desk.turned(self._read_as_picture(entry, desk))
        finally:
            self._waiting -= 1
            if desk.is_turning:
                desk.turned()
        if desk.status == "read":
            self.warm(desk)

    def _read_as_picture(self, entry, desk):
        """Take a page on which no plot was found as a picture, which can be done by hand: the id of a figure beside its document."""
        base = self.entries(anew=True).get(entry.parent, entry)
        with contextlib.suppress(JobError, WorkerError, IpdreconError):
            folder = self._page_picture(base, (desk.journal.given or {}).get("page") or 1)
            return self._start(self.entry(self._id(folder)), None, {}).id
        return None

    def tidy_soon(self, desk):
        """Let the pictures of a folder be drawn when nothing has happened for a while."""
        with self._guard:
            timer = getattr(desk, "timer", None)
            if timer is not None:
                timer.cancel()
            desk.timer = threading.Timer(_TIDY_SECONDS, desk.tidy)
            desk.timer.daemon = True
            desk.timer.start()

    def warm(self, desk):
        """Let the process that answers edits see a figure soon."""
        self._background.submit(desk.warm)
        self.tidy_soon(desk)

    # --- documents -----------------------------------------------------------------------------------------------

    def _survey(self, entry, n_pages):
        desk = self.desk(entry)
        desk.status, desk.message = "pages", f"The document has {n_pages} pages; choose one."
        if self._documents.begin(entry.source):
            self._background.submit(self._documents.count, entry.source, desk.tick)
        desk.tick()

    def pages(self, entry):
        """List the pages of a document, with the plots found on each; empty for other figures."""
        pages = self._documents.pages(entry.source)
        ids = {id_ for id_, other in self.entries(anew=True).items() if other.parent == entry.id} if pages else ()
        own = [self._id(entry.folder.with_name(f"{entry.folder.name}-p{page['page']}")) for page in pages]
        return [page | {"figure": id_ if id_ in ids else None} for page, id_ in zip(pages, own, strict=True)]

    def page_picture(self, entry, page):
        """Give the file with a small picture of a page.

        Raises
        ------
        UnknownError
        """
        if entry.source is None or not 1 <= page <= self._documents.summary(entry.source)["n_pages"]:
            raise UnknownError("There is no such page.")
        return self._documents.small_picture(entry.source, page, entry.id)

    def close(self):
        """Let go of everything."""
        for desk in self._desks.values():
            if getattr(desk, "timer", None) is not None:
                desk.timer.cancel()
        self._background.shutdown(wait=False, cancel_futures=True)


def _is_other(folder):
    """Whether a folder is something else than a reading: the folder of another picture, or of anything."""
    pictures = [ending for ending in ENDINGS if folder.with_name(folder.name + ending).is_file()]
    return bool(pictures) or folder.is_symlink() or (folder.exists() and not is_figure_folder(folder) and any(folder.iterdir()))


def _slug(name):
    """A file's stem of letters, digits, ``-`` and ``_`` alone, made of a title."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.strip())
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-_")[:40].strip("-_")
    return f"{plain or 'figure'}{'-1' if plain.casefold() in _RESERVED else ''}"
