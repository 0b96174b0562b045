"""Whatever a table holds, the audit ends with findings or with an error that names the place."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from ipdrecon.audit import RULES, SEVERITIES, audit
from ipdrecon.errors import ReportedError

COLUMNS = ("panel", "endpoint", "population", "adjustment", "quantity", "arm", "reference", "time", "value", "ci_low", "ci_high", "p", "n", "percent", "unit", "source")
COUNTS = st.integers(0, 150).map(str)
DECIMALS = st.floats(0, 3).map(lambda value: f"{value:.2f}")
PERCENTS = st.integers(0, 130).map(lambda value: f"{value}%")
ODD = st.sampled_from(["", "NR", "0", "-1", "<0.001", ">100", "1e300", "0.72 (0.58-0.89)", "22/56 (39%)", "22/0", "39%", "n.s.", "∞"])
VALUES = COUNTS | DECIMALS | PERCENTS | ODD
ROWS = st.fixed_dictionaries(
    {
        "quantity": st.sampled_from(["hr", "or", "median", "survival", "incidence", "events", "occurrences", "n", "n_risk", "logrank_p", "kappa"]),
        "endpoint": st.sampled_from(["", "OS", "PFS", "TTP", "AE", "AE: pain", "AE: fever", "AE: Total", "stage", "stage: A", "stage: B"]),
        "population": st.sampled_from(["", "ITT", "per protocol"]),
        "adjustment": st.sampled_from(["", "", "age"]),
        "panel": st.sampled_from(["", "A"]),
        "arm": st.sampled_from(["", "Drug", "Placebo", "both"]),
        "reference": st.sampled_from(["", "Placebo"]),
        "time": st.sampled_from(["", "0", "6", "12", "18", "-3"]),
        "value": VALUES,
        "ci_low": ODD | DECIMALS,
        "ci_high": ODD | DECIMALS,
        "p": st.sampled_from(["", "0.03", "<0.001", "n.s.", "1.2", "0", "-0.1"]),
        "n": st.sampled_from(["", "", "0", "56", "120"]),
        "percent": st.sampled_from(["", "", "39%", "140"]),
        "source": st.sampled_from(["Abstract", "Table 2", ""]),
    }
)


def written(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=25))
def test_any_table_gives_findings_or_an_error_that_names_the_place(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_text(written(rows), encoding="utf-8")
    try:
        result = audit(path)
    except ReportedError as trouble:
        assert "any.csv, line" in str(trouble) or "No row holds a quantity" in str(trouble)
        return
    names = {rule.__name__ for rule in RULES}
    for one in result.findings:
        assert one.rule in names
        assert one.severity in SEVERITIES
        assert one.places
        assert one.message.endswith(".")
        assert all(value is None or isinstance(value, str | float | int) for value in one.to_dict()["values"].values())


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_count_of_findings(tmp_path_factory, rows, random):
    folder = tmp_path_factory.mktemp("order")
    shuffled = rows[:]
    random.shuffle(shuffled)
    counts = []
    for name, some in (("a.csv", rows), ("b.csv", shuffled)):
        (folder / name).write_text(written(some), encoding="utf-8")
        try:
            counts.append({rule for one in audit(folder / name).findings if (rule := one.rule) in ("survival_range", "p_range", "interval_encloses_estimate")})
        except ReportedError:
            counts.append("error")
    assert counts[0] == counts[1]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_politely_or_read(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "any.csv"
    path.write_bytes(content)
    try:
        audit(path)
    except ReportedError as trouble:
        assert "any.csv" in str(trouble) or "No row" in str(trouble)
