"""Files of other programs: each shape is understood, what is not clear is refused, and nothing is guessed in silence."""

import csv
import io
import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipdrecon.app import library
from ipdrecon.app.commands import main
from ipdrecon.app.exchange.coordinates import read_coordinates
from ipdrecon.app.exchange.imported_figure import ImportRequest, import_figure, import_to_folder
from ipdrecon.app.exchange.risk_files import read_risk_file
from ipdrecon.app.workflow import read_arms, reconstruct_to_folder
from ipdrecon.errors import AtRiskError, CurveError, ExchangeError, FolderError, IpdreconError

TIME = [0.0, 1.5, 3.25, 6.0, 9.5, 14.0]
SURVIVAL = [1.0, 0.92, 0.8, 0.71, 0.55, 0.55]

# As posted by a user: rows were deleted from the curve, and their numbers left as they were.
SKIPPING_CURVE = """ID Time Surv
1 0.546 1.00
2 1.05 1.00
4 2.05 0.906
6 2.98 0.815
8 4.05 0.766
10 5.03 0.67
12 8.01 0.574
14 11 0.383
16 12 0.286
18 15 0.191
20 17 0.144
22 22 0.096
23 23 0.05
"""
SKIPPING_RISK = """Interval t.risk lower upper n.risk
1 0 1 3 21
2 4 5 7 16
3 8 9 11 12
4 12 13 15 6
5 16 17 19 3
6 20 21 23 2
"""


@pytest.fixture
def write(tmp_path):
    """Write a file and give its path."""

    def put(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def _lines(separator=",", decimal=".", header="time,survival", values=SURVIVAL, rows=False):
    head = [] if header is None else [separator.join(header.split(","))]
    body = [
        separator.join(([str(index)] if rows else []) + [f"{time:.6g}".replace(".", decimal), f"{value:.6g}".replace(".", decimal)])
        for index, (time, value) in enumerate(zip(TIME, values, strict=True), start=1)
    ]
    return "\n".join(head + body) + "\n"


def _flags(path, **options):
    return {flag.name for flag in import_figure(ImportRequest((str(path),), unit="months", **options)).digitisation.all_flags()}


def _only_curve(path, **options):
    return import_figure(ImportRequest((str(path),), **options)).digitisation.panels[0].curves[0]


# --- shapes of coordinates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        _lines(),
        _lines(header=None),
        _lines(header="T,S"),
        _lines(header="x,Curve1"),
        _lines(", ", header=None),
        _lines(";"),
        _lines(";", ","),
        _lines("\t", ","),
        _lines("  ", ",", header=None),
        _lines(" ", header=None),
        _lines("\t", header="ID,Time,Survival", rows=True),
        _lines("\t", header=",Time,Survival", rows=True),
        _lines(" ", header='"time","survival"', rows=True),
        _lines(" ", header=None, rows=True),
        "Curve 1\n" + _lines(header="X,Y"),
        "# made by a digitiser\n\n" + _lines(),
        _lines().replace("\n", "\r\n"),
        _lines().replace("\n", "\r"),
        "\ufeff" + _lines(),
        _lines().encode("utf-16"),
        b"time,survival,place\n" + b"".join(line + ",M\xfcnchen\n".encode("latin-1") for line in _lines(header=None).encode().split()),
        _lines().replace(".", "\u00b7"),
        "time,survival\n" + "".join(f"{t:.2E},{s:.2E}\n" for t, s in zip(TIME, SURVIVAL, strict=True)),
    ],
)
def test_two_columns_are_understood_however_they_are_written(write, content):
    curve = _only_curve(write("placebo.csv", content))
    assert curve.arm in ("placebo", "Curve 1")
    assert curve.time.tolist() == TIME
    assert curve.survival.tolist() == SURVIVAL


@pytest.mark.parametrize(
    ("names", "second_row"), [(("Nivolumab", "Ipilimumab"), "X,Y,X,Y\n"), (("Nivolumab", "Ipilimumab"), ""), (("1", "2"), "X,Y,X,Y\n")]
)
def test_data_sets_side_by_side_are_arms(write, names, second_row):
    path = write("wpd.csv", f"{names[0]},,{names[1]},\n{second_row}0,1,0,1\n2,0.9,3,0.95\n4,0.7,5,0.8\n6,0.5,,\n")
    curves = import_figure(ImportRequest((str(path),))).digitisation.panels[0].curves
    assert [curve.arm for curve in curves] == list(names)
    assert curves[0].time.tolist() == [0, 2, 4, 6]
    assert curves[1].survival.tolist() == [1, 0.95, 0.8]


