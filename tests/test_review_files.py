"""Files of Cochrane reviews: data packages, data rows and RevMan 5, made here from published data sets; hostile ones too."""

import io
import json
import math
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metaanalysis.exchange.data_package as data_package
import metaanalysis.exchange.rm5 as rm5
from ipdrecon.app.commands import main
from metaanalysis import MetaAnalysisError, pool, pool_events, pool_studies, read_studies
from metaanalysis.exchange.bias_domains import bias_columns
from metaanalysis.exchange.exports import REVMAN_COLUMNS
from metaanalysis.exchange.review_file import ReviewAnalysis, is_on_log_scale, read_review

REFERENCE = json.loads((Path(__file__).parent / "reference" / "metafor.json").read_text(encoding="utf-8"))
BCG = REFERENCE["events"]["bcg"]["counts"]
PIGNON = REFERENCE["inputs"]["pignon2000"]
Z = 1.959963984540054

# Columns of the settings as Cochrane's data package has them; those not needed here are left out.
SETTINGS = (
    "Analysis group", "Analysis number", "Analysis name", "Analysis group name", "Data type", "Log-scale data", "Statistical method",
    "Effect measure", "Analysis model", "Swap event and non-event",
)
ANALYSES = [
    (1, 1, "Tuberculosis", "BCG vaccine", "Dichotomous", "FALSE", "Mantel-Haenszel", "Risk Ratio", "Random effect", "FALSE"),
    (1, 2, "Free of tuberculosis", "BCG vaccine", "Dichotomous", "FALSE", "Mantel-Haenszel", "Odds Ratio", "Fixed effect", "TRUE"),
    (2, 1, "Survival", "Chemotherapy", "Contrast level", "TRUE", "Inverse variance", "Hazard Ratio", "Random effect", "FALSE"),
    (2, 2, "Survival, log-rank", "Chemotherapy", "O-E and variance", "FALSE", "Exp[(O-E)/Var]", "Hazard Ratio", "Fixed effect", "FALSE"),
    (3, 1, "Weight", "Diet", "Continuous", "FALSE", "Inverse variance", "Mean Difference", "Random effect", "FALSE"),
    (3, 2, "Odd", "Diet", "Contrast level", "TRUE", "Inverse variance", "Other", "Random effect", "FALSE"),
]


def table(columns, rows):
    return pd.DataFrame(rows, columns=columns, dtype=object).to_csv(index=False)


def data_rows():
    """Rows of all analyses; unused numbers are 0 or empty, as in real packages."""
    rows = []
    for number in (1, 2):
        for place, trial in enumerate(BCG, 1):
            cells = {"Subgroup": "Random" if place % 2 else "Other", "Study": f"Trial {place}", "Study year": 1940 + place, "GIV Mean": 0, "GIV SE": 0, "O-E": 0, "Variance": 0}
            counts = {f"{arm} cases": trial[f"events_{i}"] for i, arm in ((1, "Experimental"), (2, "Control"))}
            totals = {f"{arm} N": trial[f"n_{i}"] for i, arm in ((1, "Experimental"), (2, "Control"))}
            rows.append({"Analysis group": 1, "Analysis number": number, "Analysis name": ANALYSES[number - 1][2]} | cells | counts | totals)
    rows.append({"Analysis group": 1, "Analysis number": 1, "Analysis name": "Tuberculosis", "Study": "No data 1999", "Experimental cases": 0, "Experimental N": 0, "Control cases": 0, "Control N": 0})
    for yi, vi in list(zip(PIGNON["yi"], PIGNON["vi"], strict=True))[:9]:
        se, name = math.sqrt(vi), f"Pignon {len(rows)}"
        rows.append({"Analysis group": 2, "Analysis number": 1, "Analysis name": "Survival", "Study": name, "GIV Mean": yi, "GIV SE": se, "CI start": math.exp(yi - Z * se), "CI end": math.exp(yi + Z * se)})
        rows.append({"Analysis group": 2, "Analysis number": 2, "Analysis name": "Survival, log-rank", "Study": name, "O-E": yi / vi, "Variance": 1 / vi})
    rows.append({"Analysis group": 3, "Analysis number": 1, "Analysis name": "Weight", "Study": "Fat 2001", "Experimental mean": 3, "Experimental SD": 1, "Experimental N": 9, "Control mean": 4, "Control SD": 1, "Control N": 9})
    rows.append({"Analysis group": 3, "Analysis number": 2, "Analysis name": "Odd", "Study": "Odd 2001", "GIV Mean": -0.2, "GIV SE": 0.1})
    return table(REVMAN_COLUMNS, rows)


