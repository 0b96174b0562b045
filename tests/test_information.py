"""The accuracy to expect: read from the scoreboards, looked up by size, and told wherever patients are shown."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from ipdrecon.app import sentences
from ipdrecon.app.commands import main
from ipdrecon.flags import Flag
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.information import expected_error

ROOT = Path(__file__).parents[1]
EXPECTED = ROOT / "ipdrecon" / "survival" / "expected_error.json"
TABLE = json.loads(EXPECTED.read_text("utf-8"))
READ = ("curve + at-risk table", "curve + at-risk table + total events", "curve + n", "curve + n + total events")
EXACT = tuple(f"exact {words}" for words in READ)
SCOREBOARDS = [path for name in ("reconstruction", "reconstruction_guyot") if (path := ROOT / "benchmarks" / f"{name}.json").exists()]


@pytest.fixture
def script(monkeypatch):
    """The command that writes the table."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("expected_error_script", ROOT / "benchmarks" / "expected_error.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _arm(n=60, information="curve + at-risk table", name="A", method="joint", **more):
    return ReconstructedArm(name, range(1, n + 1), [True] * n, method, information, **more)


# --- the table -------------------------------------------------------------------------------------------------------


def test_table_holds_every_information_of_both_methods():
    assert set(TABLE["methods"]) == {"joint", "guyot"}
    assert set(TABLE["methods"]["joint"]) == {*READ, *EXACT, "exact curve + n + censor marks"}
    assert set(TABLE["methods"]["guyot"]) == set(READ)
    for levels in TABLE["methods"].values():
        for sizes in levels.values():
            assert list(sizes) == ["30", "60", "150", "400", "1000"]
            assert all(0 <= cell["median"] <= cell["p90"] and cell["trials"] > 0 for cell in sizes.values())


@pytest.mark.parametrize("path", SCOREBOARDS, ids=lambda path: path.stem)
def test_table_is_that_of_the_scoreboards(script, path):
    (made,) = script.expected([path])["methods"].items()
    assert TABLE["methods"][made[0]] == made[1], "run: python benchmarks/expected_error.py"


def test_page_shows_the_table(script):
    (shown,) = script.PLACE.findall((ROOT / "docs" / "reconstruction.md").read_text("utf-8"))
    assert shown == script.accuracy_table(TABLE["methods"])


def _board(method, **errors):
    """A scoreboard of one size, with (median, 90th percentile) by setting."""
    lines = [
        {"setting": name.replace("_", "-"), "by_n": {"60": {"trials": 10, "failed": index, "log_hr_median": error[0], "log_hr_p90": error[1]}}}
        for index, (name, error) in enumerate(errors.items())
    ]
    return {"method": method, "settings": lines}


def test_a_curve_that_was_read_is_judged_by_the_worse_of_pixels_and_scan(script):
    made = script.levels(_board("joint", exact_full=(0.001, 0.01), pixel_full=(0.003, 0.05), scan_full=(0.004, 0.04)))
    assert made == {
        "curve + at-risk table": {"60": {"median": 0.004, "p90": 0.05, "trials": 8}},
        "exact curve + at-risk table": {"60": {"median": 0.001, "p90": 0.01, "trials": 10}},
    }


def test_guyot_knows_no_exact_curves(script):
    board = _board("guyot", exact_full=(0.001, 0.01), pixel_full=(0.003, 0.05), scan_full=(0.004, 0.04), exact_censorings=(0.1, 0.2))
    assert list(script.levels(board)) == ["curve + at-risk table"]


def test_half_a_scoreboard_promises_nothing(script):
    assert script.levels(_board("joint", pixel_full=(0.003, 0.05))) == {}


# --- looking up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(1, 30), (30, 30), (42, 30), (43, 60), (94, 60), (95, 150), (244, 150), (245, 400), (632, 400), (633, 1000), (9999, 1000)])
def test_the_nearest_size_by_ratio_answers(n, size):
    found = expected_error("curve + n", n)
    cell = TABLE["methods"]["joint"]["curve + n"][str(size)]
    assert (found.n, found.median, found.p90, found.n_trials) == (size, cell["median"], cell["p90"], cell["trials"])


def test_marks_that_were_not_simulated_promise_no_more_than_the_rest():
    with_marks = expected_error("curve + at-risk table + censor marks", 60)
    assert with_marks == expected_error("curve + at-risk table", 60)
    assert with_marks.information == "curve + at-risk table"
    assert expected_error("exact curve + n + censor marks", 60).information == "exact curve + n + censor marks"


def test_methods_differ():
    assert expected_error("curve + n", 150, method="guyot").median > 2 * expected_error("curve + n", 150).median


@pytest.mark.parametrize(
    ("information", "n", "method"),
    [("incidence of all causes + at-risk table", 60, "joint"), ("", 60, "ipd"), ("curve + n", 60, "incidence"), ("exact curve + n", 60, "guyot"), ("curve + n", 0, "joint")],
)
def test_what_was_not_simulated_has_no_answer(information, n, method):
    assert expected_error(information, n, method=method) is None


# --- telling ---------------------------------------------------------------------------------------------------------


