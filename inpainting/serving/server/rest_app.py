"""The REST interface: TensorFlow Serving's, and `/fill`, `/healthz`, `/metrics`.

| request | answer |
|---|---|
| `GET /v1/models/NAME[/versions/N]` | the versions and their states |
| `GET /v1/models/NAME[/versions/N]/metadata` | the signatures |
| `POST /v1/models/NAME[/versions/N]:predict` | see `json_format` |
| `POST /fill` | form files `image` and `mask` (white = hole) -> PNG |
| `GET /healthz`, `/healthz/live`, `/healthz/ready` | 200, or 503 when not ready |
| `GET /metrics` | Prometheus |

Paths, words and status codes of `/v1` are those of TensorFlow Serving's `http_rest_api_handler.cc`.
"""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from inpainting.serving.server import json_format, replies
from inpainting.serving.server.access import Access
from inpainting.serving.server.gate import Gate, error_response
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.service import Service

_MODEL = r"/v1/models/([^/:]+)(?:/versions/(\d{1,18}))?"
_PREDICT = re.compile(_MODEL + ":predict", re.ASCII)
_STATUS = re.compile(_MODEL + "(/metadata)?", re.ASCII)


def make_app(service: Service, access: Access) -> Gate:
    """The ASGI application."""
    # They warn of every form and request that is none; the asker is told.
    for name in ("python_multipart", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return error_response(refusal.status, refusal.message, refusal.headers)

    @app.exception_handler(HTTPException)
    async def not_routed(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            error.detail = _malformed(request)
        return error_response(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: ClientDisconnect) -> Response:
        return error_response(400, "the client left before its request was whole")

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return error_response(500, "the server failed; its log says why")

    @app.get("/v1/models/{path:path}")
    async def status(request: Request) -> Response:
        match = _STATUS.fullmatch(request.url.path)
        if match is None:
            raise Refusal(400, _malformed(request))
        name, version, metadata = match[1], _number(match[2]), match[3]
        if metadata:
            return _json(replies.metadata_as_dict(name, service.models.get(name, version)))
        return _json(replies.as_dict(replies.status(service.models, name, version)))

    @app.post("/v1/models/{path:path}")
    async def predict(request: Request) -> Response:
        match = _PREDICT.fullmatch(request.url.path)
        if match is None:
            raise Refusal(400, _malformed(request))
        model = service.models.get(match[1], _number(match[2]))

        async def answer() -> bytes:
            parsed = await service.in_thread(json_format.parse, await request.body())
            name = json_format.signature_name(parsed)
            specs = model.signature(name).specs
            inputs = await service.in_thread(json_format.to_arrays, parsed, specs)
            rows = "instances" in parsed
            parsed.clear()
            outputs = await service.predict(model, name, inputs)
            return await service.in_thread(json_format.to_json, outputs, rows)

        return Response(await service.in_time(answer()), media_type="application/json")

    @app.post("/fill")
    async def fill(request: Request) -> Response:
        started = time.monotonic()

        async def answer() -> bytes:
            image, mask = await _files(request, ("image", "mask"))
            left = service.limits.timeout_seconds - (time.monotonic() - started)
            return await service.fill_photo(image, mask, left)

        return Response(await service.in_time(answer()), media_type="image/png")

    @app.get("/healthz")
    @app.get("/healthz/live")
    async def live() -> Response:
        return _json({"status": "live"})

    @app.get("/healthz/ready")
    async def ready() -> Response:
        if service.stopping:
            raise Refusal(503, "the server is stopping")
        return _json({"status": "ready", "version": service.models.current.version})

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return Gate(app, service, access)


async def _files(request: Request, names: tuple[str, ...]) -> list[bytes]:
    """The files of a form; raises `Refusal` 400 if it is none, or not of these names."""
    try:
        async with request.form(max_files=len(names), max_fields=len(names)) as form:
            parts = {key: part for key, part in form.items() if isinstance(part, UploadFile)}
            for name in names:
                if name not in parts:
                    known = " and ".join(names)
                    raise Refusal(400, f"file {name!r} is missing: POST a form with files {known}")
            return [await parts[name].read() for name in names]
    except (FormParserError, ValueError, LookupError) as error:
        raise Refusal(400, "the form is not multipart/form-data as it should be") from error


def _number(version: str | None) -> int | None:
    return None if version is None else int(version)


def _malformed(request: Request) -> str:
    return f"Malformed request: {request.method} {request.url.path[:200]}"


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), media_type="application/json")
