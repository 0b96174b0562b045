"""Plain values: what JSON can hold."""

import math

import numpy as np


def plain(value):
    """Give a value with plain Python numbers, NaN and infinity as None, ready for JSON.

    Parameters
    ----------
    value : object
        Dictionaries, lists, tuples and arrays are gone through.

    Returns
    -------
    object

    Examples
    --------
    >>> import numpy as np
    >>> plain({"tau2": np.float64("nan"), "weights": np.ones(2)})
    {'tau2': None, 'weights': [1.0, 1.0]}
    """
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
