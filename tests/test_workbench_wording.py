"""Errors that reach the page of the workbench advise nothing that only the command line has."""

import ast
import re
from pathlib import Path

import pytest

from ipdrecon.app.workbench.wording import in_the_page

ROOT = Path(__file__).parents[1]
PLACES = ["ipdrecon/figure", "ipdrecon/survival", *(f"ipdrecon/app/{name}.py" for name in ("saving", "library", "workflow", "given", "tables")), "metaanalysis/tau2.py"]
COMMANDS = re.compile(r"(?<![\w-])--[a-z]|`ipdrecon ")


def advice():
    """Every sentence, of those modules that the workbench asks, that names an option or a command; options alone name what was given there."""
    found = {}
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*.py")) or [ROOT / place]:
            for node, words in sentences(ast.parse(path.read_text("utf-8"))):
                if COMMANDS.search(words) and not words.startswith("--"):
                    found[f"{path.name}:{node.lineno}"] = words
    return found


def sentences(node):
    """Texts of a module, each whole, without docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            yield child, "".join(part.value if isinstance(part, ast.Constant) else "X" for part in child.values)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child, child.value
        elif not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from sentences(child)


ADVICE = advice()


def test_there_is_something_to_say_otherwise():
    assert len(ADVICE) > 8


@pytest.mark.parametrize("place", ADVICE)
def test_no_option_and_no_command_is_advised(place):
    said = in_the_page(ADVICE[place])
    assert not COMMANDS.search(said), said
    assert "  " not in said and not said.endswith((" ", "; .")), said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Crop the figure, or give --x-range and --y-range.", "Crop the figure, or give both axes by hand."),
        ("No ink. Give --x-range and --y-range, or crop the figure.", "No ink. Give both axes by hand, or crop the figure."),
        ("expected the number at time 0. Pass --n 'Arm A=N' (n=N in Python).", "expected the number at time 0. Type the number under Result."),
        ("fig5 holds no ipd.csv; run `ipdrecon reconstruct fig5` first.", "fig5 holds no ipd.csv; look under Result, where they are rebuilt."),
        ("fig-5.png cannot be read.", "fig-5.png cannot be read."),
    ],
)
def test_what_is_said_instead(told, said):
    assert in_the_page(told) == said
