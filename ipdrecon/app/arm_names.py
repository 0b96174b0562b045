"""Arms by the names that people give them."""

from ipdrecon.errors import FolderError, ReconstructionError


def match_arm(name, arms, place):
    """Find an arm by its name, then without regard to case and punctuation.

    Parameters
    ----------
    name : str
    arms : sequence of str
    place : str
        Where the name was given, for the message.

    Returns
    -------
    str
        The arm's own label.

    Raises
    ------
    FolderError
        When no arm, or more than one, answers to the name.
    """
    if name in arms:
        return name
    alike = [arm for arm in arms if _letters(arm) == _letters(name)]
    if len(alike) != 1:
        raise FolderError(f"{place}: no arm {name!r}; the arms are {', '.join(map(repr, arms))}. Give the label as it stands there.")
    return alike[0]


def _letters(text):
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def named_numbers(numbers, arms, option):
    """Tie numbers given by hand to arms.

    Parameters
    ----------
    numbers : dict of str to int, or None
        By name of the arm; the name may be empty where there is a single arm.
    arms : list of str
    option : str
        Where they were given, for messages.

    Returns
    -------
    dict of str to int
        By the arm's own label.

    Raises
    ------
    ReconstructionError, FolderError
        When a number has no arm.
    """
    if not numbers:
        return {}
    if "" in numbers:
        if len(arms) > 1:
            raise ReconstructionError(f"{option} {numbers['']} names no arm; the arms are {', '.join(map(repr, arms))}. Give {option} ARM=N.")
        return {arms[0]: numbers[""]}
    return {match_arm(arm, arms, option): number for arm, number in numbers.items()}