BIAS = "Study,Domain (judgement): Random sequence generation,Domain (support): Random sequence generation,Domain (judgement): Blinding of outcome assessment (detection bias): All outcomes\nTrial 1,Low risk,Table of numbers,High risk\n"


def package_files(**changed):
    files = {
        "CD012244-analysis-data/CD012244-data-rows.csv": data_rows(),
        "CD012244-analysis-data/CD012244-overall-estimates-and-settings.csv": table(SETTINGS, ANALYSES),
        "CD012244-analysis-data/CD012244-subgroup-estimates.csv": "Analysis group,Analysis number,Subgroup number,Subgroup\n",
        "CD012244-study-data/CD012244-risk-of-bias.csv": BIAS,
    }
    return files | changed


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "CD012244-dataPackage.zip"
    path.write_bytes(zipped(package_files()))
    return path


# --- data packages ---------------------------------------------------------------------------------------------------


def test_a_package_lists_its_analyses(package):
    review = read_review(package)
    assert review.name == "Cochrane review CD012244"
    assert [str(analysis) for analysis in review.analyses] == [
        "1.1 Tuberculosis (dichotomous, RR, 13 studies)", "1.2 Free of tuberculosis (dichotomous, OR, 13 studies)", "2.1 Survival (effect, HR, 9 studies)",
        "2.2 Survival, log-rank (o-e and variance, HR, 9 studies)", "3.1 Weight (continuous, Mean Difference, 1 study)", "3.2 Odd (effect, Other, 1 study)",
    ]
    assert review.analyses[0].comparison == "BCG vaccine"
    with pytest.raises(MetaAnalysisError, match=r"holds the analyses 1.1, 1.2, .*; expected one: choose it by --analysis 1.1"):
        review.analysis()
    with pytest.raises(MetaAnalysisError, match=r"holds no analysis 9.9; expected one of 1.1, 1.2"):
        review.analysis("9.9")


def test_events_pool_as_they_do_by_themselves(package):
    analysis = read_review(package).analysis("1.1")
    assert analysis.notes == ("Without data, and left out: No data 1999.",)
    frame = analysis.to_frame(source="Cochrane review CD012244")
    assert frame.iloc[0].to_dict() == {
        "study": "Trial 1", "year": "1941", "subgroup": "Random", "measure": "RR", "events_1": 4, "n_1": 123, "events_2": 11, "n_2": 139,
        "source": "Cochrane review CD012244, analysis 1.1", "outcome": "Tuberculosis", "D1": "Low risk", "D2": "", "D3": "", "D4": "High risk", "D5": "", "D6": "", "D7": "",
    }
    counts = [[trial[column] for trial in BCG] for column in ("events_1", "n_1", "events_2", "n_2")]
    assert pool_studies(read_studies(frame)).estimate == pytest.approx(pool_events(*counts, measure="RR").estimate, rel=1e-12)


def test_swapped_events_are_those_without(package):
    analysis = read_review(package).analysis("1.2")
    assert "those without the event" in analysis.notes[0]
    assert analysis.to_frame().events_1.tolist()[:2] == [119, 300]


@pytest.mark.parametrize("number", ["2.1", "2.2"])
def test_effects_and_log_rank_statistics(package, number):
    frame = read_studies(read_review(package).analysis(number).to_frame())
    expected = pool(PIGNON["yi"][:9], PIGNON["vi"][:9])
    assert pool_studies(frame).estimate == pytest.approx(expected.estimate, rel=1e-9)
    assert frame.attrs["measure"] == "HR"


def test_continuous_data_are_refused_politely(package):
    with pytest.raises(MetaAnalysisError, match=r"Analysis 3.1 \(Weight\) holds continuous data \(Mean Difference\); expected events, log ratios"):
        read_review(package).analysis("3.1").to_frame()
    with pytest.raises(MetaAnalysisError, match="holds no study with data"):
        ReviewAnalysis("1.1", "Empty", "effect", "HR").to_frame()


def test_a_package_may_lie_in_a_package(tmp_path):
    path = tmp_path / "download.zip"
    path.write_bytes(zipped({"CD012244-files/CD012244-data.zip": zipped(package_files()), "CD012244-files/readme.txt": "x"}))
    assert len(read_review(path).analyses) == 6


