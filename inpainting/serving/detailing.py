"""Where in a large photo the detail pass looks, so that its time and memory follow the hole.

Each region of the hole is given to `inpainting.detail` at the photo's own resolution, with as much
of the photo around it as it may take texture from. Arrays only; no TensorFlow.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from inpainting.image import from_float, to_float
from inpainting.serving.large import Crop, plan_crops

# A window is twice as long as the part of the hole in it, and at least half of this.
_SIZE = 1024
# Windows longer than this are cut, which bounds memory (0.2 GB for each float copy of one).
_MOST = 4096

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
    detailed = add_detail(to_float(completed[crop.window.slices]), hole[crop.window.slices])
    core = remaining[crop.core.slices]
    detailed = detailed[crop.core.within(crop.window).slices][core]
    completed[crop.core.slices][core] = from_float(detailed, completed.dtype)
    core[...] = False
