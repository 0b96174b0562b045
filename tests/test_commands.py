"""The command line: what it prints, how it ends, and that a failure leaves nothing behind."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from ipdrecon.app import library
from ipdrecon.app.commands import main
from ipdrecon.app.console import Talk
from ipdrecon.flags import Flag

CURVES = "panel,arm,time,survival\n1,A,0,1\n1,A,3,0.8\n1,A,9,0.6\n1,B,0,1\n1,B,4,0.9\n1,B,9,0.7\n"
AT_RISK = "panel,arm,time,n_risk\n1,A,0,40\n1,A,6,30\n1,B,0,40\n1,B,6,33\n"


@pytest.fixture
def folder(hand_made):
    """A figure folder made by hand."""
    return hand_made(CURVES, AT_RISK)


@pytest.fixture
def png(tmp_path, made_px):
    """The made figure as a file."""
    import cv2

    path = tmp_path / "made.png"
    cv2.imwrite(str(path), made_px[:, :, ::-1])
    return path


# --- digitise --------------------------------------------------------------------------------------------------------


def test_digitise_writes_the_folder_beside_the_figure(png, digitised, capsys):
    digitised()
    assert main(["digitise", str(png)]) == 3
    assert sorted(os.listdir(png.with_suffix(""))) == ["at_risk.csv", "censor_marks.csv", "curves.csv", "figure.json", "overlay.png"]
    said = capsys.readouterr().out
    assert "2 curves (Placebo, Drug); time 0 to 72 months" in said
    assert "gap (arm): A stretch of the curve has no ink" in said
    assert "overlay.png" in said


def test_digitize_is_understood(png, digitised, tmp_path):
    digitised()
    assert main(["digitize", str(png), "--out", str(tmp_path / "out"), "-q"]) == 3
    assert (tmp_path / "out" / "curves.csv").exists()


def test_json_leaves_standard_output_to_the_result(png, digitised, capsys):
    digitised()
    main(["digitise", str(png), "--json"])
    seen = capsys.readouterr()
    record = json.loads(seen.out)
    assert record["panels"][0]["arms"][0]["label"] == "Placebo"
    assert record["folder"] == str(png.with_suffix(""))
    assert "2 curves" in seen.err


def test_quiet_says_nothing(png, digitised, capsys):
    digitised()
    main(["digitise", str(png), "-q"])
    assert capsys.readouterr() == ("", "")


def test_rerun_gives_the_same_bytes(png, digitised):
    digitised()
    folder = png.with_suffix("")
    runs = []
    for _ in range(2):
        main(["digitise", str(png), "-q"])
        runs.append({name: (folder / name).read_bytes() for name in os.listdir(folder)})
    assert runs[0] == runs[1]


def test_numbers_at_risk_given_by_hand(png, digitised, tmp_path):
    digitised(flags=(Flag("no_at_risk"),))
    table = tmp_path / "table.csv"
    table.write_text("arm,time,n_risk\nplacebo,0,60\nplacebo,12,30\nDRUG,0,61\nDRUG,12,31\n")
    out = tmp_path / "out"
    main(["digitise", str(png), "--out", str(out), "--at-risk", str(table), "-q"])
    read = library.read_digitisation(out)
    assert read.panels[0].at_risk.arms == ("Placebo", "Drug")
    assert read.panels[0].at_risk.n_risk.tolist() == [[60, 30], [61, 31]]
    assert {flag.name for flag in read.all_flags()} == {"at_risk_given", "gap"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("arm,time,n_risk\nPlacebo,0,60\nPlacebo,12,70\n", "rises from 60 to 70 at 12"),
        ("arm,time,n_risk\nOther,0,60\n", "no arm 'Other'; the arms are 'Placebo', 'Drug'"),
        ("panel,arm,time,n_risk\nB,Placebo,0,60\n", "no panel 'B' in the figure"),
        ("arm,time\nPlacebo,0\n", "no column n_risk"),
    ],
)
def test_wrong_table_by_hand_is_one_line_and_leaves_nothing(png, digitised, tmp_path, capsys, table, message):
    digitised()
    (tmp_path / "table.csv").write_text(table)
    assert main(["digitise", str(png), "--at-risk", str(tmp_path / "table.csv")]) == 1
    seen = capsys.readouterr()
    assert message in seen.err
    assert seen.err.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["made.png", "table.csv"]


def _text(path):
    path.write_text("no picture at all")


def _tiny(path):
    import cv2

    cv2.imwrite(str(path), np.zeros((1, 1, 3), np.uint8))


def _empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "message"), [(_text, "is no PNG"), (_tiny, "1 × 1 px"), (_empty, "is empty"), (lambda path: None, "cannot be read")]
)
def test_what_is_no_figure_ends_with_one_line_and_leaves_nothing(tmp_path, capsys, make, message):
    path = tmp_path / "fig.png"
    make(path)
    before = os.listdir(tmp_path)
    assert main(["digitise", str(path)]) == 1
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.startswith("Error: ")
    assert message in seen.err
    assert seen.err.count("\n") == 1
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize(("verb", "message"), [("digitise", "Is a directory"), ("import", "is a folder")])
def test_the_folder_here_is_no_figure_and_no_bug(verb, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([verb, "."]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "bug" not in told


@pytest.mark.parametrize("option", ["--x-range", "--y-range"])
def test_a_range_that_runs_backwards_is_told_as_such(png, capsys, option):
    assert main(["digitise", str(png), option, "10", "0"]) == 1
    assert f"{option} (axis): the range runs from 10 down to 0; expected the lower value first" in capsys.readouterr().err


def test_fault_of_the_program_is_called_a_bug(png, monkeypatch, capsys):
    import ipdrecon.figure.digitisation as reader

    monkeypatch.setattr(reader, "read_figure", lambda path, **given: {}["absent"])
    assert main(["digitise", str(png)]) == 1
    assert "this is a bug in ipdrecon (KeyError: 'absent'); run again with --debug" in capsys.readouterr().err
    assert main(["digitise", str(png), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert not png.with_suffix("").exists()


# --- reconstruct and validate ----------------------------------------------------------------------------------------


def test_reconstruct_writes_patients(folder, capsys):
    assert main(["reconstruct", str(folder), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [(arm["arm"], arm["n"]) for arm in record["arms"]] == [("A", 40), ("B", 40)]
    lines = (folder / "ipd.csv").read_text().splitlines()
    assert lines[0] == "panel,arm,time,event"
    assert len(lines) == 81
    assert {"ipd.csv", "reconstruction.json", "reconstruction.png"} <= set(os.listdir(folder))


def test_reconstruct_gives_the_same_bytes(folder):
    runs = []
    for _ in range(2):
        main(["reconstruct", str(folder), "-q"])
        runs.append({name: (folder / name).read_bytes() for name in os.listdir(folder)})
    assert runs[0] == runs[1]


def test_numbers_by_arm_reach_the_method(folder, capsys):
    (folder / "at_risk.csv").unlink()
    assert main(["reconstruct", str(folder), "--n", "a=50", "--n", "B=30", "--events", "A=20", "--json"]) in (0, 3)
    record = json.loads(capsys.readouterr().out)
    assert record["given"] == {"n": {"A": 50, "B": 30}, "n_event": {"A": 20}, "seed": 0, "n_reported": 0, "use_hr": False}
    assert [arm["n"] for arm in record["arms"]] == [50, 30]


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--n", "A"], 2, "is not ARM=N"),
        (["--n", "A=x"], 2, "is not ARM=N"),
        (["--n", "A=5", "--n", "A=6"], 2, "'A' is given twice"),
        (["--n", "C=5"], 1, "no arm 'C'; the arms are 'A', 'B'"),
        (["--n", "=5"], 1, "names no arm"),
        (["--method", "kmdata"], 2, "expected one of joint, guyot"),
        (["--method", "guyot", "--draws", "3"], 1, "3 draws were asked for"),
        (["--draws", "-1"], 2, "draws"),
    ],
)
def test_wrong_options_of_reconstruct(folder, capsys, options, status, message):
    before = sorted(os.listdir(folder))
    assert main(["reconstruct", str(folder), *options]) == status
    assert message in capsys.readouterr().err
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("curves.csv", "1,A,9,0.6", "1,A,9,0.95", r"curves.csv, line 4, column survival: rises"),
        ("at_risk.csv", "1,A,6,30", "1,A,6,50", r"at_risk.csv, line 3, column n_risk: rises from 40 to 50"),
    ],
)
def test_rising_curve_and_rising_row_are_refused(folder, capsys, name, old, new, message):
    path = folder / name
    path.write_text(path.read_text().replace(old, new))
    assert main(["reconstruct", str(folder)]) == 1
    assert message in capsys.readouterr().err
    assert "ipd.csv" not in os.listdir(folder)


def test_percent_gives_the_same_patients_and_says_so(folder, capsys):
    main(["reconstruct", str(folder), "-q"])
    as_probability = (folder / "ipd.csv").read_bytes()
    percent = CURVES
    for value in ("0.9", "0.8", "0.7", "0.6"):
        percent = percent.replace(f",{value}\n", f",{100 * float(value):g}\n")
    (folder / "curves.csv").write_text(percent.replace(",0,1\n", ",0,100\n"))
    assert main(["reconstruct", str(folder), "-v"]) == 0
    assert (folder / "ipd.csv").read_bytes() == as_probability
    assert "divided by 100" in capsys.readouterr().out


def test_validate_judges_and_ends_with_three_when_a_number_differs(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), "-q"])
    reported = tmp_path / "reported.csv"
    reported.write_text("panel,quantity,arm,time,value,ci_low,ci_high,p,source\n1,survival,A,5,80%,,,,text\n1,n,B,,40,,,,text\n")
    assert main(["validate", str(folder), "--reported", str(reported)]) == 0
    assert "2 printed numbers: 2 agree" in capsys.readouterr().out
    reported.write_text(reported.read_text().replace("80%", "30%"))
    assert main(["validate", str(folder), "--reported", str(reported), "--json"]) == 3
    record = json.loads(capsys.readouterr().out)
    assert record["counts"] == {"agrees": 1, "differs": 1, "cannot be judged": 0}
    assert (folder / "validation.csv").read_text().startswith("panel,quantity,arm,time,reported,")


def test_validate_tells_numbers_of_other_panels_in_one_line(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), "-q"])
    capsys.readouterr()
    rows = "".join(f"2A,survival,A,{time},50%\n" for time in range(1, 10))
    (tmp_path / "reported.csv").write_text("panel,quantity,arm,time,value\n1,survival,A,5,80%\n" + rows)
    assert main(["validate", str(folder), "--reported", str(tmp_path / "reported.csv")]) == 0
    out = capsys.readouterr().out
    assert out.count("cannot be judged:") == 1
    assert "9 numbers of panels that the figure does not have" in out


def test_validate_tells_numbers_with_the_digits_they_have(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), "-q"])
    (tmp_path / "reported.csv").write_text("quantity,arm,time,value\nn,A,,80\nsurvival,B,5,0.3\nmedian,,,4\n")
    main(["validate", str(folder), "--reported", str(tmp_path / "reported.csv")])
    told = capsys.readouterr().out
    assert "n of A: printed 80, rebuilt 40 (" in told
    assert "survival of B at 5: printed 0.3, rebuilt 0.89" in told
    assert "median: printed 4, rebuilt – (no arm is named; the figure has 'A', 'B': fill in the column arm)" in told


def test_what_a_terminal_obeys_is_written_out_in_results_and_in_errors_alike(capsys):
    name = "Drug \x1b[2J\u202egnip"
    Talk().say(name)
    assert capsys.readouterr().out == "Drug \\x1b[2J\\u202egnip\n"
    assert main(["digitise", f"{name}.png"]) == 1
    assert "Drug \\x1b[2J\\u202egnip.png cannot be read" in capsys.readouterr().err


def test_notes_are_more_only_beside_doubts(capsys):
    note, doubt = Flag("no_at_risk", "panel"), Flag("facsimile", "fig.png")
    Talk().flags((note,))
    assert capsys.readouterr().out == "  1 note; -v shows it\n"
    Talk().flags((note, doubt))
    assert capsys.readouterr().out.endswith("  1 note more; -v shows it\n")


def test_patients_older_than_the_curves_are_refused(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), "-q"])
    (folder / "curves.csv").write_text(CURVES.replace("0.7", "0.65"))
    (tmp_path / "reported.csv").write_text("quantity,arm,value\nn,A,40\n")
    assert main(["validate", str(folder), "--reported", str(tmp_path / "reported.csv")]) == 1
    assert "curves.csv changed since ipd.csv was made" in capsys.readouterr().err


def test_validate_without_patients_says_what_to_do(folder, tmp_path, capsys):
    (tmp_path / "reported.csv").write_text("quantity,arm,value\nn,A,40\n")
    assert main(["validate", str(folder), "--reported", str(tmp_path / "reported.csv")]) == 1
    assert "reconstruct" in capsys.readouterr().err


# --- pool ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def studies(tmp_path):
    """A table of four studies."""
    path = tmp_path / "studies.csv"
    path.write_text('study,hr,group\nA,0.72 (0.58-0.89),x\nB,0.80 (0.50-1.28),x\nC,1.2 (0.8-1.8),y\nD,"1,1 (0,7-1,7)",y\n')
    return path


def test_pool_prints_the_json_of_the_interface(studies, capsys):
    assert main(["pool", str(studies), "--by", "group", "--json"]) == 0
    record = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert record["measure"] == "HR"
    assert record["k"] == 4
    assert {"fixed", "random", "heterogeneity", "subgroups", "subgroup_test", "studies", "small_study", "leave_one_out"} <= set(record)
    assert [group["name"] for group in record["subgroups"]] == ["x", "y"]
    assert sum(study["weight_random"] for study in record["studies"]) == pytest.approx(100)


def test_pool_out_writes_plot_and_numbers(studies, tmp_path):
    assert main(["pool", str(studies), "--out", str(tmp_path / "out"), "-q"]) == 0
    written = os.listdir(tmp_path / "out")
    assert {"forest.pdf", "forest.png", "forest.svg", "methods.txt", "pooled.json", "studies.csv", "choices.csv"} <= set(written)


@pytest.mark.parametrize(("options", "message"), [
    (("--time", "3 years"), "--time goes with --baseline-risk"),
    (("--control-risk", "0.4"), "--control-risk goes with --effect"),
    (("--effect", "0.8", "--control-risk", "40"), "--control-risk is 40; expected a number between 0 and 1, such as 0.4"),
])
def test_options_of_pool_that_say_nothing_alone_are_wrong_usage(studies, capsys, options, message):
    assert main(["pool", str(studies), *options]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_pool_estimates_rows_that_hold_patients(folder, tmp_path, capsys):
    main(["reconstruct", str(folder), "-q"])
    (tmp_path / "studies.csv").write_text(
        "study,hr,ci_low,ci_high,ipd,treatment,reference\nprinted,0.8,0.6,1.1,,,\nrebuilt,,,,fig/ipd.csv,B,A\n"
    )
    capsys.readouterr()
    assert main(["pool", str(tmp_path / "studies.csv"), "--json"]) == 0
    studies = json.loads(capsys.readouterr().out)["studies"]
    assert [study["source"] for study in studies] == ["reported", "reconstructed"]
    assert studies[1]["yi"] < 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("rebuilt,fig/ipd.csv,,A", "line 2, column treatment: is empty"),
        ("rebuilt,fig/none.csv,B,A", "none.csv cannot be read"),
        ("rebuilt,fig/ipd.csv,C,A", "no arm 'C'"),
    ],
)
def test_wrong_rows_with_patients_are_named(folder, tmp_path, capsys, row, message):
    main(["reconstruct", str(folder), "-q"])
    (tmp_path / "studies.csv").write_text(f"study,ipd,treatment,reference\n{row}\n")
    assert main(["pool", str(tmp_path / "studies.csv")]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"), [(["--by", "none"], "no column 'none'"), (["--measure", "RR"], "the measure is RR")]
)
def test_wrong_options_of_pool_are_one_line(studies, tmp_path, capsys, options, message):
    assert main(["pool", str(studies), "--out", str(tmp_path / "out"), *options]) == 1
    seen = capsys.readouterr()
    assert message in seen.err
    assert seen.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [("--tau2", "XX"), ("--ci", "t"), ("--fixed", "glmm"), ("--measure", "SMD")])
def test_unknown_methods_of_pool_are_wrong_usage(studies, capsys, options):
    assert main(["pool", str(studies), *options]) == 2
    assert f"'{options[1]}'" in capsys.readouterr().err


def test_a_decimal_comma_without_quotes_is_not_read_as_another_number(folder, capsys):
    path = folder / "curves.csv"
    path.write_text(path.read_text().replace("1,A,9,0.6", "1,A,9,0,6"))
    assert main(["reconstruct", str(folder)]) == 1
    assert "line 4: 5 cells, but 4 columns; put numbers with a decimal comma in quotes" in capsys.readouterr().err


def test_patients_and_comparisons_of_an_earlier_reading_do_not_stay(folder, tmp_path, capsys):
    reported = tmp_path / "reported.csv"
    reported.write_text("quantity,arm,value\nn,A,40\n")
    main(["reconstruct", str(folder), "-q"])
    main(["validate", str(folder), "--reported", str(reported), "-q"])
    main(["reconstruct", str(folder), "-q"])
    assert "validation.csv" in os.listdir(folder)
    main(["reconstruct", str(folder), "--n", "A=60", "-q"])
    assert not {"validation.csv", "validation.json"} & set(os.listdir(folder))


def test_reading_a_figure_anew_takes_away_the_patients_of_another_reading(png, digitised, tmp_path, capsys):
    digitised()
    out = tmp_path / "fig"
    for verb in (["digitise", str(png), "--out"], ["reconstruct"], ["digitise", str(png), "--out"]):
        main([*verb, str(out), "-q"])
    assert "ipd.csv" in os.listdir(out)
    (tmp_path / "risk.csv").write_text("arm,time,n_risk\nPlacebo,0,90\nDrug,0,90\n")
    main(["digitise", str(png), "--out", str(out), "--at-risk", str(tmp_path / "risk.csv"), "-q"])
    assert not {"ipd.csv", "reconstruction.json", "reconstruction.png"} & set(os.listdir(out))


# --- the front door --------------------------------------------------------------------------------------------------


def test_version_and_wrong_usage(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ipdrecon ")
    assert main(["no-such-verb"]) == 2
    assert main(["digitise"]) == 2
    assert main(["digitise", "a.png", "--x-range", "0"]) == 2


def test_the_package_is_run_as_a_module_too():
    done = subprocess.run([sys.executable, "-m", "ipdrecon", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ipdrecon ")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from ipdrecon.app.commands import main; main(['--help']);"
        "heavy = {'numpy', 'pandas', 'cv2', 'matplotlib', 'lifelines', 'rapidocr', 'pydantic', 'scipy'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - start < 5


def test_names_of_the_package_are_found_when_asked_for():
    import ipdrecon

    assert ipdrecon.Curve.__name__ == "Curve"
    assert callable(ipdrecon.reconstruct)
    assert ipdrecon.__version__ == ipdrecon.__version__.strip()
    assert {"digitise", "validate", "ReconstructedArm"} <= set(dir(ipdrecon))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ipdrecon.nothing
