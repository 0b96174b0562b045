"""Draws: further data sets of each arm that are compatible with the figure, and their file `ipd_draws.csv.gz`."""

import functools
import gzip
import io
import itertools
import zlib

import numpy as np
import pandas as pd

from ipdrecon.app import saving
from ipdrecon.errors import FolderError
from metaanalysis.spreadsheet import unguarded

DRAWS = "ipd_draws.csv.gz"
_COLUMNS = ("draw", "panel", "arm", "time", "event")
_ROWS, _DRAWS_IN_PIECE = 100_000, 100
_MOST_BYTES, _MOST_LINE, _LAST_DRAW = 4_000_000_000, 100_000, 10**9
_AGAIN = "run `ipdrecon reconstruct` with --draws again"


def draws_files(arms, run=map):
    """Make the file of the draws of arms.

    Parameters
    ----------
    arms : sequence of ReconstructedArm
    run : callable
        Like `map`; packs pieces of the file.

    Returns
    -------
    dict of str to callable
        What writes it into an open file, piece by piece: columns ``draw,panel,arm,time,event``, draws from 1. Empty where no arm
        has draws.
    """
    n_draws = max((len(arm.draws) for arm in arms), default=0)
    if not n_draws:
        return {}
    names = [saving.csv_bytes((), [(arm.panel, arm.arm)]).decode().strip("\n") for arm in arms]
    pack = functools.partial(_packed, names, [arm.draws for arm in arms])
    begins = range(0, n_draws, _DRAWS_IN_PIECE)
    return {DRAWS: lambda target: target.writelines(run(pack, begins))}


def _packed(names, draws, begin):
    """The draws from one on, packed."""
    pieces = [saving.csv_bytes(_COLUMNS, ())] if begin == 0 else []
    some = (data_sets[begin : begin + _DRAWS_IN_PIECE] for data_sets in draws)
    for m, data_sets in enumerate(itertools.zip_longest(*some, fillvalue=((), ())), begin + 1):
        pieces += [_lines(f"{m},{name}", *data_set) for name, data_set in zip(names, data_sets, strict=True)]
    return saving.gzip_bytes(b"".join(pieces))


def _lines(names, time, event):
    times, events = np.asarray(time, float).tolist(), np.asarray(event, int).tolist()
    return "".join(f"{names},{saving.number(at)},{seen}\n" for at, seen in zip(times, events, strict=True)).encode()


def read_draws(folder):
    """Read the draws of a figure folder, piece by piece.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of (str, str) to sequence of (time, event)
        By panel and arm; empty where the folder has no draws. Many draws stay in a file (`ipdrecon.survival.data_sets`).

    Raises
    ------
    FolderError
        When the file cannot be read, or a draw is missing.
    """
    from ipdrecon.survival.data_sets import DataSetStore

    path = folder / DRAWS
    if not path.exists():
        return {}
    stores, numbers = {}, {}
    for key, draw, data_set in _data_sets(path):
        seen = numbers.setdefault(key, [])
        if seen and draw <= seen[-1]:
            raise FolderError(f"{path}: draw {draw} of the arm {key[1]!r} of panel {key[0]} follows draw {seen[-1]}; expected draws in order, each in one piece: {_AGAIN}.")
        seen.append(draw)
        stores.setdefault(key, DataSetStore()).add([data_set])
    n_draws = max(max(seen) for seen in numbers.values())
    for (panel, arm), seen in numbers.items():
        if len(seen) < n_draws:
            raise FolderError(f"{path} holds {len(seen)} draws of the arm {arm!r} of panel {panel}; expected 1 to {n_draws}: {_AGAIN}.")
    return {key: store.kept() for key, store in stores.items()}


def _data_sets(path):
    """Panel and arm, draw, and data set of each draw of each arm, in the order of the file."""
    now, parts = None, []
    for frame in _frames(path):
        panel, arm, draw, time, event = (frame[name].to_numpy() for name in ("panel", "arm", "draw", "time", "event"))
        changes = np.flatnonzero((draw[1:] != draw[:-1]) | (arm[1:] != arm[:-1]) | (panel[1:] != panel[:-1])) + 1
        for begin, end in itertools.pairwise([0, *changes.tolist(), len(frame)]):
            here = (panel[begin], arm[begin]), int(draw[begin])
            if parts and here != now:
                yield *now, tuple(map(np.concatenate, zip(*parts, strict=True)))
                parts = []
            now = here
            parts.append((time[begin:end], event[begin:end] == 1))
    yield *now, tuple(map(np.concatenate, zip(*parts, strict=True)))


