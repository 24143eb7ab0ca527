"""The addresses of the page. Every answer to a mistake is `{"error": one line}`.

| address | request | answer |
|---|---|---|
| `GET /` and `static/` | | the page |
| `GET api/page` | | models, samples, limits |
| `GET api/samples/N` | | an embedded photograph |
| `POST api/photo` | photo | its size in pixels, upright |
| `POST api/mask` | a mask file, and the photo's size | its bits |
| `POST api/check` | a hole and a model's name | warnings |
| `POST api/fill` | photo, patches, hole, model | a patch, its box, times, warnings |
| `POST api/frames` | the same | what the network alone makes: coarse, refined |
| `POST api/result` | photo, patches | the result at full size, PNG |

POSTs and their answers are envelopes (`inpainting.web.envelope`). Networks run one at a time, in
the order of the requests; photos are decoded and encoded beside that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Callable, TypeVar

from absl import logging
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from inpainting.errors import InputError
from inpainting.web import photos
from inpainting.web.envelope import pack, unpack
from inpainting.web.guard import Guard
from inpainting.web.models import Model, Stopwatch, bounding_box
from inpainting.web.photos import Limits
from inpainting.web.samples import list_samples

_STATIC = os.path.join(os.path.dirname(__file__), "static")
T = TypeVar("T")


def create_app(
    models: Sequence[Model],
    limits: Limits | None = None,
    hosts: Sequence[str] = (),
    any_address: bool = False,
) -> FastAPI:
    """The page as an ASGI application; it can be mounted under any address of another.

    Args:
        models: what the page offers, the first one chosen.
        limits: of one request.
        hosts, any_address: see `inpainting.web.guard.Guard`.
    """
    page = _Page(models, limits or Limits())
    # FastAPI's own documentation pages load scripts from another machine.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(
        Guard, hosts=hosts, any_address=any_address, most_bytes=page.limits.most_bytes
    )
    app.add_exception_handler(InputError, _mistake)
    app.add_api_route("/", lambda: FileResponse(os.path.join(_STATIC, "index.html")))
    app.add_api_route("/api/page", page.describe)
    app.add_api_route("/api/samples/{number}", page.sample)
    for name in ("photo", "mask", "check", "fill", "frames", "result"):
        app.add_api_route(f"/api/{name}", getattr(page, name), methods=["POST"])
    app.mount("/static", StaticFiles(directory=_STATIC))
    return app


class _Page:
    """What the addresses do; nothing of a request outlives it."""

    def __init__(self, models: Sequence[Model], limits: Limits):
        self.models = {model.name: model for model in models}
        self.limits = limits
        self.samples = list_samples()
        self._files: Executor = ThreadPoolExecutor(2)
        self._network: Executor = ThreadPoolExecutor(1)  # a queue: first come, first served

    def describe(self) -> dict[str, Any]:
        return {
            "models": [model.describe() for model in self.models.values()],
            "samples": [{"title": one.title, "credit": one.credit} for one in self.samples],
            "limits": {"megabytes": self.limits.megabytes, "megapixels": self.limits.megapixels},
        }

    def sample(self, number: int) -> Response:
        if not 0 <= number < len(self.samples):
            return JSONResponse({"error": "there is no such sample"}, 404)
        return FileResponse(self.samples[number].path)

    async def photo(self, request: Request) -> Response:
        _, (data,) = await _read(request, 1)
        photo = await self._beside(lambda: photos.read(bytes(data), "the photo", self.limits))
        height, width = photo.pixels.shape[:2]
        transparent = photo.alpha is not None
        return _answer({"width": width, "height": height, "transparent": transparent})

    async def mask(self, request: Request) -> Response:
        fields, (data,) = await _read(request, 1)
        size = _size(fields)
        hole = await self._beside(
            lambda: photos.read_hole(bytes(data), "the mask", size, self.limits)
        )
        return _answer({}, [photos.pack_hole(hole)])

    async def check(self, request: Request) -> Response:
        fields, (bits,) = await _read(request, 1)
        model, size = self._model(fields), _size(fields)

        def check() -> list[str]:
            hole = photos.unpack_hole(bytes(bits), size)
            bounding_box(hole)
            return model.warnings(hole)

        return _answer({"warnings": await self._beside(check)})

    async def fill(self, request: Request) -> Response:
        watch = Stopwatch()
        fields, parts = await _read(request, 2)
        watch.lap("receive")
        model = self._model(fields)
        photo, hole = await self._beside(lambda: self._decode(fields, parts))
        watch.lap("decode")
        box = photos.patch_box(bounding_box(hole), hole.shape)
        warnings = await self._beside(lambda: model.warnings(hole))
        watch.lap("check")
        (completed, network), took = await self._in_turn(
            lambda: model.fill(photo.pixels, hole), watch, "crop, detail, paste"
        )
        watch.part("network", "crop, detail, paste", network)
        patch = await self._beside(lambda: photos.cut_patch(photo, completed, hole, box))
        watch.lap("encode")
        fields = {"box": _numbers(box), "warnings": warnings, "times": watch.times, "fill": took}
        return _answer(fields, [patch])

    async def frames(self, request: Request) -> Response:
        fields, parts = await _read(request, 2)
        model = self._model(fields)
        photo, hole = await self._beside(lambda: self._decode(fields, parts))
        bounding_box(hole)
        frames, _ = await self._in_turn(
            lambda: model.frames(photo.pixels, hole), Stopwatch(), "frames"
        )
        pictures = [
            photos.encode(photos.Photo(pixels, profile=photo.profile))
            for pixels in (frames.coarse, frames.refined)
        ]
        return _answer({"box": _numbers(frames.box)}, pictures)

    async def result(self, request: Request) -> Response:
        fields, (data, *patches) = await _read(request, 1)

        def encode() -> bytes:
            photo = photos.read(bytes(data), "the photo", self.limits)
            return photos.encode(photos.lay(photo, fields.get("boxes"), _all_bytes(patches)))

        return Response(await self._beside(encode), media_type="image/png")

    def _model(self, fields: dict[str, Any]) -> Model:
        name = fields.get("model")
        if not isinstance(name, str) or name not in self.models:
            raise InputError("this page has no model of that name: reload it")
        return self.models[name]

    def _decode(self, fields: dict[str, Any], parts: Sequence[memoryview]) -> tuple[Any, Any]:
        """The photo with its patches, and the hole, of parts in the order photo, hole, patches."""
        data, bits, *patches = parts
        photo = photos.read(bytes(data), "the photo", self.limits)
        photo = photos.lay(photo, fields.get("boxes"), _all_bytes(patches))
        height, width = photo.pixels.shape[:2]
        return photo, photos.unpack_hole(bytes(bits), (width, height))

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._files, work)

    async def _in_turn(self, work: Callable[[], T], watch: Stopwatch, lap: str) -> tuple[T, float]:
        """Runs `work` when its turn has come, with laps `wait` and `lap`; also gives the latter."""

        def run() -> T:
            watch.lap("wait")
            result = work()
            watch.lap(lap)
            return result

        result = await asyncio.get_running_loop().run_in_executor(self._network, run)
        return result, watch.times[lap]


async def _read(request: Request, least: int) -> tuple[dict[str, Any], list[memoryview]]:
    fields, parts = unpack(await request.body())
    if len(parts) < least:
        raise InputError("the request is not complete")
    return fields, parts


def _size(fields: dict[str, Any]) -> tuple[int, int]:
    size = fields.get("size")
    if not isinstance(size, list) or [type(number) for number in size] != [int, int]:
        raise InputError("the photo's size must be two whole numbers")
    return size[0], size[1]


def _numbers(box: Any) -> list[int]:
    return [box.left, box.top, box.width, box.height]


def _all_bytes(parts: Sequence[memoryview]) -> list[bytes]:
    return [bytes(part) for part in parts]


def _answer(fields: dict[str, Any], parts: Sequence[bytes] = ()) -> Response:
    return Response(pack(fields, parts), media_type="application/octet-stream")


async def _mistake(request: Request, error: Exception) -> Response:
    logging.info("%s: %s", request.url.path, error)
    return JSONResponse({"error": str(error)}, 400)
