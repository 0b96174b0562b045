"""What a paper says: one statement per printed number, and all of them together.

Examples
--------
>>> from ipdrecon.audit.numbers import read_number
>>> paper = Paper([Statement("n", "overall survival", "ITT", arm="Drug", value=read_number("64", is_count=True))])
>>> paper.size(paper.statements[0])
64.0
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from ipdrecon.audit import labels
from ipdrecon.audit.numbers import Number

RATIOS = ("hr", "or", "rr")
PROBABILITIES = ("survival",)
COUNTS = ("n", "n_risk", "events", "occurrences")


@dataclass(frozen=True, eq=False)
class Statement:
    """A printed number and what it is about.

    Attributes
    ----------
    quantity : str
        `hr`, `or`, `rr`, `median`, `survival`, `events` (patients), `occurrences` (events, several in one patient), `n`,
        `n_risk` or `logrank_p`.
    endpoint, population, adjustment, arm, reference, source : str
        As written; ``whole: part`` in `endpoint` for the rows of a table.
    panel : str
        Stands for endpoint or population where those are not given.
    time : float or None
    value, ci_low, ci_high, p : Number or None
        Survival as a probability; p of the comparison.
    n : float or None
        Patients it is about.
    percent : Number or None
        Share of `n` printed beside a count.
    level : float
        Of the interval.
    exclusive : bool
        Whether each patient is in one part of the whole, as in a table of characteristics.
    file : str
    line : int
    """

    quantity: str
    endpoint: str = ""
    population: str = ""
    adjustment: str = ""
    arm: str = ""
    reference: str = ""
    source: str = ""
    panel: str = ""
    time: float | None = None
    value: Number | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    p: Number | None = None
    n: float | None = None
    percent: Number | None = None
    level: float = 0.95
    exclusive: bool = False
    file: str = ""
    line: int = 0

    @cached_property
    def whole(self):
        """Words of the endpoint, without those of its part."""
        return labels.words(labels.split_endpoint(self.endpoint)[0]) if self.endpoint else self._panel

    @cached_property
    def part(self):
        """Words of the table's row; empty for the whole and for the row of totals."""
        part = labels.split_endpoint(self.endpoint)[1]
        return labels.words(part) if part and not labels.is_total(part) else frozenset()

    @property
    def is_table_total(self):
        """Whether it stands in a table's row of totals."""
        part = labels.split_endpoint(self.endpoint)[1]
        return bool(part) and labels.is_total(part)

    @cached_property
    def words(self):
        """Words of the endpoint and its part."""
        return self.whole | self.part

    @cached_property
    def arm_key(self):
        """What tells the arm, or `labels.EVERYBODY`, also where none is named; a comparison without arms has none."""
        return labels.arm_key(self.arm) or ("" if self.quantity in (*RATIOS, "logrank_p") else labels.EVERYBODY)

    @cached_property
    def group(self):
        """Endpoint and its span, population and adjustment: what must agree for numbers to be of one analysis."""
        return (self.words, labels.gloss(self.endpoint), *self.patients)

    @cached_property
    def patients(self):
        """Population and adjustment: whose numbers these are."""
        return labels.words(self.population) if self.population else self._panel, labels.adjustment_key(self.adjustment)

    @property
    def _panel(self):
        return frozenset({f"panel {self.panel}"}) if self.panel else frozenset()

    @property
    def is_adjusted(self):
        """Whether covariates or weights enter."""
        return bool(self.patients[1])

    @property
    def about(self):
        """What it is about, in words."""
        arms = f"{self.arm} vs {self.reference}" if self.reference else self.arm
        adjusted = self.adjustment if self.is_adjusted else ""
        when = "" if self.time is None else f"at {self.time:g}"
        panel = f"panel {self.panel}" if self.panel and not self.endpoint else ""
        return ", ".join(text for text in (panel, self.endpoint, self.population, adjusted, arms, when) if text)

    @property
    def place(self):
        """Where it is printed: file and line of the table, the source it names, what it is about."""
        return f"{self.file}, line {self.line}: {self.source or 'no source named'} [{self.about}]"


