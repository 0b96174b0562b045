"""The plotting boxes of a sheet, part by part."""

from dataclasses import replace

import numpy as np

from ipdrecon.errors import PanelError
from ipdrecon.figure.panels import find_panels
from ipdrecon.figure.vector.ticks import framed


def find_places(sheet, words):
    """Find the plotting boxes of all parts of a sheet.

    Parameters
    ----------
    sheet : Sheet
    words : tuple of Word

    Returns
    -------
    tuple of PanelBox
        In px of the sheet, part after part. Where two parts print the same letter, all are numbered instead.

    Raises
    ------
    PanelError
        When no part has any.
    """
    places, error = [], None
    for part in sheet.parts:
        rows, columns = (slice(int(low), int(high) + 1) for low, high in ((part.place.top, part.place.bottom), (part.place.left, part.place.right)))
        own = [replace(word, box=word.box.moved(-part.place.left, -part.place.top)) for word in sheet.within(part, words)]
        try:
            found = find_panels(np.ascontiguousarray(sheet.figure.px[rows, columns]), own)
        except PanelError as refusal:
            error = error or refusal
            continue
        found = [_moved(place, part.place.left, part.place.top) for place in found]
        places += [replace(place, box=framed(place.box, part.lines, part.scale)) for place in found] if part.way == "vector" else found
    if not places:
        raise error
    return _told_apart(places)


def _moved(place, right, down):
    return replace(place, box=place.box.moved(right, down), insets=tuple(box.moved(right, down) for box in place.insets))


def _told_apart(places):
    """Panels with names of their own."""
    if len({place.name for place in places}) == len(places):
        return tuple(places)
    return tuple(replace(place, name=str(number)) for number, place in enumerate(places, start=1))
