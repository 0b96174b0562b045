"""Arrays that a result holds and nobody may change."""

import numpy as np


def hold_read_only(result, *names, dtype=float):
    """Replace fields of a frozen dataclass by read-only copies, as arrays; fields that are None stay so.

    Parameters
    ----------
    result : object
    *names : str
    dtype : type or None
        None keeps that of each field.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> result = SimpleNamespace(weights=[40, 60])
    >>> hold_read_only(result, "weights")
    >>> result.weights, result.weights.flags.writeable
    (array([40., 60.]), False)
    """
    for name in names:
        value = getattr(result, name)
        if value is not None:
            array = np.array(value, dtype=dtype)
            array.setflags(write=False)
            object.__setattr__(result, name, array)
