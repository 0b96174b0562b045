"""Edits of the numbers at risk, after the rows are tied to the arms."""

from dataclasses import dataclass, field, replace

import numpy as np

from ipdrecon.errors import EditError
from ipdrecon.flags import Flag
from ipdrecon.model import AtRiskTable

PLACE = "at-risk table"
_COUNTS = ("n_risk", "n_censored", "n_event")


@dataclass(frozen=True)
class Table:
    """The table of a panel, and what edits have made of it.

    Attributes
    ----------
    at_risk : AtRiskTable or None
    arms : tuple of str
        Names of the panel's arms.
    renamed : dict of str to str
        Present name by each earlier one.
    gone : tuple of str
        Arms that edits took away; what other edits say of their rows is void.
    flags : tuple of Flag
        One `edited` for each edit done.
    missed : dict of str to EditError
        Edits without a panel that fit nothing here, by position.
    """

    at_risk: AtRiskTable | None
    arms: tuple
    renamed: dict = field(default_factory=dict)
    gone: tuple = ()
    flags: tuple = ()
    missed: dict = field(default_factory=dict)

    def name(self, name, edit):
        """The arm's present name."""
        known = name if name in self.arms else self.renamed.get(name, name)
        if known not in self.arms:
            raise edit.error(f"no arm {name!r}; the arms are {', '.join(map(repr, self.arms)) or 'none'}.")
        return known

    def is_void(self, edit):
        """Whether an edit speaks of an arm that was taken away."""
        named = getattr(edit, "arms", None) or (getattr(edit, "arm", None),)
        return any(name in self.gone and name not in self.arms for name in named)

    def noting(self, detail, at_risk):
        """The table changed, with a note of what was done."""
        return replace(self, at_risk=at_risk, flags=(*self.flags, Flag("edited", PLACE, f"{detail}.")))


def edit_table(table, edits):
    """Do the edits of the numbers at risk, in their order.

    Parameters
    ----------
    table : Table
    edits : sequence of Edit
        Those of the stage ``table`` that speak of this panel.

    Returns
    -------
    Table
        Doubts that the numbers no longer justify are gone; numbers that rise are flagged.

    Raises
    ------
    EditError
        When an edit of this panel names what is not there.
    """
    for edit in edits:
        if table.is_void(edit):
            continue
        try:
            table = _WAYS[edit.edit](table, edit)
        except EditError as error:
            if edit.panel is not None:
                raise
            table = replace(table, missed=table.missed | {edit.position: error})
    if table.at_risk is not None and table.flags:
        table = replace(table, at_risk=replace(table.at_risk, flags=_doubts(table.at_risk)))
    return table


def _doubts(at_risk):
    """Doubts that the numbers still justify; of rising rows, those that rise now."""
    settled = {"at_risk_rises"} | (set() if np.isnan(at_risk.n_risk).any() else {"at_risk_missing_cell"})
    kept = [flag for flag in at_risk.flags if flag.name not in settled]
    for name, n_risk in zip(at_risk.arms, at_risk.n_risk, strict=True):
        seen = np.flatnonzero(~np.isnan(n_risk))
        rises = [
            f"from {n_risk[before]:g} to {n_risk[after]:g} at time {at_risk.time[after]:g}"
            for before, after in zip(seen, seen[1:], strict=False)
            if n_risk[after] > n_risk[before]
        ]
        if rises:
            kept.append(Flag("at_risk_rises", f"{PLACE}, {name!r}", f"{'; '.join(rises)}."))
    return tuple(kept)


def _required(table, edit):
    if table.at_risk is None:
        raise edit.error("the panel has no at-risk table; give whole rows with their times (row) first.")
    return table.at_risk


