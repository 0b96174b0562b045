"""Rows of a table of studies that name files of patients: their arms, and the effects they give."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ipdrecon.app import saving
from ipdrecon.app.arm_names import match_arm
from ipdrecon.app.draws import read_draws
from ipdrecon.app.stage import undisturbed
from ipdrecon.app.tables import read_table
from ipdrecon.app.workflow import IPD, RECONSTRUCTION, read_patients
from ipdrecon.model import ReconstructedArm

PARTS = ("sampling_se", "reconstruction_se")


@dataclass(frozen=True)
class PatientRow:
    """A study given by its patients.

    Attributes
    ----------
    study : str
    arms : tuple of ReconstructedArm
        Treatment, reference.
    source : {"ipd", "reconstructed"}
    """

    study: str
    arms: tuple = field(repr=False)
    source: str

    def estimate(self):
        """Estimate its hazard ratio, a TrialEstimate."""
        from ipdrecon.survival import estimate_hazard_ratio

        treatment, reference = self.arms
        return estimate_hazard_ratio(self.arms, study=self.study, treatment=treatment.arm, reference=reference.arm)

    def patients(self):
        """Give treatment and reference of the study's own patients; an arm is ``(time, event)``."""
        return tuple((arm.time, arm.event) for arm in self.arms)

    def draws(self):
        """Give treatment and reference of the study's draws; an arm is a sequence of ``(time, event)``."""
        return tuple(arm.draws for arm in self.arms)


def standard_errors(estimate):
    """Give the parts of a total standard error, by column of a table of studies."""
    return dict(zip(PARTS, (estimate.sei, estimate.reconstruction_sei), strict=True))


def holds_patients(path):
    """Whether a table of studies has a column `ipd`."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.readline().decode("latin-1").casefold()
    return "ipd" in [name.strip(' "\r\n\t') for name in head.replace(";", ",").replace("\t", ",").split(",")]


def with_patients(path, run=map):
    """Read a table of studies whose rows may name files of patients, and estimate these rows.

    Parameters
    ----------
    path : str or Path
        With a column `ipd`; the rows that fill it also fill `treatment` and `reference`.
    run : callable
        Like `map`; the rows are estimated by it.

    Returns
    -------
    frame : DataFrame
        All cells as text; `yi`, `sei` and `source` filled in these rows, `ipd` emptied. `sei` is of sampling and
        reconstruction together; its parts are `sampling_se` and `reconstruction_se`.
    rows : tuple of PatientRow
    """
    path = Path(path)
    lines = read_table(path, ("study",))
    rows = [_patient_row(line, path.parent / line.text("ipd")) for line in lines if line.text("ipd")]
    estimated = zip(rows, run(PatientRow.estimate, rows), strict=True)
    records = []
    for line in lines:
        cells = dict(line.cells)
        if line.text("ipd"):
            row, estimate = next(estimated)
            numbers = {"yi": estimate.yi, "sei": estimate.total_sei} | standard_errors(estimate)
            texts = {name: saving.number(value, saving.ALL_DIGITS) for name, value in numbers.items()}
            cells |= texts | {"source": cells.get("source") or row.source, "ipd": ""}
        records.append(cells)
    return pd.DataFrame(records, dtype=object).fillna(""), tuple(rows)


def _patient_row(line, path):
    for name in ("treatment", "reference"):
        if not line.text(name):
            raise line.error(name, f"is empty, but the row names the patients of {line.text('ipd')}; expected the label of an arm")
    panel = line.text("panel")
    with undisturbed(path.parent):
        draws, found = read_draws(path.parent) if path.name == IPD else {}, read_patients(path)
    arms = {
        (seen, arm): ReconstructedArm(arm, *patients, method="ipd", panel=seen, draws=draws.get((seen, arm), ()))
        for (seen, arm), patients in found.items()
        if not panel or seen == panel
    }
    labels = [arm for _, arm in arms]
    if len(set(labels)) < len(labels):
        raise line.error("panel", f"is empty, but {path} holds several panels with the same arms; expected one of {sorted({seen for seen, _ in arms})}")
    place = f"{line.path}, line {line.line}"
    wanted = [match_arm(line.text(name), labels, place) for name in ("treatment", "reference")]
    by_label = {arm.arm: arm for arm in arms.values()}
    source = "reconstructed" if (path.parent / RECONSTRUCTION).exists() else "ipd"
    return PatientRow(line.text("study"), tuple(by_label[name] for name in wanted), source)