def test_data_rows_alone_do_not_name_measures(tmp_path):
    path = tmp_path / "CD012244-data-rows.csv"
    path.write_text(data_rows(), encoding="utf-8")
    review = read_review(path)
    assert [(analysis.number, analysis.kind, analysis.measure) for analysis in review.analyses] == [
        ("1.1", "dichotomous", ""), ("1.2", "dichotomous", ""), ("2.1", "effect", ""), ("2.2", "o-e and variance", ""), ("3.1", "continuous", ""), ("3.2", "effect", ""),
    ]


def test_a_ratio_that_is_no_logarithm_is_refused(tmp_path):
    rows = [{"Analysis group": 2, "Analysis number": 1, "Study": "A", "GIV Mean": 0.8, "GIV SE": 0.1, "CI start": 0.8 - Z * 0.1, "CI end": 0.8 + Z * 0.1}]
    path = tmp_path / "x.zip"
    path.write_bytes(zipped(package_files(**{"CD012244-analysis-data/CD012244-data-rows.csv": table(REVMAN_COLUMNS, rows)})))
    with pytest.raises(MetaAnalysisError, match=r"Analysis 2.1, A: its interval shows that 0.8 is not the logarithm of a HR"):
        read_review(path)


def test_the_scale_of_an_effect_is_told_by_its_interval():
    assert is_on_log_scale(-0.2, 0.1, math.exp(-0.2 - Z * 0.1), math.exp(-0.2 + Z * 0.1)) is True
    assert is_on_log_scale(0.8, 0.1, 0.8 - Z * 0.1, 0.8 + Z * 0.1) is False
    assert is_on_log_scale(0.8, 0.1, math.nan, math.nan) is None
    assert is_on_log_scale(0.8, 0.1, 0.1, 9) is None


def damaged(files=None, **changed):
    return zipped(package_files(**changed) if files is None else files)


def encrypted():
    content = bytearray(damaged())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(mark, place + 1)
    return bytes(content)


@pytest.mark.parametrize(("content", "message"), [
    (damaged({"../../etc/CD1-data-rows.csv": "x"}), "an entry that leads out of it"),
    (damaged({"/abs/CD1-data-rows.csv": "x"}), "an entry that leads out of it"),
    (damaged({"C:\\CD1-data-rows.csv": "x"}), "an entry that leads out of it"),
    (damaged({"a/CD1-data-rows.csv": "x", "b/CD1-data-rows.csv": "x"}), "expected one data package in a ZIP"),
    (damaged({"nameless": "x", "CD1-data-rows.csv": "x"}).replace(b"nameless", b"\0ameless"), "holds an entry without a name"),
    (damaged({"readme.txt": "x"}), "holds no file that ends with -data-rows.csv"),
    (damaged()[:-300], "a damaged or unusual ZIP"),
    (damaged()[13:], "a damaged or unusual ZIP|has the columns|no table"),
    (b"PK\x03\x04" + damaged()[30:], "a damaged or unusual ZIP"),
    (encrypted(), "is encrypted"),
    (b"PK\x03\x04" + b"\0" * 40, "a damaged or unusual ZIP"),
    (damaged(**{"CD012244-analysis-data/CD012244-data-rows.csv": "a,b\n1,2\n"}), "Analysis group|no column"),
    (damaged(**{"CD012244-analysis-data/CD012244-data-rows.csv": "Analysis group,Analysis number,Study,Experimental cases,Experimental N,Control cases,Control N\n1,1,A,many,9,2,9\n"}),
     "Analysis 1.1, A: experimental cases is 'many'; expected a number"),
])
def test_hostile_and_damaged_packages(tmp_path, content, message):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(MetaAnalysisError, match=message) as caught:
        read_review(path)
    assert "\n" not in str(caught.value)
    assert [found.name for found in tmp_path.iterdir()] == ["x.zip"]


SEEDS = {"x.zip": zipped(package_files()), "x.csv": data_rows().encode()}