def test_column_arm_parts_the_curves_and_units_come_from_names(write):
    rows = "".join(f"{arm},{t},{s}\n" for arm in ("A", "B") for t, s in zip(TIME, SURVIVAL, strict=True))
    imported = import_figure(ImportRequest((str(write("both.csv", "arm,Time (years),survival\n" + rows)),)))
    assert [curve.arm for curve in imported.digitisation.panels[0].curves] == ["A", "B"]
    assert imported.digitisation.panels[0].calibration.time.unit == "years"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_names_of_arms_may_hold_blanks(write, separator):
    rows = [["arm", "time", "survival"], ["Drug B", "0", "1"], ["Drug B", "4", "0.8"], ["Drug B", "9", "0.7"]]
    path = write("both.txt", "\n".join(separator.join(row) for row in rows))
    assert _only_curve(path).arm == "Drug B"


def test_our_own_curves_are_read(write):
    rows = "".join(f"1,A,{t},{s}\n" for t, s in zip(TIME, SURVIVAL, strict=True))
    assert _only_curve(write("curves.csv", "panel,arm,time,survival\n" + rows)).arm == "A"


def test_thousands_are_read_where_only_they_make_sense(write):
    path = write("days.csv", 'time;survival\n0;1\n365;0.8\n"1,095";0.5\n')
    assert _only_curve(path).time.tolist() == [0, 365, 1095]
    german = write("tage.csv", "time;survival\n0;1\n365;0,8\n1.095;0,5\n")
    assert _only_curve(german).time.tolist() == [0, 365, 1095]


def test_clicks_in_disorder_and_twice_are_one_curve(write):
    path = write("clicks.csv", "0,1\n6,0.71\n3.25,0.8\n3.25,0.8\n3.25,0.9\n9.5,0.6\n")
    curve = _only_curve(path)
    assert curve.time.tolist() == [0, 3.25, 6, 9.5]
    assert curve.survival.tolist() == [1, 0.8, 0.71, 0.6]


# --- what the values are ---------------------------------------------------------------------------------------------


def test_percent_failure_and_both_give_the_same_curve_and_are_told(write):
    plain = _only_curve(write("plain.csv", _lines()))
    versions = {
        "percent": ([100 * s for s in SURVIVAL], {"rescaled_percent"}),
        "failure": ([1 - s for s in SURVIVAL], {"incidence"}),
        "failure_percent": ([100 - 100 * s for s in SURVIVAL], {"rescaled_percent", "incidence"}),
    }
    for name, (values, flags) in versions.items():
        path = write(f"{name}.csv", _lines(values=values))
        curve = _only_curve(path)
        assert curve.time.tolist() == plain.time.tolist()
        np.testing.assert_allclose(curve.survival, plain.survival, atol=1e-10)
        assert {flag.name for flag in curve.flags} == flags


def test_waves_are_repaired_and_told_in_the_folder(write, tmp_path):
    path = write("wavy.csv", "0,1\n1,0.9\n2,0.95\n3,0.7\n4,\n")
    import_to_folder(ImportRequest((str(path),)), tmp_path / "fig")
    record = json.loads((tmp_path / "fig" / "figure.json").read_text())
    assert {flag["name"] for flag in record["panels"][0]["arms"][0]["flags"]} == {"curve_repaired", "rows_dropped"}
    read = library.read_digitisation(tmp_path / "fig")
    assert {"curve_repaired", "rows_dropped"} <= {flag.name for flag in read.all_flags()}


def test_first_click_after_many_losses_is_told(write):
    assert "start_off_one" in _flags(write("late.csv", "5,0.7\n8,0.6\n9,0.5\n"))
    assert "start_off_one" not in _flags(write("early.csv", _lines()))


