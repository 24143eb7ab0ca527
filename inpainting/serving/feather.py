"""Takes the seam away that a fill of slightly other colours leaves along the hole's edge.

A network puts out a full frame. Beside the hole, where the photo is known, the frame's difference
from the photo is the colour shift of the fill as well, since networks are smooth. That difference,
averaged over the neighbourhood, is continued into the hole and added to the fill, wholly at the
edge and less and less over `width` pixels. The photo outside is not touched, and texture stays.
"""

from __future__ import annotations

import cv2
import numpy as np

# Weights below this are rounding; nothing known is near.
_LEAST_WEIGHT = 1e-4


def feather_seam(
    image: np.ndarray, hole: np.ndarray, refined: np.ndarray, width: int
) -> np.ndarray:
    """The fill, blended into the photo inside the hole.

    Args:
        image: float32 (H, W, 3); what it holds inside the hole has no influence.
        hole: bool (H, W).
        refined: float32 (H, W, 3), the network's full frame.
        width: pixels over which the blend goes; 0 for none.

    Returns:
        float32 (H, W, 3) in [0, 1], to be used inside the hole.
    """
    if width <= 0 or not hole.any() or hole.all():
        return refined
    known = (~hole).astype(np.float32)
    shift = (image - refined) * known[..., np.newaxis]
    weight = cv2.GaussianBlur(known, (0, 0), width / 2, borderType=cv2.BORDER_REPLICATE)
    shift = cv2.GaussianBlur(shift, (0, 0), width / 2, borderType=cv2.BORDER_REPLICATE)
    shift /= np.maximum(weight, _LEAST_WEIGHT)[..., np.newaxis]
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    share = np.clip(1 - (depth - 1) / width, 0, 1)[..., np.newaxis]
    return np.clip(refined + share * shift, 0, 1)
