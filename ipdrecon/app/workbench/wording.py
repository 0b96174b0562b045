"""What errors advise, in the words of the page: the verbs speak of options of the command line, which a page does not have.

Examples
--------
>>> in_the_page("No plot was found on page 2. Give the page with --page, or save the figure alone as PNG.")
'No plot was found on page 2. Choose another page, if there is one, or save the figure alone as PNG.'
"""

import re

_SAID = (
    (r"give --x-range, --y-range or --arms", "give the axes or the number of curves by hand"),
    (r"give --x-range and --y-range", "give both axes by hand"),
    (r"give --x-range MIN MAX", "give the time axis by hand"),
    (r"give the page with --page", "choose another page, if there is one"),
    (r"leave --page out, or give one of them", "choose one of them"),
    (r" Leave --page out\.", ""),
    (r"pass --n '.*?'(?= \(|\.)( \(n=N in Python\))?", "type the number under Result"),
    (r" Pass method='joint' \(--method joint\)\.", ""),
    (r"; (make room, or )?give another place with --out", "; see that there is room, and that the folder may be written to"),
    (r"--no-edits leaves them aside", "take them away, or put the other picture there"),
    (r"(?<![^:;] )run `ipdrecon reconstruct[^`]*`( with --draws)? ?(first|again)", "look under Result, where they are rebuilt"),
    (r" that `ipdrecon digitise` made", ""),
    (r"; use --tau2 PM or DL", "; choose the model of Paule-Mandel or DerSimonian-Laird"),
)


def in_the_page(message):
    """Give an error's sentence without options of the command line.

    Parameters
    ----------
    message : str

    Returns
    -------
    str
        The same where it names none.
    """
    for pattern, words in _SAID:
        message = re.sub(pattern, lambda found, words=words: _as_begun(found[0], words), message, flags=re.IGNORECASE)
    return message


def _as_begun(found, words):
    return words[:1].upper() + words[1:] if found[:1].isupper() else words
