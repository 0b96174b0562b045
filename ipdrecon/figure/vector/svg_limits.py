"""How much one SVG file may draw, so that a small hostile one cannot take all memory or time."""

from ipdrecon.errors import FigureError

MOST = {"elements": 150_000, "subpaths": 400_000, "points": 3_000_000, "letters": 100_000, "pixels": 50_000_000}


class Allowance:
    """Counts what a file draws, ``<use>`` by ``<use>``, against `MOST`.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    """

    def __init__(self, source):
        self.source = source
        self._left = dict(MOST)

    def check(self, what, n):
        """Refuse, with a FigureError, what would be too many together with what is spent already."""
        if n > self._left[what]:
            raise FigureError(f"{self.source} draws over {MOST[what]} {what}; that is too many. Cut the figure out of it.")

    def spend(self, what, n=1):
        """Count `n` more, after a `check`."""
        self.check(what, n)
        self._left[what] -= n