def _frames(path):
    """The rows of the file, checked, `_ROWS` at a time."""
    types = {"draw": float, "panel": str, "arm": str, "time": float, "event": float}
    try:
        with gzip.open(path) as packed, pd.read_csv(_Bounded(packed), dtype=types, keep_default_na=False, float_precision="round_trip", chunksize=_ROWS) as frames:
            for frame in frames:
                yield _checked(path, frame)
    except (OSError, EOFError, zlib.error, ValueError, OverflowError) as error:
        raise FolderError(f"{path} cannot be read ({error}); {_AGAIN}.") from error


class _Bounded(io.RawIOBase):
    """What is unpacked, up to `_MOST_BYTES`, in lines of sensible length: a small file cannot swell without end."""

    def __init__(self, packed):
        self._packed, self._left = packed, _MOST_BYTES

    def readable(self):
        return True

    def read(self, size=-1):
        content = self._packed.read(_MOST_LINE if size < 0 else size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError(f"it unpacks to over {_MOST_BYTES // 10**6} MB")
        if len(content) >= _MOST_LINE and b"\n" not in content:
            raise ValueError(f"a line has over {_MOST_LINE} characters")
        return content

    def readinto(self, buffer):
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _checked(path, frame):
    missing = [name for name in _COLUMNS if name not in frame]
    if missing or frame.empty:
        raise FolderError(f"{path}, line 1: seen {', '.join(frame.columns)}; expected {', '.join(_COLUMNS)} and patients below: {_AGAIN}.")
    draw, time = frame["draw"], frame["time"]
    wrong = (draw % 1 != 0) | (draw < 1) | (draw > _LAST_DRAW) | ~np.isfinite(time) | (time < 0) | ~frame["event"].isin((0, 1))
    if wrong.any():
        row = frame[wrong].iloc[0].to_dict()
        raise FolderError(f"{path}, line {frame.index[wrong][0] + 2}: seen {row}; expected draws from 1, times from 0 on, events 0 or 1: {_AGAIN}.")
    whole = {name: frame[name].astype(int) for name in ("draw", "event")}
    return frame.assign(**whole, panel=frame["panel"].map(unguarded), arm=frame["arm"].map(unguarded))


def estimates(arm):
    """Median and restricted mean of an arm, with both parts of their uncertainty.

    Parameters
    ----------
    arm : ReconstructedArm

    Returns
    -------
    dict of str to dict
        ``median``: value, 95 % limits from sampling; ``rmst``: value, standard error from sampling, and `tau`, the end of the
        arm's follow-up. In the unit of time.
    """
    from ipdrecon.survival.kaplan_meier import median_survival, restricted_mean

    median, tau = median_survival(arm.time, arm.event), float(arm.time.max(initial=0.0))
    rmst = restricted_mean(arm.time, arm.event, tau)
    return {
        "median": {"value": median.median, "ci_low": median.ci_low, "ci_high": median.ci_high},
        "rmst": {"value": rmst.rmst, "se": rmst.se, "tau": tau},
    }


def reconstruction_errors(arm):
    """What the reconstruction adds to the standard error of an arm's median, restricted mean and number of events, from its draws.

    Parameters
    ----------
    arm : ReconstructedArm

    Returns
    -------
    dict of str to float
        ``median`` and ``rmst`` (to the end of the arm's follow-up) in the unit of time, ``n_event``; NaN where there are
        fewer than two draws, or a median is not reached.
    """
    from ipdrecon.survival.replicates import medians, reconstruction_error, restricted_means

    n_event = [int(np.sum(event)) for _, event in arm.draws]
    means, _ = restricted_means(arm.draws, float(arm.time.max(initial=0.0)))
    return {"median": reconstruction_error(medians(arm.draws)), "rmst": reconstruction_error(means), "n_event": reconstruction_error(n_event)}
