"""The server: routes to addresses, errors to statuses, and the process around both."""

import asyncio
import contextlib
import html
import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from pathlib import Path

from ipdrecon.app.workbench import addresses, comparing, pooling
from ipdrecon.app.workbench.addresses import Asked, Malformed
from ipdrecon.app.workbench.figures import MOST_BYTES, Figures, NoFigureError, TooLargeError, TooManyError, UnknownError
from ipdrecon.app.workbench.guard import Guard
from ipdrecon.app.workbench.journal import BusyError, OldRevisionError, RefusedError
from ipdrecon.app.workbench.wording import in_the_page
from ipdrecon.app.workbench.worker import WISH, Crew, JobError, Wish
from ipdrecon.errors import FolderError, IpdreconError, lacking
from metaanalysis.errors import MetaAnalysisError

STATIC = Path(__file__).with_name("static")
MOST_JSON_BYTES, MOST_AT_ONCE = 4 * 1024**2, 36
_WAIT_SECONDS, _TICK_SECONDS, _SLOWEST_UPLOAD_SECONDS, _LOOK_SECONDS = 25.0, 0.03, 120.0, 0.1
_STATIC_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
_TOLD = ("figure", "needs_n")
_DOOR = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={address}">
<title>ipdrecon workbench</title><p>The workbench is at <a href="{address}">its address on this machine</a>.</p></html>
"""
_STATUSES = (
    (OldRevisionError, 409), (BusyError, 503), (UnknownError, 404), (TooLargeError, 413), (NoFigureError, 415), (TooManyError, 429),
    (Malformed, 422), (IpdreconError, 400), (MetaAnalysisError, 400), (JobError, 400),
)  # fmt: skip


class Workbench:
    """What the server holds while it runs.

    Parameters
    ----------
    root : str or Path
        The served folder; of a file, the folder it lies in.
    debug : bool
        Whether the workers' messages are shown.

    Attributes
    ----------
    figures : Figures
    token : str
    """

    def __init__(self, root, *, debug=False):
        root = Path(root).absolute()
        if not root.exists():
            raise FolderError(f"{root} is not there; give the folder with the figures.")
        self.scratch = Path(tempfile.mkdtemp(prefix="ipdrecon-workbench-"))
        self.crew = Crew(debug=debug)
        self.figures = Figures(root if root.is_dir() else root.parent, self.crew, self.scratch)
        self.token = secrets.token_urlsafe(24)
        self.at_once = 0

    def warm(self):
        """Let the processes load what they need, in the background."""
        threading.Thread(target=_warm, args=((self.crew.rebuilder, self.crew.reader, self.crew.mender),), daemon=True).start()

    def door(self, address):
        """Write a page that leads to an address into a folder that only this user can open; its own address."""
        path = self.scratch / "open.html"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as page:
            page.write(_DOOR.format(address=html.escape(address)))
        return path.as_uri()

    def close(self):
        """End the workers and take away what was only shown."""
        self.figures.close()
        self.crew.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def _warm(workers):
    """One after the other, so that what a user asks first does not wait for all."""
    for worker in workers:
        with contextlib.suppress(IpdreconError, JobError):
            worker.call("warm", seconds=120, what=worker.name)


def make_app(bench, hosts):
    """Make the application.

    Parameters
    ----------
    bench : Workbench
    hosts : collection of str
        What the header Host may say: ``127.0.0.1:PORT``.

    Returns
    -------
    ASGI application
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    routes = [Route("/", _page), Route("/static/{name:path}", _static)]
    routes += [Route(f"/api/{path}", _answering(bench, work, kind), methods=[method]) for method, path, kind, work in _ADDRESSES]
    routes += [Route("/api/figures/{id}/status", _status(bench)), Route("/api/{rest:path}", _nothing, methods=["GET", "POST", "PUT", "DELETE"])]
    return Guard(Starlette(routes=routes, exception_handlers={404: _no_such, 405: _no_such}), hosts, bench.token)


# --- answers ---------------------------------------------------------------------------------------------------------


