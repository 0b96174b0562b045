"""The command: what it prints, how it ends, and what it says of files that are no tables."""

import json

import pytest

from ipdrecon.app.commands import main

CLEAN = "endpoint,quantity,arm,time,value,source\nOS,survival,Drug,12,61%,Results\nOS,survival,Drug,24,44%,Results\n"
RISING = CLEAN.replace("44%", "66%")
DOUBTFUL = "endpoint,quantity,arm,reference,value,ci_low,ci_high,source\nOS,hr,Drug,Placebo,0.75,0.58,0.89,Abstract\n"


@pytest.fixture
def audited(tmp_path, monkeypatch, capsys):
    """Run the audit on a text; give status, standard output and standard error."""

    def run(content, *options):
        monkeypatch.setenv("COLUMNS", "140")
        path = tmp_path / "reported.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = main(["audit", str(path), *options])
        seen = capsys.readouterr()
        return status, seen.out, seen.err

    return run


def test_a_contradiction_ends_with_status_3_and_a_table(audited):
    status, out, _ = audited(RISING)
    assert status == 3
    assert "Contradictions: no data give both numbers" in out
    assert "Survival rises from 61% at 12 to 66% at 24." in out
    assert "line 2: Results" in out
    assert "line 3: Results" in out
    assert "4 points" in out
    assert "2 printed numbers held against each other: 1 contradiction." in out


def test_clean_numbers_end_with_status_0(audited):
    assert audited(CLEAN) == (0, "2 printed numbers held against each other: nothing contradicts anything.\n", "")


def test_a_doubt_alone_ends_with_status_0(audited):
    status, out, _ = audited(DOUBTFUL)
    assert status == 0
    assert "1 doubt." in out


def test_json_has_the_findings_and_nothing_else_on_standard_output(audited):
    status, out, err = audited(RISING, "--json")
    assert status == 3
    record = json.loads(out)
    (finding,) = record["findings"]
    assert list(finding) == ["rule", "severity", "places", "values", "message"]
    assert finding["rule"] == "survival_falls"
    assert finding["places"] == ["reported.csv, line 2: Results [OS, Drug, at 12]", "reported.csv, line 3: Results [OS, Drug, at 24]"]
    assert finding["values"] == {"earlier": 0.61, "later": 0.66, "apart": pytest.approx(4), "apart_in": "points"}
    assert "Contradictions" in err


def test_json_of_nothing_found(audited):
    status, out, _ = audited(CLEAN, "--json")
    assert (status, json.loads(out)["findings"]) == (0, [])


def test_quiet_says_nothing(audited):
    assert audited(RISING, "-q") == (3, "", "")


def test_several_tables_of_one_paper(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    (tmp_path / "text.csv").write_text("endpoint,quantity,arm,value,source\nstage: A,events,all,52%,Abstract\n")
    (tmp_path / "table1.csv").write_text("variable,level,all,drug,placebo,p,source\nstage,(n),100,50,50,,Table 1\nstage,A,61 (61.0%),30 (60.0%),31 (62.0%),,Table 1\nage,mean,61 ± 9,60 ± 8,62 ± 9,,Table 1\n")
    assert main(["audit", str(tmp_path / "text.csv"), str(tmp_path / "table1.csv")]) == 3
    out = capsys.readouterr().out
    assert "text.csv, line 2: Abstract" in out
    assert "table1.csv, line 3: Table 1" in out
    assert "1 row left aside, since no rule knows age: mean." in out


def test_rows_of_other_quantities_are_told(audited):
    _, out, _ = audited(CLEAN + "OS,kappa,Drug,,0.38,Results\n")
    assert "1 row left aside, since no rule knows kappa." in out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: there are no columns 'quantity' and 'value'; seen: nothing"),
        ("quantity,value\n", "has a header and no rows"),
        ("time,survival\n0,1\n", "there are no columns 'quantity' and 'value'; seen: time, survival"),
        ("quantity,value\nkappa,0.4\n", "No row holds a quantity that is audited; seen: kappa; expected hr"),
        ("quantity,value\nhr,many\n", "line 2, column 'value': 'many' is no printed number"),
        ("quantity,value,p\nhr,0.7,often\n", "line 2, column 'p': 'often' is no printed number"),
        ("quantity,value,ci_level\nhr,0.7,950\n", "line 2, column 'ci_level': the level is '950'; expected one such as 95 or 0.95"),
        ("quantity,value\nhr,0.7,0.5\n", "line 2: there are more cells than columns"),
        ("A paper, in words.\n\nOf the 120, 64, and 56, all, were, randomised.\n", "line 1: there are no columns 'quantity' and 'value'; seen: a paper, in words."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "is no text; expected a CSV file"),
        ('quantity,value\nhr,"' + "x" * 200_000 + '"\n', "line 2: it is no row of a table"),
    ],
)
def test_a_file_that_is_no_table_is_told_in_one_line(audited, content, message):
    status, out, err = audited(content)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_missing_file_and_a_folder_are_told(tmp_path, capsys):
    for path in (tmp_path / "none.csv", tmp_path):
        assert main(["audit", str(path)]) == 1
        assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("change", [lambda text: text.replace(",", ";"), lambda text: text.replace(",", "\t"), lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")])
def test_other_ways_to_write_the_table(audited, change):
    assert audited(change(RISING))[0] == 3


def test_an_instruction_in_a_cell_is_only_text(audited):
    status, out, _ = audited(RISING.replace("Results", "[bold]=1+1[/bold]"))
    assert status == 3
    assert "[bold]=1+1[/bold]" in out
