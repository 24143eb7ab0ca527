"""Where in a large photo the detail pass looks, so that its time and memory follow the hole.

Each region of the hole is given to `inpainting.detail` at the photo's own resolution, with as much
of the photo around it as it may take texture from. Texture from a wrong place, foam in the sky, is
worse than none: near known pixels what is added is held down to the amplitude that they have.
Arrays only; no TensorFlow.
"""

from __future__ import annotations

from typing import Callable

import cv2
import numpy as np

from inpainting.image import from_float, to_float
from inpainting.serving.large import Crop, plan_crops

# A window is twice as long as the part of the hole in it, and at least half of this.
_SIZE = 1024
# Windows longer than this are cut: one of 3,500 pixels a side took the process to 6 GiB.
_MOST = 2048

# Standard deviations in pixels: what counts as texture is finer than the first; amplitudes are
# averaged over the second.
_TEXTURE, _AROUND = 2.0, 12.0
# Known pixels with less weight than this under `_AROUND` say nothing of a place.
_FAR = 0.05

# (filled image float32 (H, W, 3) in [0, 1], hole bool (H, W)) -> with detail in the hole.
AddDetail = Callable[[np.ndarray, np.ndarray], np.ndarray]


def plan_detail(hole: np.ndarray) -> list[Crop]:
    """The crops of `plan_crops` for the detail pass; their `size` is of no meaning here."""
    crops = plan_crops(hole, _SIZE)
    if any(max(crop.window.height, crop.window.width) > _MOST for crop in crops):
        return plan_crops(hole, _MOST, scaled=False)
    return crops


def detail_crop(
    add_detail: AddDetail,
    completed: np.ndarray,
    hole: np.ndarray,
    remaining: np.ndarray,
    crop: Crop,
) -> None:
    """Gives the fill in the crop's core detail, in place.

    Args:
        add_detail: takes texture from outside the hole of the window alone.
        completed: (H, W, 3) of any dtype of `inpainting.image.from_float`, filled.
        hole: bool (H, W), all of it.
        remaining: bool (H, W), what has no detail yet; the core's part is cleared.
        crop: of `plan_detail`.
    """
    filled, inside = to_float(completed[crop.window.slices]), hole[crop.window.slices]
    detailed = limit_detail(filled, inside, add_detail(filled, inside))
    core = remaining[crop.core.slices]
    detailed = detailed[crop.core.within(crop.window).slices][core]
    completed[crop.core.slices][core] = from_float(detailed, completed.dtype)
    core[...] = False


def limit_detail(filled: np.ndarray, hole: np.ndarray, detailed: np.ndarray) -> np.ndarray:
    """Makes what was added weaker where it is stronger than the texture beside the hole.

    Args:
        filled: float32 (H, W, 3), photo and smooth fill.
        hole: bool (H, W).
        detailed: `filled` with detail in the hole.

    Returns:
        float32 (H, W, 3). Far from all known pixels it is `detailed`.
    """
    added = detailed - filled
    texture = filled - cv2.GaussianBlur(filled, (0, 0), _TEXTURE)
    weight, beside = _mean_square(texture, ~hole)
    _, given = _mean_square(added, hole)
    gain = np.sqrt(np.minimum(1, beside / np.maximum(given, 1e-12)))
    # From none to all of it, so that no edge appears where the known pixels are too far.
    trust = np.clip(weight / _FAR - 1, 0, 1)
    return filled + added * (1 - trust + trust * gain)[..., np.newaxis]


def _mean_square(values: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of `values` (H, W, 3) in the neighbourhood, those of `where` alone; and their weight."""
    weights = where.astype(np.float32)
    squares = np.square(values).mean(axis=2) * weights
    weight, total = (
        cv2.GaussianBlur(field, (0, 0), _AROUND, borderType=cv2.BORDER_REPLICATE)
        for field in (weights, squares)
    )
    return weight, total / np.maximum(weight, 1e-6)
