"""How a converted model compares with the SavedModel that it stands for: values and time."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Sequence

import numpy as np

from inpainting.data.masks import random_mask
from inpainting.data.sources import open_photos
from inpainting.image import to_float
from inpainting.serving.conversion.formats import Run, Runtime

# Width and height where the model takes any; the last two are no multiples of 8, to which the
# networks pad.
SIZES = ((256, 256), (128, 192), (131, 100), (77, 45))
_ROUNDS = 5


@dataclasses.dataclass(frozen=True)
class Row:
    """One runtime at one size.

    Attributes:
        runtime: its name.
        size: WIDTHxHEIGHT.
        maximum, mean: of the differences over the hole's pixels, in grey levels of 255; infinite
            where shapes differ or a value is no number.
        unchanged: whether every pixel outside the hole is bit for bit the image's.
        latency_ratio: the runtime's time over the SavedModel's, medians of alternated calls.
        limit: what `maximum` may be; None for a row that only informs.
    """

    runtime: str
    size: str
    maximum: float
    mean: float
    unchanged: bool
    latency_ratio: float
    limit: float | None

    @property
    def failure(self) -> str:
        """What is wrong with it, in words; empty where nothing is."""
        if self.limit is None:
            return ""
        if not self.maximum <= self.limit:
            return f"differs by {self.maximum:.3g} grey levels, {self.limit:g} are allowed"
        return "" if self.unchanged else "changes pixels outside the hole"


def compare(reference: Run, runtime: Runtime, sizes: Sequence[tuple[int, int]]) -> list[Row]:
    """One row for each of `sizes` (width, height): an embedded photo with a free-form hole."""
    rows = []
    for width, height in sizes:
        image, mask = _sample(width, height)
        expected, found = reference(image, mask), runtime.run(image, mask)
        maximum, mean = _differences(expected, found, mask)
        known = mask[..., 0] < 0.5
        unchanged = found.shape == image.shape and np.array_equal(found[known], image[known])
        ratio = _latency_ratio(reference, runtime.run, image, mask)
        size = f"{width}x{height}"
        rows.append(Row(runtime.name, size, maximum, mean, unchanged, ratio, runtime.limit))
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """Markdown."""
    lines = [
        "| format | size | maximum | mean | allowed | outside the hole | time / SavedModel's |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        allowed = "" if row.limit is None else f"{row.limit:g}"
        outside = "bit for bit" if row.unchanged else "changed"
        lines.append(
            f"| {row.runtime} | {row.size} | {row.maximum:.2g} | {row.mean:.2g} | {allowed} | "
            f"{outside} | {row.latency_ratio:.2f} |"
        )
    return "\n".join(lines)


def _sample(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """The photo, mirrored on where it is too small, and its hole: always the same."""
    photo = open_photos("sample", "", "val").read(0)
    beyond = [max(height - photo.shape[0], 0), max(width - photo.shape[1], 0), 0]
    photo = np.pad(photo, [(0, more) for more in beyond], mode="symmetric")[:height, :width]
    mask = random_mask(np.random.default_rng(0), height, width)
    return to_float(photo)[np.newaxis], mask.reshape(1, height, width, 1).astype(np.float32)


def _differences(expected: np.ndarray, found: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """Largest and mean |difference| over the hole's pixels, in grey levels."""
    if expected.shape != found.shape or not np.isfinite(found).all():
        return math.inf, math.inf
    differences = 255 * np.abs(expected - found)[mask[..., 0] > 0.5]
    return float(differences.max(initial=0)), float(differences.mean()) if differences.size else 0.0


def _latency_ratio(reference: Run, run: Run, image: np.ndarray, mask: np.ndarray) -> float:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for one, kept in zip((reference, run), times):
            start = time.perf_counter()
            one(image, mask)
            kept.append(time.perf_counter() - start)
    return statistics.median(times[1]) / statistics.median(times[0])
