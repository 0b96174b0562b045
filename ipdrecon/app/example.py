"""The embedded example: a review with one figure, copied out of the package and worked through."""

from importlib.resources import files
from pathlib import Path

from ipdrecon.app.review_run import run_review
from ipdrecon.app.saving import write_files

REVIEW = "reviews/tace_rt/review.toml"
_LEFT_OUT = ("__init__.py",)


def example_files():
    """Read the example's files out of the package `digitised`.

    Returns
    -------
    dict of str to bytes
        Content by path.
    """
    return dict(sorted(_walk(files("digitised"), "")))


def _walk(place, prefix):
    for item in place.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            yield from _walk(item, f"{prefix}{item.name}/")
        elif item.is_file() and item.name not in _LEFT_OUT:
            yield f"{prefix}{item.name}", item.read_bytes()


def run_example(folder):
    """Copy the example to a folder and work through its review.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    ReviewResult
    """
    folder = Path(folder)
    write_files(folder, example_files())
    return run_review(folder / REVIEW, folder / "results")
