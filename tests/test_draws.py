"""Draws from their file to every table that shows or pools a hazard ratio; nothing of them stays behind or gets lost."""

import gzip
import json
import math
import os
import re

import numpy as np
import pandas as pd
import pytest

from ipdrecon.app import sentences
from ipdrecon.app.commands import main
from ipdrecon.app.draws import DRAWS, draws_files, read_draws
from ipdrecon.app.review_run import run_review
from ipdrecon.app.review_sentences import of_review
from ipdrecon.app.workflow import read_arms, reconstruct_to_folder
from ipdrecon.errors import FolderError
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival import ReportedNumber, estimate_hazard_ratio, median_survival, restricted_mean, validate

N_DRAWS = 6
CURVES = "panel,arm,time,survival\n1,A,0,1\n1,A,3,0.8\n1,A,6,0.5\n1,A,9,0.3\n1,B,0,1\n1,B,4,0.9\n1,B,7,0.6\n1,B,9,0.4\n"
AT_RISK = "panel,arm,time,n_risk\n1,A,0,40\n1,A,6,18\n1,B,0,40\n1,B,6,33\n"
REPORTED = (
    "panel,quantity,arm,time,value,ci_low,ci_high,p,source,reference\n1,hr,B,,0.5,0.3,0.9,,p. 3,A\n1,median,A,,6,,,,p. 3,\n"
    "1,survival,A,5,0.8,,,,p. 3,\n1,events,A,,28,,,,p. 3,\n1,n,A,,40,,,,p. 3,\n1,n_risk,A,6,18,,,,p. 3,\n1,logrank_p,B,,0.03,,,,p. 3,A\n"
)
STUDIES = "study,hr,ci_low,ci_high,ipd,treatment,reference\nprinted,0.8,0.6,1.1,,,\nrebuilt,,,,fig/ipd.csv,B,A\n"
TRIAL = """
id = "made"
name = "MADE"
reported = "reported.csv"
[[arm]]
label = "Placebo"
reference = true
[[arm]]
label = "Drug"
[[figure]]
file = "made.png"
endpoint = "overall survival"
"""
REVIEW = 'title = "Made"\ndraws = 6\nseed = 3\n[[trial]]\nfolder = "made"\n[pool]\nstudies = "studies.csv"\nhazard_ratio = "reconstructed"\n'


@pytest.fixture
def folder(hand_made):
    return hand_made(CURVES, AT_RISK)


@pytest.fixture
def drawn(folder):
    """A figure folder whose patients were drawn."""
    assert main(["reconstruct", str(folder), "--draws", str(N_DRAWS), "-q"]) in (0, 3)
    return folder


@pytest.fixture
def reported(tmp_path):
    path = tmp_path / "reported.csv"
    path.write_text(REPORTED)
    return path


# --- the file --------------------------------------------------------------------------------------------------------


def test_file_holds_every_patient_of_every_draw(drawn):
    frame = pd.read_csv(drawn / DRAWS)
    assert list(frame.columns) == ["draw", "panel", "arm", "time", "event"]
    assert frame.groupby(["draw", "panel", "arm"]).size().tolist() == [40] * 2 * N_DRAWS
    assert sorted(frame["draw"].unique()) == list(range(1, N_DRAWS + 1))


def test_what_is_written_is_read_back(drawn):
    _, arms = reconstruct_to_folder(drawn, draws=N_DRAWS)
    for written, read in zip(arms, read_arms(drawn), strict=True):
        assert len(read.draws) == N_DRAWS
        for (time, event), (time_read, event_read) in zip(written.draws, read.draws, strict=True):
            np.testing.assert_allclose(time_read, time, rtol=1e-9)
            np.testing.assert_array_equal(event_read, event)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(folder):
    runs = []
    for seed in ("1", "1", "2"):
        main(["reconstruct", str(folder), "--draws", "3", "--seed", seed, "-q"])
        runs.append((folder / DRAWS).read_bytes())
    assert runs[0] == runs[1] != runs[2]
    assert runs[0][4:8] == bytes(4)  # the head of gzip: no time


def test_patients_themselves_do_not_depend_on_draws(folder, drawn):
    with_draws = (folder / "ipd.csv").read_bytes()
    main(["reconstruct", str(folder), "-q"])
    assert (folder / "ipd.csv").read_bytes() == with_draws


