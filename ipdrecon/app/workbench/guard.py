"""Who may ask: this machine's own browser, from the workbench's own page, with the token; and what every answer says of itself."""

import hmac
import json

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
_DATA_CSP = "default-src 'none'; sandbox; frame-ancestors 'none'"


class Guard:
    """Wraps the application.

    Parameters
    ----------
    app : ASGI application
    hosts : collection of str
        What the header Host may say.
    token : str
    """

    def __init__(self, app, hosts, token):
        self._app, self._hosts, self._token = app, frozenset(hosts), token.encode()
        self._origins = frozenset(f"http://{host}" for host in hosts)

    async def __call__(self, scope, receive, send):
        """Let a request through, or answer it at once."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return

        async def sent(message):
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message["headers"], *_headers(scope["path"])]}
            await send(message)

        await self._app(scope, receive, sent)

    def _refusal(self, scope):
        headers = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1"))
        if len(headers.get(b"host", ())) != 1 or headers[b"host"][0].lower() not in self._hosts:
            return 403, "This server answers to its own address on this machine only."
        if any(origin.lower() not in self._origins for origin in headers.get(b"origin", ())):
            return 403, "This server answers to its own page only."
        path = scope["path"]
        if path != "/" and headers.get(b"sec-fetch-site", ["none"])[0] not in ("none", "same-origin"):
            return 403, "This server answers to its own page only."
        if path == "/" or path == "/api" or path.startswith("/api/"):
            given = headers.get(b"x-ipdrecon-token", [_token_of(scope["query_string"])])
            if len(given) != 1 or not hmac.compare_digest(given[0].encode(), self._token):
                return 401, "The token is missing or wrong; open the address that `ipdrecon serve` has printed."
        return None


def _token_of(query):
    from urllib.parse import parse_qs

    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


def _headers(path):
    fixed = _ALWAYS | {"content-security-policy": CSP if path == "/" or path.startswith("/static/") else _DATA_CSP}
    fixed["cache-control"] = "no-store" if not path.startswith("/static/") else "no-cache"
    return [(name.encode(), value.encode()) for name, value in fixed.items()]


async def _refuse(send, status, message):
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *_headers("/api/")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
