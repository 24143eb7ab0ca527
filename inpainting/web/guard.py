"""Who may ask, how much, and what every answer says about itself.

A page on loopback is in reach of every other page that the browser has open. Against DNS rebinding
(a foreign name that suddenly means 127.0.0.1) only known host names are answered; against requests
that another site sends, those with a foreign `Origin` are refused. The Content-Security-Policy
keeps the page itself from ever speaking with another machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A page of an older version must not talk with a newer server, nor a photo stay in a cache.
    "Cache-Control": "no-store",
}
_LOCAL = ("localhost", "127.0.0.1", "::1")


class _TooLargeError(Exception):
    """A body without a length, or with a wrong one, that doesn't end in time."""


class Guard:
    """Refuses what `app` should not see; an ASGI middleware.

    Args:
        app: what is guarded.
        hosts: names, beside those of loopback, by which the page may be called.
        any_address: also answer to every IP address: the page was told to listen to others. A
            name can be rebound, an address in the `Host` header cannot.
        most_bytes: of a request's body. It is counted as it comes, whatever its header claims.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str] = (),
        any_address: bool = False,
        most_bytes: int = 0,
    ):
        self.app = app
        self.hosts = {host.lower() for host in (*_LOCAL, *hosts)}
        self.any_address = any_address
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websocket is spoken here
        reason, status = self._refusal(Headers(scope=scope), scope["method"])
        if reason:
            await _with_headers(JSONResponse({"error": reason}, status), scope, receive, send)
            return
        try:
            await _with_headers(self.app, scope, self._counted(receive), send)
        except _TooLargeError:
            answer = JSONResponse({"error": self._too_large()}, 413)
            await _with_headers(answer, scope, receive, send)

    def _refusal(self, headers: Headers, method: str) -> tuple[str, int]:
        host = headers.get("host", "")
        if not self._known(host):
            return f"this page does not answer to the name {host[:80]!r} (--allowed_hosts)", 403
        if method not in ("GET", "HEAD", "POST"):
            return f"{method} is not spoken here", 405
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "another site may not use this page", 403
        # Browsers say where a request comes from even where they send no Origin.
        if method == "POST" and headers.get("sec-fetch-site", "none") not in (
            "same-origin",
            "none",
        ):
            return "another site may not use this page", 403
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.most_bytes:
            return self._too_large(), 413
        return "", 200

    def _too_large(self) -> str:
        return f"the request is larger than {self.most_bytes / 1e6:g} MB (--max_megabytes)"

    def _known(self, host: str) -> bool:
        try:
            name = urlsplit("//" + host).hostname or ""
        except ValueError:
            return False
        if name in self.hosts:
            return True
        if not self.any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most_bytes:
                raise _TooLargeError
            return message

        return counted


async def _with_headers(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    await app(scope, receive, send_with_headers)
