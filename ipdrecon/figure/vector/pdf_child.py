"""The process that holds a PDF file: it may be ended by a hostile file, or for taking too long, and only that page is lost.

Run as ``python -m ipdrecon.figure.vector.pdf_child``; it answers requests on its standard input until that is closed.
"""

import os
import sys

import numpy as np

from ipdrecon.errors import FigureError
from ipdrecon.figure.vector.pdf_document import Document
from ipdrecon.figure.vector.pdf_pipe import receive, send

MOST_MEMORY = 1_000_000_000


def main():
    """Answer requests: the file first, then a page to draw or to render each time."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    _limit_memory()
    document = None
    while True:
        try:
            (verb, *given), arrays = receive(requests)
        except EOFError:
            return
        try:
            if verb == "open":
                document = Document(arrays[0].tobytes(), *given)
                reply = (document.n_pages, [])
            elif verb == "draw":
                reply = flattened(document.draw(*given))
            else:
                reply = (None, [document.px(*given)])
        except FigureError as error:
            send(replies, ("refused", str(error)))
        else:
            send(replies, ("done", reply[0]), reply[1])


def flattened(drawn):
    """Return what a page draws as plain values, and its arrays: all points, points of each part, px of each picture."""
    parts = [part for shape in drawn.shapes for part in shape["parts"]]
    points = np.concatenate(parts) if parts else np.zeros((0, 2))
    counts = np.array([len(part) for part in parts], np.int64)
    shapes = []
    for shape in drawn.shapes:
        paint = [shape[name] for name in ("stroke", "fill", "width", "dash", "opacity", "clip", "curved")]
        shapes.append((len(shape["parts"]), *paint))
    texts = [
        (piece.text, piece.box, piece.anchor, piece.size, piece.degrees, tuple(piece.colour)) for piece in drawn.texts
    ]
    plain = (drawn.width, drawn.height, shapes, texts, drawn.unmapped, [box for box, _ in drawn.pictures])
    return plain, [points, counts, *(px for _, px in drawn.pictures)]


def _limit_memory():
    """Let this process have no more than `MOST_MEMORY` bytes beyond what it has now, where the system can see to that."""
    try:
        import resource

        with open("/proc/self/statm") as status:
            now = int(status.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (now + MOST_MEMORY, now + MOST_MEMORY))


if __name__ == "__main__":
    sys.exit(main())