def _answering(bench, work, kind):
    async def answer(request):
        from starlette.concurrency import run_in_threadpool

        if bench.at_once >= MOST_AT_ONCE:
            return _json({"error": "Too much was asked for at once; wait a moment."}, 429)
        bench.at_once += 1
        try:
            body = await _body(request, MOST_BYTES if kind == "upload" else MOST_JSON_BYTES, kind)
            async with _wished(request) if kind == "view" else contextlib.nullcontext():
                return await run_in_threadpool(_done, bench, work, request, body)
        except Exception as error:
            return _error(error, bench)
        finally:
            bench.at_once -= 1

    return answer


@contextlib.asynccontextmanager
async def _wished(request):
    """What is asked for inside is left when the browser no longer waits for it; only for what changes nothing."""
    wish = Wish()
    token = WISH.set(wish)

    async def look():
        while not await _is_gone(request):
            await asyncio.sleep(_LOOK_SECONDS)
        wish.drop()

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        WISH.reset(token)


def _done(bench, work, request, body):
    given = dict(request.path_params)
    asked = Asked(bench.figures, given.pop("id", None), dict(request.query_params), body)
    try:
        return _response(request, work(asked, *given.values()))
    finally:
        if request.method != "GET":
            bench.figures.forget()


async def _body(request, most, kind):
    if request.method in ("GET", "DELETE"):
        return None
    told = request.headers.get("content-length", "0")
    if not told.isdigit() or int(told) > most:
        raise TooLargeError(f"At most {most // 1024**2} MB are taken.")
    content = bytearray()
    async with asyncio.timeout(_SLOWEST_UPLOAD_SECONDS):
        async for chunk in request.stream():
            content += chunk
            if len(content) > most:
                raise TooLargeError(f"At most {most // 1024**2} MB are taken.")
    if kind == "upload":
        return bytes(content)
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Malformed("The body is no application/json.")
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        raise Malformed("The body is no JSON.") from None
    if not isinstance(body, dict):
        raise Malformed("The body is no JSON object.")
    return body


def _response(request, result):
    from starlette.responses import FileResponse, Response

    if isinstance(result, Path):
        tag = f'"{result.stem}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return FileResponse(result, media_type="image/png", headers={"etag": tag})
    if isinstance(result, bytes):
        return Response(result, media_type="image/png")
    if isinstance(result, tuple) and isinstance(result[0], bytes):
        name = request.path_params["name"]
        return Response(result[0], headers={"content-type": result[1], "content-disposition": f'attachment; filename="{name}"'})
    content, status = result if isinstance(result, tuple) else (result, 200)
    return _json(content, status)


def _json(content, status=200):
    from starlette.responses import Response

    return Response(json.dumps(content, ensure_ascii=False, allow_nan=False), status, media_type="application/json")


def _error(error, bench):
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None and isinstance(error, TimeoutError):
        return _json({"error": "The upload took too long."}, 408)
    if status is None:
        import logging

        logging.getLogger("ipdrecon").exception("workbench")
        return _json({"error": f"This is a bug in ipdrecon ({type(error).__name__}); run serve with --debug and report it."}, 500)
    message = in_the_page(" ".join(str(error).split()))
    for place in (bench.scratch, bench.figures.root):
        message = message.replace(f"{place}/", "").replace(str(place), place.name)
    more = {"can_keep": True, "overwrites": error.overwrites} if isinstance(error, RefusedError) else {key: value for key, value in getattr(error, "answer", {}).items() if key in _TOLD}
    return _json({"error": message} | more, 500 if isinstance(error, JobError) and error.kind == "Bug" else status)


async def _no_such(request, error):
    return _json({"error": "There is no such address."}, error.status_code)


async def _nothing(request):
    return _json({"error": "There is no such address."}, 404)


async def _page(request):
    return await _static(request, "index.html")


async def _static(request, name=None):
    from starlette.responses import Response

    name = name or request.path_params["name"]
    path = {str(path.relative_to(STATIC).as_posix()): path for path in STATIC.rglob("*") if path.is_file()}.get(name)
    if path is None or path.suffix not in _STATIC_TYPES:
        return _json({"error": "There is no such address."}, 404)
    return Response(path.read_bytes(), headers={"content-type": _STATIC_TYPES[path.suffix]})


