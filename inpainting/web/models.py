"""The models of the page: each fills, shows its frames, and says how long its parts took."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Callable

import cv2
import numpy as np

import inpainting
from inpainting.errors import InputError
from inpainting.image import to_float, to_uint8
from inpainting.serving.large import CONTEXT, Box
from inpainting.serving.predictor import Predictor
from inpainting.web.coverage import trained_extent, warnings


@dataclasses.dataclass(frozen=True)
class Frames:
    """What the network itself makes of a hole: `coarse` and `refined`, uint8 (h, w, 3).

    They cover `box` of the photo, and are smaller than it where the network sees it scaled down.
    """

    box: Box
    coarse: np.ndarray
    refined: np.ndarray


class Model:
    """A predictor with what the page says of it.

    Args:
        name: as given on the command line.
        predictor: as `inpainting.load` returns it.
    """

    def __init__(self, name: str, predictor: Predictor):
        self.name = name
        self.predictor = predictor
        self.extent = trained_extent(predictor.record)
        self._network = _Timed(predictor.generate)
        predictor.generate = self._network  # type: ignore[method-assign]

    def describe(self) -> dict[str, Any]:
        """For the page: JSON-able."""
        record = self.predictor.record
        return {
            "name": self.name,
            "purpose": record.get("purpose", ""),
            "known_failures": record.get("known_failures", []),
            "working_size": self.predictor.working_size,
        }

    def fill(self, pixels: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, float]:
        """The completed photo, uint8 (H, W, 3), and the milliseconds in the network.

        The rest of the time went into crops, scaling, detail and pasting.
        """
        self._network.milliseconds = 0.0
        return self.predictor(pixels, hole), self._network.milliseconds

    def warnings(self, hole: np.ndarray) -> list[str]:
        """See `inpainting.web.coverage.warnings`."""
        return warnings(hole, self.predictor.working_size, self.extent)

    def frames(self, pixels: np.ndarray, hole: np.ndarray) -> Frames:
        """One look of the network at the whole hole, with half its size of context on every side.

        A photo that fits the working size is looked at as a whole. That is what fills it; holes
        of larger photos may be filled by several finer looks, which no one picture shows.
        """
        working = self.predictor.working_size
        box = _around(bounding_box(hole), (hole.shape[0], hole.shape[1]), working)
        scale = min(1.0, working / max(box.height, box.width))
        image, mask = to_float(pixels[box.slices]), hole[box.slices].astype(np.float32)
        if scale < 1:
            size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            mask = (cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 0).astype(np.float32)
        outputs = self.predictor.generate(image[np.newaxis], mask[np.newaxis, ..., np.newaxis])
        return Frames(box, to_uint8(outputs["coarse"][0]), to_uint8(outputs["refined"][0]))


def load_model(name: str) -> Model:
    """Loads a model and warms it up.

    Raises:
        InputError: there is nothing of that name, or it cannot be read.
    """
    model = Model(name, inpainting.load(name))
    warm_up(model)
    return model


def warm_up(model: Model) -> None:
    """Fills a small hole, which builds the graphs: the first person shouldn't wait for that."""
    side = min(256, model.predictor.working_size)
    hole = np.zeros((side, side), bool)
    hole[side // 4 : side // 2, side // 4 : side // 2] = True
    model.fill(np.zeros((side, side, 3), np.uint8), hole)


def bounding_box(hole: np.ndarray) -> Box:
    """The smallest box around the hole, bool (H, W).

    Raises:
        InputError: there is no hole, or nothing but hole.
    """
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if not rows.size:
        raise InputError("nothing is painted: paint over what is to be filled")
    if hole.all():
        raise InputError("everything is painted, which leaves nothing to fill it from")
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _around(box: Box, size: tuple[int, int], working: int) -> Box:
    """The box with its context, inside a photo of (height, width)."""
    if max(size) <= working:
        return Box(0, 0, *size)
    side = max(CONTEXT * max(box.height, box.width), working // 2)
    sides = []
    for low, high, limit in ((box.top, box.bottom, size[0]), (box.left, box.right, size[1])):
        length = min(side, limit)
        start = min(max(0, (low + high - length) // 2), limit - length)
        sides.append((start, start + length))
    (top, bottom), (left, right) = sides
    return Box(top, left, bottom, right)


class _Timed:
    """A predictor's `generate` that adds up its time; fills come one after the other."""

    def __init__(self, generate: Callable[..., dict[str, np.ndarray]]):
        self.generate = generate
        self.milliseconds = 0.0

    def __call__(self, images: np.ndarray, masks: np.ndarray) -> dict[str, np.ndarray]:
        began = time.perf_counter()
        try:
            return self.generate(images, masks)
        finally:
            self.milliseconds += 1000 * (time.perf_counter() - began)


class Stopwatch:
    """Milliseconds of one request's stages, in the order in which they come."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """The time since the last lap was spent on `name`."""
        now = time.perf_counter()
        self.times[name] = 1000 * (now - self._last)
        self._last = now

    def part(self, name: str, of: str, milliseconds: float) -> None:
        """So much of the lap `of` was spent on `name`, which is told before it."""
        rest = self.times.pop(of) - milliseconds
        self.times.update({name: milliseconds, of: rest})
