"""Nothing leaves the machine: no module opens a connection, and all tests run without a network."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((*ROOT.glob("ipdrecon/**/*.py"), *ROOT.glob("metaanalysis/**/*.py"), *ROOT.glob("digitised/**/*.py"), ROOT / "cli.py"))
OUTGOING = ("requests", "httpx", "aiohttp", "urllib3", "http", "ftplib", "smtplib", "poplib", "imaplib", "telnetlib", "xmlrpc", "socketserver", "urllib.request", "websockets", "paramiko")
# The workbench listens on loopback, and only there; a batch may be sent to a Dask scheduler whose address a person gives.
LISTENS, ASKED_FOR = "ipdrecon/app/workbench/server.py", "ipdrecon/app/batch/cluster.py"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_the_block_bites(host):
    with pytest.raises(OSError, match="the tests have no network"):
        socket.create_connection((host, 80), timeout=0.2)
    with pytest.raises(OSError, match="the tests have no network"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"x", ("192.0.2.1", 53))


def test_it_bites_in_processes_that_tests_start():
    code = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), timeout=0.2)\nexcept OSError as error:\n    print(error)\n"
    assert "the tests have no network" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout


def test_loopback_is_there():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say():
            with server.accept()[0] as caller:
                caller.sendall(b"heard")

        thread = threading.Thread(target=say)
        thread.start()
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            assert client.recv(5) == b"heard"
        thread.join()


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_opens_a_connection():
    found = {(path.relative_to(ROOT).as_posix(), name) for path in SOURCES for name in _imports(path)}
    assert not [(path, name) for path, name in found if any(name == one or name.startswith(f"{one}.") for one in OUTGOING)]
    assert {path for path, name in found if name == "socket" or name.startswith("socket.")} == {LISTENS}
    assert {path for path, name in found if name.split(".")[0] in ("distributed", "dask")} <= {ASKED_FOR}
    text = (ROOT / LISTENS).read_text("utf-8")
    assert not re.search(r"\.connect\(|create_connection|0\.0\.0\.0", text)
    assert "127.0.0.1" in text


def test_no_page_names_an_address_outside():
    allowed = ("http://www.w3.org/", "http://127.0.0.1")
    for path in sorted((*ROOT.glob("ipdrecon/**/*.html"), *ROOT.glob("ipdrecon/**/*.js"), *ROOT.glob("ipdrecon/**/*.css"))):
        asked = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`)]*", re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.MULTILINE))
        assert not [address for address in asked if not address.startswith(allowed)], path


def test_the_example_runs_where_there_is_no_network_at_all(tmp_path):
    """In a network of its own, with nothing in it: a law that no block in Python can miss."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-n", "true"], capture_output=True).returncode:
        pytest.skip("a network of its own cannot be had here")
    (tmp_path / "studies.csv").write_text("study,hr,ci_low,ci_high\nA,0.8,0.6,1.1\nB,0.7,0.5,1.0\n")
    code = "from ipdrecon.app.commands import main; raise SystemExit(main())"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([unshare, "-n", sys.executable, "-c", code, "pool", str(tmp_path / "studies.csv"), "--out", str(tmp_path / "out"), "-q"], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
