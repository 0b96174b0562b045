"""Each rule of the audit finds a planted error, and not its clean neighbour."""

import pytest

from ipdrecon.audit import RULES, audit

HEADER = "endpoint,population,quantity,arm,reference,time,value,ci_low,ci_high,p,n,percent,source"


def row(endpoint, quantity, arm, value, **more):
    cells = {"endpoint": endpoint, "quantity": quantity, "arm": arm, "value": value, "population": "ITT", "source": "Results"} | more
    return ",".join(f'"{cells.get(name, "")}"' for name in HEADER.split(","))


def hr(value, low, high, p="", **more):
    return row("OS", "hr", "Drug", value, reference="Placebo", ci_low=low, ci_high=high, p=p, **more)


def survival(endpoint, arm, time, value, **more):
    return row(endpoint, "survival", arm, value, time=time, **more)


def at_risk(arm, time, value, **more):
    return row("OS", "n_risk", arm, value, time=time, **more)


def sizes(drug, placebo, endpoint="OS", **more):
    return [row(endpoint, "n", "Drug", drug, **more), row(endpoint, "n", "Placebo", placebo, **more)]


def deaths(drug, placebo, endpoint="OS", **more):
    return [row(endpoint, "events", "Drug", drug, **more), row(endpoint, "events", "Placebo", placebo, **more)]


def levels(*counts, arm="Drug", total=None, p=""):
    total = sum(counts) if total is None else total
    parts = [row(f"stage: {name}", "events", arm, count, n=total) for name, count in zip("ABC", counts, strict=True)]
    return [row("stage", "n", arm, total, p=p), *parts]