def test_an_arm_whose_name_looks_like_a_formula_or_like_nothing_keeps_its_draws(tmp_path):
    arms = [ReconstructedArm(name, [1, 2], [1, 0], draws=(([1, 2], [True, False]),)) for name in ("=A", "NA", "1.0")]
    with (tmp_path / DRAWS).open("wb") as stream:
        draws_files(arms)[DRAWS](stream)
    assert set(read_draws(tmp_path)) == {("1", "=A"), ("1", "NA"), ("1", "1.0")}


def test_draws_of_an_earlier_rebuilding_do_not_stay(drawn, reported):
    main(["validate", str(drawn), "--reported", str(reported), "-q"])
    main(["reconstruct", str(drawn), "-q"])
    assert not {DRAWS, "validation.csv"} & set(os.listdir(drawn))
    assert json.loads((drawn / "reconstruction.json").read_text())["draws"] == 0
    assert not any(arm.draws for arm in read_arms(drawn))


def test_a_comparison_made_without_draws_does_not_stay_beside_them(folder, reported):
    main(["reconstruct", str(folder), "-q"])
    main(["validate", str(folder), "--reported", str(reported), "-q"])
    main(["reconstruct", str(folder), "--draws", "4", "-q"])
    assert "validation.csv" not in os.listdir(folder)


def test_a_new_reading_of_the_figure_takes_the_draws_away(tmp_path, digitised, made_px):
    import cv2

    png, out = tmp_path / "made.png", tmp_path / "made"
    cv2.imwrite(str(png), made_px[:, :, ::-1])
    digitised()
    main(["digitise", str(png), "-q"])
    main(["reconstruct", str(out), "--draws", "2", "-q"])
    assert DRAWS in os.listdir(out)
    digitised(arms=("Sugar", "Drug"))
    main(["digitise", str(png), "-q"])
    assert DRAWS not in os.listdir(out)


def _repack(folder, change):
    text = gzip.decompress((folder / DRAWS).read_bytes()).decode()
    (folder / DRAWS).write_bytes(gzip.compress(change(text).encode()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("draw,", "number,", 1), r"expected draw, panel, arm, time, event"),
        (lambda text: text.splitlines()[0] + "\n", r"and patients below"),
        (lambda text: text.replace(",0\n", ",2\n", 1), r"events 0 or 1"),
        (lambda text: text.replace(",0\n", ",x\n", 1), r"cannot be read"),
        (lambda text: "".join(line for line in text.splitlines(True) if not line.startswith("2,")), r"5 draws of the arm 'A' of panel 1; expected 1 to 6"),
        (lambda text: "".join(line for line in text.splitlines(True) if not line.startswith("6,")), r"rebuilt with 6 draws, but .* holds 5"),
        (lambda text: text.replace(",A,", ",C,"), r"holds the arm 'C' of panel 1, which ipd.csv does not"),
    ],
)
def test_damaged_draws_are_refused(drawn, change, message):
    _repack(drawn, change)
    with pytest.raises(FolderError, match=message):
        read_arms(drawn)


def test_draws_that_are_gone_or_no_gzip_are_refused(drawn):
    (drawn / DRAWS).write_bytes(b"no gzip")
    with pytest.raises(FolderError, match="cannot be read"):
        read_arms(drawn)
    (drawn / DRAWS).unlink()
    with pytest.raises(FolderError, match="rebuilt with 6 draws, but .* holds 0; run"):
        read_arms(drawn)


def test_record_tells_number_and_spread(drawn):
    record = json.loads((drawn / "reconstruction.json").read_text(), parse_constant=pytest.fail)
    assert record["draws"] == N_DRAWS
    for arm, told in zip(read_arms(drawn), record["arms"], strict=True):
        values = {
            "median": [median_survival(*draw).median for draw in arm.draws],
            "rmst": [restricted_mean(*draw, arm.time.max()).rmst for draw in arm.draws],
            "n_event": [event.sum() for _, event in arm.draws],
        }
        assert told["estimates"]["rmst"]["se"] == pytest.approx(restricted_mean(arm.time, arm.event, arm.time.max()).se)
        for name, seen in values.items():
            expected = math.sqrt(1 + 1 / N_DRAWS) * np.std(seen, ddof=1) if np.isfinite(seen).all() else None
            assert told["reconstruction_se"][name] == pytest.approx(expected)


