"""The documentation site: it builds without a warning, every link leads somewhere, nothing is fetched, every public name is told."""

import importlib.util
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import ipdrecon
import metaanalysis

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "site"
NEEDED = ("sphinx", "myst_parser", "numpydoc", "furo", "latex2mathml")
LONGEST = 500  # seconds; half a minute on a machine with nothing else to do


@pytest.fixture(scope="module")
def makers():
    """The modules that make the pages; none of them needs Sphinx."""
    sys.path.insert(0, str(SITE))
    try:
        yield importlib.import_module("staging")
    finally:
        sys.path.remove(str(SITE))


@pytest.fixture(scope="module")
def gathered(makers, tmp_path_factory):
    """Folder with every page of the site, before Sphinx."""
    folder = tmp_path_factory.mktemp("gathered") / "pages"
    makers.stage(folder)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; its build ends with what is wrong."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"the site needs {', '.join(missing)}: pip install 'ipdrecon[docs]'")
    out = tmp_path_factory.mktemp("site") / "html"
    # a proxy that answers nothing: a build that asks for anything fails
    settings = os.environ | {"PYTHONPATH": str(ROOT)} | dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run([sys.executable, str(SITE / "build.py"), str(out)], env=settings, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


def names_in(inventory):
    """Every object that Sphinx has a description of."""
    lines = zlib.decompress(inventory.read_bytes().split(b"\n", 4)[4]).decode("utf-8").splitlines()
    return {line.split(" py:")[0] for line in lines if " py:" in line}


def test_the_site_builds_without_warning_dead_link_or_outside_resource(site):
    assert (site / "index.html").is_file()


def test_every_public_name_is_in_the_reference(site):
    told = names_in(site / "objects.inv")
    public = {f"metaanalysis.{name}" for name in metaanalysis.__all__} | {f"ipdrecon.{name}" for name in ipdrecon.__all__ if name != "__version__"}
    assert not public - told


def test_every_page_is_in_the_contents(site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {"genindex.html", "search.html"}
    from html import unescape

    start = (site / "genindex.html").read_text("utf-8")
    tree = start[start.index('class="sidebar-tree"') :]
    linked = {unescape(link.split("#")[0]) for link in re.findall(r'href="([^"]+)"', tree[: tree.index("</aside>")])}
    assert pages - {"index.html"} <= linked


def test_formulas_are_drawn_by_the_browser_alone(site):
    text = (site / "methods" / "pooling.html").read_text("utf-8")
    assert text.count("<math") > 20
    assert not re.search(r"<script[^>]*mathjax", text, re.IGNORECASE)


def test_checks_see_what_is_wrong(tmp_path, makers):
    from checking import faults

    (tmp_path / "a.html").write_text(
        '<a href="b.html">x</a><a href="#no">y</a><a href="https://example.org/">fine</a><img src="https://example.org/x.png">'
        '<script src="gone.js"></script><style>@import "//example.org/x.css"; b { background: url(data:,) }</style><p id="here"></p><a href="#here">z</a>',
        encoding="utf-8",
    )
    (tmp_path / "c.css").write_text("p { background: url('https://example.org/p.png') }", encoding="utf-8")
    assert sorted(faults(tmp_path)) == [
        "a.html fetches //example.org/x.css",
        "a.html fetches gone.js, which is not there",
        "a.html fetches https://example.org/x.png",
        "a.html links to #no, which is not there",
        "a.html links to b.html, which is not there",
        "c.css fetches https://example.org/p.png",
    ]


def test_every_command_option_flag_and_edit_is_in_the_reference(gathered):
    from typer.main import get_command

    from ipdrecon.app.commands import app
    from ipdrecon.figure.edits.kinds import KINDS
    from ipdrecon.flags import DEFINITIONS

    commands = (gathered / "reference" / "commands.md").read_text("utf-8")
    for command in get_command(app).commands.values():
        section = commands.partition(f"## ipdrecon {command.name}\n")[2].partition("\n## ")[0]
        assert bool(section) != command.hidden
        options = {name for parameter in command.params if parameter.param_type_name == "option" for name in parameter.opts} if section else set()
        assert not {name for name in options if f"`{name}`" not in section + commands.partition("\n## ")[0]}
    flags = (gathered / "reference" / "flags.md").read_text("utf-8")
    assert not {name for name, flag in DEFINITIONS.items() if f"| `{name}` | {flag.meaning}" not in flags}
    edits = (gathered / "reference" / "edits.md").read_text("utf-8")
    assert not {name for name in KINDS if f"| `{name}` |" not in edits}


def test_pages_that_come_and_go_are_taken_as_they_are(makers):
    import site_map

    names = ["index", "speed", "measured/speed", "measured/batch", "unheard_of", "measured/index", "licences"]
    laid = site_map.contents(names)
    placed = [name for sections in laid.values() for _, found in sections for name in found]
    assert sorted(placed) == sorted(set(names) - {"index"})
    assert "unheard_of" in dict(laid["index"])["Project"]


def test_links_lead_to_pages_and_code_is_left_as_it_is(makers, tmp_path):
    home = {(ROOT / "benchmarks" / "coverage.md").resolve(): "measured/coverage"}
    text = "[`b`, of\nsome](../benchmarks/coverage.md#x) `[a](b.md)`\n```\n[d](e.md)\n```\n[all](../README.md) [it](https://a.b/) [cff](../CITATION.cff)"
    made = makers.outside_code(text, lambda part: makers.rewritten(part, ROOT / "docs" / "x.md", "how_to/x", home, tmp_path))
    assert made == "[`b`, of\nsome](../measured/coverage.md#x) `[a](b.md)`\n```\n[d](e.md)\n```\n[all](../index.md) [it](https://a.b/) cff (`CITATION.cff`)"
    with pytest.raises(SystemExit, match=r"x\.md: the link gone\.md leads nowhere"):
        makers.rewritten("[a](gone.md)", ROOT / "docs" / "x.md", "x", home, tmp_path)


def test_the_tutorial_shows_commands_that_exist():
    from typer.main import get_command

    from ipdrecon.app.commands import app

    commands = get_command(app).commands
    for path in (ROOT / "docs" / "tutorial").glob("*.txt"):
        line = path.read_text("utf-8").partition("\n")[0]
        if line.startswith("$ ipdrecon "):
            known = {option for parameter in commands[line.split()[2]].params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", line)) <= known


def test_what_pages_keep_of_the_program_is_what_it_says_now(makers):
    kept = importlib.import_module("kept")
    assert not list(kept.outdated()), "run `make docs-kept`"


def test_a_page_keeps_what_is_made_without_what_only_the_site_understands(makers):
    kept = importlib.import_module("kept")
    page = "a\n<!-- made: citation -->\nold\n<!-- until here -->\nb\n<!-- made: flags -->\nc\n"
    new = kept.up_to_date(page, kept.HERE.parent / "citing.md")
    assert "old" not in new
    assert "bibtex" in new
    assert new.endswith("<!-- until here -->\nb\n<!-- made: flags -->\nc\n")
    assert kept.plain("{.options}\n| a |\n:::{x} y\nb\n:::\n") == "| a |\nb"


def test_a_page_lists_the_pages_below_it_by_title_and_file(makers):
    kept = importlib.import_module("kept")
    lines = kept.listed(ROOT / "docs" / "measured" / "index.md").splitlines()
    assert "**How good**" in lines
    assert {"- [Speed](../speed.md)", "- [Patients from curves](../../benchmarks/reconstruction.md)"} <= set(lines)


def test_pictures_of_the_site_are_few_and_small():
    kept = [path for folder in ("gallery", "tutorial") for path in (ROOT / "docs" / folder).iterdir()]
    assert sum(path.stat().st_size for path in kept) < 3e6