def _cell(table, edit):
    at_risk, name = _required(table, edit), table.name(edit.arm, edit)
    column = int(np.abs(at_risk.time - edit.time).argmin())
    spacing = np.diff(at_risk.time).min() if len(at_risk.time) > 1 else 1.0
    if abs(at_risk.time[column] - edit.time) > 0.05 * spacing:
        raise edit.error(f"the table has no time {edit.time:g}; its times are {', '.join(f'{time:g}' for time in at_risk.time)}.")
    row, changes, said = at_risk.arms.index(name), {}, []
    for count in sorted(edit.model_fields_set & set(_COUNTS)):
        values = np.full(at_risk.n_risk.shape, np.nan) if getattr(at_risk, count) is None else np.array(getattr(at_risk, count))
        said.append(f"{count} {_shown(values[row, column])} is {_shown(getattr(edit, count))}")
        values[row, column] = np.nan if getattr(edit, count) is None else getattr(edit, count)
        changes[count] = values
    kept = tuple(flag for flag in at_risk.flags if not _is_settled(flag, name, at_risk.time[column]))
    detail = f"{name!r} at {at_risk.time[column]:g}: {', '.join(said)}"
    return table.noting(detail, replace(at_risk, flags=kept, **changes))


def _is_settled(flag, name, time):
    """Whether a doubt is about this very cell alone."""
    alone = ";" not in flag.detail and f"at time {time:g}" in flag.detail
    return flag.name in ("at_risk_cell_doubtful", "at_risk_missing_cell") and repr(name) in flag.place and alone


def _shown(count):
    return "empty" if count is None or np.isnan(count) else f"{count:g}"


def _row(table, edit):
    name = table.name(edit.arm, edit)
    n_risk = np.array([np.nan if count is None else count for count in edit.n_risk], float)
    if edit.time is None and len(_required(table, edit).time) != len(n_risk):
        raise edit.error(f"it has {len(n_risk)} numbers, but the table has {len(table.at_risk.time)} times; give its times too.")
    time = np.array(edit.time, float) if edit.time is not None else table.at_risk.time
    at_risk = table.at_risk or AtRiskTable(table.arms, time, np.full((len(table.arms), len(time)), np.nan))
    at_risk = _with_times(at_risk, np.union1d(at_risk.time, time))
    values = np.array(at_risk.n_risk)
    values[at_risk.arms.index(name)] = np.nan
    values[at_risk.arms.index(name), np.searchsorted(at_risk.time, time)] = n_risk
    kept = tuple(flag for flag in at_risk.flags if repr(name) not in flag.place)
    return table.noting(f"The row of {name!r} was given", replace(at_risk, n_risk=values, flags=kept))


def _with_times(at_risk, time):
    """The same table with further columns, which are empty."""
    columns, wide = np.searchsorted(time, at_risk.time), {}
    for count in _COUNTS:
        if getattr(at_risk, count) is not None:
            wide[count] = np.full((len(at_risk.arms), len(time)), np.nan)
            wide[count][:, columns] = getattr(at_risk, count)
    return replace(at_risk, time=time, **wide)


def _tie(table, edit):
    at_risk = _required(table, edit)
    first, second = (at_risk.arms.index(table.name(name, edit)) for name in edit.arms)
    if first == second:
        raise edit.error(f"an arm's row cannot change places with itself ({edit.arms[0]!r}).")
    order = list(range(len(at_risk.arms)))
    order[first], order[second] = second, first
    swapped = {count: getattr(at_risk, count)[order] for count in _COUNTS if getattr(at_risk, count) is not None}
    kept = tuple(flag for flag in at_risk.flags if flag.name not in ("at_risk_rows_unmatched", "at_risk_contradicts_curve", "at_risk_loss_uneven"))
    return table.noting(f"The rows of {edit.arms[0]!r} and {edit.arms[1]!r} changed places", replace(at_risk, flags=kept, **swapped))


def _times(table, edit):
    at_risk = _required(table, edit)
    if len(edit.time) != len(at_risk.time):
        raise edit.error(f"it gives {len(edit.time)} times, but the table has {len(at_risk.time)}: {', '.join(f'{time:g}' for time in at_risk.time)}.")
    return table.noting("The times of its columns were given", replace(at_risk, time=edit.time))


def _clear(table, edit):
    _required(table, edit)
    return table.noting("It was taken away", None)


_WAYS = {"cell": _cell, "row": _row, "tie": _tie, "times": _times, "clear_table": _clear}
