"""Open a PDF file and read what its pages draw.

pdfium reads it in a process of its own (`pdf_child`), with limits on time and memory, so that no file can do harm.
"""

import contextlib
import os
import subprocess
import sys
import threading
import weakref

import numpy as np

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.pdf_pipe import receive, send
from ipdrecon.figure.vector.scene import Picture, Scene, Shape, Text
from ipdrecon.model import Box

MOST_SECONDS = 15.0
MOST_BYTES = 500_000_000
_READY = []


def keep_one_ready():
    """Start the process for the next file ahead, so that opening it need not wait; for programs that open one file after another.

    Where it cannot be started now, it is when a file is opened.
    """
    if not _READY:
        with contextlib.suppress(OSError):
            _READY.append(_started())


def _started():
    path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ipdrecon.figure.vector.pdf_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def _next_child():
    """The process that is ready, unless it has died meanwhile; else a new one."""
    while _READY:
        child = _READY.pop()
        if child.poll() is None:
            return child
        _end(child)
    return _started()


def open_pdf(data, source):
    """Open a PDF file.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for errors.

    Returns
    -------
    PdfPages

    Raises
    ------
    FigureError
        When it is encrypted, damaged, without pages, or has too many.
    """
    return PdfPages(data, source)


class PdfPages:
    """The pages of an open PDF file, counted from 1; closed by `close`, by a ``with`` statement, or when forgotten.

    Parameters
    ----------
    data : bytes
    source : str

    Attributes
    ----------
    source : str
    n_pages : int
    """

    def __init__(self, data, source):
        if len(data) > MOST_BYTES:
            raise FigureError(
                f"{source} has {len(data) / 1e6:.0f} MB; at most {MOST_BYTES // 10**6} are read. "
                "Give a file of just the pages with the figure."
            )
        self.source = source
        self._data = data
        self._lock = threading.Lock()
        self._child = self._ender = None
        self.n_pages = self._start()

    def __len__(self):
        return self.n_pages

    def __repr__(self):
        return f"PdfPages({self.source!r}, {self.n_pages} pages)"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End the process that holds the file; a page asked for later starts another."""
        if self._ender is not None:
            self._ender()

    def scene(self, page):
        """Read what a page draws.

        Parameters
        ----------
        page : int
            Counted from 1.

        Returns
        -------
        Scene
            In points of the page as displayed: turned as it says, from the upper left corner of its crop box.

        Raises
        ------
        FigureError
            When there is no such page, or it is damaged, has no size or too large a one, or more on it than can be read.
        """
        return to_scene(*self._ask(page, "draw", page), page)

    def px(self, page, scale):
        """Render a page on white.

        Parameters
        ----------
        page : int
            Counted from 1.
        scale : float
            Pixels for each point.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            A point of the page lies at ``scale * point - 0.5``.
        """
        return self._ask(page, "render", page, float(scale))[1][0]

    def _start(self):
        """Start the process and hand it the file; give the number of pages."""
        self._child = _next_child()
        self._ender = weakref.finalize(self, _end, self._child)
        try:
            return self._reply(self.source, ("open", self.source), [np.frombuffer(self._data, np.uint8)])[0]
        except FigureError:
            self.close()
            raise

    def _ask(self, page, *request):
        if not 1 <= page <= self.n_pages:
            raise FigureError(f"{self.source} has no page {page}; its pages are 1 to {self.n_pages}.")
        with self._lock:
            if not self._ender.alive:
                self._start()
            return self._reply(f"page {page} of {self.source}", request)

    def _reply(self, what, request, arrays=()):
        """Answer of the process to a request; one that gives none in time, or dies over it, is ended."""
        timer = threading.Timer(MOST_SECONDS, self._child.kill)
        timer.start()
        try:
            send(self._child.stdin, request, arrays)
            (state, plain), arrays = receive(self._child.stdout)
        except (EOFError, OSError) as error:
            self.close()
            raise FigureError(
                f"{what} cannot be read within {MOST_SECONDS:.0f} s and 1 GB of memory: it is damaged, or "
                "more is drawn there than can be read. Save the page with the figure as a picture (PNG) and give that."
            ) from error
        finally:
            timer.cancel()
        if state == "refused":
            raise FigureError(plain if self.source in plain else f"{self.source}, {plain}")
        return plain, arrays


def _end(child):
    child.kill()
    child.stdin.close()
    child.stdout.close()
    child.wait()


def to_scene(plain, arrays, page):
    """Make the nouns again of what `pdf_child.flattened` made plain.

    Returns
    -------
    Scene
    """
    width, height, shapes, texts, unmapped, boxes = plain
    points, counts, *pictures = arrays
    parts = np.split(points, np.cumsum(counts)[:-1]) if len(counts) else []
    first, made = 0, []
    for n_parts, stroke, fill, line_width, dash, opacity, clip, is_curved in shapes:
        own = tuple(parts[first : first + n_parts])
        first += n_parts
        made.append(Shape(own, stroke, fill, line_width, dash, opacity, Box(*clip) if clip else None, is_curved))
    return Scene(
        width=width,
        height=height,
        shapes=tuple(made),
        texts=tuple(_text(*text) for text in texts),
        pictures=tuple(Picture(Box(*box), px) for box, px in zip(boxes, pictures, strict=True)),
        page=page,
        unmapped=tuple(Box(*box) for box in unmapped),
    )


def _text(text, box, anchor, size, degrees, colour):
    """Piece of text; one at another angle gets the nearest of level, upwards and downwards."""
    angle = min((0, 90, 270), key=lambda angle: abs((degrees - angle + 180) % 360 - 180))
    return Text(text, Box(*box), anchor, size, angle, colour)