# name of the rule, severity, rows with the error, rows of the clean neighbour
CASES = [
    ("printed_twice", "contradiction", [hr("0.61", "0.34", "1.06", source="Abstract"), hr("0.64", "0.39", "1.05")], [hr("0.64", "0.388", "1.052", source="Abstract"), hr("0.64", "0.39", "1.05")]),
    ("printed_twice", "contradiction", [survival("PFS", "Drug", 12, "59%"), survival("PFS", "Drug", 12, "47%", source="Abstract")], [survival("PFS", "Drug", 12, "59.4%"), survival("PFS", "Drug", 12, "59%", source="Abstract")]),
    ("printed_twice", "contradiction", [survival("PFS", "Drug", 12, "59%"), row("PFS", "incidence", "Drug", "45%", time=12, source="Fig. 2")], [survival("PFS", "Drug", 12, "59%"), row("PFS", "incidence", "Drug", "41%", time=12, source="Fig. 2")]),
    ("printed_twice", "doubt", [hr("0.64", "0.39", "1.05", "0.03", source="Abstract"), hr("0.64", "0.39", "1.05", "0.076")], [hr("0.64", "0.39", "1.05", "0.08", source="Abstract"), hr("0.64", "0.39", "1.05", "0.076")]),
    ("percentages_twice", "contradiction", [row("cause: alcohol", "events", "all", "85%", source="Abstract"), row("cause: alcohol", "events", "all", "64 (59.8%)", n=107)], [row("cause: alcohol", "events", "all", "60%", source="Abstract"), row("cause: alcohol", "events", "all", "64 (59.8%)", n=107)]),
    ("survival_range", "contradiction", [survival("OS", "Drug", 12, "120%")], [survival("OS", "Drug", 12, "100%")]),
    ("survival_range", "contradiction", [survival("OS", "Drug", 12, "-0.2")], [survival("OS", "Drug", 12, "0.2")]),
    ("survival_falls", "contradiction", [survival("OS", "Drug", 12, "61%"), survival("OS", "Drug", 24, "66%")], [survival("OS", "Drug", 12, "61%"), survival("OS", "Drug", 24, "61.4%")]),
    ("progression_free_below", "contradiction", [survival("liver PFS", "Drug", 6, "83%"), row("liver TTP", "incidence", "Drug", "19%", time=6)], [survival("liver PFS", "Drug", 6, "81%"), row("liver TTP", "incidence", "Drug", "19%", time=6)]),
    ("progression_free_below", "contradiction", [survival("PFS", "Drug", 6, "83%"), survival("overall survival", "Drug", 6, "71%")], [survival("PFS", "Drug", 6, "70%"), survival("overall survival", "Drug", 6, "71%")]),
    ("medians_ordered", "contradiction", [row("PFS", "median", "Drug", "14.2"), row("OS", "median", "Drug", "9.1")], [row("PFS", "median", "Drug", "9.1"), row("OS", "median", "Drug", "14.2")]),
    ("numbers_at_risk_ordered", "doubt", [row("PFS", "n_risk", "Drug", 40, time=6), row("OS", "n_risk", "Drug", 38, time=6)], [row("PFS", "n_risk", "Drug", 38, time=6), row("OS", "n_risk", "Drug", 38, time=6)]),
    ("per_protocol_within", "contradiction", [row("OS", "n", "Drug", 60), row("OS", "n", "Drug", 64, population="per protocol")], [row("OS", "n", "Drug", 60), row("OS", "n", "Drug", 60, population="per protocol")]),
    ("interval_encloses_estimate", "contradiction", [hr("0.41", "0.58", "0.89")], [hr("0.72", "0.58", "0.89")]),
    ("interval_encloses_estimate", "contradiction", [hr("0.72", "0.89", "0.58")], [hr("0.72", "0.58", "0.89")]),
    ("interval_encloses_estimate", "contradiction", [row("OS", "median", "Drug", "30", ci_low="32", ci_high="NR")], [row("OS", "median", "Drug", "NR", ci_low="32", ci_high="NR")]),
    ("ratio_in_middle", "contradiction", [hr("0.62", "0.58", "0.89")], [hr("0.72", "0.58", "0.89")]),
    ("ratio_in_middle", "doubt", [hr("0.75", "0.58", "0.89")], [hr("0.72", "0.58", "0.89")]),
    ("ratio_and_p", "contradiction", [hr("0.72", "0.58", "0.89", "0.26")], [hr("0.72", "0.58", "0.89", "0.003")]),
    ("ratio_and_p", "contradiction", [hr("0.90", "0.70", "1.16", "<0.001")], [hr("0.60", "0.46", "0.78", "<0.001")]),
    ("ratio_and_p", "contradiction", [hr("0.60", "0.46", "0.78", "n.s.")], [hr("0.90", "0.70", "1.16", "n.s.")]),
    ("ratio_and_p", "doubt", [hr("0.80", "0.62", "1.03", "0.042")], [hr("0.80", "0.62", "1.03", "0.085")]),  # one-sided
    ("ratio_and_p", "contradiction", [hr("0.72", "0.58", "0.89"), row("OS", "logrank_p", "Drug", "0.4")], [hr("0.72", "0.58", "0.89"), row("OS", "logrank_p", "Drug", "0.002")]),
    ("p_range", "contradiction", [hr("0.72", "0.58", "0.89", "1.3")], [hr("1.00", "0.80", "1.25", "1.0")]),
    ("interval_and_events", "contradiction", [hr("0.72", "0.62", "0.84"), *deaths(60, 70)], [hr("0.72", "0.51", "1.02"), *deaths(60, 70)]),
    ("interval_and_events", "contradiction", [hr("0.72", "0.22", "2.33"), *deaths(60, 70)], [hr("0.72", "0.49", "1.06"), *deaths(60, 70)]),
    ("interval_and_patients", "contradiction", [hr("0.72", "0.62", "0.84"), *sizes(50, 50)], [hr("0.72", "0.42", "1.23"), *sizes(50, 50)]),
    ("interval_and_patients", "note", [hr("1.23", "0.83", "1.82"), *sizes(56, 64)], [hr("1.23", "0.70", "2.16"), *sizes(56, 64)]),
    (
        "landmarks_and_ratio", "contradiction",
        [hr("1.60", "1.30", "1.97"), *sizes(400, 400), *(survival("OS", arm, t, s) for arm, t, s in (("Drug", 12, "70%"), ("Placebo", 12, "55%"), ("Drug", 36, "42%"), ("Placebo", 36, "22%")))],
        [hr("0.60", "0.49", "0.74"), *sizes(400, 400), *(survival("OS", arm, t, s) for arm, t, s in (("Drug", 12, "70%"), ("Placebo", 12, "55%"), ("Drug", 36, "42%"), ("Placebo", 36, "22%")))],
    ),
    (
        "landmarks_and_ratio", "note",
        [hr("1.23", "0.83", "1.82"), *sizes(56, 64), *(survival("OS", arm, t, s) for arm, t, s in (("Drug", 12, "70%"), ("Placebo", 12, "81%"), ("Drug", 60, "15%"), ("Placebo", 60, "17%")))],
        [hr("1.23", "0.83", "1.82"), *sizes(56, 64), *(survival("OS", arm, t, s) for arm, t, s in (("Drug", 12, "77%"), ("Placebo", 12, "81%"), ("Drug", 60, "11%"), ("Placebo", 60, "17%")))],
    ),
    ("medians_and_ratio", "note", [hr("0.70", "0.55", "0.89"), row("OS", "median", "Drug", "9.0"), row("OS", "median", "Placebo", "14.0")], [hr("0.70", "0.55", "0.89"), row("OS", "median", "Drug", "13.0"), row("OS", "median", "Placebo", "9.0")]),
    ("median_and_landmarks", "contradiction", [row("OS", "median", "Drug", "30"), survival("OS", "Drug", 24, "44%")], [row("OS", "median", "Drug", "30"), survival("OS", "Drug", 24, "61%")]),
    ("median_and_landmarks", "contradiction", [row("OS", "median", "Drug", "30"), survival("OS", "Drug", 36, "61%")], [row("OS", "median", "Drug", "30"), survival("OS", "Drug", 36, "44%")]),
    ("median_and_landmarks", "contradiction", [row("OS", "median", "Drug", "NR"), survival("OS", "Drug", 36, "41%")], [row("OS", "median", "Drug", "NR"), survival("OS", "Drug", 36, "51%")]),
    ("n_risk_falls", "contradiction", [at_risk("Drug", 6, 112), at_risk("Drug", 12, 172)], [at_risk("Drug", 6, 112), at_risk("Drug", 12, 112)]),
    ("n_risk_and_patients", "contradiction", [at_risk("Drug", 0, 66), *sizes(64, 56)], [at_risk("Drug", 0, 64), *sizes(64, 56)]),
    ("n_risk_and_patients", "doubt", [at_risk("Drug", 0, 60), *sizes(64, 56)], [at_risk("Drug", 3, 60), *sizes(64, 56)]),
    ("n_risk_and_survival", "contradiction", [at_risk("Drug", 12, 72), survival("OS", "Drug", 12, "50%"), *sizes(100, 100)], [at_risk("Drug", 12, 51), survival("OS", "Drug", 12, "50%"), *sizes(100, 100)]),
    ("events_and_landmarks", "contradiction", [*deaths(20, 50), survival("OS", "Drug", 12, "60%"), at_risk("Drug", 12, 55), at_risk("Drug", 18, 50), *sizes(100, 100)], [*deaths(40, 50), survival("OS", "Drug", 12, "60%"), at_risk("Drug", 12, 55), at_risk("Drug", 18, 50), *sizes(100, 100)]),
    ("events_and_landmarks", "contradiction", [*deaths(80, 50), survival("OS", "Drug", 12, "80%"), at_risk("Drug", 12, 20), *sizes(100, 100)], [*deaths(39, 50), survival("OS", "Drug", 12, "80%"), at_risk("Drug", 12, 20), *sizes(100, 100)]),
    ("events_and_landmarks", "contradiction", [*deaths(35, 20, time=12), survival("OS", "Drug", 12, "80%"), *sizes(100, 100)], [*deaths(18, 20, time=12), survival("OS", "Drug", 12, "80%"), *sizes(100, 100)]),
    ("percentage_and_count", "contradiction", [row("AE", "events", "Drug", "5/107 (3.4%)")], [row("AE", "events", "Drug", "5/107 (4.7%)")]),
    ("percentage_and_count", "note", [row("AE", "events", "Drug", 3, n=7, percent="42.8%")], [row("AE", "events", "Drug", 3, n=7, percent="42.9%")]),
    ("count_within_patients", "contradiction", [*deaths(70, 20), *sizes(64, 56)], [*deaths(64, 20), *sizes(64, 56)]),
    ("arms_and_total", "contradiction", [*deaths(9, 3), row("OS", "events", "both", 13)], [*deaths(9, 3), row("OS", "events", "both", 12)]),
    ("rows_and_total", "contradiction", [row(f"AE: {name}", "occurrences", "Drug", n) for name, n in (("pain", 3), ("fever", 4), ("Total", 9))], [row(f"AE: {name}", "occurrences", "Drug", n) for name, n in (("pain", 3), ("fever", 4), ("Total", 7))]),
    ("rows_and_total", "contradiction", [row(f"AE: {name}", "events", "Drug", n) for name, n in (("pain", 3), ("fever", 4), ("Total", 8))], [row(f"AE: {name}", "events", "Drug", n) for name, n in (("pain", 3), ("fever", 4), ("Total", 5))]),
    ("levels_and_patients", "contradiction", [*levels(3, 2, 1, total=7), *levels(4, 5, 2, arm="Placebo")], [*levels(4, 2, 1, total=7), *levels(4, 5, 2, arm="Placebo")]),
    ("part_within_whole", "contradiction", [row("AE", "events", "Drug", 14), row("AE: pain", "events", "Drug", 15)], [row("AE", "events", "Drug", 14), row("AE: pain", "events", "Drug", 14)]),
    ("patients_within_events", "contradiction", [row("AE: pain", "events", "Drug", 5), row("AE: pain", "occurrences", "Drug", 3)], [row("AE: pain", "events", "Drug", 5), row("AE: pain", "occurrences", "Drug", 5)]),
    ("counts_and_p", "contradiction", [row("AE", "events", "Drug", "22/56", p="0.01"), row("AE", "events", "Placebo", "24/64", p="0.01")], [row("AE", "events", "Drug", "22/56", p="0.84"), row("AE", "events", "Placebo", "24/64", p="0.84")]),
    ("levels_and_p", "contradiction", [*levels(40, 12, 4, p="0.001"), *levels(46, 14, 4, arm="Placebo")], [*levels(43, 12, 1, p="0.537"), *levels(46, 14, 4, arm="Placebo")]),
]  # fmt: skip


