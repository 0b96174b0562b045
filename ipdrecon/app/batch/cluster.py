"""The same jobs on a Dask cluster, or on one that is started here."""

import contextlib
import queue

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
            address = stack.enter_context(LocalCluster(n_workers=n_processes, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"))
        try:
            client = stack.enter_context(Client(address, timeout=_TIMEOUT))
        except OSError as error:
            raise ClusterError(f"No scheduler answers at {address} ({error}); expected the address of a Dask scheduler, such as tcp://10.0.0.5:8786.") from error
        try:
            client.wait_for_workers(1, timeout=_TIMEOUT)
        except TimeoutError as error:
            raise ClusterError(f"The scheduler at {address} has no worker; start one or more with: dask worker {address}") from error
        yield client


def work_on_cluster(jobs, function, *, address, n_processes, time_limit, on_done, on_lost):
    """Do jobs on a Dask cluster whose workers see the same files.

    Parameters
    ----------
    jobs : sequence of tuple
    function : callable
    address : str
        Of the scheduler, or ``local``.
    n_processes : int
        Of a local cluster.
    time_limit : float
        In seconds; where no job ends for so long, those that are left are given up.
    on_done, on_lost : callable
        As for `workers.work_through`.

    Raises
    ------
    ClusterError
        Where there is no scheduler, or no worker.
    """
    with _client(address, n_processes) as client:
        ended = queue.SimpleQueue()
        futures = [client.submit(function, *job, pure=False, retries=_MOST_LOSSES, key=f"ipdrecon-{place}-{job[2]}") for place, job in enumerate(jobs)]
        left = set(range(len(jobs)))
        for place, future in enumerate(futures):
            future.add_done_callback(lambda _, place=place: ended.put(place))
        while left:
            try:
                place = ended.get(timeout=time_limit)
            except queue.Empty:
                break
            left.discard(place)
            if futures[place].status == "finished":
                on_done(place, futures[place].result())
            else:
                on_lost(place, f"Lost on the cluster: {futures[place].exception()}")
        _give_up(client, {place: futures[place] for place in sorted(left)}, time_limit, on_lost)


def _give_up(client, futures, time_limit, on_lost):
    """Part from jobs that do not end."""
    if futures and not client.scheduler_info()["workers"]:
        raise ClusterError(f"No worker is left on the cluster; {len(futures)} figures are not done. Start workers, and run it again.")
    for place, future in futures.items():
        future.cancel(force=True)
        on_lost(place, f"Nothing was done on the cluster for {time_limit:g} s; give more time, or a simpler figure.")
