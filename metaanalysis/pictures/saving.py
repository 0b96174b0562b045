"""How pictures are written: as SVG, PDF or PNG, whole or not at all, the same bytes each time."""

import os
from pathlib import Path

from metaanalysis.errors import MetaAnalysisError

FORMATS = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}


def save_picture(figure, path, *, dpi=300):
    """Write a figure as SVG, PDF or PNG by its suffix; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path
    dpi : int
        Of a PNG.

    Returns
    -------
    Path

    Raises
    ------
    MetaAnalysisError
        Where the suffix is another.

    Examples
    --------
    >>> import tempfile
    >>> from metaanalysis import forest_plot, pool
    >>> pooled = pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_picture(forest_plot(pooled), Path(folder) / "forest.svg").name
    'forest.svg'
    """
    import matplotlib

    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise MetaAnalysisError(f"The file is {path.name}; a picture is written as {', '.join(FORMATS)}: choose one of these endings.")
    temporary = path.with_name(f".{path.name}.part")
    with matplotlib.rc_context({"svg.hashsalt": "metaanalysis", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(temporary, format=path.suffix.lower()[1:], dpi=dpi, metadata=FORMATS[path.suffix.lower()])
    os.replace(temporary, path)
    return path
