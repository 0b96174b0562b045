"""Draw the picture at the top of the README from what the program makes of the example's figure.

Run ``python docs/draw_overview.py`` in the checkout: it digitises and reconstructs the figure, and writes `docs/overview.png`.
"""

import os
import tempfile
from pathlib import Path

import matplotlib.image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipdrecon.app.workflow import digitise_to_folder, reconstruct_to_folder

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "digitised" / "tacerte" / "fig5_facsimile.png"
PANELS = (
    ("overlay.png", "what was read, drawn upon the figure"),
    ("reconstruction.png", "the Kaplan-Meier estimate of the rebuilt patients"),
)


def draw(folder):
    """Set the two pictures of a figure folder side by side; a matplotlib Figure."""
    figure = Figure(figsize=(12, 4.8), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    for number, (name, caption) in enumerate(PANELS):
        axes = figure.add_axes((0.005 + 0.5 * number, 0.0, 0.49, 0.92), anchor="N")
        axes.imshow(matplotlib.image.imread(folder / name), interpolation="lanczos")
        figure.text(0.25 + 0.5 * number, 0.95, caption, fontsize=12, ha="center")
        axes.axis("off")
    return figure


def main():
    """Digitise, reconstruct and draw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        digitise_to_folder(EXAMPLE, folder)
        reconstruct_to_folder(folder, draws=50)
        picture = draw(folder)
    temporary = DOCS / "overview.part.png"
    picture.savefig(temporary, metadata={"Software": None})
    os.replace(temporary, DOCS / "overview.png")


if __name__ == "__main__":
    main()