class Paper:
    """All statements of a paper, found by what they are about.

    Parameters
    ----------
    statements : sequence of Statement
    not_audited : sequence of (str, int)
        Quantities that no rule knows, and in how many rows.
    """

    def __init__(self, statements, not_audited=()):
        self.not_audited = tuple(not_audited)
        self.statements = tuple(statements)
        self._one_gloss = self._glosses()
        self._chosen, self._grouped = {}, {}

    def _glosses(self):
        """Give the only span of time that goes with the words of an endpoint."""
        seen = defaultdict(set)
        for said in self.statements:
            seen[said.words].add(said.group[1])
        return {words: max(spans) for words, spans in seen.items() if len(spans - {""}) <= 1}

    def group_of(self, said):
        """Give what must agree for numbers to be of one analysis; a span that is left out is understood."""
        words, span, *rest = said.group
        return (words, self._one_gloss.get(words, span), *rest)

    def of(self, *quantities):
        """Give the statements of some quantities that have a value."""
        if quantities not in self._chosen:
            self._chosen[quantities] = tuple(said for said in self.statements if said.quantity in quantities and said.value is not None)
        return self._chosen[quantities]

    def groups(self, *quantities):
        """Give the statements of some quantities by analysis, in the order of the paper."""
        if quantities not in self._grouped:
            found = defaultdict(list)
            for said in self.of(*quantities):
                found[self.group_of(said)].append(said)
            self._grouped[quantities] = dict(found)
        return self._grouped[quantities]

    def arms_of(self, said):
        """Give the keys of the arms that the analysis of a statement names."""
        return self._arms[self.group_of(said)]

    @cached_property
    def _arms(self):
        found = defaultdict(set)
        for said in self.statements:
            found[self.group_of(said)] |= {said.arm_key, labels.arm_key(said.reference)} - {labels.EVERYBODY, ""}
        return found

    def by_arm(self, statements):
        """Give statements by arm; those on everybody are an arm of their own."""
        found = defaultdict(list)
        for said in statements:
            found[said.arm_key].append(said)
        return dict(found)

    @cached_property
    def _sizes(self):
        """Numbers of patients by population and arm, then by endpoint; those of a table's characteristic are told apart."""
        characteristics = {said.whole for said in self.statements if said.part}
        found = defaultdict(dict)
        for said in self.of("n"):
            if not (said.part or said.whole in characteristics):
                found[said.patients, said.arm_key].setdefault(said.words, said.value.value)
        for said in self.statements:
            if said.n is not None and not (said.part or said.quantity in RATIOS):
                found[said.patients, said.arm_key].setdefault(said.words, said.n)
        return found

    def size(self, said, arm=None):
        """Give the number of patients a statement is about.

        Parameters
        ----------
        said : Statement
        arm : str, optional
            Key of an arm; that of the statement by default.

        Returns
        -------
        float or None
            As printed beside the number, else for its endpoint, else for its population where all endpoints agree.
        """
        arm = said.arm_key if arm is None else arm
        if said.n is not None and arm == said.arm_key and said.quantity not in RATIOS:
            return said.n
        known = self._sizes.get((said.patients, arm), {})
        if said.words in known:
            return known[said.words]
        return next(iter(known.values())) if len(set(known.values())) == 1 else None

    def treated_and_reference(self, said):
        """Give the keys of both arms of a comparison, or None where they are not known.

        The reference may be left out where the analysis has one other arm.
        """
        if not said.arm_key or said.arm_key == labels.EVERYBODY:
            return None
        if said.reference:
            return said.arm_key, labels.arm_key(said.reference)
        others = self.arms_of(said) - {said.arm_key}
        return (said.arm_key, next(iter(others))) if len(others) == 1 else None

    def both_arms(self, said):
        """Give the keys of both arms of a comparison in any order; None where there are more, or fewer are known."""
        ordered = self.treated_and_reference(said)
        if ordered is not None:
            return ordered
        arms = self.arms_of(said)
        return tuple(sorted(arms)) if len(arms) == 2 else None
