"""Name the arms from all that names them: legend, words beside the curves, rows of the table; and say how sure each name is."""

import re
from dataclasses import dataclass, replace

import numpy as np

from ipdrecon.figure.at_risk.ties import colour_distance, name_likeness
from ipdrecon.figure.beside import end_of, is_struck_through, is_tail, names_beside, names_by_colour
from ipdrecon.figure.legend import NO_BEGINNING
from ipdrecon.figure.names import are_a_pair, match_legend
from ipdrecon.figure.unread import find_unread_at_ends
from ipdrecon.flags import Flag
from ipdrecon.model import Box

_LEADER = re.compile(r"(?:\s+[-–]+|[—:\s])+$")
_DOUBTFUL = 0.5
_ROW_BY_NAME = 0.8
_SURELY_BESIDE = 0.8
_ROW_BY_ORDER = 0.4
_LEAD = 0.2
_SAME_COLOUR = 15.0
_COLOURED = 40
_BESIDE_INSET, _IN_INSET = 0.35, 0.8


@dataclass(frozen=True)
class ArmName:
    """The name of an arm.

    Attributes
    ----------
    label : str
        Empty where none is printed.
    matched_by : {"legend", "text", "at_risk", "order", ""}
    sureness, reading : float
        In [0, 1]: how sure it is that the name is this arm's, and how surely it was read.
    box : Box, or None
        Where the label is printed.
    doubt : str
        What contradicts it.
    """

    label: str = ""
    matched_by: str = ""
    sureness: float = 0.0
    reading: float = 1.0
    box: Box | None = None
    doubt: str = ""

    @property
    def confidence(self):
        """Of the name, in [0, 1]."""
        return round(self.sureness * self.reading, 3)


def true_entries(entries, plot, inks):
    """The entries of a legend that are none of the curves: neither their ends nor the marks upon them.

    Parameters
    ----------
    entries : sequence of LegendEntry
    plot : Plot
    inks : sequence of ArmInk

    Returns
    -------
    tuple of LegendEntry
    """
    doubtful = [is_tail(entry, plot, inks) or is_struck_through(entry.text, plot, inks) for entry in entries]
    sure = [entry for entry, doubt in zip(entries, doubtful, strict=True) if not doubt]
    return tuple(entry for entry in entries if any(entry is other or are_a_pair(entry, other) for other in sure))


def name_arms(px, words, box, plot, inks, entries):
    """Name arms by the legend, and those that it leaves by the words beside them.

    A legend outside the box may be another panel's: names that surely stand beside all curves go before it.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
        Those that may stand beside a curve.
    box : Box
    plot : Plot
    inks : tuple of ArmInk
    entries : tuple of LegendEntry

    Returns
    -------
    tuple of ArmName
        One per arm.
    """
    if not any(box.contains(*entry.text.centre) for entry in entries):
        beside = names_beside(px, words, box, plot, inks)
        entries = () if len(beside) == len(inks) and min((match.sureness for match in beside.values()), default=0.0) > _SURELY_BESIDE else entries
    matched = match_legend(inks, entries)
    names = {
        i: ArmName(match.entry.label, "legend", match.sureness, match.entry.confidence, match.entry.text) for i, match in matched.items()
    }
    free = tuple(word for word in words if not any(entry.text.contains(*word.box.centre) for entry in entries))
    nameless = [i for i in range(len(inks)) if i not in matched]
    arms = [inks[i] for i in nameless]
    beside = names_beside(px, free, box, plot, arms)
    if len(beside) < len(arms) and not matched:
        unread = find_unread_at_ends(px, words, [end_of(plot, arm) for arm in arms])
        beside = names_beside(px, (*free, *unread), box, plot, arms) if unread else beside
    for i, match in beside.items():
        word = match.word
        names[nameless[i]] = ArmName(bare_name(word.text), "text", match.sureness, word.confidence, word.box)
    return tuple(names.get(i, ArmName()) for i in range(len(inks)))


