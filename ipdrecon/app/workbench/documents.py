"""What the files of figures are, and the pages of those that have several: how many plots each shows, and how it looks."""

from ipdrecon.app.workbench.worker import JobError, WorkerError

QUICK_SECONDS, PAGE_SECONDS = 60.0, 120.0
MOST_PAGES = 200
_PAGE_SIDE_PX, _SMALL_SIDE_PX = 2600, 420
_UNKNOWN = {"n_plots": None, "n_pictures": None}


class Documents:
    """Files of figures, each looked at once until it changes.

    Parameters
    ----------
    crew : Crew
    scratch : Path
        For pictures that are shown and not kept.
    """

    def __init__(self, crew, scratch):
        self._crew, self._scratch = crew, scratch
        self._known = {}

    def summary(self, path):
        """Tell what a file is: ``kind``, ``width``, ``height``, ``n_pages``.

        Parameters
        ----------
        path : Path

        Returns
        -------
        dict

        Raises
        ------
        JobError, WorkerError
            When it is no figure.
        """
        if _key(path) not in self._known:
            self.keep(path, self.look(path))
        return self._known[_key(path)]

    def look(self, path):
        """Ask the worker what a file is."""
        return self._crew.rebuilder.call("summarise", seconds=QUICK_SECONDS, source=str(path))

    def keep(self, path, summary):
        """Remember what a file is."""
        self._known[_key(path)] = summary | {"plots": {}, "begun": False}

    def begin(self, path):
        """Whether the plots on its pages are to be counted now, which is so once."""
        summary = self.summary(path)
        begins = not summary["begun"]
        summary["begun"] = True
        return begins

    def count(self, path, on_page):
        """Count the plots on each page.

        Parameters
        ----------
        path : Path
        on_page : callable
            Called after each.
        """
        summary = self.summary(path)
        for page in range(1, min(summary["n_pages"], MOST_PAGES) + 1):
            try:
                summary["plots"][page] = self._crew.rebuilder.call("count_plots", seconds=QUICK_SECONDS, source=str(path), page=page)
            except (JobError, WorkerError):
                summary["plots"][page] = {"n_plots": 0, "n_pictures": 0}
            on_page()

    def pages(self, path):
        """List the pages of a document that has several and was looked at; empty for others."""
        summary = self._known.get(_key(path)) if path is not None and path.is_file() else None
        if summary is None or summary["n_pages"] == 1:
            return []
        size = {"width": summary["width"], "height": summary["height"]}
        return [{"page": page} | size | summary["plots"].get(page, _UNKNOWN) for page in range(1, summary["n_pages"] + 1)]

    def small_picture(self, path, page, name):
        """Give the file with a small picture of a page."""
        out = self._scratch / f"{name}-{page}-{path.stat().st_mtime_ns}.png"
        if not out.exists():
            self._draw(self._crew.mender, path, page, _SMALL_SIDE_PX, out)
        return out

    def picture(self, path, page, out):
        """Draw a page large enough to be read, unless that was done before."""
        if not out.exists():
            self._draw(self._crew.reader, path, page, _PAGE_SIDE_PX, out)

    def _draw(self, worker, path, page, side, out):
        worker.call("page", seconds=PAGE_SECONDS, source=str(path), page=page, most_side_px=side, out=str(out))


def _key(path):
    return path, path.stat().st_mtime_ns