def rules_found(path, rows):
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return {(one.rule, one.severity) for one in audit(path).findings}


@pytest.mark.parametrize(("rule", "severity", "planted", "clean"), CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_a_planted_error_is_found_and_its_clean_neighbour_is_not(tmp_path, rule, severity, planted, clean):
    assert (rule, severity) in rules_found(tmp_path / "planted.csv", planted)
    assert rule not in {name for name, _ in rules_found(tmp_path / "clean.csv", clean)}


def test_every_rule_has_a_case():
    assert {rule.__name__ for rule in RULES} == {case[0] for case in CASES}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"population": "ITT"}, {"population": "per protocol"}),
        ({"endpoint": "liver PFS"}, {"endpoint": "PFS"}),
        ({"endpoint": "early (<90 d) AE"}, {"endpoint": "early (<30 d) AE"}),
        ({"time": 12}, {"time": 18}),
        ({"arm": "Drug"}, {"arm": "Drug + radiation"}),
    ],
)
def test_what_is_not_of_one_thing_is_not_compared(tmp_path, one, two):
    common = {"endpoint": "PFS", "population": "ITT", "time": 12, "arm": "Drug"}
    rows = [row(quantity="survival", value=value, **(common | about)) for value, about in (("59%", one), ("47%", two))]
    assert ("printed_twice", "contradiction") not in rules_found(tmp_path / "two.csv", rows)


