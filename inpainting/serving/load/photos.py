"""Photos for load: noise of a few small sizes, each unlike every other; and real photographs."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from inpainting.data.masks import mask_of_rate
from inpainting.data.sources import open_photos

# Sides in pixels; few enough that requests meet others of their size.
SIDES = (16, 24, 33, 48, 64)
_HOLE = 0.3
# Of a photograph's, as a fraction of its pixels.
_RATES = (0.1, 0.2)


def random_photo(
    rng: np.random.Generator, sides: tuple[int, ...] = SIDES
) -> tuple[np.ndarray, np.ndarray]:
    """Noise: uint8 image (H, W, 3), and mask (H, W) of 0 and 255 with both in it."""
    height, width = rng.choice(sides, 2)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.where(rng.random((height, width)) < _HOLE, np.uint8(255), np.uint8(0))
    mask[0, 0], mask[-1, -1] = 255, 0
    return image, mask


def photograph(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """An embedded one, with a hole of strokes or rectangles in it: what real clients send.

    Noise full of specks is neither as small as a PNG nor as easily searched for texture.

    Returns:
        uint8 image (side, side, 3), and mask (side, side) of 0 and 255, 10 to 20 % of it hole.
    """
    photos = open_photos("sample", "", "all")
    photo = Image.fromarray(photos.read(int(rng.integers(len(photos)))))
    image = np.asarray(photo.resize((side, side), Image.Resampling.BICUBIC))
    return image, mask_of_rate(rng, side, side, *_RATES) * np.uint8(255)


def encoded(array: np.ndarray, format_name: str = "PNG") -> bytes:
    """An image file's bytes."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, format_name)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    """uint8 (H, W, 3)."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))
