"""The page on reviews names every field of the files that people write, and no other."""

import re
from pathlib import Path

import pytest

from ipdrecon.app import review

PAGE = (Path(__file__).parents[1] / "docs" / "reviews.md").read_text(encoding="utf-8")
ENTRIES = {
    "## review.toml": review.ReviewEntry,
    "### `[[trial]]`": review.TrialPlace,
    "### `[[outcome]]`": review.OutcomeEntry,
    "## trial.toml": review.TrialEntry,
    "### `[[arm]]`": review.ArmEntry,
    "### `[[figure]]`": review.FigureEntry,
    "### `[[rate]]`": review.RateEntry,
    "### `[[printed_twice]]`": review.TwiceEntry,
    "### `[[not_redone]]`": review.NotRedoneEntry,
}


def _section(heading):
    return re.split(r"\n#{2,3} ", PAGE.split(f"\n{heading}\n")[1])[0]


@pytest.mark.parametrize("heading", ENTRIES)
def test_every_field_has_its_line(heading):
    """The first cells of a section's table are the fields of its entry, each once."""
    cells = re.findall(r"^\| (`[^|]*`) \|", _section(heading), re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(ENTRIES[heading].model_fields)


def test_choices_of_a_field_are_named():
    for heading, field in (("### `[[outcome]]`", "tau2"), ("### `[[outcome]]`", "measure"), ("### `[[figure]]`", "curve")):
        schema = ENTRIES[heading].model_json_schema()["properties"][field]
        choices = schema.get("enum") or next(option["enum"] for option in schema["anyOf"] if "enum" in option)
        assert all(f"`{choice}`" in _section(heading) for choice in choices), (field, choices)
