"""Words that go with numbers."""


def counted(number, noun):
    """Give a count with its noun.

    Parameters
    ----------
    number : int
    noun : str
        In the singular.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "study"), counted(2, "study"), counted(3, "trial")
    ('1 study', '2 studies', '3 trials')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
