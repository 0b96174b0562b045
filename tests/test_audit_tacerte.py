"""The contradictions of a published paper (Féray et al., JHEP Reports 2023;5:100689) are found by computing.

The table holds what the paper prints; which of it contradicts what was also worked out by hand, and is listed here.
"""

from pathlib import Path

import pytest

from ipdrecon.audit import audit

TABLE = Path(__file__).parents[1] / "digitised" / "tacerte" / "reported.csv"

# rule, severity, words of the message or the places, and numbers among the values
KNOWN = {
    "liver PFS: abstract against results": ("printed_twice", "contradiction", "liver PFS, ITT, TACE + CRT vs TACE", (0.69, 0.78, 0.40, 0.50, 1.18, 1.20)),
    "liver PFS at 12 months, TACE": ("printed_twice", "contradiction", "liver PFS, ITT, TACE, at 12", (0.59, 0.47)),
    "liver PFS at 18 months, TACE": ("printed_twice", "contradiction", "liver PFS, ITT, TACE, at 18", (0.19, 0.14)),
    "liver PFS at 12 months, TACE + CRT": ("printed_twice", "contradiction", "liver PFS, ITT, TACE + CRT, at 12", (0.61, 0.47)),
    "liver PFS at 18 months, TACE + CRT": ("printed_twice", "contradiction", "liver PFS, ITT, TACE + CRT, at 18", (0.36, 0.25)),
    "treated liver PFS": ("printed_twice", "contradiction", "treated liver PFS, PP", (0.61, 0.64)),
    "alcohol": ("percentages_twice", "contradiction", "Cause of liver disease: Alcohol", (85, 59.8, 71.03)),
    "DC Beads": ("percentages_twice", "contradiction", "TACE technique: DC Beads", (68, 75.8)),
    "early events of Table 2, TACE": ("printed_twice", "contradiction", "early (<90 d) grade III-IV AE, ITT, TACE is", (34, 36)),
    "early events of Table 2, TACE + CRT": ("printed_twice", "contradiction", "early (<90 d) grade III-IV AE, ITT, TACE + CRT", (35, 39)),
    "late events of Table 2, TACE": ("printed_twice", "contradiction", "late (>90 d) grade III-IV AE, ITT, TACE is", (25, 23)),
    "late events of Table 2, TACE + CRT": ("printed_twice", "contradiction", "late (>90 d) grade III-IV AE, ITT, TACE + CRT", (50, 44)),
    "patients of Table 2": ("printed_twice", "doubt", "early (<90 d) grade III-IV AE, ITT, TACE is", (24, 32)),
    "late portal hypertension, TACE": ("printed_twice", "contradiction", "portal-hypertension AE, ITT, TACE is", (4, 5)),
    "late portal hypertension, TACE + CRT": ("printed_twice", "contradiction", "portal-hypertension AE, ITT, TACE + CRT", (12, 11)),
    "per-protocol PFS above freedom from progression at 6 months": ("progression_free_below", "contradiction", "treated liver PFS 83 %", (0.83, 0.81)),
    "per-protocol PFS above freedom from progression at 12 months": ("progression_free_below", "contradiction", "treated liver PFS 67 %", (0.67, 0.63)),
    "overall survival far from proportional": ("landmarks_and_ratio", "note", "overall survival", (1.69, 1.57, 1.07, 1.23)),
    "about 100 deaths among 120": ("interval_and_patients", "note", "overall survival", (97.5, 102.0, 120)),
    "Table 2, total of portal hypertension": ("arms_and_total", "contradiction", "5 + 11 is 16", (5, 11, 0)),
    "Table 1, radiofrequency": ("arms_and_total", "contradiction", "9 + 3 is 12", (9, 3, 13)),
    "Table 1, previous curative therapy": ("levels_and_patients", "contradiction", "3 levels add up to 6", (6, 7)),
    "Table 1, other causes": ("percentage_and_count", "contradiction", "4 of 54", (3.7, 7.407)),
}


@pytest.fixture(scope="module")
def result():
    return audit(TABLE)


def holds(values, numbers):
    known = [value for value in values.values() if isinstance(value, int | float)]
    return all(any(value == pytest.approx(number, rel=0.003, abs=0.0006) for value in known) for number in numbers)


@pytest.mark.parametrize("what", KNOWN)
def test_a_known_contradiction_is_found(result, what):
    rule, severity, words, numbers = KNOWN[what]
    same = [one for one in result.findings if (one.rule, one.severity) == (rule, severity) and words in one.message + " ".join(one.places)]
    assert any(holds(one.values, numbers) for one in same), [one.values for one in same]


def test_nothing_else_is_called_a_contradiction(result):
    # All that are not in the list above were looked at, and are as true: patients with an event where no event is printed
    # (Table 2), the abstract's PFS above freedom from progression, and 5 of 107 as 3.4 % (Table 1).
    told = [one for one in result.findings if one.severity == "contradiction"]
    listed = sum(severity == "contradiction" for _, severity, *_ in KNOWN.values())
    others = {"patients_within_events": 3, "progression_free_below": 1, "percentage_and_count": 1}
    assert len(told) == listed + sum(others.values())
    assert result.n_numbers == 607
    assert not result.not_audited


def test_a_finding_names_both_places(result):
    first = next(one for one in result.findings if one.rule == "printed_twice")
    assert [place.partition(":")[0] for place in first.places] == ["reported.csv, line 13", "reported.csv, line 15"]
    assert "Abstract, Results" in first.places[0]
    assert "Results, ITT liver PFS and TTP" in first.places[1]