def test_scale_may_be_said_where_values_do_not_tell(write):
    path = write("rare.csv", "time,y\n0,0\n12,0.4\n24,0.9\n")
    assert _only_curve(path).survival[-1] == pytest.approx(0.1)
    assert _only_curve(path, scale="incidence_percent").survival[-1] == pytest.approx(0.991)
    flat = write("flat.csv", "time,y\n0,0\n12,0\n")
    assert _only_curve(flat, scale="incidence").survival.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("values", "scale", "message"),
    [
        (SURVIVAL, "incidence", "said to be incidence"),
        ([100 * s for s in SURVIVAL], "survival", "said to be survival, but runs from 55 to 100"),
        ([1 - s for s in SURVIVAL], "survival", "said to be survival"),
        ([1000 * s for s in SURVIVAL], None, r"reaches 1000.*--scale tells"),
    ],
)
def test_scale_that_cannot_be_is_refused(write, values, scale, message):
    with pytest.raises(CurveError, match=message):
        _only_curve(write("curve.csv", _lines(values=values)), scale=scale)


def test_curves_of_one_file_in_different_scales_are_refused(write):
    path = write("mixed.csv", "arm,time,y\nA,0,0\nA,9,25\nB,0,0\nB,9,1.2\n")
    with pytest.raises((ExchangeError, CurveError), match="--scale"):
        import_figure(ImportRequest((str(path),)))
    files = str(write("A.csv", "time,y\n0,0\n9,25\n")), str(write("B.csv", "time,y\n0,0\n9,0.8\n"))
    with pytest.raises(ExchangeError, match="The files: 'A' seems to be in percent and 'B' not"):
        import_figure(ImportRequest(files))
    told = import_figure(ImportRequest((str(path),), scale="incidence_percent")).digitisation.panels[0].curves
    assert [curve.survival[-1] for curve in told] == [0.75, 0.988]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n# nothing\n", "is empty"),
        (b"time,survival\n", "a header and no numbers"),
        (b"1\n0.9\n0.8\n", "one column only"),
        (b"1,00\n0,98\n0,95\n", "is '00'; expected a number"),
        (b"0,98\n0,95\n0,91\n", "all times are 0"),
        (b"0,1\n1,\x000.9\n", "byte 0 at place"),
        (b"PK\x03\x04rest", "workbook or ZIP archive"),
        (b"%PDF-1.4", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (bytes(range(256)), "no text"),
        (b"\xff\xfe0\x00,", "damaged|one column"),
        (b"0,5,0,98\n1,5,0,95\n", "4 columns without a header"),
        (b"time,os,pfs\n0,1,1\n1,0.9,0.8\n", "2 columns may be the survival"),
        (b"time,status,arm\n3,1,A\n4,0,A\n", "the column status tells of patients"),
        (b"a,b,c\n0,1,2\n1,0.9,3\n", "seen: columns a, b, c"),
        (b"time,survival\n0,1\n2,high\n3,0.8\n", "line 3, column survival: is 'high'"),
        (b"0,1\n1,0.9\n2\n", "line 3: 1 cells where others have 2"),
        (b"0,1\n", "1 usable point;"),
        (b"1,0\n0.9,6\n0.7,12\n0.4,24\n", "time first, then survival"),
        (b"0.4,24\n0.7,12\n0.9,6\n1,0\n", "time first, then survival"),
        (b"1,095;50\n2,190;45\n3,285;40\n", "can be read in 2 ways.*--decimal"),
        (b"panel,arm,time,survival\nA,x,0,1\nA,x,2,0.8\nB,x,0,1\n", "holds the panels A, B"),
        (b"arm,time,survival\nA,0,1\n,2,0.8\n", "line 3, column arm: is empty"),
        (b"A,,B,\nX,Y,X,Y\n0,1,,\n2,0.8,,\n", "the data set 'B' has no points"),
    ],
)
def test_what_is_no_curve_is_refused_with_what_was_seen(write, content, message):
    with pytest.raises(ExchangeError, match=message):
        read_coordinates(write("curve.csv", content))


def test_decimal_may_be_said(write):
    path = write("curve.csv", "1,095;50\n2,190;45\n3,285;40\n")
    assert read_coordinates(path, "comma").points[0].time.tolist() == [1.095, 2.19, 3.285]
    assert read_coordinates(path, "point").points[0].time.tolist() == [1095, 2190, 3285]


