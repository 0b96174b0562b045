"""Many data sets of an arm: few in memory, more of them in a file from which they are read as they are asked for.

Examples
--------
>>> few = DataSetStore()
>>> few.add([([1.0, 2.0], [True, False]), ([1.5, 2.0], [True, True])])
>>> few.kept()[1][0].tolist()
[1.5, 2.0]
>>> many = DataSetStore(most_in_memory=3)
>>> many.add([([1.0, 2.0], [True, False]), ([1.5, 2.0], [True, True])])
>>> many.kept()
<StoredDataSets: 2 data sets, 4 patients>
>>> many.kept()[1][0].tolist()
[1.5, 2.0]
"""

import contextlib
import os
import tempfile
import weakref
from collections.abc import Sequence

import numpy as np

from ipdrecon.errors import ReconstructionError

_MOST_IN_MEMORY = 20_000
_AT_ONCE = 50_000
"""Patients that are read, or written, together."""
_PATIENT = np.dtype([("time", "<f8"), ("event", "?")])


class StoredDataSets(Sequence):
    """Data sets in a file, as a sequence of ``(time, event)``; the file goes when nobody needs it any more.

    Other processes of the machine read the same file: what is pickled is its name.

    Parameters
    ----------
    path : str
    ends : ndarray of int, shape (n_data_sets + 1,)
        Patients before each data set, and in all.
    owner : object, optional
        Kept as long as this is: when it goes, the file does.
    """

    def __init__(self, path, ends, owner=None):
        self._path, self._ends, self._owner = path, ends, owner

    def __repr__(self):
        return f"<StoredDataSets: {len(self)} data sets, {self._ends[-1]} patients>"

    def __reduce__(self):
        return StoredDataSets, (self._path, self._ends)

    def __len__(self):
        return len(self._ends) - 1

    def __getitem__(self, place):
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            return tuple(self._read(begin, end)) if step == 1 else tuple(self[index] for index in range(begin, end, step))
        index = range(len(self))[place]
        return self._read(index, index + 1)[0]

    def __iter__(self):
        begin = 0
        while begin < len(self):
            end = max(begin + 1, int(np.searchsorted(self._ends, self._ends[begin] + _AT_ONCE, side="right")) - 1)
            yield from self._read(begin, end)
            begin = end

    def _read(self, begin, end):
        if end <= begin:
            return []
        first, last = int(self._ends[begin]), int(self._ends[end])
        with _told(self._path):
            rows = np.fromfile(self._path, _PATIENT, last - first, offset=first * _PATIENT.itemsize)
        if len(rows) < last - first:
            raise ReconstructionError(f"{self._path}, where draws are kept while they are in use, was cut short; run it again.")
        time, event = np.ascontiguousarray(rows["time"]), np.ascontiguousarray(rows["event"])
        at = (self._ends[begin : end + 1] - first).tolist()
        return [(time[low:high], event[low:high]) for low, high in zip(at, at[1:], strict=False)]


class DataSetStore:
    """Takes data sets one after another; over a number of patients they go into a temporary file.

    Parameters
    ----------
    most_in_memory : int
        Patients.
    """

    def __init__(self, most_in_memory=_MOST_IN_MEMORY):
        self._most, self._in_memory, self._ends, self._written, self._file = most_in_memory, [], [0], 0, None

    def __len__(self):
        """How many data sets were taken."""
        return len(self._ends) - 1

    def add(self, data_sets):
        """Take further data sets.

        Parameters
        ----------
        data_sets : iterable of (time, event)

        Raises
        ------
        ReconstructionError
            When the file cannot be written.
        """
        for time, event in data_sets:
            self._ends.append(self._ends[-1] + len(time))
            self._in_memory.append((time, event))
        if self._ends[-1] > self._most and self._ends[-1] - self._written > _AT_ONCE:
            self._write()

    def _write(self):
        if self._file is None:
            self._file = _TemporaryFile()
        rows = np.empty(self._ends[-1] - self._written, _PATIENT)
        if self._in_memory:
            rows["time"], rows["event"] = (np.concatenate(columns) for columns in zip(*self._in_memory, strict=True))
        self._file.append(rows)
        self._in_memory, self._written = [], self._ends[-1]

    def kept(self):
        """Give what was taken: a tuple of ``(time, event)`` of few patients, else `StoredDataSets`."""
        if self._ends[-1] > self._most:
            self._write()
        if self._file is None:
            return tuple((np.asarray(time, float), np.asarray(event, bool)) for time, event in self._in_memory)
        return StoredDataSets(self._file.path, np.array(self._ends), self._file)


class _TemporaryFile:
    """A file that goes with this object, or when the process ends."""

    def __init__(self):
        with _told(tempfile.gettempdir()):
            handle, self.path = tempfile.mkstemp(prefix="ipdrecon-draws-")
        os.close(handle)
        weakref.finalize(self, _take_away, self.path)

    def append(self, rows):
        with _told(self.path), open(self.path, "ab") as stream:
            stream.write(rows.tobytes())


def _take_away(path):
    with contextlib.suppress(OSError):
        os.unlink(path)


@contextlib.contextmanager
def _told(path):
    try:
        yield
    except OSError as error:
        raise ReconstructionError(f"{path}, where draws are kept while they are in use, fails ({error.strerror or error}); set TMPDIR to a folder with room.") from error
