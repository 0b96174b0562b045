"""The index of reference numbers names every script, page and version, and tests that are there."""

import json
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"
INDEX = (REFERENCE / "README.md").read_text(encoding="utf-8")
ROWS = {row.split("`")[1]: row for row in INDEX.splitlines() if row.startswith("| `") and ".R`" in row}


def test_every_script_and_page_is_in_the_index():
    assert set(ROWS) == {path.name for path in REFERENCE.glob("*.R")}
    assert {name for name in re.findall(r"\]\((\w+\.md)\)", INDEX)} == {path.name for path in REFERENCE.glob("*.md")} - {"README.md"}
    assert all(f"Rscript tests/reference/{name}" in INDEX for name in ROWS)


@pytest.mark.parametrize("script", sorted(ROWS))
def test_versions_are_those_of_the_numbers(script):
    record = json.loads((REFERENCE / script).with_suffix(".json").read_text(encoding="utf-8"))
    versions = record.get("versions") or {"R": record["r"], **record["packages"]}
    told = {name: re.search(r"\d[\d.]*\d", version)[0] for name, version in versions.items()}
    assert all(f"{name} {version}" in ROWS[script] for name, version in told.items())


def test_tests_of_the_index_are_there():
    named = [name for names in re.findall(r"`(test_[\w{},]+\.py)`", INDEX) for name in _expanded(names)]
    assert named
    assert [name for name in named if not (HERE / name).is_file()] == []


def _expanded(name):
    choices = re.search(r"\{([\w,]+)\}", name)
    return [name.replace(choices[0], choice) for choice in choices[1].split(",")] if choices else [name]
