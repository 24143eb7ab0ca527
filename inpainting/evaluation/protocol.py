"""The evaluation protocol: which pixels of which photo are hole, the same on every machine.

Version 1:

1. A photo is decoded and brought to `image_size` x `image_size` by the crop rule (`fit_photo`), in
   Pillow's fixed-point arithmetic.
2. The SHA-256 of these pixels identifies it. Neither its name, its place in a list nor the file
   format matter: the cropped photos saved as PNG get the same masks as the originals.
3. For each bucket the mask is drawn by a generator seeded with the SHA-256 of (protocol version,
   seed, photo, bucket, size): `SeededMasks`; or taken from a folder of mask files: `FolderMasks`.
   Its rate lies in the bucket, low end included, high end not. Its SHA-256 goes into the manifest.
4. A system sees the photo with the hole painted white. What it returns is rounded to 8 bits and
   put into the hole; that picture is scored.
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpainting.data.masks import MASK_VERSION, mask_of_rate
from inpainting.errors import InputError

VERSION = 1
CROPS = ("centre", "resize")


class Bucket(NamedTuple):
    """A range of mask rates in per cent, low end included, high end not."""

    name: str
    low: float
    high: float

    def holds(self, hole_pixels: int, pixels: int) -> bool:
        """Whether a mask with so many of its pixels hole is of this bucket; never one without."""
        # Compared as counts: 30 % of 100 pixels is 30 pixels, and not 30.000000000000004.
        return hole_pixels > 0 and self.low * pixels <= 100.0 * hole_pixels < self.high * pixels


def parse_buckets(text: str) -> list[Bucket]:
    """`"10-20,20-30"` -> buckets, in the order given.

    Raises:
        InputError: not LOW-HIGH in per cent with 0 <= LOW < HIGH <= 100, or one given twice.
    """
    buckets = [_parse_bucket(part.strip()) for part in text.split(",") if part.strip()]
    if not buckets:
        raise InputError("--mask_range is empty; expected LOW-HIGH in per cent, such as 30-40")
    for bucket in buckets:
        if buckets.count(bucket) > 1:
            raise InputError(f"--mask_range names {bucket.name} more than once")
    return buckets


def _parse_bucket(text: str) -> Bucket:
    left, _, right = text.partition("-")
    try:
        low, high = float(left), float(right)
    except ValueError:
        low, high = math.nan, math.nan
    if not 0 <= low < high <= 100:
        raise InputError(
            f"--mask_range {text!r} is not LOW-HIGH in per cent with 0 <= LOW < HIGH <= 100, "
            "such as 30-40"
        )
    return Bucket(f"{low:g}-{high:g}", low, high)


def fit_photo(photo: np.ndarray, size: int, crop: str, name: str) -> np.ndarray:
    """uint8 `(H, W, 3)` -> uint8 `(size, size, 3)` by the crop rule.

    `centre`: the largest central square, scaled down (antialiased bicubic). `resize`: the whole
    photo scaled to the square, its aspect ratio not kept.

    Raises:
        InputError: `centre`, and the photo's shorter side is below `size`; enlarged photos would
            be scored for detail that they do not have.
    """
    height, width = photo.shape[:2]
    check_size(height, width, size, crop, name)
    if crop == "centre":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        photo = photo[top : top + side, left : left + side]
    return np.asarray(Image.fromarray(photo).resize((size, size), Image.Resampling.BICUBIC))


def check_size(height: int, width: int, size: int, crop: str, name: str) -> None:
    """Raises `InputError` where `fit_photo` would; needs the photo's header only."""
    if crop == "centre" and min(height, width) < size:
        raise InputError(
            f"{name} is {width}x{height}, smaller than the crop of {size}x{size}: take a smaller "
            "--image_size, leave the photo out, or use --crop=resize"
        )


class SeededMasks:
    """Masks drawn for each photo and bucket from the photo's hash, free-form or rectangles."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self.record = {"kind": "seeded", "version": MASK_VERSION, "seed": seed}

    def check(self, bucket: Bucket) -> None:
        """Raises `InputError` if no mask of this size can be in the bucket."""
        try:
            self.draw("", bucket)
        except ValueError:
            raise InputError(
                f"bucket {bucket.name} % holds no number of pixels at {self.size}x{self.size}"
            ) from None

    def draw(self, photo_sha256: str, bucket: Bucket) -> np.ndarray:
        """uint8 `(size, size)` of 0 and 1, 1 = hole, of exactly this bucket."""
        seed = seed_of(VERSION, self.seed, photo_sha256, bucket.name, self.size)
        generator = np.random.Generator(np.random.PCG64(seed))
        return mask_of_rate(generator, self.size, self.size, bucket.low / 100, bucket.high / 100)


def seed_of(*parts: object) -> int:
    """A 128-bit seed from the parts' text; unlike `hash`, the same in every process."""
    text = "\n".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def sha256_of(array: np.ndarray) -> str:
    """SHA-256 of a uint8 array's shape and bytes."""
    data = str(array.shape).encode() + np.ascontiguousarray(array).tobytes()
    return hashlib.sha256(data).hexdigest()
