"""Python without a network: whatever would leave the machine fails as where there is none. Loopback is there.

`tests/conftest.py` runs this in the process of the tests; as a `sitecustomize` on ``PYTHONPATH`` it runs in their children too.
"""

import errno
import ipaddress
import os
import socket
import sys

_LOCAL_NAMES = {None, "", "localhost", "localhost.localdomain", socket.gethostname()}
_NAMED = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _is_local(host):
    host = os.fsdecode(host) if isinstance(host, bytes) else host
    if host in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(event, arguments):
    if event in _NAMED:
        host = arguments[0]
    elif event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
        return  # sends nothing; Dask asks so which address this machine has
    elif event in _ADDRESSED and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_local(host):
        raise OSError(errno.ENETUNREACH, f"the tests have no network, and {host} was asked for")


if not getattr(sys, "_ipdrecon_no_network", False):
    sys._ipdrecon_no_network = True
    sys.addaudithook(_refuse)
