"""What every HTTP request passes first: keys, the queue, the size of its body, and counting."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from starlette.responses import Response

from inpainting.serving.server.access import Access
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.service import Service

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Of a refused request's body this much is read, and thrown away: a connection that is closed on
# unread bytes is reset, and the client would see that and not the answer.
_DISCARD_BYTES, _DISCARD_SECONDS = 64_000_000, 5.0


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as TensorFlow Serving words it: `{"error": ...}`."""
    content = json.dumps({"error": message})
    return Response(content, status, headers, media_type="application/json")


class Gate:
    """ASGI middleware around the application.

    `/healthz` is open to all. Everything else asks for a key where there are keys. A POST is
    admitted by the service (or told 429 or 503); its body is counted while it is read.

    Args:
        application: what is behind it.
        service: admits, and knows the limits.
        access: checks keys.
    """

    def __init__(self, application: Any, service: Service, access: Access):
        self._application = application
        self._service = service
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.monotonic()
        status = 500

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status >= 400:
                    await body.discard()
            await send(message)

        body = _CountedBody(receive, self._service.limits.request_bytes)
        try:
            await self._pass(scope, body, noting_send)
        finally:
            labels = ("rest", _method(scope))
            self._service.metrics.requests.labels(*labels, str(status)).inc()
            self._service.metrics.seconds.labels(*labels).observe(time.monotonic() - started)

    async def _pass(self, scope: Scope, body: _CountedBody, send: Send) -> None:
        try:
            if not scope["path"].startswith("/healthz"):
                self._access.check(
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in scope["headers"]
                )
            if scope["method"] != "POST":
                await self._application(scope, body, send)
                return
            with self._service.admitted():
                body.check_length(scope["headers"])
                await self._application(scope, body, send)
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.message, refusal.headers)
            await response(scope, body, send)


class _CountedBody:
    """A request's body, which raises `Refusal` 413 once it is longer than allowed."""

    def __init__(self, receive: Receive, limit: int):
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._ended = False

    def check_length(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Raises `Refusal` 413 if the length that is announced is too much."""
        length = dict(headers).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limit:
            raise self._too_long()

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._read > self._limit:
            raise self._too_long()
        return message

    async def discard(self) -> None:
        """Reads what is left, within bounds."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._discard(), _DISCARD_SECONDS)

    async def _discard(self) -> None:
        while not self._ended and self._read < self._limit + _DISCARD_BYTES:
            message = await self._receive()
            self._read += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)

    def _too_long(self) -> Refusal:
        return Refusal(
            413, f"the request is longer than {self._limit} bytes, the most that is read"
        )


def _method(scope: Scope) -> str:
    """A few words, never what the client made up: each is a time series."""
    path = scope["path"]
    if scope["method"] == "POST":
        return "predict" if path.endswith(":predict") else "fill" if path == "/fill" else "other"
    for name in ("healthz", "metrics"):
        if path.startswith("/" + name):
            return name
    return "status" if path.startswith("/v1/models/") else "other"
