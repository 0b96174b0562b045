"""Papers on simulated patients, printed as journals print them, contradict nothing."""

import csv
import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact, norm

from ipdrecon.audit import audit
from ipdrecon.model import ReconstructedArm
from ipdrecon.survival.hazard_ratio import estimate_hazard_ratio, logrank
from ipdrecon.survival.kaplan_meier import kaplan_meier, median_survival, n_risk_at

COLUMNS = ("endpoint", "population", "quantity", "arm", "reference", "time", "value", "ci_low", "ci_high", "p", "n", "percent", "unit", "source")
ARMS = ("Drug", "Placebo")
N_FILES = 60


def p_text(p, digits):
    return "<0.001" if p < 0.001 else f"{p:.{digits}f}"


def time_text(time, digits):
    return "NR" if math.isinf(time) else f"{time:.{digits}f}"


class MadePaper:
    """A trial with progression and death, and the rows its paper prints.

    Sizes, allocation, hazards that are proportional or not, follow-up, loss, the unit of recording and the digits printed all vary.
    """

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.rows = []
        self.digits = int(self.rng.integers(2, 4))
        self.percent_digits = int(self.rng.integers(0, 2))
        self.recorded_in = self.rng.choice([0.0, 1 / 30.44, 1.0])
        self.n = {"Drug": int(self.rng.integers(25, 400))}
        self.n["Placebo"] = max(20, int(self.n["Drug"] * self.rng.choice([1.0, 1.0, 0.5, 0.97])))
        self.patients = self.made_patients()
        for endpoint in ("overall survival", "PFS", "time to progression"):
            self.print_endpoint(endpoint, "ITT", self.patients[endpoint])
        few = {arm: self.rng.random(n) < 0.85 for arm, n in self.n.items()}
        per_protocol = {arm: tuple(part[few[arm]] for part in self.patients["PFS"][arm]) for arm in ARMS}
        self.print_endpoint("PFS", "per protocol", per_protocol)
        self.print_harms()
        self.print_characteristics()

    def made_patients(self):
        hazard_ratio, shape, crossing = self.rng.uniform(0.4, 1.4), self.rng.uniform(0.7, 1.5), self.rng.random() < 0.3
        follow_up = self.rng.uniform(12, 60)
        found = {"overall survival": {}, "PFS": {}, "time to progression": {}}
        for arm in ARMS:
            n = self.n[arm]
            ratio = hazard_ratio if arm == "Drug" else 1.0
            progression = 10 * (self.rng.exponential(size=n) / ratio) ** (1 / (shape * (1.6 if crossing and arm == "Drug" else 1)))
            death = np.minimum(progression + self.rng.exponential(14, n), self.rng.exponential(40, n))
            death = np.minimum(death, 30 * (self.rng.exponential(size=n) / ratio) ** (1 / shape))
            end = np.minimum(self.rng.uniform(0.4 * follow_up, follow_up, n), self.rng.exponential(150, n))
            free, no_death_end = np.minimum(progression, death), np.minimum(end, death)
            found["overall survival"][arm] = self.recorded(np.minimum(death, end), death <= end)
            found["PFS"][arm] = self.recorded(np.minimum(free, end), free <= end)
            found["time to progression"][arm] = self.recorded(np.minimum(progression, no_death_end), progression <= no_death_end)
        return found

    def recorded(self, time, event):
        return (np.ceil(time / self.recorded_in) * self.recorded_in if self.recorded_in else time), event

    def say(self, endpoint, population, quantity, arm, value, **more):
        about = {"endpoint": endpoint, "population": population, "quantity": quantity, "arm": arm, "value": value, "source": more.pop("source", "Results")}
        self.rows.append(about | more)

    def print_endpoint(self, endpoint, population, patients):
        for arm, (time, event) in patients.items():
            self.say(endpoint, population, "n", arm, len(time))
            self.say(endpoint, population, "events", arm, int(event.sum()))
            median = median_survival(time, event)
            texts = [time_text(value, 1) for value in (median.median, median.ci_low, median.ci_high)]
            self.say(endpoint, population, "median", arm, texts[0], ci_low=texts[1], ci_high=texts[2])
            self.say(endpoint, population, "median", arm, time_text(median.median, 0), source="Abstract")
            self.print_times(endpoint, population, arm, (time, event))
        self.print_ratio(endpoint, population, patients)

    def print_times(self, endpoint, population, arm, patients):
        estimate = kaplan_meier(*patients)
        for when in (0, 6, 12, 18, 24, 36):
            if when < patients[0].max():
                self.say(endpoint, population, "n_risk", arm, int(n_risk_at(patients[0], when)), time=when, source="Figure 1")
            if 0 < when < patients[0].max():
                survival = f"{100 * float(estimate.survival_at(when)):.{self.percent_digits}f}%"
                self.say(endpoint, population, "survival", arm, survival, time=when)

    def print_ratio(self, endpoint, population, patients):
        arms = [ReconstructedArm(arm, *of_arm) for arm, of_arm in patients.items()]
        estimate = estimate_hazard_ratio(arms, treatment="Drug", reference="Placebo")
        wald = 2 * norm.sf(abs(estimate.yi) / estimate.sei)
        p = wald if self.rng.random() < 0.5 else logrank(*arms).p
        numbers = [f"{value:.{self.digits}f}" for value in (estimate.ratio, *estimate.interval())]
        p = p_text(p, int(self.rng.integers(2, 4)))
        self.say(endpoint, population, "hr", "Drug", numbers[0], reference="Placebo", ci_low=numbers[1], ci_high=numbers[2], p=p)
        self.say(endpoint, population, "hr", "Drug", f"{estimate.ratio:.2f} ({estimate.interval()[0]:.2f}-{estimate.interval()[1]:.2f})", reference="Placebo", source="Abstract")

    def print_harms(self):
        kinds = {arm: self.rng.poisson(self.rng.uniform(0.02, 0.3, 6), (n, 6)) for arm, n in self.n.items()}
        for name, pick in [("any", slice(None)), *((f"kind {k}", [k]) for k in range(6))]:
            endpoint = "adverse events" if name == "any" else f"adverse events: {name}"
            table = []
            for arm in ARMS:
                hit = int((kinds[arm][:, pick].sum(axis=1) > 0).sum())
                table.append([hit, self.n[arm] - hit])
                share = f"{100 * hit / self.n[arm]:.{self.percent_digits}f}%"
                self.say(endpoint, "ITT", "events", arm, f"{hit}/{self.n[arm]} ({share})", source="Table 2")
                self.say(endpoint, "ITT", "occurrences", arm, int(kinds[arm][:, pick].sum()), source="Table 2")
            self.say(endpoint, "ITT", "events", "both", sum(row[0] for row in table), source="Table 2", p=self.p_of(table))
        for arm in ARMS:
            self.say("adverse events: Total", "ITT", "occurrences", arm, int(kinds[arm].sum()), source="Table 2")

    def p_of(self, table):
        table = np.array(table)
        if (table.sum(axis=0) == 0).any():
            return ""
        tests = (fisher_exact(table)[1], chi2_contingency(table, correction=False)[1], chi2_contingency(table)[1])
        p = self.rng.choice(tests)
        return "n.s." if p > 0.05 and self.rng.random() < 0.3 else p_text(p, 3)

    def print_characteristics(self):
        levels = {arm: self.rng.multinomial(n, [0.5, 0.3, 0.2]) for arm, n in self.n.items()}
        levels["both"] = levels["Drug"] + levels["Placebo"]
        p = p_text(chi2_contingency(np.array([levels[arm] for arm in ARMS]))[1], 3)
        for arm, counts in levels.items():
            self.say("stage", "ITT", "n", arm, int(counts.sum()), source="Table 1", p=p)
            for name, count in zip("ABC", counts, strict=True):
                self.say(f"stage: {name}", "ITT", "events", arm, int(count), source="Table 1", n=int(counts.sum()), percent=f"{100 * count / counts.sum():.1f}%")

    def write(self, path):
        with open(path, "w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(self.rows)
        return path


@pytest.mark.parametrize("start", range(0, N_FILES, 20))
def test_a_clean_paper_has_no_contradiction(start, tmp_path):
    # docs/audit.md tells what 2,000 such papers gave.
    contradicted = {}
    for seed in range(start, start + 20):
        result = audit(MadePaper(seed).write(tmp_path / f"{seed}.csv"))
        assert result.n_numbers > 100
        if result.is_contradicted:
            contradicted[seed] = [one.message for one in result.findings if one.severity == "contradiction"]
    assert not contradicted