def test_missing_folder_and_large_files_are_refused(tmp_path):
    with pytest.raises(ExchangeError, match="does not exist"):
        read_coordinates(tmp_path / "no.csv")
    with pytest.raises(ExchangeError, match="is a folder"):
        read_coordinates(tmp_path)
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ExchangeError, match="100.0 MB; expected a table of at most 2 MB"):
        read_coordinates(path)


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text("0123456789.,;\t \n-eE\"'#NaX", max_size=120).map(str.encode))
def test_any_bytes_give_curves_or_a_reason(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    for read in (lambda: import_figure(ImportRequest((str(path),))), lambda: read_risk_file(path)):
        try:
            read()
        except IpdreconError as error:
            assert len(str(error)) > 20


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 4000), st.integers(0, 999)), min_size=3, max_size=12, unique_by=lambda pair: pair[0]),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", "."), (" ", ",")]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_curve_survives_every_way_of_writing_it(tmp_path, drawn, way, percent, failure, header):
    times = np.r_[0.0, np.sort([pair[0] for pair in drawn]) / 64]
    survival = np.r_[1.0, np.sort([pair[1] for pair in drawn])[::-1] / 1000]
    if survival[-1] > 0.9:
        survival[-1] = 0.5
    values = (1 - survival if failure else survival) * (100 if percent else 1)
    separator, decimal = way
    lines = [separator.join(f"{cell:.8f}".replace(".", decimal) for cell in row) for row in zip(times, values, strict=True)]
    path = tmp_path / "curve.txt"
    path.write_text("\n".join(([separator.join(("time", "survival"))] if header else []) + lines))
    curve = _only_curve(path)
    np.testing.assert_allclose(curve.survival_at(times), np.minimum.accumulate(survival), atol=2e-8)
    assert curve.time[-1] == pytest.approx(times[-1], abs=1e-8)


# --- numbers at risk -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "total"),
    [
        ("Interval\ttime\tlower\tupper\tnrisk \t\n1\t0\t1\t3\t60\n2\t6\t4\t6\t40\n", None),
        ("Interval t.risk lower upper n.risk\n1 0 1 3 60\n2 6 4 6 40\n", None),
        ("interval,trisk,lower,upper,nrisk,TE,StudyID,Figure#,Arm\n1,0,,,60,21,Checkmate 067,S3A,placebo\n2,6,,,40,,Checkmate 067,S3A,placebo\n", 21),
        ("trisk,nrisk\n0,60\n6,40\n", None),
        ("0 60\n6 40\n", None),
        ("time;n\n0;60\n6;40\n", None),
        ("time,n,source\n0,60,Fig. 2\n6,40,Fig. 2\n", None),
        ("time,NAR\n0,60\n6,40\n", None),
        ("panel,arm,time,n_risk\n1,placebo,0,60\n1,placebo,6,40\n", None),
    ],
)
def test_numbers_at_risk_are_understood_however_they_are_written(write, content, total):
    curve, risk = write("placebo.csv", _lines()), write("nrisk.txt", content)
    imported = import_figure(ImportRequest((str(curve),), (str(risk),))).digitisation
    assert imported.panels[0].at_risk.row("placebo")[1].tolist() == [60, 40]
    assert imported.settings["n_event"] == ({} if total is None else {"placebo": total})
    assert "row_numbers_differ" not in {flag.name for flag in imported.all_flags()}


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("time,n\n0,60\n6,40.5\n", ExchangeError, "line 3, column n: is 40.5; expected a whole number"),
        ("time,n\n0,60\n6,65\n", AtRiskError, "rises from 60 at month 0 to 65 at month 6"),
        ("time,n\n0,60\n,40\n", ExchangeError, "is empty; expected the time at which 40 are at risk"),
        ("time,n\n0,NA\n6,\n", ExchangeError, "no number in any row"),
        ("time,n,TE\n0,60,20\n6,40,21\n", ExchangeError, "totals of events 20 and 21"),
        ("time,n,StudyID\n0,60,X\n6,40,Y\n", ExchangeError, "holds X, Y; expected one figure"),
        ("time,a,b\n0,60,50\n6,40,30\n", ExchangeError, "which columns are time and number at risk"),
        ("arm,time,n\nother,0,60\n", FolderError, "no arm 'other'; the arms are 'placebo'"),
        ("60\n40\n", ExchangeError, "one column only"),
    ],
)
def test_what_is_no_table_is_refused(write, content, error, message):
    curve, risk = write("placebo.csv", _lines()), write("nrisk.txt", content)
    with pytest.raises(error, match=message):
        import_figure(ImportRequest((str(curve),), (str(risk),), unit="months"))