def with_insets(px, words, insets, inks, names):
    """Names with those that only an inset prints, in the colours of the curves.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : tuple of Word
    insets : sequence of PanelBox
        Smaller plots within the panel.
    inks : sequence of ArmInk
    names : tuple of ArmName

    Returns
    -------
    tuple of ArmName
    """
    nameless = [i for i, name in enumerate(names) if not name.label]
    if not nameless or not insets:
        return names
    inner = [word for word in words if any(inset.top < word.box.centre[1] < inset.bottom and inset.left < word.box.centre[0] < inset.right + _BESIDE_INSET * (inset.right - inset.left) for inset in insets)]
    told = {i: match.word for i, match in names_by_colour(px, inner, inks).items() if i in nameless}
    found = {i: ArmName(bare_name(word.text), "text", _IN_INSET, word.confidence, word.box) for i, word in told.items()}
    return tuple(found.get(i, name) for i, name in enumerate(names))


def bare_name(text):
    """A name without the signs that the end of its curve, a mark or a leader was read as; a dash that ends a word belongs to it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> bare_name("■Grade II"), bare_name("— Placebo:"), bare_name("Arm A -"), bare_name("HER2-"), bare_name("+")
    ('Grade II', 'Placebo', 'Arm A', 'HER2-', '+')
    """
    return _LEADER.sub("", text.lstrip(NO_BEGINNING)) or text


def with_rows(names, looks, table, at_risk, labels):
    """Names with those that the rows of the table tell, and what the rows contradict.

    Parameters
    ----------
    names : tuple of ArmName
    looks : tuple of ArmLook
    table : PrintedTable
    at_risk : AtRiskTable
        Its rows tied to the arms.
    labels : tuple of str
        Those of the arms, or of the rows tied to them.

    Returns
    -------
    tuple of ArmName
    """
    printed = {row.label for row in table.rows if row.label}
    sure = not any(flag.name == "at_risk_rows_unmatched" for flag in at_risk.flags)
    told = []
    for k, (name, label) in enumerate(zip(names, labels, strict=True)):
        if not name.label and label in printed:
            told.append(replace(name, label=label, matched_by="at_risk", sureness=_ROW_BY_NAME if sure else _ROW_BY_ORDER))
        else:
            told.append(replace(name, doubt=name.doubt or _contradiction(names, looks, table, at_risk, k)))
    return tuple(told)


def _contradiction(names, looks, table, at_risk, k):
    """What the table says against the name of arm `k`: its row has another arm's name, or another arm's colour."""
    rows = [row for row in table.rows if np.array_equal(row.n_risk, at_risk.n_risk[k], equal_nan=True)]
    if len(rows) != 1 or not names[k].label or not rows[0].label:
        return ""
    likeness = [name_likeness(name.label, rows[0].label) for name in names]
    if max(likeness) > likeness[k] + _LEAD:
        return f"Its row of the table is {rows[0].label!r}."
    apart = [colour_distance(look.colour, rows[0].colour) for look in looks]
    if min(apart) < _SAME_COLOUR and apart[k] > min(apart) + 2 * _SAME_COLOUR and max(rows[0].colour) - min(rows[0].colour) > _COLOURED:
        return f"Its row of the table has the colour of {names[apart.index(min(apart))].label!r}."
    return ""


def distinct(names):
    """Names of which no two are one: ``arm 1`` from the top where none is printed; of two alike both are doubtful.

    Parameters
    ----------
    names : tuple of ArmName

    Returns
    -------
    tuple of ArmName
    """
    seen, out = {}, []
    printed = [name.label for name in names if name.label]
    for i, name in enumerate(names):
        label = name.label or f"arm {i + 1}"
        seen[label] = seen.get(label, 0) + 1
        if printed.count(name.label) > 1:
            name = replace(name, doubt=f"{printed.count(label)} curves have it.")
        out.append(replace(name, label=label if seen[label] == 1 else f"{label} ({seen[label]})", matched_by=name.matched_by or "order"))
    return tuple(out)


def name_flag(name):
    """The flag of a name that is doubtful.

    Parameters
    ----------
    name : ArmName

    Returns
    -------
    tuple of Flag
        Empty where there is no doubt; a name that nothing prints has a flag of its own.
    """
    if name.matched_by == "order" or (name.confidence >= _DOUBTFUL and not name.doubt):
        return ()
    detail = " ".join(part for part in (f"From the {_SOURCES[name.matched_by]}, confidence {name.confidence:.2f}.", name.doubt) if part)
    box = name.box and (name.box.left, name.box.top, name.box.right, name.box.bottom)
    return (Flag("arm_name_doubtful", f"arm {name.label!r}", detail, box),)


_SOURCES = {"legend": "legend", "text": "text beside the curve", "at_risk": "at-risk table", "given": "edits"}
