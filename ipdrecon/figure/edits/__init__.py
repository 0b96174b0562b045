"""Changes made by hand: what they may say, and what each does to a reading."""


def stage_edits(edits, stage, panel):
    """Give the edits of one stage that speak of a panel, or of none in particular, in their order.

    Parameters
    ----------
    edits : sequence of Edit
    stage : str
        One of `ipdrecon.figure.edits.kinds.STAGES`.
    panel : str
        As it was read.

    Returns
    -------
    tuple of Edit
    """
    return tuple(edit for edit in edits if edit.stage == stage and edit.panel in (None, panel))
