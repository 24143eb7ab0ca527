"""A request's way through the server, whichever interface it came by."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, TypeVar

import numpy as np

from inpainting.errors import InputError
from inpainting.image import check_pair, read_mask
from inpainting.serving.files import read_photo, write_photo
from inpainting.serving.server import photo_bytes
from inpainting.serving.server.batcher import Arrays, Batcher
from inpainting.serving.server.inputs import check_arrays
from inpainting.serving.server.limits import Limits, sample_pixels
from inpainting.serving.server.metrics import Metrics
from inpainting.serving.server.model_folder import ModelFolder
from inpainting.serving.server.refusal import Refusal
from inpainting.serving.server.served_model import ServedModel

Result = TypeVar("Result")


class Service:
    """Admits requests, checks them, and has them computed in time.

    To be made inside the event loop.

    Args:
        models: where requests find their version.
        limits: what is too much.
        metrics: told of everything.
    """

    def __init__(self, models: ModelFolder, limits: Limits, metrics: Metrics):
        self.models = models
        self.limits = limits
        self.metrics = metrics
        self.stopping = False
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._decoders = ThreadPoolExecutor(2, "decode")
        self._computer = ThreadPoolExecutor(1, "compute")
        self._filler = ThreadPoolExecutor(1, "fill")
        self.batcher = Batcher(limits, self._computer, metrics)

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """The time of one request; raises `Refusal` 503 when stopping, 429 when too many are in."""
        if self.stopping:
            raise Refusal(503, "the server is stopping")
        if self._in_flight >= self.limits.queue:
            raise Refusal(429, f"{self._in_flight} requests are waiting: try again later")
        self._in_flight += 1
        self._idle.clear()
        self.metrics.in_flight.set(self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            self.metrics.in_flight.set(self._in_flight)
            if not self._in_flight:
                self._idle.set()

    async def in_time(self, work: Awaitable[Result], seconds: float | None = None) -> Result:
        """What `work` returns; raises `Refusal` when the time for a request is over.

        Args:
            work: is cancelled then: what waits is not computed any more.
            seconds: the time where the asker has less than the server's.
        """
        limit = min(self.limits.timeout_seconds, seconds or self.limits.timeout_seconds)
        try:
            return await asyncio.wait_for(work, limit)
        except asyncio.TimeoutError:
            refusal = _out_of_time(limit)
        except Refusal as error:
            refusal = error.with_traceback(None)
            refusal.__cause__ = refusal.__context__ = None
        # What led here holds the request's body, in a ring with the task that it ran in: such rings
        # stay until the garbage collector comes, and abuse would fill the memory with them.
        try:
            raise refusal
        finally:
            del refusal

    async def drained(self, seconds: float) -> bool:
        """Admits nothing any more; whether all that was admitted was answered within `seconds`."""
        self.stopping = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), seconds)
        return not self._in_flight

    def close(self) -> None:
        """Gives the threads up; what they still compute is for nobody."""
        for executor in (self._decoders, self._computer, self._filler):
            executor.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Runs what takes time but not the network: parsing, decoding, encoding."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._decoders, function, *arguments)

    async def predict(self, model: ServedModel, name: str, inputs: Arrays) -> Arrays:
        """The outputs of the signature `name` for inputs of its dtypes; raises `Refusal`."""
        signature = model.signature(name)
        if signature.takes_bytes:
            return await self._predict_bytes(model, inputs)
        await self.in_thread(check_arrays, signature.specs, inputs, self.limits)
        return await self.batcher.compute(signature, inputs)

    async def _predict_bytes(self, model: ServedModel, inputs: Arrays) -> Arrays:
        images, masks = (inputs[name].tolist() for name in ("image_bytes", "mask_bytes"))
        if not images or len(images) != len(masks):
            raise Refusal(400, f"{len(images)} image_bytes and {len(masks)} mask_bytes were sent")
        await self.in_thread(_check_sizes, images, masks, self.limits)
        tasks = [asyncio.ensure_future(self._fill(model, *pair)) for pair in zip(images, masks)]
        try:
            completed = await asyncio.gather(*tasks)
        finally:  # one was refused, or the time is over: the others are for nobody
            for task in tasks:
                task.cancel()
        return {"completed_bytes": np.array(completed, object)}

    async def _fill(self, model: ServedModel, image: bytes, mask: bytes) -> bytes:
        signature = model.signature("serving_default")
        arrays = await self.in_thread(photo_bytes.decode, image, mask)
        check_arrays(signature.specs, arrays, self.limits)
        outputs = await self.batcher.compute(signature, arrays)
        return await self.in_thread(photo_bytes.encode, outputs["completed"][0])

    async def fill_photo(self, image: bytes, mask: bytes, seconds: float) -> bytes:
        """A photo file of any size and format, filled crop by crop -> a PNG's bytes.

        Colour profile, EXIF and alpha are kept, as `inpaint.py` does.

        Raises:
            Refusal: 400, files that cannot be read or don't fit; 413, too large; 503, the time is
                over, which is found out between two crops.
        """
        size = await self.in_thread(photo_bytes.size_of, image, "image")
        self.limits.check_photo(*size)
        self.limits.check_photo(*await self.in_thread(photo_bytes.size_of, mask, "mask"))
        until = time.monotonic() + seconds
        model = self.models.current
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._filler, _filled, model, image, mask, until)


def _check_sizes(images: list[bytes], masks: list[bytes], limits: Limits) -> None:
    """Before anything is decoded: what all photos of a request claim together."""
    pixels = 0
    for image, mask in zip(images, masks):
        width, height = photo_bytes.claimed_size(image, mask)
        pixels += sample_pixels(height, width)
        limits.check_pixels(pixels)


def _filled(model: ServedModel, image: bytes, mask: bytes, until: float) -> bytes:
    def check(progress: float = 0.0) -> None:
        if time.monotonic() > until:
            raise _out_of_time()

    with tempfile.TemporaryDirectory(prefix="inpainting-") as folder:
        paths = [os.path.join(folder, name) for name in ("image", "mask", "completed.png")]
        try:
            check()
            for path, data in zip(paths, (image, mask)):
                Path(path).write_bytes(data)
            photo, hole = read_photo(paths[0]), read_mask(paths[1]) == 1
            check_pair(photo.pixels, hole)
            completed = model.predictor(photo.pixels, hole, progress=check)
            write_photo(paths[2], photo, completed, hole)
            return Path(paths[2]).read_bytes()
        except InputError as error:
            raise Refusal(400, str(error).replace(folder + os.sep, "")) from error


def _out_of_time(seconds: float | None = None) -> Refusal:
    limit = f" of {seconds:g} s" if seconds else ""
    return Refusal(503, f"the time{limit} for a request is over", "DEADLINE_EXCEEDED")
