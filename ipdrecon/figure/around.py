"""The smallest box around others."""

from ipdrecon.model import Box


def around(boxes):
    """Give the smallest box that holds all of some.

    Parameters
    ----------
    boxes : iterable of Box
        At least one.

    Returns
    -------
    Box

    Examples
    --------
    >>> around([Box(1.0, 2.0, 3.0, 4.0), Box(2.0, 0.0, 5.0, 3.0)])
    Box(left=1.0, top=0.0, right=5.0, bottom=4.0)
    """
    boxes = list(boxes)
    return Box(min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes), max(box.bottom for box in boxes))