def test_rows_that_skip_are_told_and_the_patients_are_rebuilt(write, tmp_path):
    request = ImportRequest((str(write("surv.txt", SKIPPING_CURVE)),), (str(write("nrisk.txt", SKIPPING_RISK)),), unit="months")
    imported = import_to_folder(request, tmp_path / "fig").digitisation
    told = [flag for flag in imported.all_flags() if flag.name == "row_numbers_differ"]
    assert [flag.detail for flag in told] == ["Row numbers skip: 13 rows, upper = 23."]
    digitisation, arms = reconstruct_to_folder(tmp_path / "fig")
    assert arms[0].n == 21
    assert "row_numbers_differ" in {flag.name for flag in digitisation.all_flags()}


@pytest.mark.parametrize(
    ("rows", "detail"),
    [
        ("0 1 3 60\n6 4 7 40", "The curve has 6 rows, upper = 7."),
        ("0 1 2 60\n6 3 6 40", "At time 0 the rows are 1 to 3; lower = 1, upper = 2."),
    ],
)
def test_row_numbers_of_another_curve_are_told(write, rows, detail):
    curve, risk = write("placebo.csv", _lines()), write("nrisk.txt", f"time lower upper nrisk\n{rows}\n")
    flags = import_figure(ImportRequest((str(curve),), (str(risk),))).digitisation.all_flags()
    assert [flag.detail for flag in flags if flag.name == "row_numbers_differ"] == [detail]


def test_row_numbers_may_count_a_point_at_a_printed_time_on_either_side(write):
    curve = write("placebo.csv", _lines())
    for rows in ("0 1 3 60\n6 4 6 40", "0 1 4 60\n6 5 6 40"):
        risk = write("nrisk.txt", f"time lower upper nrisk\n{rows}\n")
        assert "row_numbers_differ" not in _flags(curve, at_risk=(str(risk),))


def test_table_in_years_beside_a_curve_in_months_is_told(write):
    curve = write("placebo.csv", _lines())
    assert "table_time_unlike" in _flags(curve, at_risk=(str(write("years.csv", "0,60\n0.5,50\n1,30\n")),))
    risk = write("named.csv", "years,n\n0,60\n0.5,50\n1,30\n")
    monthly = write("monthly.csv", _lines(header="months,survival"))
    with pytest.raises(ExchangeError, match="different units of time: months in monthly.csv, years in named.csv"):
        import_figure(ImportRequest((str(monthly),), (str(risk),)))


# --- arms ------------------------------------------------------------------------------------------------------------


def test_tables_go_to_curves_by_order_by_name_and_by_column(write):
    curves = str(write("placebo.csv", _lines())), str(write("drug.csv", _lines()))
    first, second = str(write("first.txt", "0 60\n6 40\n")), str(write("second.txt", "0 70\n6 50\n"))
    both = str(write("both.csv", "arm,time,n,TE\nDRUG,0,70,30\nPlacebo,0,60,21\n"))
    for at_risk, expected in (
        ((first, second), [60, 70]),
        ((f"drug={first}", f"placebo={second}"), [70, 60]),
        ((both,), [60, 70]),
    ):
        table = import_figure(ImportRequest(curves, at_risk)).digitisation.panels[0].at_risk
        assert [table.row(arm)[1][0] for arm in ("placebo", "drug")] == expected


def test_tables_that_may_be_of_several_arms_are_refused(write):
    curves = str(write("placebo.csv", _lines())), str(write("drug.csv", _lines()))
    lone, other = str(write("lone.txt", "0 60\n6 40\n")), str(write("nrisk_placebo.txt", "0 60\n6 40\n"))
    with pytest.raises(ExchangeError, match="2 curves and 1 such table; give --at-risk ARM=FILE"):
        import_figure(ImportRequest(curves, (lone,)))
    with pytest.raises(ExchangeError, match="would go to 'drug' by its place, but is named for 'placebo'"):
        import_figure(ImportRequest(curves, (lone, other)))
    with pytest.raises(ExchangeError, match="has numbers at risk from .*lone.txt already"):
        import_figure(ImportRequest(curves, (f"drug={lone}", f"drug={other}")))