def test_an_adjusted_ratio_is_not_compared_with_an_unadjusted_one(tmp_path):
    path = tmp_path / "adjusted.csv"
    path.write_text("endpoint,quantity,arm,reference,value,adjustment\nOS,hr,Drug,Placebo,1.23,none\nOS,hr,Drug,Placebo,1.05,age and stage\nOS,hr,Drug,Placebo,1.23,\n")
    assert not audit(path).findings


def test_panels_part_what_has_no_endpoint_or_population(tmp_path):
    path = tmp_path / "panels.csv"
    path.write_text("panel,quantity,arm,time,value\nA,survival,Drug,12,59%\nB,survival,Drug,12,47%\nA,n_risk,Drug,0,60\nB,n,Drug,,50\n")
    assert not audit(path).findings
    path.write_text("panel,endpoint,population,quantity,arm,time,value\nA,OS,ITT,survival,Drug,12,59%\nB,OS,ITT,survival,Drug,12,47%\n")
    assert audit(path).is_contradicted


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("overall survival", "OS"),
        ("Progression-free survival", "PFS"),
        ("late grade III-IV portal-hypertension AE", "late (>90 d) grade III-IV AE: Portal hypertension-related*"),
        ("adverse events", "AEs: Total"),
    ],
)
def test_one_thing_under_two_names_is_compared(tmp_path, one, two):
    rows = [row(one, "events", "TACE + CRT", 12, source="text"), row(two, "events", "TACE+CRT", 11, source="table")]
    assert "printed_twice" in {name for name, _ in rules_found(tmp_path / "two.csv", rows)}


