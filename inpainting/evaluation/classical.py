"""Fills that need no network: the columns which any learned system has to beat.

Each function takes image uint8 `(H, W, 3)` and mask uint8 `(H, W)` of 0 and 1 (1 = hole), and
returns uint8 `(H, W, 3)` that equals the image outside the hole bit for bit.
"""

from __future__ import annotations

from typing import Callable

import cv2
import numpy as np

from inpainting.image import complete, to_float

#: The neighbourhood in pixels of OpenCV's two methods. 3 is OpenCV's own example value; both
#: methods march inward pixel by pixel, so it is not how far they see.
RADIUS = 3


def telea(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """OpenCV's fast marching fill: Telea, "An image inpainting technique based on the fast
    marching method", Journal of Graphics Tools 2004."""
    return cv2.inpaint(np.ascontiguousarray(image), mask, RADIUS, cv2.INPAINT_TELEA)


def navier_stokes(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """OpenCV's fluid-dynamics fill: Bertalmio et al., "Navier-Stokes, fluid dynamics, and image and
    video inpainting", CVPR 2001."""
    return cv2.inpaint(np.ascontiguousarray(image), mask, RADIUS, cv2.INPAINT_NS)


def mean_colour(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Every hole pixel gets the mean colour of the known ones (mid-grey if there are none)."""
    known = mask == 0
    colour = image[known].mean(axis=0) if known.any() else np.full(3, 127.5)
    filled = image.copy()
    filled[~known] = np.floor(colour + 0.5).astype(np.uint8)
    return filled


def pyramid(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The push-pull fill that a network can start from (`inpainting.layers.pyramid_fill`): what a
    network with `prefill=pyramid` adds to it is what it has learned."""
    import tensorflow as tf

    from inpainting.layers.pyramid_fill import pyramid_fill

    holes = mask[None, ..., None].astype(np.float32)
    filled = pyramid_fill(tf.constant(to_float(image)[None]), tf.constant(holes))
    return complete(image, mask, filled.numpy()[0])


#: Name in `--model` -> (fill, what the manifest records of it).
FILLS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], str]] = {
    "telea": (telea, f"cv2.INPAINT_TELEA, radius {RADIUS}"),
    "ns": (navier_stokes, f"cv2.INPAINT_NS, radius {RADIUS}"),
    "pyramid": (pyramid, "inpainting.layers.pyramid_fill"),
    "mean": (mean_colour, "mean colour of the known pixels"),
}
