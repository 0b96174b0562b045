"""Numbers as papers print them, and errors that name the place."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipdrecon.errors import ReportedError
from ipdrecon.survival.reported import parse_printed, read_reported

HEADER = "panel,endpoint,population,quantity,arm,time,value,ci_low,ci_high,p,source"


@pytest.mark.parametrize(
    ("text", "value", "low", "high"),
    [
        ("0.72", 0.72, math.nan, math.nan),
        ("0,72", 0.72, math.nan, math.nan),
        ("0·72", 0.72, math.nan, math.nan),
        ("0·72 (0·58–0·89)", 0.72, 0.58, 0.89),
        ("0.72 (0.58–0.89)", 0.72, 0.58, 0.89),
        ("0.72 (0.58-0.89)", 0.72, 0.58, 0.89),
        ("0.72 [0.58 to 0.89]", 0.72, 0.58, 0.89),
        ("0.72 (0.58, 0.89)", 0.72, 0.58, 0.89),
        ("0.72 (0.58,0.89)", 0.72, 0.58, 0.89),
        ("0,72 (0,58-0,89)", 0.72, 0.58, 0.89),
        ("0,72 (0,58; 0,89)", 0.72, 0.58, 0.89),
        ("0.72 (95% CI 0.58-0.89)", 0.72, 0.58, 0.89),
        ("0.72 (95% CI, 0.58 to 0.89)", 0.72, 0.58, 0.89),
        ("0.72 (95 % confidence interval: 0.58 to 0.89)", 0.72, 0.58, 0.89),
        ("12.3 (9.8-NR)", 12.3, 9.8, math.inf),
        ("NR (12.3–NE)", math.inf, 12.3, math.inf),
        ("not reached", math.inf, math.nan, math.nan),
        ("36.8 months", 36.8, math.nan, math.nan),
        ("36.8 (30.1 to 41.2) months", 36.8, 30.1, 41.2),
        ("1.2e-3", 0.0012, math.nan, math.nan),
        ("12,345.6", 12345.6, math.nan, math.nan),
        ("12.345,6", 12345.6, math.nan, math.nan),
        ("−0.33", -0.33, math.nan, math.nan),
        ("‐0.33", -0.33, math.nan, math.nan),
        (".72 (.58-.89)", 0.72, 0.58, 0.89),
        ("0.72 (0.58‑0.89)", 0.72, 0.58, 0.89),
        ("0.72 (0.58–0.89)*", 0.72, 0.58, 0.89),
        ("0.72 (95% 0.58–0.89)", 0.72, 0.58, 0.89),
        ("72% (58%-89%)", 72, 58, 89),
        ("<.001", 0.001, math.nan, math.nan),
        ("", math.nan, math.nan, math.nan),
        ("–", math.nan, math.nan, math.nan),
    ],
)
def test_printed_numbers(text, value, low, high):
    found = parse_printed(text)
    assert [found.value, found.ci_low, found.ci_high] == pytest.approx([value, low, high], nan_ok=True)


@pytest.mark.parametrize(("text", "value"), [("1,234", 1234), ("1.234", 1234), ("1 234", 1234), ("12", 12), ("1'234", 1234), ("1,234,567", 1234567)])
def test_counts_have_thousands_separators(text, value):
    assert parse_printed(text, is_count=True).value == value


def test_an_interval_of_another_level_is_not_taken_for_one_of_95_percent():
    with pytest.raises(ReportedError, match=r"the interval is one of 90 %; expected one of 95 %"):
        parse_printed("0.72 (90% CI 0.60-0.86)")


def test_decimal_comma_where_no_count_is_meant():
    assert parse_printed("1,234").value == 1.234
    assert parse_printed("0,720", is_count=True).value == 0.72


def test_bounds_rounding_and_percent():
    assert (parse_printed("<0.001").bound, parse_printed("< 0,001").value) == ("<", 0.001)
    assert parse_printed("> 0.5").bound == ">"
    assert parse_printed("0.72").half_unit == pytest.approx(0.005)
    assert parse_printed("36").half_unit == pytest.approx(0.5)
    assert parse_printed("81%").percent
    assert parse_printed("81 % (75–86)").percent


@given(st.integers(0, 10**6), st.integers(0, 4))
def test_any_rounded_number_comes_back(digits, places):
    value = digits / 10**places
    for text in (f"{value:.{places}f}", f"{value:.{places}f}".replace(".", "·")):
        found = parse_printed(text)
        assert found.value == pytest.approx(value)
        assert found.half_unit == pytest.approx(0.5 * 10.0**-places)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_named_error(text):
    try:
        parse_printed(text)
    except ReportedError as trouble:
        assert "is no printed number" in str(trouble)


@pytest.mark.parametrize("text", ["about half", "0.72 (0.58)", "0.72 (0.58-0.7-0.89)", "1..2", "0.72 0.58 (a)", "--1", "1,2,3.4.5"])
def test_no_number(text):
    with pytest.raises(ReportedError, match="is no printed number; expected one such as"):
        parse_printed(text)


def _write(tmp_path, *lines, encoding="utf-8"):
    path = tmp_path / "reported.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def test_rows_are_read(tmp_path):
    path = _write(
        tmp_path,
        HEADER + ",reference",
        'A,OS,ITT,hr,TACE+CRT,,0·78 (0·50–1·20),,,0.26,"Results, p. 4",TACE',
        "A,OS,ITT,survival,TACE,12,81%,75%,86%,,Table 2,",
        "A,OS,ITT,survival,TACE,24,44.5,38,51,,Table 2,",
        "A,OS,ITT,median,TACE,,NR,,,,Table 2,",
        "A,OS,ITT,n,TACE,,\"1,234\",,,,Table 1,",
        "",
        ",,,logrank_p,,,<0.001,,,,Fig. 2,",
    )
    hr, one, two, median, n, p = read_reported(path)
    assert (hr.value, hr.ci_low, hr.ci_high, hr.p, hr.arm, hr.reference) == (0.78, 0.5, 1.2, 0.26, "TACE+CRT", "TACE")
    assert (hr.source, hr.line) == ("Results, p. 4", 2)
    assert (one.value, one.ci_low, one.half_unit, one.time) == pytest.approx((0.81, 0.75, 0.005, 12))
    assert (two.value, two.ci_high, two.half_unit) == pytest.approx((0.445, 0.51, 0.0005))
    assert median.value == math.inf
    assert n.value == 1234
    assert (p.value, p.bound, p.panel, p.line) == (0.001, "<", "", 8)


def test_semicolons_decimal_commas_and_old_encodings(tmp_path):
    path = _write(tmp_path, "quantity;arm;value;time", "hr;Évérolimus;0,72 (0,58–0,89);", encoding="cp1252")
    (found,) = read_reported(path)
    assert (found.arm, found.value, found.ci_high) == ("Évérolimus", 0.72, 0.89)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A,OS,ITT,hazard,X,,0.7,,,,", "reported.csv, line 2, column 'quantity': 'hazard' is not known; expected one of hr, median"),
        ("A,OS,ITT,hr,X,,zero,,,,", "reported.csv, line 2, column 'value': 'zero' is no printed number"),
        ("A,OS,ITT,hr,X,,0.7,low,,,", "line 2, column 'ci_low': 'low'"),
        ("A,OS,ITT,hr,X,,-0.7,,,,", "column 'value': the hazard ratio is -0.7"),
        ("A,OS,ITT,hr,X,,0.7,0.9,0.5,,", "the interval runs from 0.9 to 0.5"),
        ("A,OS,ITT,survival,X,,0.7,,,,", "column 'time': it is empty; survival needs a time"),
        ("A,OS,ITT,survival,X,12,1.2,,,,", "survival is 1.2; expected a probability"),
        ("A,OS,ITT,hr,X,,0,7,0,5,0,9,x", "line 2: there are more cells than columns"),
    ],
)
def test_errors_name_file_line_and_column(tmp_path, line, message):
    with pytest.raises(ReportedError, match=message):
        read_reported(_write(tmp_path, HEADER, line))


def test_no_file_and_no_columns(tmp_path):
    with pytest.raises(ReportedError, match="nowhere.csv cannot be read"):
        read_reported(tmp_path / "nowhere.csv")
    with pytest.raises(ReportedError, match="line 1: there is no column 'quantity'; seen: a, b"):
        read_reported(_write(tmp_path, "a,b", "1,2"))
    with pytest.raises(ReportedError, match="seen: nothing"):
        read_reported(_write(tmp_path, ""))
