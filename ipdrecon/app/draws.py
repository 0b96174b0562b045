"""Draws: further data sets of each arm that are compatible with the figure, and their file `ipd_draws.csv.gz`."""

import zlib

import numpy as np
import pandas as pd

from ipdrecon.app import saving
from ipdrecon.errors import FolderError
from metaanalysis.spreadsheet import unguarded

DRAWS = "ipd_draws.csv.gz"
_COLUMNS = ("draw", "panel", "arm", "time", "event")
_AGAIN = "run `ipdrecon reconstruct` with --draws again"


def draws_files(arms):
    """Make the file of the draws of arms.

    Parameters
    ----------
    arms : sequence of ReconstructedArm

    Returns
    -------
    dict of str to bytes
        Columns ``draw,panel,arm,time,event``, draws from 1; empty where no arm has draws.
    """
    n_draws = max((len(arm.draws) for arm in arms), default=0)
    if not n_draws:
        return {}
    rows = (
        (m + 1, arm.panel, arm.arm, time, int(event))
        for m in range(n_draws)
        for arm in arms
        if m < len(arm.draws)
        for time, event in zip(*arm.draws[m], strict=True)
    )
    return {DRAWS: saving.gzip_bytes(saving.csv_bytes(_COLUMNS, rows))}


def read_draws(folder):
    """Read the draws of a figure folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of (str, str) to tuple of (time, event)
        By panel and arm; empty where the folder has no draws.

    Raises
    ------
    FolderError
        When the file cannot be read, or a draw is missing.
    """
    path = folder / DRAWS
    if not path.exists():
        return {}
    frame = _frame(path)
    draws = {}
    for (panel, arm, draw), rows in frame.groupby(["panel", "arm", "draw"], sort=False).indices.items():
        draws.setdefault((panel, arm), {})[draw] = frame["time"].to_numpy()[rows], frame["event"].to_numpy()[rows] == 1
    n_draws = int(frame["draw"].max())
    for (panel, arm), by_draw in draws.items():
        if set(by_draw) != set(range(1, n_draws + 1)):
            raise FolderError(f"{path} holds {len(by_draw)} draws of the arm {arm!r} of panel {panel}; expected 1 to {n_draws}: {_AGAIN}.")
    return {key: tuple(by_draw[draw] for draw in sorted(by_draw)) for key, by_draw in draws.items()}


def _frame(path):
    types = {"draw": int, "panel": str, "arm": str, "time": float, "event": int}
    try:
        frame = pd.read_csv(path, compression="gzip", dtype=types, keep_default_na=False, float_precision="round_trip")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise FolderError(f"{path} cannot be read ({error}); {_AGAIN}.") from error
    missing = [name for name in _COLUMNS if name not in frame]
    if missing or frame.empty:
        raise FolderError(f"{path}, line 1: seen {', '.join(frame.columns)}; expected {', '.join(_COLUMNS)} and patients below: {_AGAIN}.")
    wrong = (frame["draw"] < 1) | ~np.isfinite(frame["time"]) | (frame["time"] < 0) | ~frame["event"].isin((0, 1))
    if wrong.any():
        row = frame[wrong].iloc[0].to_dict()
        raise FolderError(f"{path}, line {wrong.to_numpy().argmax() + 2}: seen {row}; expected draws from 1, times from 0 on, events 0 or 1: {_AGAIN}.")
    return frame.assign(panel=frame["panel"].map(unguarded), arm=frame["arm"].map(unguarded))


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
