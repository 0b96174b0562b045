"""How pictures are written: as SVG, PDF or PNG, whole or not at all, the same bytes each time."""

import io
import os
import re
import tempfile
import warnings
from pathlib import Path

from metaanalysis.errors import MetaAnalysisError

FORMATS = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


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
    stream, kind = io.BytesIO(), path.suffix.lower()
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "metaanalysis", "svg.fonttype": "path", "pdf.fonttype": 42}):
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # such a letter is drawn as an empty box
        figure.savefig(stream, format=kind[1:], dpi=dpi, metadata=FORMATS[kind])
    content = _NOT_XML.sub(b"", stream.getvalue()) if kind == ".svg" else stream.getvalue()
    with tempfile.TemporaryDirectory(".part", ".", path.parent) as place:
        (Path(place) / path.name).write_bytes(content)
        os.replace(Path(place) / path.name, path)
    return path
