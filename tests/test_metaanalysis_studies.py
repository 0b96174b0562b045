"""The table of studies: every column set, other tools' names, numbers as papers print them, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaanalysis import MetaAnalysisError, pool, pool_studies, read_studies
from metaanalysis.studies.printed import parse_interval, parse_number

Z = 1.959963984540054


def table(**columns):
    return pd.DataFrame(columns)


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "studies.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(("text", "number"), [
    ("0.72", 0.72), ("0,72", 0.72), ("0·72", 0.72), (" .5 ", 0.5), ("−0.3", -0.3), ("–0,3", -0.3), ("1e-3", 0.001), ("+2", 2.0), (3, 3.0),
    ("12 345", 12345.0), ("12\u202f345", 12345.0),
])
def test_numbers_as_printed(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", " ", "NR", "ne", "NA", "–", "-", None, math.nan, "#N/A"])
def test_missing_numbers(text):
    assert math.isnan(parse_number(text))


def test_commas_part_thousands_of_patients_only():
    assert parse_number("1,234", whole=True) == 1234
    assert parse_number("1,234") == 1.234


@pytest.mark.parametrize("text", ["abc", "0.7x", "1.2.3", "0.5 0.6"])
def test_what_is_no_number(text):
    with pytest.raises(MetaAnalysisError, match="is no number"):
        parse_number(text)


@pytest.mark.parametrize("text", [
    "0.72 (0.58-0.89)", "0.72 (0.58–0.89)", "0.72 [0.58, 0.89]", "0.72 (0.58 to 0.89)", "0,72 (0,58; 0,89)", "0,72 (0,58-0,89)",
    "0·72 (95% CI 0·58 to 0·89)", "0.72 (95 % CI: 0.58 – 0.89)", "0.72, 95% CI 0.58-0.89", "0.72 (0.58−0.89)", "0.72(0.58,0.89)",
])
def test_intervals_as_printed(text):
    assert parse_interval(text)[:3] == (0.72, 0.58, 0.89)


def test_the_level_printed_is_read():
    assert parse_interval("0.72 (90% CI 0.60-0.86)")[3] == 0.9
    for minus in "-−‐‑":
        assert parse_interval(f"{minus}0.3 ({minus}0.5 to {minus}0.1)")[:3] == (-0.3, -0.5, -0.1)
    with pytest.raises(MetaAnalysisError, match="is a bound; expected an estimate"):
        parse_interval("<0.72")


def test_negative_limits():
    assert parse_interval("−0.05 (−0.10 to 0.01)")[:3] == (-0.05, -0.10, 0.01)


def test_half_an_interval_is_refused():
    with pytest.raises(MetaAnalysisError, match="holds 2 numbers"):
        parse_interval("0.72 (0.58)")


@given(st.floats(0.05, 20), st.floats(0.01, 1))
def test_ratio_to_effect_and_back(ratio, sei):
    low, high = ratio * math.exp(-Z * sei), ratio * math.exp(Z * sei)
    frame = read_studies(table(study=["A"], hr=[ratio], ci_low=[low], ci_high=[high]))
    assert math.isclose(frame.yi[0], math.log(ratio))
    assert math.isclose(frame.sei[0], sei, rel_tol=1e-9)


def test_column_sets_mix_freely(tmp_path):
    path = write(tmp_path, (
        "study,yi,sei,hr,ci_low,ci_high,ci_level,o_minus_e,v,aetiology,summary\n"
        "A,-0.3,0.2,,,,,,,HBV,\n"
        "B,,,0.72,0.58,0.89,,,,HCV,false\n"
        "C,,,0.80,0.60,1.06,90 %,,,HBV,\n"
        "D,,,,,,,-5.2,20.1,HBV,\n"
        'E,,,"0,65 (0,50-0,85)",,,,,,HCV,true\n'
    ))
    frame = read_studies(path)
    assert frame.attrs["measure"] == "HR"
    assert frame.columns[:6].tolist() == ["study", "yi", "vi", "sei", "source", "read_note"]
    np.testing.assert_allclose(frame.yi, [-0.3, math.log(0.72), math.log(0.8), -5.2 / 20.1, math.log(0.65)])
    np.testing.assert_allclose(frame.vi, frame.sei**2)
    assert math.isclose(frame.sei[2], math.log(1.06 / 0.60) / (2 * 1.6448536269514722))
    assert math.isclose(frame.vi[3], 1 / 20.1)
    assert frame.source.tolist() == ["reported", "reported", "reported", "derived", "summary"]
    assert frame.aetiology.tolist() == ["HBV", "HCV", "HBV", "HBV", "HCV"]
    assert "90 % interval" in frame.read_note[2]


def test_events_of_every_measure():
    counts = table(study=["A", "B"], events_1=[5, 0], n_1=["1,050", 30], events_2=[9, 4], n_2=[1000, 31])
    for measure in ("RR", "OR", "RD"):
        frame = read_studies(counts, measure)
        assert frame.n_1.tolist() == [1050, 30]
        assert frame.read_note.tolist() == ["", "0.5 added to each cell: one is zero"]
        assert pool_studies(frame, fixed="mh").fixed.method == "MH"
    assert read_studies(counts).attrs["measure"] == "RR"


def test_the_measure_chooses_among_a_rows_numbers():
    row = table(study=["A"], hr=["0.72 (0.58-0.89)"], events_1=[10], n_1=[50], events_2=[20], n_2=[50])
    assert math.isclose(read_studies(row, "HR").yi[0], math.log(0.72))
    assert math.isclose(read_studies(row, "RR").yi[0], math.log(0.5))


def test_events_that_tell_nothing_are_named_not_dropped():
    frame = read_studies(table(study=["A", "B"], rr=["", "0.5 (0.3-0.8)"], events_1=[0, ""], n_1=[9, ""], events_2=[0, ""], n_2=[8, ""]))
    assert math.isnan(frame.yi[0])
    pooled = pool_studies(frame)
    assert pooled.excluded[0][0] == "A"
    assert pooled.k == 1


@pytest.mark.parametrize("header", ["slab,yi,vi", "studlab,TE,vi", "Study,yi,vi"])
def test_names_of_other_packages(tmp_path, header):
    frame = read_studies(write(tmp_path, f"{header}\nA,-0.3,0.04\nB,-0.1,0.02\n"), "HR")
    assert frame.study.tolist() == ["A", "B"]
    assert frame.vi.tolist() == pytest.approx([0.04, 0.02])


def test_meta_names(tmp_path):
    frame = read_studies(write(tmp_path, "studlab,TE,seTE\nA,-0.3,0.2\n"), "HR")
    assert frame.sei.tolist() == pytest.approx([0.2])


REVMAN = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Study,Study year,GIV Mean,GIV SE,CI start,CI end,"
    "Experimental cases,Experimental N,Control cases,Control N,O-E,Variance,Weight,Footnotes\n"
    "1,1,Overall survival,HBV,Lee 2010,2010,-0.3,0.2,0.5,1.1,0,0,0,0,0,0,60,\n"
    "1,1,Overall survival,HCV,Kim 2012,2012,-0.1,0.25,0.55,1.48,0,0,0,0,0,0,40,\n"
    "1,2,Deaths,HBV,Lee 2010,2010,,,0.4,0.9,10,50,20,52,0,0,100,\n"
)


def test_revman_data_rows(tmp_path):
    path = write(tmp_path, REVMAN)
    frame = read_studies(path, "HR", analysis="1.1")
    assert frame.study.tolist() == ["Lee 2010", "Kim 2012"]
    assert frame.yi.tolist() == [-0.3, -0.1]
    assert frame.subgroup.tolist() == ["HBV", "HCV"]
    deaths = read_studies(path, "RR", analysis="1.2")
    assert deaths.yi[0] == pytest.approx(math.log(10 / 50 / (20 / 52)))
    with pytest.raises(MetaAnalysisError, match=r"holds the analyses 1.1, 1.2; expected one"):
        read_studies(path, "HR")
    with pytest.raises(MetaAnalysisError, match=r"no analysis 9.9; expected one of 1.1, 1.2"):
        read_studies(path, "HR", analysis="9.9")


@pytest.mark.parametrize(("text", "encoding"), [
    ("study;hr;ci_low;ci_high\nMüller;0,72;0,58;0,89\n", "utf-8-sig"),
    ("study;hr;ci_low;ci_high\nMüller;0,72;0,58;0,89\n", "cp1252"),
    ("study\thr\tci_low\tci_high\nMüller\t0.72\t0.58\t0.89\n\t\t\t\n", "utf-8"),
])
def test_spreadsheets_of_any_country(tmp_path, text, encoding):
    frame = read_studies(write(tmp_path, text, encoding))
    assert frame.study.tolist() == ["Müller"]
    assert frame.yi[0] == pytest.approx(math.log(0.72))


def test_a_source_of_ones_own_is_kept():
    frame = read_studies(table(study=["A", "B"], yi=[-0.3, -0.2], sei=[0.2, 0.1], source=["reconstructed", "Table 2"], summary=["", "yes"]), "HR")
    assert frame.source.tolist() == ["reconstructed", "summary"]
    assert frame.source_text.tolist() == ["reconstructed", "Table 2"]


def test_a_negative_standard_error_is_refused():
    with pytest.raises(MetaAnalysisError, match=r"Row 2 \(B\): sei is -0\.2; expected a positive"):
        read_studies(table(study=["A", "B"], yi=[0.1, 0.2], sei=[0.1, -0.2]), "HR")


def test_rows_longer_than_the_header_are_refused(tmp_path):
    with pytest.raises(MetaAnalysisError, match="more cells in a row than columns .* decimal comma in quotes"):
        read_studies(write(tmp_path, "study,hr,ci_low,ci_high\nA,0,7,0,5,1,0\n", "utf-8"))


def test_a_citation_is_no_kind_of_number():
    frame = read_studies(table(study=["A", "B"], hr=["0.72 (0.58-0.89)"] * 2, source=["Lu 2019, Cochrane Database Syst Rev", "Reported"]))
    assert frame.source.tolist() == ["reported", "reported"]
    assert frame.source_text.tolist() == ["Lu 2019, Cochrane Database Syst Rev", "Reported"]
    assert pool_studies(frame).source == ("reported", "reported")


def test_a_column_of_measures_is_read_row_by_row():
    cells = {"study": ["A", "B", "C"], "measure": ["HR", "rr", ""], "hr": ["0.8", "", "0.7"], "rr": ["", "0.9", ""], "ci_low": ["0.6", "0.7", "0.5"], "ci_high": ["1.1", "1.2", "1.0"]}
    frame = read_studies(table(**cells), "HR")
    assert frame.measure.tolist() == ["HR", "RR", "HR"]
    assert frame.attrs["measure"] == "HR, RR"
    pooled = pool_studies(frame, by="measure")
    assert pooled.is_mixed
    alone = pool(frame.yi[[0, 2]], frame.vi[[0, 2]])
    assert pooled.subgroups[0].random.estimate == pytest.approx(alone.estimate)


def test_a_column_called_measure_that_names_others_is_carried_along():
    frame = read_studies(table(study=["A"], measure=["mRECIST"], hr=["0.72 (0.58-0.89)"]))
    assert frame.measure.tolist() == ["mRECIST"]
    assert frame.attrs["measure"] == "HR"


def test_an_estimate_off_its_centre_is_noted():
    frame = read_studies(table(study=["A"], hr=["0.60 (0.58-0.89)"]))
    assert "not in the middle" in frame.read_note[0]


def test_pool_studies_is_pool():
    frame = read_studies(table(study=list("ABC"), yi=[-0.3, -0.1, -0.4], sei=[0.2, 0.1, 0.3], aetiology=["x", "y", "x"]), "HR")
    pooled = pool_studies(frame, by="aetiology", tau2="DL", ci="hk")
    expected = pool(frame.yi, frame.vi, study=frame.study, subgroup=frame.aetiology, tau2="DL", ci="hk", measure="HR", source=frame.source)
    assert pooled.to_dict() == expected.to_dict()


@pytest.mark.parametrize(("columns", "measure", "message"), [
    ({"hr": ["0.72"]}, None, r"Row 1 \(A\): seen hr; expected yi with sei or vi; .*: fill in what is missing"),
    ({"hr": ["abc"]}, None, r"Row 1 \(A\): hr is 'abc'; expected one number"),
    ({"yi": ["x"], "vi": ["1"]}, None, r"Row 1 \(A\): yi is 'x'; expected a number"),
    ({"hr": ["0.95 (0.58-0.89)"]}, None, "expected the estimate between two rising limits"),
    ({"hr": ["0.72 (0.89-0.58)"]}, None, "expected the estimate between two rising limits"),
    ({"hr": ["-0.3 (-0.5 to -0.1)"]}, None, "a ratio is positive: if it is a logarithm, name the column yi"),
    ({"or": ["0.72 (0.58-0.89)"]}, "HR", "seen or, but the measure is HR"),
    ({"events_1": [1], "n_1": [5], "events_2": [2], "n_2": [6]}, "HR", "events without times give no hazard ratio"),
    ({"events_1": [7], "n_1": [5], "events_2": [2], "n_2": [6]}, "RR", r"Row 1 \(A\): the events are 7 of 5 and 2 of 6"),
    ({"ipd": ["a/ipd.csv"]}, "HR", "which holds patients; expected an effect"),
    ({"yi": [0.1], "sei": [0]}, "HR", r"its variance is 0; expected a positive number"),
    ({"events_1": [0.24], "n_1": [50], "events_2": [0.4], "n_2": [50]}, "RR", "0.24 and 0.4; expected counts, and these are shares"),
    ({"o_minus_e": [1], "v": [-2]}, "HR", "the variance of O - E is positive"),
    ({"yi": [0.1], "sei": [0.2], "summary": ["perhaps"]}, "HR", "summary is 'perhaps'; expected true or false"),
    ({"hr": ["0.7 (0.5-0.9)"], "ci_level": ["30"]}, None, "ci_level is '30'; expected a percentage"),
    ({"yi": [0.1], "sei": [0.2]}, "XX", "expected one of HR, RR, OR, RD"),
    ({"hr": ["0.7"], "or": ["0.7"]}, None, "holds columns for HR and OR; expected one measure"),
])
def test_what_rows_are_refused(columns, measure, message):
    with pytest.raises(MetaAnalysisError, match=message) as caught:
        read_studies(table(study=["A"], **columns), measure)
    assert "\n" not in str(caught.value)


def test_what_files_are_refused(tmp_path):
    with pytest.raises(MetaAnalysisError, match=r"There is no file .*nowhere.csv"):
        read_studies(tmp_path / "nowhere.csv")
    with pytest.raises(MetaAnalysisError, match="is a folder; .* name the file in it"):
        read_studies(tmp_path)
    with pytest.raises(MetaAnalysisError, match="is no table: it is empty"):
        read_studies(write(tmp_path, ""))
    with pytest.raises(MetaAnalysisError, match="more cells in line 3 than columns .* decimal comma in quotes"):
        read_studies(write(tmp_path, "study,hr,ci_low,ci_high\nA,1,0.8,1.2\nB,0,80,0,50,1,28\n"))
    with pytest.raises(MetaAnalysisError, match="is no table: it is no text; .* save it as CSV"):
        read_studies(write(tmp_path, "PK\x03\x04\0\0"))
    with pytest.raises(MetaAnalysisError, match="holds no studies"):
        read_studies(write(tmp_path, "study,yi,vi\n"))


def test_methods_that_need_events_say_so():
    frame = read_studies(table(study=["A"], hr=["0.72 (0.58-0.89)"]))
    with pytest.raises(MetaAnalysisError, match="The method mh needs events_1"):
        pool_studies(frame, fixed="mh")
    with pytest.raises(MetaAnalysisError, match="or o_minus_e, v in every row"):
        pool_studies(frame, fixed="peto")
    with pytest.raises(MetaAnalysisError, match="has no column 'aetiology'; expected one of study, hr: choose"):
        pool_studies(frame, by="aetiology")
    with pytest.raises(MetaAnalysisError, match="expected one of iv, mh, peto"):
        pool_studies(frame, fixed="xx")
