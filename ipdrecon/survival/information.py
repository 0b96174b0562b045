"""How much is known of an arm, and how near the rebuilt log hazard ratio then comes to that of the patients."""

from dataclasses import dataclass


def information_of(given, kind, *, uses_marks):
    """Name what an arm was rebuilt from.

    Parameters
    ----------
    given : Given
    kind : {"exact", "drawn", "sampled", "clicked"}
    uses_marks : bool
        Whether the method has a use for censor marks.

    Returns
    -------
    str
        ``"curve + at-risk table + total events"``, ``"exact curve + n + censor marks"``, ...
    """
    parts = ["exact curve" if kind == "exact" else "curve", "at-risk table" if len(given.row.time) > 1 else "n"]
    if given.n_event is not None:
        parts.append("total events")
    if uses_marks and given.censor_time is not None:
        parts.append("censor marks")
    return " + ".join(parts)