def test_names_of_arms(write, tmp_path):
    path = str(write("wpd_datasets (1).csv", _lines()))
    assert _only_curve(f"Placebo={path}").arm == "Placebo"
    assert _only_curve(path, names=(("wpd_datasets (1)", "Placebo"),)).arm == "Placebo"
    with pytest.raises(ExchangeError, match="Two curves are called"):
        import_figure(ImportRequest((path, path)))
    with pytest.raises(ExchangeError, match="no such arm"):
        import_figure(ImportRequest((path,), names=(("x", "y"),)))


def test_two_totals_of_one_arm_are_refused(write):
    curve, risk = write("placebo.csv", _lines()), write("nrisk.txt", "time,n,TE\n0,60,21\n")
    with pytest.raises(ExchangeError, match="21 events of 'placebo', --events says 22"):
        import_figure(ImportRequest((str(curve),), (str(risk),), n_event={"placebo": 22}))


# --- to patients -----------------------------------------------------------------------------------------------------


def _patients(folder):
    return {arm.arm: list(zip(arm.time.tolist(), arm.event.tolist(), strict=True)) for arm in read_arms(folder)}


def test_percent_and_failure_give_identical_patients(write, tmp_path):
    risk = str(write("nrisk.txt", "0 60\n6 40\n"))
    found = []
    for name, values in {"s": SURVIVAL, "p": [100 * s for s in SURVIVAL], "f": [1 - s for s in SURVIVAL], "fp": [100 - 100 * s for s in SURVIVAL]}.items():
        path = write(f"{name}.csv", _lines(values=values))
        import_to_folder(ImportRequest((f"arm={path}",), (risk,)), tmp_path / name)
        reconstruct_to_folder(tmp_path / name)
        found.append(_patients(tmp_path / name))
    assert len(found[0]["arm"]) == 60
    assert all(other == found[0] for other in found)


def test_a_figure_folder_through_other_formats_gives_identical_patients(tmp_path, made_digitisation, write):
    library.write_digitisation(made_digitisation(), None, tmp_path / "own")
    read = library.read_digitisation(tmp_path / "own").panels[0]
    rows = {curve.arm: library.step_rows(curve) for curve in read.curves}
    longest = max(map(len, rows.values()))
    pairs = [[f"{cell:.10g}" for arm in rows for cell in (rows[arm][index] if index < len(rows[arm]) else ())] for index in range(longest)]
    wpd = io.StringIO()
    csv.writer(wpd).writerows([["Placebo", "", "Drug", ""], ["X", "Y", "X", "Y"], *pairs[: min(map(len, rows.values()))]])
    for index in range(min(map(len, rows.values())), longest):
        csv.writer(wpd).writerow([*pairs[index], "", ""] if len(rows["Placebo"]) > len(rows["Drug"]) else ["", "", *pairs[index]])
    risks = [str(write(f"{arm}.txt", "".join(f"{t:g} {n:g}\n" for t, n in zip(*read.at_risk.row(arm), strict=True)))) for arm in rows]
    survhe = [
        str(write(f"{arm}_curve.txt", "ID time survival\n" + "".join(f"{i} {t:.10g} {s:.10g}\n" for i, (t, s) in enumerate(rows[arm], 1))))
        for arm in rows
    ]
    requests = {
        "folder": ImportRequest((str(tmp_path / "own" / "curves.csv"),), (str(tmp_path / "own" / "at_risk.csv"),)),
        "wpd": ImportRequest((str(write("wpd.csv", wpd.getvalue())),), tuple(risks)),
        "survhe": ImportRequest(tuple(f"{arm}={path}" for arm, path in zip(rows, survhe, strict=True)), tuple(risks)),
    }
    found = []
    for name, request in requests.items():
        import_to_folder(request, tmp_path / name)
        assert (tmp_path / name / "curves.csv").read_bytes() == (tmp_path / "own" / "curves.csv").read_bytes()
        reconstruct_to_folder(tmp_path / name)
        found.append(_patients(tmp_path / name))
    assert all(other == found[0] for other in found)


def test_totals_reach_the_reconstruction_and_an_option_goes_first(write, tmp_path):
    curve = str(write("placebo.csv", _lines()))
    risk = str(write("nrisk.csv", "time,n,TE\n0,60,26\n6,40,\n"))
    import_to_folder(ImportRequest((curve,), (risk,)), tmp_path / "fig")
    _, arms = reconstruct_to_folder(tmp_path / "fig")
    assert "total events" in arms[0].information
    assert arms[0].residuals["n_event"] == arms[0].n_event - 26
    assert json.loads((tmp_path / "fig" / "reconstruction.json").read_text())["given"]["n_event"] == {"placebo": 26}
    reconstruct_to_folder(tmp_path / "fig", n_event={"": 25})
    assert json.loads((tmp_path / "fig" / "reconstruction.json").read_text())["given"]["n_event"] == {"placebo": 25}