def test_arms_of_which_as_much_is_known_share_a_sentence():
    told = list(sentences.of_expected([_arm(), _arm(name="B")]))
    assert len(told) == 1
    assert told[0].startswith("Accuracy to expect from curve + at-risk table: log hazard ratios rebuilt in simulated trials of 60 patients per arm came within ")
    assert told[0].endswith(" (9 of 10) of the true ones.")
    apart = list(sentences.of_expected([_arm(), _arm(400, name="B")]))
    assert [line[line.index("of the true ones") :] for line in apart] == ["of the true ones ('A').", "of the true ones ('B')."]


def test_arms_of_several_panels_are_told_with_their_panels():
    (_, told) = sentences.of_expected([_arm(panel="A"), _arm(400, panel="A"), _arm(400, panel="B")])
    assert told.endswith("('A' of panel A, 'A' of panel B).")


@pytest.mark.parametrize(("error", "told"), [(0.0, "0.001"), (0.0034, "0.004"), (0.004, "0.004"), (0.0994, "0.100"), (0.131, "0.14"), (0.3, "0.30")])
def test_a_bound_is_rounded_up(error, told):
    assert sentences._at_most(error) == told


def test_marks_are_told_as_the_trials_had_them():
    (told,) = sentences.of_expected([_arm(information="curve + n + censor marks")])
    assert "per arm (without censor marks) came" in told
    (told,) = sentences.of_expected([_arm(information="exact curve + n + censor marks")])
    assert "per arm (each censoring with its mark) came" in told


@pytest.mark.parametrize("name", ["table_curve_conflict", "events_conflict", "n_assumed", "weighted_curve"])
def test_less_is_to_be_expected_of_what_is_unlike_the_simulated_figures(name):
    arms = [_arm(), _arm(name="B", flags=(Flag(name, "arm 'B'"), Flag("no_total_events")))]
    (told,) = sentences.of_expected(arms)
    assert told.endswith(f"Expect less of 'B', flagged {name}.")
    (told,) = sentences.of_expected([arms[0], replace(arms[1], flags=(Flag("no_total_events"),))])
    assert "Expect less" not in told


def test_nothing_is_told_of_methods_that_were_not_simulated():
    assert not list(sentences.of_expected([_arm(method="ipd"), _arm(method="incidence")]))


def test_residuals_in_words():
    residuals = {"curve_max": 0.0134, "n_risk_max": 2, "n_event": -3, "n_event_table_max": 0, "n_censored_table_max": 1}
    (told,) = sentences.of_arms([_arm(information="curve + at-risk table + total events", residuals=residuals)])
    assert told == (
        "A: 60 patients, 60 events, from curve + at-risk table + total events; the curve is met within 1.3 points of survival, "
        "numbers at risk within 2, total of events within 3, printed censorings within 1."
    )
    exact = {"curve_max": 0.0, "n_risk_max": 0, "n_event": 0}
    (told,) = sentences.of_arms([_arm(information="curve + at-risk table + total events", residuals=exact)])
    assert told.endswith("within 0.0 points of survival, numbers at risk exactly, total of events exactly.")
    (told,) = sentences.of_arms([_arm(information="curve + n", residuals=exact)])
    assert told.endswith("from curve + n; the curve is met within 0.0 points of survival.")
    (told,) = sentences.of_arms([_arm(residuals={"curve_max": 0.0, "printed": [{"used": True}, {"used": True}, {"used": False}]})])
    assert told.endswith("points of survival; 2 other printed numbers used; 1 printed number contradicts the figure, not used.")
    (told,) = sentences.of_arms([_arm()])
    assert told == "A: 60 patients, 60 events, from curve + at-risk table."


# --- the command -----------------------------------------------------------------------------------------------------

CURVES = "panel,arm,time,survival\n1,A,0,1\n1,A,3.1,0.803\n1,A,6.2,0.507\n1,A,9,0.301\n1,B,0,1\n1,B,4.1,0.902\n1,B,7.3,0.611\n1,B,9,0.402\n"
AT_RISK = "panel,arm,time,n_risk\n1,A,0,40\n1,A,6,30\n1,B,0,40\n1,B,6,33\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "curves.csv").write_text(CURVES)
    (tmp_path / "at_risk.csv").write_text(AT_RISK)
    return tmp_path


@pytest.mark.parametrize("method", ["joint", "guyot"])
def test_command_and_record_tell_the_accuracy_by_method(folder, capsys, method):
    assert main(["reconstruct", str(folder), "--method", method.upper()]) in (0, 3)
    record = json.loads((folder / "reconstruction.json").read_text())
    assert record["method"] == method
    for arm in record["arms"]:
        expected = expected_error(arm["information"], arm["n"], method=method)
        assert arm["expected_error"] == {
            "median": expected.median, "p90": expected.p90, "n": 30, "n_trials": expected.n_trials, "information": expected.information,
        }  # fmt: skip
    assert "Accuracy to expect from curve + at-risk table: " in capsys.readouterr().out


def test_joint_is_the_method_unless_another_is_asked_for(folder):
    main(["reconstruct", str(folder), "-q"])
    assert {arm["method"] for arm in json.loads((folder / "reconstruction.json").read_text())["arms"]} == {"joint"}