def test_command_tells_draws_and_spread(folder, capsys):
    main(["reconstruct", str(folder), "--draws", "5"])
    said = capsys.readouterr().out
    assert "; 5 draws (reconstruction error: median " in said
    assert DRAWS in said


def test_a_median_that_a_draw_does_not_reach_has_no_spread():
    arm = ReconstructedArm("A", [1, 2], [1, 1], draws=(([1, 2], [1, 1]), ([1, 2], [0, 0])))
    (said,) = sentences.of_arms([arm])
    assert said.endswith("; 2 draws (reconstruction error: restricted mean 0.43, events 1.73).")


# --- comparing -------------------------------------------------------------------------------------------------------


def test_comparison_tells_the_error_of_each_quantity(drawn, reported, capsys):
    arms = read_arms(drawn)
    rows = {row.quantity: row for row in validate(arms, reported).rows}
    estimate = estimate_hazard_ratio(arms, treatment="B", reference="A")
    assert rows["hr"].reconstruction_se == pytest.approx(estimate.reconstruction_sei)
    spread = math.sqrt(1 + 1 / N_DRAWS)
    medians = [median_survival(*draw).median for draw in arms[0].draws]
    assert rows["median"].reconstruction_se == pytest.approx(spread * np.std(medians, ddof=1))
    at_risk = [(time >= 6).sum() for time, _ in arms[0].draws]
    assert rows["n_risk"].reconstruction_se == pytest.approx(spread * np.std(at_risk, ddof=1))
    assert rows["n"].reconstruction_se == 0
    assert min(rows[name].reconstruction_se for name in ("survival", "events", "logrank_p")) > 0
    main(["validate", str(drawn), "--reported", str(reported)])
    assert "reconstruction_se" in (drawn / "validation.csv").read_text().splitlines()[0].split(",")
    assert float(pd.read_csv(drawn / "validation.csv")["reconstruction_se"][0]) == pytest.approx(estimate.reconstruction_sei)
    assert ", reconstruction error " in capsys.readouterr().out


def test_intervals_that_are_compared_are_of_sampling_alone(drawn):
    arms = read_arms(drawn)
    estimate = estimate_hazard_ratio(arms, treatment="B", reference="A")
    (row,) = validate(arms, [ReportedNumber("hr", "B", "A", value=0.5)]).rows
    assert math.log(row.reconstructed_ci[1] / row.reconstructed_ci[0]) == pytest.approx(2 * 1.959963984540054 * estimate.sei)


def test_without_draws_no_error_is_told(folder, reported):
    main(["reconstruct", str(folder), "-q"])
    assert all(math.isnan(row.reconstruction_se) for row in validate(read_arms(folder), reported).rows)


# --- pooling ---------------------------------------------------------------------------------------------------------


def test_pooling_goes_by_the_total_and_shows_its_parts(drawn, tmp_path, capsys):
    (tmp_path / "studies.csv").write_text(STUDIES)
    capsys.readouterr()
    assert main(["pool", str(tmp_path / "studies.csv"), "--out", str(tmp_path / "out"), "--json"]) == 0
    printed, rebuilt = json.loads(capsys.readouterr().out)["studies"]
    estimate = estimate_hazard_ratio(read_arms(drawn), treatment="B", reference="A")
    assert rebuilt["sei"] == pytest.approx(estimate.total_sei)
    assert rebuilt["sampling_se"] == pytest.approx(estimate.sei)
    assert rebuilt["reconstruction_se"] == pytest.approx(estimate.reconstruction_sei)
    assert rebuilt["sei"] > rebuilt["sampling_se"]
    assert "reconstruction_se" not in printed
    table = pd.read_csv(tmp_path / "out" / "studies.csv")
    assert table["reconstruction_se"].isna().tolist() == [True, False]
    assert json.loads((tmp_path / "out" / "pooled.json").read_text())["studies"][1]["reconstruction_se"] == rebuilt["reconstruction_se"]