def _status(bench):
    """The one address that waits: it answers as soon as something has changed."""

    async def answer(request):
        from starlette.concurrency import run_in_threadpool

        try:
            asked = Asked(bench.figures, request.path_params["id"], dict(request.query_params))
            wait = min(asked.number("wait", 0.0), _WAIT_SECONDS)
            desk, end = asked.desk, asyncio.get_running_loop().time() + wait
            seen = desk.ticks
            while desk.told_status in ("reading", "pages") and desk.ticks == seen and asyncio.get_running_loop().time() < end and not await _is_gone(request):
                await asyncio.sleep(_TICK_SECONDS)
            return _json(await run_in_threadpool(addresses.progress, asked))
        except Exception as error:
            return _error(error, bench)

    return answer


async def _is_gone(request):
    return await request.is_disconnected()


_ADDRESSES = (
    ("GET", "state", "json", addresses.state),
    ("POST", "figures", "upload", addresses.take),
    ("POST", "example", "json", addresses.example),
    ("GET", "figures/{id}", "json", addresses.figure),
    ("GET", "figures/{id}/page/{page:int}", "json", addresses.page_picture),
    ("POST", "figures/{id}/read", "json", addresses.read),
    ("DELETE", "figures/{id}/read", "json", addresses.stop),
    ("GET", "figures/{id}/image", "json", addresses.picture),
    ("GET", "figures/{id}/crop", "json", addresses.crop),
    ("POST", "figures/{id}/edits", "json", addresses.append_edits),
    ("PUT", "figures/{id}/edits", "json", addresses.replace_edits),
    ("POST", "figures/{id}/undo", "json", addresses.undo),
    ("POST", "figures/{id}/redo", "json", addresses.redo),
    ("POST", "figures/{id}/snap", "json", addresses.snap),
    ("GET", "figures/{id}/rebuilt", "view", addresses.rebuilt),
    ("PUT", "figures/{id}/given", "json", addresses.give_totals),
    ("GET", "figures/{id}/reported", "json", addresses.reported),
    ("PUT", "figures/{id}/reported", "json", addresses.put_reported),
    ("GET", "figures/{id}/agreement", "view", addresses.agreement),
    ("GET", "figures/{id}/files", "json", addresses.files),
    ("GET", "figures/{id}/files/{name}", "json", addresses.file),
    ("GET", "figures/{id}/readers", "json", comparing.readers),
    ("POST", "figures/{id}/readers", "json", comparing.add_reader),
    ("GET", "figures/{id}/compare", "view", comparing.compare),
    ("POST", "figures/{id}/consensus", "json", comparing.agree),
    ("GET", "pool/rows", "view", pooling.rows),
    ("POST", "pool", "view", pooling.pool),
    ("GET", "pool/files/{name}", "json", pooling.file),
)


# --- the process -----------------------------------------------------------------------------------------------------


def serve(root, *, port=0, on_ready=None, debug=False):
    """Serve a folder on this machine until interrupted.

    Parameters
    ----------
    root : str or Path
    port : int
        0 for any free one.
    on_ready : callable, optional
        Called when it can be opened, with the address, and that of a file which leads there and which only this user
        can read: for a browser, since other users of the machine see with what it is started.
    debug : bool

    Raises
    ------
    FolderError
        When starlette or uvicorn is not installed, the folder is not there, or the port is taken.
    """
    if missing := lacking("workbench"):
        raise FolderError(f"The workbench cannot be opened: {missing}.")
    import uvicorn

    with contextlib.closing(_listener(port)) as listener:
        _run(uvicorn, listener, Workbench(root, debug=debug), on_ready)


def _run(uvicorn, listener, bench, on_ready):
    port = listener.getsockname()[1]
    app = make_app(bench, [f"{host}:{port}" for host in ("127.0.0.1", "localhost")])
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none", server_header=False, date_header=False, timeout_graceful_shutdown=1, proxy_headers=False)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    bench.warm()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            if on_ready is not None:
                address = f"http://127.0.0.1:{port}/?token={bench.token}"
                on_ready(address, bench.door(address))
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        bench.close()


def _listener(port):
    # named so that asyncio knows it for TCP and sends what it has at once: else each answer waits 40 ms for the last one's receipt
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise FolderError(f"Port {port} cannot be used ({error.strerror}); give another with --port, or none.") from error
    return listener