def test_patients_and_events_may_be_given_at_import(write, tmp_path):
    import_to_folder(ImportRequest((str(write("placebo.csv", _lines())),), n={"": 60}, n_event={"placebo": 25}), tmp_path / "fig")
    _, arms = reconstruct_to_folder(tmp_path / "fig")
    assert arms[0].n == 60
    assert "total events" in arms[0].information


# --- the folder and the command --------------------------------------------------------------------------------------


def test_command_makes_a_folder_and_says_how_it_understood(write, tmp_path, capsys):
    curve, risk = write("placebo.csv", _lines(";", ",", values=[100 * s for s in SURVIVAL])), write("nrisk.txt", "time,n,TE\n0,60,26\n6,40,\n")
    assert main(["import", str(curve), "--at-risk", str(risk), "--unit", "months", "-v"]) == 0
    said = capsys.readouterr().out
    assert "placebo.csv (parted by semicolons, decimal comma; utf-8; columns time, survival): 6 points of placebo." in said
    assert "nrisk.txt (parted by commas, decimal point; utf-8; columns time, n, TE): 2 numbers at risk of placebo; 26 events in all." in said
    assert "rescaled_percent (arm 'placebo')" in said
    folder = tmp_path / "placebo"
    assert sorted(os.listdir(folder)) == ["at_risk.csv", "censor_marks.csv", "curves.csv", "figure.json"]
    assert (folder / "curves.csv").read_text().splitlines()[2] == "1,placebo,1.5,0.92"
    assert main(["reconstruct", str(folder), "-q"]) == 0


def test_command_needs_a_folder_for_several_files(write, capsys):
    files = [str(write(name, _lines())) for name in ("a.csv", "b.csv")]
    assert main(["import", *files]) == 2
    assert "give its name with --out DIR" in capsys.readouterr().err


def test_command_refuses_in_one_line_and_leaves_nothing(write, tmp_path, capsys):
    path = write("bad.csv", "1\n2\n")
    assert main(["import", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert os.listdir(tmp_path) == ["bad.csv"]


def test_command_gives_the_record_as_json(write, capsys):
    assert main(["import", str(write("placebo.csv", _lines())), "--json"]) == 0
    seen = capsys.readouterr()
    record = json.loads(seen.out)
    assert record["source"] == "coordinates"
    assert list(record["settings"]["imported"]) == ["placebo.csv"]
    assert "6 points of placebo" in seen.err


def test_same_files_give_the_same_bytes_and_new_ones_outdate_patients(write, tmp_path):
    curve, folder = write("placebo.csv", _lines()), tmp_path / "fig"
    request = ImportRequest((str(curve),), n={"": 60})
    import_to_folder(request, folder)
    first = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    reconstruct_to_folder(folder)
    import_to_folder(request, folder)
    assert (folder / "ipd.csv").exists()
    assert all((folder / name).read_bytes() == content for name, content in first.items())
    import_to_folder(ImportRequest((str(curve),), n={"": 60}, n_event={"": 24}), folder)
    assert not (folder / "ipd.csv").exists()


def test_input_is_never_overwritten(write, tmp_path):
    path = write("curves.csv", _lines())
    with pytest.raises(ExchangeError, match="would be overwritten"):
        import_to_folder(ImportRequest((str(path),)), tmp_path)
    assert path.read_text() == _lines()


@pytest.mark.parametrize("arm", ["=cmd|' /C calc'!A0", "@SUM(A1)"])
def test_no_spreadsheet_takes_an_imported_arm_for_a_formula(write, tmp_path, arm):
    rows = "".join(f'"{arm}",{t},{s}\n' for t, s in zip(TIME, SURVIVAL, strict=True))
    import_to_folder(ImportRequest((str(write("both.csv", "arm,time,survival\n" + rows)),)), tmp_path / "fig")
    cells = [row[1] for row in csv.reader((tmp_path / "fig" / "curves.csv").read_text().splitlines())][1:]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert library.read_digitisation(tmp_path / "fig").panels[0].curves[0].arm == arm