def test_pooled_table_gives_the_same_result_when_pooled_again(drawn, tmp_path, capsys):
    (tmp_path / "studies.csv").write_text(STUDIES)
    runs = []
    for table in ("studies.csv", "out/studies.csv"):
        capsys.readouterr()
        main(["pool", str(tmp_path / table), "--out", str(tmp_path / "out"), "--measure", "HR", "--json"])
        runs.append(json.loads(capsys.readouterr().out))
    assert runs[0]["random"]["estimate"] == pytest.approx(runs[1]["random"]["estimate"], rel=1e-8)
    assert runs[0]["studies"][1]["reconstruction_se"] == pytest.approx(runs[1]["studies"][1]["reconstruction_se"], rel=1e-8)


def test_pool_tells_both_standard_errors(drawn, tmp_path, capsys):
    (tmp_path / "studies.csv").write_text(STUDIES)
    capsys.readouterr()
    main(["pool", str(tmp_path / "studies.csv")])
    estimate = estimate_hazard_ratio(read_arms(drawn), treatment="B", reference="A")
    said = capsys.readouterr().out
    assert f"Standard error of rebuilt: {estimate.sei:.3f} from sampling, {estimate.reconstruction_sei:.3f} from reconstruction" in " ".join(said.split())


@pytest.mark.parametrize(
    ("parts", "share"), [((0.3, 0.1), "(10 % of the variance)"), ((0.3, 0.001), "(< 1 % of the variance)"), ((0.3, 0.0), "(0 % of the variance)")]
)
def test_share_of_the_variance_is_told(parts, share):
    assert sentences.standard_errors(*parts).endswith(share)


# --- a review --------------------------------------------------------------------------------------------------------


@pytest.fixture
def review(made_review):
    reported = "panel,quantity,arm,value,source\n1,median,Placebo,26,p. 3\n"
    return made_review(TRIAL, reported, "study,hr,ci_low,ci_high\nOther,0.8,0.6,1.1\n", REVIEW)


def _text(result):
    return " ".join(result.report.read_text("utf-8").replace("\u00a0", " ").split())


def test_review_draws_pools_the_total_and_shows_both_errors(review, capsys):
    result = run_review(review)
    (figure,) = result.figures()
    rebuilt = figure.comparisons[0].rebuilt
    assert [len(arm.draws) for arm in figure.arms] == [6, 6]
    assert (result.out / figure.folder / DRAWS).exists()
    assert result.outcomes[0].studies["sei"][0] == pytest.approx(rebuilt.total_sei)
    assert rebuilt.total_sei > rebuilt.sei
    parts = f"{rebuilt.sei:.3f} from sampling, {rebuilt.reconstruction_sei:.3f} from reconstruction"
    text = _text(result)
    assert parts in text
    assert f"{rebuilt.sei:.3f} / {rebuilt.reconstruction_sei:.3f}" in text
    assert "0.155 / –" in text
    assert "Reconstruction<br>error" in text
    table = text[text.index("Rows and their sources") :]
    assert table[: table.index("</thead>")].count("<th") - 1 == int(re.search(r'colspan="(\d)"', table)[1])
    assert "Patients were drawn 6 times (seed 3)" in text
    record = result.to_dict()
    told = record["figures"][0]["comparisons"][0]["reconstructed"]
    assert (told["sei"], told["reconstruction_sei"], told["total_sei"]) == (rebuilt.sei, rebuilt.reconstruction_sei, rebuilt.total_sei)
    assert record["pooled"]["studies"][0]["reconstruction_se"] == pytest.approx(rebuilt.reconstruction_sei)
    assert any(parts in line for line in of_review(result))


def test_review_without_draws_says_nothing_of_them(review):
    review.write_text(REVIEW.replace("draws = 6", "draws = 0"))
    result = run_review(review)
    assert "from reconstruction" not in _text(result)
    assert "Standard error" not in _text(result)
    assert "reconstruction_se" not in (result.out / "studies.csv").read_text()


def test_seed_of_a_review_decides(review, tmp_path):
    shares = []
    for seed, out in (("3", "one"), ("3", "two"), ("4", "three")):
        review.write_text(REVIEW.replace("seed = 3", f"seed = {seed}"))
        shares.append(run_review(review, tmp_path / out).figures()[0].comparisons[0].rebuilt.reconstruction_sei)
    assert shares[0] == shares[1] != shares[2]
