"""What is packed: the data go along, and one version is named everywhere."""

import configparser
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import ipdrecon
from ipdrecon.flags import DEFINITIONS

ROOT = Path(__file__).parents[1]
DATA = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "digitised").rglob("*")
    if path.suffix in {".toml", ".csv", ".png", ".md", ".py"} and "results" not in path.parts
)
BUILD = """
import sys
from setuptools import build_meta
out = sys.argv[1]
build_meta.build_wheel(out)
build_meta.build_sdist(out)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Copy what gets packed, so that building leaves no trace in the checkout."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("ipdrecon", "metaanalysis", "digitised"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, folder / path.name)
    return folder


@pytest.fixture(scope="module")
def packed(source, tmp_path_factory):
    """Build wheel and sdist."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=source, check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def wheel_names(packed):
    with zipfile.ZipFile(next(packed.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.fixture(scope="module")
def sdist_names(packed):
    with tarfile.open(next(packed.glob("*.tar.gz"))) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def test_wheel_holds_the_digitised_trials(wheel_names):
    assert "digitised/tacerte/fig5_facsimile.png" in DATA
    assert set(DATA) <= wheel_names


def test_sdist_holds_the_digitised_trials(sdist_names):
    assert set(DATA) <= sdist_names


def test_wheel_holds_every_module_and_every_page(source, wheel_names):
    kinds = {".py", ".html", ".css", ".js", ".svg", ".json"}
    files = {
        path.relative_to(source).as_posix()
        for package in ("ipdrecon", "metaanalysis")
        for path in (source / package).rglob("*")
        if path.suffix in kinds
    }
    assert files <= wheel_names


def test_wheel_brings_nothing_else(wheel_names):
    assert {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name} == {"ipdrecon", "metaanalysis", "digitised"}


def test_wheel_names_the_licence(wheel_names):
    assert any(name.endswith("/LICENSE") for name in wheel_names)


def version_in_setup():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["metadata"]["version"]


def test_version_is_the_same_in_the_package():
    assert ipdrecon.__version__ == version_in_setup()


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("CITATION.cff", r"(?m)^version: ['\"]?([^'\"\s]+)"), ("CHANGELOG.md", r"(?m)^## \[(\d[^\]]*)\]")],
)
def test_version_is_the_same_in_the_papers(name, pattern):
    assert re.search(pattern, (ROOT / name).read_text(encoding="utf-8")).group(1) == version_in_setup()


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_points_to_files_that_exist():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme())
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def tasks():
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "how_to").glob("*.md")))


def questions():
    return (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")


def exchange():
    return (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [readme, tasks, questions, exchange])
def test_papers_name_commands_and_options_that_exist(text):
    from typer.main import get_command

    from ipdrecon.app.commands import app

    commands = get_command(app).commands
    parameters = [parameter for command in commands.values() for parameter in command.params]
    known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"(?m)^`?ipdrecon ([a-z]+)", text())) <= set(commands)
    assert set(re.findall(r"`(--[a-z0-9-]+)", text())) <= known


def test_the_page_on_edits_has_an_example_that_is_understood():
    from ipdrecon.figure.edits.kinds import parse_edits

    text = (ROOT / "docs" / "reference" / "edits.md").read_text(encoding="utf-8")
    example = json.loads(text.partition("```json")[2].partition("```")[0])
    assert len(parse_edits(example["edits"])) == 4


def test_readme_names_flags_that_exist():
    section = readme().partition("## When it is not sure")[2].partition("A flag that")[0]
    named = set(re.findall(r"`([a-z_]+)` \(", section)) | {"facsimile"}
    assert len(named) > 3
    assert named <= set(DEFINITIONS)


def test_exchange_names_flags_and_formats_that_exist():
    from ipdrecon.app.exchange.patients_out import FORMATS
    from metaanalysis.exchange.exports import FORMATS as OF_POOLED

    values = exchange().partition("**Values.**")[2].partition("**Arms**")[0]
    named = set(re.findall(r"`([a-z_]+)[`:]", values)) - {"lower", "upper"}
    assert len(named) == 7
    assert named <= set(DEFINITIONS)
    patients, pooled = exchange().split("## Pooled results to elsewhere")
    for text, formats in ((patients, FORMATS), (pooled, OF_POOLED)):
        assert tuple(re.findall(r"(?m)^\| `([a-z]+)` \| `", text)) == formats


def test_every_flag_says_where_to_look():
    for definition in DEFINITIONS.values():
        assert definition.look_at.startswith("the "), definition.name
        assert definition.meaning.endswith("."), definition.name
        assert not definition.look_at.endswith("."), definition.name
