"""Whether a hole is like those that a model was trained on; what to say where it isn't.

The masks of a training are known by the name of their sampler, so the limits are not guessed but
drawn: how thick were its holes, and how much of a crop did they cover? A hole is then looked at as
the network will see it, crop by crop and at each crop's scale.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np

from inpainting.data.masks import SAMPLERS
from inpainting.serving.large import plan_crops

_MASKS_DRAWN = 128
# A hole may be this much beyond training before it is worth a word.
_TOLERANCE = 1.1


@dataclasses.dataclass(frozen=True)
class Extent:
    """The largest holes of a training.

    Attributes:
        thickness: pixels that the network sees; twice the way from the middle to a known pixel.
        rate: hole pixels / all pixels of a crop.
    """

    thickness: float
    rate: float


def trained_extent(record: dict[str, Any]) -> Extent | None:
    """The extent of a model's training masks; None where its record doesn't say what they were.

    Args:
        record: `inpainting.loading.LoadedGenerator.record`.
    """
    settings = record.get("settings") or record.get("system")
    size = record.get("image_size")
    name = settings.get("masks") if isinstance(settings, dict) else None
    if name not in SAMPLERS or not isinstance(size, int) or record.get("mask_dir"):
        return None
    rng = np.random.default_rng(0)
    masks = [SAMPLERS[name](rng, size, size) for _ in range(_MASKS_DRAWN)]
    return Extent(
        thickness=max(2 * float(_depth(mask).max()) for mask in masks),
        rate=max(float(mask.mean()) for mask in masks),
    )


def warnings(hole: np.ndarray, working_size: int, extent: Extent | None) -> list[str]:
    """What a person should know of this hole before it is filled; sentences, empty if all is well.

    Args:
        hole: bool (H, W), some of it True and some False.
        working_size: `Predictor.working_size`.
        extent: see `trained_extent`.
    """
    depth = _depth(hole.astype(np.uint8))
    thickness, rate, scale = 0.0, 0.0, 1.0
    for crop in plan_crops(hole, working_size):
        own = min(1.0, crop.size[0] / crop.window.height)
        core = depth[crop.core.slices][hole[crop.core.slices]]
        thickness = max(thickness, 2 * float(core.max(initial=0)) * own)
        rate = max(rate, float(hole[crop.window.slices].mean()))
        scale = min(scale, own)
    found = []
    if extent and thickness > _TOLERANCE * extent.thickness:
        found.append(
            f"The hole is up to {thickness:.0f} pixels thick where the model sees it; in its "
            f"training, holes were up to {extent.thickness:.0f}. Its middle will come out soft."
        )
    if extent and rate > _TOLERANCE * extent.rate:
        found.append(
            f"{100 * rate:.0f} % of what the model sees is hole; in its training it was up to "
            f"{100 * extent.rate:.0f} %. There is little to fill it from."
        )
    if scale < 0.9:
        found.append(
            f"The hole is so thick that the model sees it at {100 * scale:.0f} % of the photo's "
            "resolution: the fill will be softer than the photo around it."
        )
    return found


def _depth(mask: np.ndarray) -> np.ndarray:
    """Of each hole pixel of uint8 (H, W), the distance to the nearest known one; elsewhere 0.

    What is beyond the edges counts as known, or a hole in a corner would be twice as thick.
    """
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
