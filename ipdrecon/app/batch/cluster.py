"""The same jobs on a Dask cluster, or on one that is started here."""

import contextlib

from ipdrecon.errors import IpdreconError, lacking

_MOST_LOSSES = 3
_TIMEOUT = "20s"


class ClusterError(IpdreconError):
    """The cluster cannot be reached, or its program is not installed."""


@contextlib.contextmanager
def _client(address, n_processes):
    if missing := lacking("cluster"):
        raise ClusterError(f"--scheduler cannot be used: {missing}.")
    from dask.distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        if address == "local":
            address = stack.enter_context(LocalCluster(n_workers=n_processes, threads_per_worker=1, host="127.0.0.1", dashboard_address=None))
        try:
            yield stack.enter_context(Client(address, timeout=_TIMEOUT))
        except OSError as error:
            raise ClusterError(f"No scheduler answers at {address} ({error}); expected the address of a Dask scheduler, such as tcp://10.0.0.5:8786.") from error


def work_on_cluster(jobs, function, *, address, n_processes, on_done, on_lost):
    """Do jobs on a Dask cluster whose workers see the same files.

    Parameters
    ----------
    jobs : sequence of tuple
    function : callable
    address : str
        Of the scheduler, or ``local``.
    n_processes : int
        Of a local cluster.
    on_done, on_lost : callable
        As for `workers.work_through`.

    Raises
    ------
    ClusterError
    """
    with _client(address, n_processes) as client:
        from dask.distributed import as_completed

        futures = {client.submit(function, *job, pure=False, retries=_MOST_LOSSES, key=f"ipdrecon-{place}-{job[2]}"): place for place, job in enumerate(jobs)}
        for future in as_completed(futures):
            if future.status == "finished":
                on_done(futures[future], future.result())
            else:
                on_lost(futures[future], f"Lost on the cluster: {future.exception()}")
