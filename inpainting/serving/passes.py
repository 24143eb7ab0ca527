"""One crop of a photo filled: at once, or coarse to fine where the hole is thick.

A hole thicker than the network can bridge is filled first at the scale at which it fits. That fill
is then enlarged to twice the size, again and again up to the photo's own. At each size a rim of the
hole, `1 / RIM` of the working size wide, is filled anew: the network sees the photo on one side and
the enlarged fill, as if known, on the other. So what meets the photo is made at the photo's
resolution, and the middle, of which the photo says little, comes from the coarse fill.

Arrays only; the network is a function that is passed in. No TensorFlow.
"""

from __future__ import annotations

from typing import Callable

import cv2
import numpy as np

from inpainting.image import from_float, to_float
from inpainting.serving.feather import feather_seam
from inpainting.serving.large import Crop, plan_crops

# (image float32 (H, W, 3) in [0, 1], hole bool (H, W)) -> refined float32 (H, W, 3), a full frame.
Refine = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Of the working size. Rims of 8 and 5 of it won less or lost (docs/benchmarks.md).
RIM = 16
# From this scale up a fill is enlarged at once; a pass of its own would bring nothing.
_NEARLY = 0.75


def fill_crop(
    refine: Refine,
    completed: np.ndarray,
    remaining: np.ndarray,
    crop: Crop,
    working_size: int,
    feather: int = 0,
) -> None:
    """Fills the crop's core in place; what remains of the hole in its window stays unseen.

    Args:
        refine: the network.
        completed: (H, W, 3), uint8, uint16 or floats in [0, 1]: the photo, filled so far.
        remaining: bool (H, W): what is not filled yet. The core's part is cleared.
        crop: of `plan_crops`.
        working_size: the longest side that the network is given.
        feather: see `inpainting.serving.feather`.
    """
    photo, hole = completed[crop.window.slices], remaining[crop.window.slices]
    inner = crop.core.within(crop.window).slices
    own = np.zeros_like(hole)
    own[inner] = hole[inner]
    if crop.size == hole.shape:
        fill = _fill_once(refine, photo, hole, feather)
    else:
        fill = _coarse_to_fine(refine, photo, hole, own, crop.size, working_size, feather)
    core = own[inner]
    completed[crop.core.slices][core] = from_float(fill[inner][core], completed.dtype)
    remaining[crop.core.slices] = False


def _fill_once(refine: Refine, photo: np.ndarray, hole: np.ndarray, feather: int) -> np.ndarray:
    image = to_float(photo)
    return feather_seam(image, hole, refine(image, hole), feather)


def _coarse_to_fine(
    refine: Refine,
    photo: np.ndarray,
    hole: np.ndarray,
    own: np.ndarray,
    size: tuple[int, int],
    working_size: int,
    feather: int,
) -> np.ndarray:
    """A frame of the photo's size; only the pixels of `own` in it are of use."""
    frame = _fill_once(refine, _shrink(photo, size), _shrink_hole(hole, size), feather)
    while size != hole.shape:
        enlarged_at_once = size[0] >= _NEARLY * hole.shape[0]
        size = _next_size(size, hole.shape)
        # Cubic enlargement overshoots.
        enlarged = np.clip(cv2.resize(frame, size[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
        if enlarged_at_once:
            return enlarged
        frame, mine = to_float(_shrink(photo, size)), _shrink_hole(own, size)
        hidden = _shrink_hole(hole, size)
        frame[mine] = enlarged[mine]
        # Beyond the window's edge lies photo, not the end of the hole: no rim along it.
        depth = cv2.distanceTransform(mine.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        rim = mine & (depth <= working_size / RIM)
        hidden &= rim | ~mine
        for piece in plan_crops(rim, working_size, scaled=False):
            fill_crop(refine, frame, hidden, piece, working_size, feather)
    return frame


def _next_size(size: tuple[int, int], last: tuple[int, ...]) -> tuple[int, int]:
    if 2 * size[0] >= _NEARLY * last[0]:
        return last[0], last[1]
    return 2 * size[0], 2 * size[1]


def _shrink(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixels that any hole went into hold some of it: `_shrink_hole` marks them."""
    if size == photo.shape[:2]:
        return photo
    if photo.dtype not in (np.uint8, np.uint16):
        photo = photo.astype(np.float32)
    return cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA)


def _shrink_hole(hole: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if size == hole.shape:
        return hole.copy()
    return cv2.resize(hole.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA) > 0
