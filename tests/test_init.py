"""A review to begin with: it can be read as it stands, is never written over, and mistakes in it are told by line and field."""

import html
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.app.commands import main
from ipdrecon.app.review import ReviewEntry, TrialEntry, read_review, read_trial
from ipdrecon.app.toml_lines import line_of
from ipdrecon.errors import FolderError


@pytest.fixture
def begun(tmp_path, capsys):
    assert main(["init", str(tmp_path / "review")]) == 0
    capsys.readouterr()
    return tmp_path / "review"


def test_the_skeleton_can_be_read_and_run_and_says_that_it_is_empty(begun, capsys):
    assert read_review(begun / "review.toml").outcomes[0].name == "Overall survival"
    assert read_trial(begun / "trial_1").reference == "Old"
    assert main(["run", str(begun / "review.toml")]) == 3
    empty = "Overall survival: nothing to pool: no figure and no printed number of the endpoint 'overall survival' tells the HR"
    assert empty in capsys.readouterr().out
    assert html.escape(empty).replace("&#x27;", "&#39;") in (begun / "results" / "report.html").read_text()


def test_every_commented_field_is_one_of_the_file(begun):
    """Taking all marks away from fields leaves a file that is read."""
    path = begun / "review.toml"
    lines = [line[2:] if line.startswith("# ") and (" = " in line or line.startswith("# [[")) else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    review = read_review(path)
    assert [outcome.folder for outcome in review.outcomes] == ["overall-survival", "death-at-3-years"]
    assert review.outcomes[1].time == 36


def test_a_mark_that_editors_put_first_is_no_mistake(begun):
    path = begun / "review.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_review(path).outcomes[0].name == "Overall survival"


def test_nothing_is_written_over(begun, capsys):
    before = (begun / "review.toml").read_text()
    (begun / "studies.csv").unlink()
    assert main(["init", str(begun)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert (begun / "review.toml").read_text() == before
    assert not (begun / "studies.csv").exists()


@pytest.mark.parametrize(("name", "entry"), [("review.schema.json", ReviewEntry), ("trial.schema.json", TrialEntry)])
def test_schemas_name_every_field(begun, name, entry):
    schema = json.loads((begun / name).read_text())
    assert set(schema["properties"]) == set(entry.model_fields)
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_mistakes_are_told_by_line_and_field(begun):
    path = begun / "review.toml"
    text = path.read_text().replace('measure = "HR"', 'measure = "HX"', 1)
    path.write_text(text)
    line = text.splitlines().index(next(row for row in text.splitlines() if "HX" in row)) + 1
    with pytest.raises(FolderError, match=rf"review\.toml, line {line}, outcome\.1\.measure: .*seen: 'HX'"):
        read_review(path)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ('name = "A"\nmeasure = "HR"\ntime = 36', "a risk at a time gives the measure RR"),
        ('name = "A"\n[[outcome]]\nname = "a!"', "expected a name of its own for each"),
        ('endpoint = "x"', "expected a name of its own for each"),
        ('name = "A"\n[pool]', "expected one of them"),
    ],
)
def test_outcomes_that_contradict_themselves_are_refused(tmp_path, outcomes, message):
    path = tmp_path / "review.toml"
    path.write_text(f'title = "x"\n[[trial]]\nfolder = "a"\n[[outcome]]\n{outcomes}\n')
    with pytest.raises(FolderError, match=message):
        read_review(path)


_KEYS = st.lists(st.sampled_from(["a", "b", "c-d"]), max_size=3, unique=True)


@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), _KEYS), max_size=6), _KEYS)
def test_lines_found_hold_the_field(entries, alone):
    """Every field of a made file is found on its own line, in arrays of tables and in a table of its own."""
    rows, places, seen = ["[alone]  # a table"], [], {"one": -1, "two": -1}
    for table, keys in [(("alone",), alone), *((name, keys) for name, keys in entries)]:
        if table != ("alone",):
            seen[table] += 1
            rows.append(f"[[ {table} ]]")
            table = (table, seen[table])
        for key in keys:
            rows.append(f"  {key} = 1 # {key}")
            places.append((len(rows), (*table, key)))
    text = "\n".join(rows)
    tomllib.loads(text)
    assert [line_of(text, place) for _, place in places] == [line for line, _ in places]