@given(st.sampled_from([*SEEDS, "x.rm5"]), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 20), st.binary(max_size=8)), min_size=1, max_size=4))
def test_any_bytes_are_a_review_or_a_named_error(tmp_path_factory, name, edits):
    content = bytearray(SEEDS[name] if name in SEEDS else rm5_text().encode())
    for place, length, new in edits:
        content[place % len(content) : place % len(content) + length] = new or b"x"
    path = tmp_path_factory.mktemp("review") / name
    path.write_bytes(content)
    try:
        review = read_review(path)
    except MetaAnalysisError as error:
        assert "\n" not in str(error)
    else:
        assert all(analysis.k for analysis in review.analyses if analysis.rows)


def test_sizes_are_limited_whatever_an_entry_claims(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    path.write_bytes(damaged(**{"CD012244-analysis-data/CD012244-data-rows.csv": "0" * 3_000_000}))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(data_package, "MAX_BYTES", 1_000_000)
    with pytest.raises(MetaAnalysisError, match="has more than 1,000,000 bytes"):
        read_review(path)
    monkeypatch.setattr(data_package, "MAX_ENTRIES", 2)
    with pytest.raises(MetaAnalysisError, match="holds 4 files; expected a data package with at most 2"):
        read_review(path)
    monkeypatch.setattr(data_package, "MAX_PACKAGE_BYTES", 100)
    with pytest.raises(MetaAnalysisError, match="expected a data package of at most 100"):
        read_review(path)


def test_files_that_are_none_of_these(tmp_path):
    with pytest.raises(MetaAnalysisError, match="There is no file"):
        read_review(tmp_path / "nowhere.zip")
    path = tmp_path / "x.csv"
    path.write_text("study,hr\nA,0.7\n", encoding="utf-8")
    with pytest.raises(MetaAnalysisError, match="has the columns study, hr; expected Analysis group and Analysis number"):
        read_review(path)


def test_domains_of_bias_go_by_their_tool():
    rob_2 = {
        "Bias arising from the randomization process": "Low risk", "Bias due to deviations from intended interventions": "Some concerns", "Bias due to missing outcome data": "Low risk",
        "Bias in measurement of the outcome": "Low risk", "Bias in selection of the reported result": "Low risk", "Overall bias": "Some concerns",
    }
    assert bias_columns(rob_2) == {"D1": "Low risk", "D2": "Some concerns", "D3": "Low risk", "D4": "Low risk", "D5": "Low risk", "overall": "Some concerns"}
    assert bias_columns({"Funding": "High risk"}) == {"rob: Funding": "High risk"}
    assert bias_columns({"Allocation concealment": "Low", "Deviations from intended": "High"}) == {"rob: Allocation concealment": "Low", "rob: Deviations from intended": "High"}
    twice = bias_columns({"Other bias": "Low risk", "Other bias 2": "High risk"})
    assert (twice["D7"], twice["rob: Other bias 2"]) == ("Low risk", "High risk")


# --- RevMan 5 --------------------------------------------------------------------------------------------------------


def rm5_text(body="", head='<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'):
    """A RevMan 5 file in small, its elements and attributes those of RevMan 5.4."""
    trials = "".join(
        f'<DICH_DATA CI_END="1" CI_START="0.5" EFFECT_SIZE="0.7" ESTIMABLE="YES" EVENTS_1="{trial["events_1"]}" EVENTS_2="{trial["events_2"]}" O_E="0.0" '
        f'SE="0.2" STUDY_ID="STD-T{place}" TOTAL_1="{trial["n_1"]}" TOTAL_2="{trial["n_2"]}" VAR="0.04" WEIGHT="3"/>'
        for place, trial in enumerate(BCG, 1)
    )
    studies = "".join(f'<STUDY DATA_SOURCE="PUB" ID="STD-T{place}" NAME="Trial {place}" YEAR="{1940 + place}"/>' for place in range(1, 14))
    yi, se = -0.25, 0.1
    limits = f'CI_START="{math.exp(yi - Z * se)}" CI_END="{math.exp(yi + Z * se)}"'
    return head + f"""<COCHRANE_REVIEW ID="1" REVMAN_VERSION="5" TYPE="INTERVENTION">
<COVER_SHEET><TITLE>BCG &amp; chemotherapy</TITLE></COVER_SHEET>
<STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES>{studies}</INCLUDED_STUDIES></STUDIES></STUDIES_AND_REFERENCES>
<QUALITY_ITEMS><QUALITY_ITEM ID="QIT-01" LEVEL="STUDY" NO="1"><NAME>Allocation concealment</NAME><QUALITY_ITEM_DATA>
<QUALITY_ITEM_DATA_ENTRY RESULT="YES" STUDY_ID="STD-T1"/><QUALITY_ITEM_DATA_ENTRY RESULT="UNKNOWN" STUDY_ID="STD-T2"/></QUALITY_ITEM_DATA></QUALITY_ITEM></QUALITY_ITEMS>
<ANALYSES_AND_DATA><COMPARISON ID="CMP-001" NO="1"><NAME>Vaccine against none</NAME>
<DICH_OUTCOME EFFECT_MEASURE="RR" METHOD="MH" NO="1" RANDOM="YES" SUBGROUPS="NO" SWAP_EVENTS="NO"><NAME>Tuberculosis</NAME>{trials}</DICH_OUTCOME>
<IV_OUTCOME METHOD="IV" NO="2" RANDOM="NO" SUBGROUPS="YES"><NAME>Survival</NAME><EFFECT_MEASURE>Hazard Ratio</EFFECT_MEASURE>
<IV_SUBGROUP NO="1"><NAME>Young</NAME><IV_DATA EFFECT_SIZE="{math.exp(yi)}" SE="{se}" {limits} STUDY_ID="STD-T1"/></IV_SUBGROUP>
<IV_SUBGROUP NO="2"><NAME>Old</NAME><IV_DATA ESTIMATE="{yi}" SE="{se}" {limits} STUDY_ID="STD-T2"/><IV_DATA EFFECT_SIZE="0.0" SE="0.0" STUDY_ID="STD-T3"/></IV_SUBGROUP></IV_OUTCOME>
<IPD_OUTCOME METHOD="EXP_O_E_VAR" NO="3" RANDOM="NO" SUBGROUPS="NO"><NAME>Survival, log-rank</NAME><EFFECT_MEASURE>Hazard Ratio</EFFECT_MEASURE>
<IPD_DATA EVENTS_1="9" EVENTS_2="12" O_E="-3.5" STUDY_ID="STD-T1" TOTAL_1="30" TOTAL_2="31" VAR="5.2"/></IPD_OUTCOME>
<CONT_OUTCOME EFFECT_MEASURE="MD" METHOD="IV" NO="4" SUBGROUPS="NO"><NAME>Weight</NAME><CONT_DATA MEAN_1="1" STUDY_ID="STD-T1"/></CONT_OUTCOME>
<DICH_OUTCOME EFFECT_MEASURE="PETO_OR" METHOD="PETO" NO="5" SUBGROUPS="NO" SWAP_EVENTS="YES"><NAME>Free</NAME>
<DICH_DATA EVENTS_1="4" EVENTS_2="11" STUDY_ID="STD-unknown-2001" TOTAL_1="123" TOTAL_2="139"/></DICH_OUTCOME>
</COMPARISON></ANALYSES_AND_DATA>{body}</COCHRANE_REVIEW>"""


@pytest.fixture
def rm5_file(tmp_path):
    path = tmp_path / "review.rm5"
    path.write_text(rm5_text(), encoding="utf-8")
    return path


def test_rm5_lists_its_analyses(rm5_file):
    review = read_review(rm5_file)
    assert review.name == "BCG & chemotherapy"
    assert [(analysis.number, analysis.name, analysis.kind, analysis.measure, analysis.k) for analysis in review.analyses] == [
        ("1.1", "Tuberculosis", "dichotomous", "RR", 13), ("1.2", "Survival", "effect", "HR", 2), ("1.3", "Survival, log-rank", "o-e and variance", "HR", 1),
        ("1.4", "Weight", "continuous", "", 1), ("1.5", "Free", "dichotomous", "OR", 1),
    ]
    assert (review.analyses[0].comparison, review.analyses[0].method, review.analyses[0].model) == ("Vaccine against none", "MH", "Random effect")


def test_rm5_events_equal_those_of_a_package(rm5_file, package):
    ours, theirs = (read_review(path).analysis("1.1").to_frame() for path in (rm5_file, package))
    columns = ["study", "year", "measure", "events_1", "n_1", "events_2", "n_2"]
    pd.testing.assert_frame_equal(ours[columns], theirs[columns], check_dtype=False)
    assert ours["D2"].tolist()[:2] == ["Low risk", "Unclear risk"]


def test_rm5_effects_subgroups_and_swapped_events(rm5_file):
    review = read_review(rm5_file)
    frame = review.analysis("1.2").to_frame()
    assert frame.subgroup.tolist() == ["Young", "Old"]
    assert frame.yi.tolist() == pytest.approx([-0.25, -0.25])
    assert review.analysis("1.2").notes == ("Without data, and left out: Trial 3.",)
    assert read_studies(review.analysis("1.3").to_frame()).yi[0] == pytest.approx(-3.5 / 5.2)
    free = review.analysis("1.5")
    assert (free.rows[0]["study"], free.rows[0]["events_1"], free.rows[0]["events_2"]) == ("unknown 2001", 119, 128)
    with pytest.raises(MetaAnalysisError, match="holds continuous data"):
        review.analysis("1.4").to_frame()


def test_rm5_ratio_that_is_no_logarithm(tmp_path):
    path = tmp_path / "x.rm5"
    body = rm5_text().replace('EFFECT_SIZE="0.0" SE="0.0"', f'ESTIMATE="0.8" SE="0.1" CI_START="{0.8 - Z * 0.1}" CI_END="{0.8 + Z * 0.1}"')
    path.write_text(body, encoding="utf-8")
    with pytest.raises(MetaAnalysisError, match=r"Analysis 1.2, Trial 3: its interval shows that 0.8 is not the logarithm"):
        read_review(path)


LAUGHS = '<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n'


@pytest.mark.parametrize(("content", "message"), [
    (rm5_text(head=LAUGHS).encode(), "declares a document type, which may hold entities"),
    (rm5_text(head=LAUGHS).encode("utf-16"), "declares a document type, which may hold entities"),
    (b'<!DOCTYPE r SYSTEM "file:///etc/passwd">' + rm5_text(head="").encode(), "declares a document type"),
    (rm5_text(body="&undefined;").encode(), "is no whole XML"),
    (rm5_text(body="<a>" * 300 + "</a>" * 300).encode(), "nests its XML more than 100 deep"),
    (rm5_text()[:-40].encode(), "is no whole XML"),
    (b"<?xml version='1.0' encoding='klingon'?><a/>", "is no whole XML"),
    (b"<svg/>", "is XML of <svg>; expected a RevMan 5 file"),
    (b"<COCHRANE_REVIEW/>", "holds no analysis"),
    (rm5_text().replace('SE="0.1"', 'SE="wide"').encode(), "SE is 'wide'; expected a number"),
])
def test_hostile_and_damaged_xml(tmp_path, content, message):
    path = tmp_path / "x.rm5"
    path.write_bytes(content)
    with pytest.raises(MetaAnalysisError, match=message):
        read_review(path)


def test_xml_is_limited_in_size(rm5_file, monkeypatch):
    monkeypatch.setattr(rm5, "MAX_BYTES", 1000)
    with pytest.raises(MetaAnalysisError, match="expected a RevMan 5 file of at most 1,000"):
        read_review(rm5_file)


# --- the command -----------------------------------------------------------------------------------------------------


def test_import_lists_analyses_and_writes_nothing(package, capsys):
    assert main(["import", "revman", str(package)]) == 0
    said = capsys.readouterr().out
    assert "Cochrane review CD012244 holds 6 analyses; choose one with --analysis:" in said
    assert "  2.1 Survival (effect, HR, 9 studies): Chemotherapy" in said
    assert sorted(path.name for path in package.parent.iterdir()) == [package.name]


def test_import_writes_a_table_that_pool_reads(package, tmp_path, capsys):
    out = tmp_path / "trials.csv"
    assert main(["import", "revman", str(package), "--analysis", "1.1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Without data, and left out: No data 1999." in said
    assert "Risk of bias is judged in 2 domains." in said
    assert main(["pool", str(out), "--by", "subgroup", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    counts = [[trial[column] for trial in BCG] for column in ("events_1", "n_1", "events_2", "n_2")]
    assert record["random"]["estimate"] == pytest.approx(pool_events(*counts, measure="RR").estimate)
    assert (record["measure"], record["k"], len(record["subgroups"])) == ("RR", 13, 2)


def test_import_as_json(rm5_file, tmp_path, capsys):
    assert main(["import", "revman", str(rm5_file), "--analysis", "1.3", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["analysis"], len(record["analyses"]), record["file"]) == ("1.3", 5, str(tmp_path / "studies.csv"))
    assert read_studies(record["file"]).route.tolist() == ["o-e+v"]


POOLED = (
    "study,year,aetiology,measure,rr,ci_low,ci_high,n,summary,k,source,note\n"
    'Lee 2010,2010,HBV,RR,0.9,0.7,1.2,80,false,,"Lee, Lancet",\n'
    'Cochrane review CD012244 (7 trials),2019,HBV-predominant,RR,0.80,0.73,0.88,552,true,7,"Lu 2019, Cochrane","A pooled result of seven trials"\n'
)


def test_trials_take_the_place_of_the_pooled_row(package, tmp_path, capsys):
    studies = tmp_path / "studies.csv"
    studies.write_text(POOLED, encoding="utf-8")
    command = ["import", "revman", str(package), "--analysis", "1.1", "--into", str(studies), "--replaces", "Cochrane review CD012244 (7 trials)"]
    assert main(command) == 0
    assert "The trials stand in place of 'Cochrane review CD012244 (7 trials)'." in capsys.readouterr().out
    frame = pd.read_csv(studies, dtype=str, keep_default_na=False)
    assert frame.columns[:12].tolist() == POOLED.split("\n", 1)[0].split(",")
    assert frame.columns[12:].tolist() == ["subgroup", "events_1", "n_1", "events_2", "n_2", *(f"D{number}" for number in range(1, 8)), "outcome"]
    assert frame.study.tolist() == ["Lee 2010", *(f"Trial {place}" for place in range(1, 14))]
    assert frame.aetiology.tolist() == ["HBV"] + ["HBV-predominant"] * 13
    trial = frame.loc[1]
    assert (trial.year, trial.rr, trial.summary, trial.k, trial.n, trial.source) == ("1941", "", "", "", "262", "Cochrane review CD012244, analysis 1.1")
    assert trial.note == "One of the trials of Cochrane review CD012244 (7 trials), whose pooled row it replaces"
    pooled = pool_studies(read_studies(studies), by="aetiology")
    assert (pooled.k, [group.k for group in pooled.subgroups], set(pooled.source)) == (14, [1, 13], {"reported", "derived"})
    assert main(command) == 1
    assert "holds no row whose summary is true" in capsys.readouterr().err


def test_the_only_pooled_row_needs_no_name_and_several_do(package, tmp_path, capsys):
    studies = tmp_path / "studies.csv"
    studies.write_text(POOLED, encoding="utf-8")
    out = tmp_path / "new.csv"
    command = ["import", "revman", str(package), "--analysis", "2.1", "--into", str(studies), "--out", str(out)]
    assert main(command) == 0
    assert studies.read_text(encoding="utf-8") == POOLED
    assert len(read_studies(out)) == 10
    studies.write_text(POOLED + "Other review,2020,HCV,RR,0.9,0.8,1.01,100,yes,3,x,\n", encoding="utf-8")
    assert main(command) == 1
    assert "and none is chosen; expected one: choose it with --replaces" in capsys.readouterr().err
    assert main([*command, "--replaces", "Third"]) == 1
    assert "'Third' names 0 of them" in capsys.readouterr().err


def test_an_unnamed_measure_must_be_said(package, tmp_path, capsys):
    command = ["import", "revman", str(package), "--analysis", "3.2", "--out", str(tmp_path / "x.csv")]
    assert main(command) == 1
    assert "Analysis 3.2 has the measure 'Other'; expected one of HR, RR, OR, RD: say it with --measure" in capsys.readouterr().err
    assert main([*command, "--measure", "hr"]) == 0
    assert read_studies(tmp_path / "x.csv").attrs["measure"] == "HR"


def test_a_table_beside_the_file_is_not_overwritten(package, capsys):
    (package.parent / "studies.csv").write_text(POOLED, encoding="utf-8")
    assert main(["import", "revman", str(package), "--analysis", "1.1"]) == 1
    assert "exists already; give the file to write with --out" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "message"), [
    (["revman", "a.zip", "b.zip"], "revman takes one file, not 2"),
    (["revman"], "revman takes one file, not 0"),
    (["revman", "a.zip", "--unit", "months"], "--unit goes with curves, not with revman"),
    (["revman", "a.zip", "--replaces", "X"], "--replaces goes with --into FILE"),
    (["revman", "a.zip", "--measure", "MD"], "--measure is 'MD'; expected one of HR, RR, OR, RD"),
    (["curve.csv", "--analysis", "1.1"], "--analysis goes with: ipdrecon import revman FILE"),
])
def test_wrong_usage(options, message, capsys):
    assert main(["import", *options]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
