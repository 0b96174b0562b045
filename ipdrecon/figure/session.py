"""What accompanies a reading without changing it: a memory that outlasts it, and a listener for its steps.

Nothing is remembered and nobody told unless a session is open; with one, the same figure read again with other edits
costs only what the edits change.

Examples
--------
>>> seen = []
>>> memory = Memory()
>>> with session(memory, seen.append):
...     step("axes")
...     [recall("square", (3,), lambda: seen.append("worked") or 9) for _ in range(2)]
[9, 9]
>>> seen
['axes', 'worked']
"""

import contextlib
import contextvars
from collections import OrderedDict
from dataclasses import dataclass, field

STEPS = ("opening the file", "reading text", "finding plots", "axes", "table", "curves", "writing")
_KEPT = {"text": 20_000, "sheet": 6, "panel": 24, "legend": 12}


@dataclass
class Memory:
    """Results by kind and key; of each kind the latest used are kept.

    Attributes
    ----------
    kept : dict of str to OrderedDict
    news : list of tuple
        Kind, key and result of what was remembered last; whoever reads it empties it.
    """

    kept: dict = field(default_factory=dict)
    news: list = field(default_factory=list)

    def get(self, kind, key, make):
        """Give what is remembered, or what `make` makes."""
        shelf = self.kept.setdefault(kind, OrderedDict())
        if key not in shelf:
            self.put(kind, key, make())
        shelf.move_to_end(key)
        return shelf[key]

    def put(self, kind, key, result, *, is_new=True):
        """Remember a result."""
        shelf = self.kept.setdefault(kind, OrderedDict())
        shelf[key] = result
        if is_new:
            self.news.append((kind, key, result))
        while len(shelf) > _KEPT.get(kind, 12):
            shelf.popitem(last=False)


_MEMORY = contextvars.ContextVar("memory", default=None)
_LISTENER = contextvars.ContextVar("listener", default=None)
_NOTED = contextvars.ContextVar("noted", default=None)


@contextlib.contextmanager
def session(memory=None, listener=None):
    """Let what happens inside be remembered, and tell a listener its steps.

    Parameters
    ----------
    memory : Memory, optional
    listener : callable, optional
        Called with the name of each step as it begins.
    """
    tokens = _MEMORY.set(memory), _LISTENER.set(listener)
    try:
        yield
    finally:
        _MEMORY.reset(tokens[0])
        _LISTENER.reset(tokens[1])


def step(name):
    """Tell the listener, if there is one, that a step begins: one of `STEPS`."""
    if (listener := _LISTENER.get()) is not None:
        listener(name)


def recall(kind, key, make):
    """Give a result that is remembered under a key, or make it.

    Parameters
    ----------
    kind : str
    key : hashable
        Names all that the result depends on.
    make : callable
        Its result is never changed by those who get it.

    Returns
    -------
    object
    """
    memory, noted = _MEMORY.get(), _NOTED.get()
    result = make() if memory is None else memory.get(kind, key, make)
    if noted is not None and noted[0] == kind:
        noted[1][key] = result
    return result


def is_remembering():
    """Whether anybody remembers or notes results, so that keys are worth making."""
    return _MEMORY.get() is not None or _NOTED.get() is not None


def is_remembered(kind, key):
    """Whether `recall` would give the result without making it."""
    memory = _MEMORY.get()
    return memory is not None and key in memory.kept.get(kind, ())


@contextlib.contextmanager
def noted(kind):
    """Note all results of a kind that are asked for inside, remembered ones too, as a dict by key; one kind at a time.

    Examples
    --------
    >>> with noted("square") as squares:
    ...     recall("square", (3,), lambda: 9)
    9
    >>> squares
    {(3,): 9}
    """
    token = _NOTED.set((kind, {}))
    try:
        yield _NOTED.get()[1]
    finally:
        _NOTED.reset(token)