def test_p_beside_events_of_an_endpoint_in_time_is_not_of_the_counts(tmp_path):
    rows = [*deaths("60", "62", p="0.002", n=100), *(row("OS", "median", arm, months) for arm, months in (("Drug", "30"), ("Placebo", "22")))]
    assert not rules_found(tmp_path / "deaths.csv", rows)
    assert ("counts_and_p", "contradiction") in rules_found(tmp_path / "counts.csv", rows[:2])


def test_arms_that_are_not_named(tmp_path):
    path = tmp_path / "unnamed.csv"
    path.write_text("quantity,time,value\nsurvival,12,61%\nsurvival,24,66%\nn_risk,0,50\nn_risk,12,55\n")
    assert {one.rule for one in audit(path).findings} == {"survival_falls", "n_risk_falls"}
    path.write_text("endpoint,quantity,arm,value,ci_low,ci_high\nOS,hr,,0.72,0.62,0.84\nOS,events,Drug,60,,\nOS,events,Placebo,70,,\n")
    assert {one.rule for one in audit(path).findings} == {"interval_and_events"}
    path.write_text("endpoint,quantity,arm,value,ci_low,ci_high\nOS,hr,,0.72,0.62,0.84\nOS,events,,130,,\n")
    assert {one.rule for one in audit(path).findings} == {"interval_and_events"}


def test_a_level_of_the_interval_other_than_95(tmp_path):
    path = tmp_path / "level.csv"
    said = "endpoint,quantity,arm,reference,value,ci_low,ci_high,p,ci_level\nOS,hr,Drug,Placebo,0.72,0.58,0.89,{},{}\n"
    for p, level, clean in (("0.003", "95%", True), ("0.012", "90", True), ("0.003", "0.8", False)):
        path.write_text(said.format(p, level))
        assert (not audit(path).findings) == clean, (p, level)


def test_a_share_that_may_name_a_level_alone_or_with_others(tmp_path):
    table = [row(f"cause: {name}", "events", "all", count, n=107, source="Table 1") for name, count in (("alcohol", 64), ("alcohol + virus", 12), ("virus", 31))]
    said = [row("cause: alcohol", "events", "all", f"{percent}%", source="Abstract") for percent in (71, 85)]
    assert not rules_found(tmp_path / "with.csv", [*table, said[0]])
    assert rules_found(tmp_path / "beyond.csv", [*table, said[1]]) == {("percentages_twice", "contradiction")}
