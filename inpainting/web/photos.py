"""What the browser sends, to arrays, and back: photos, patches, masks; all within limits.

A result is never a picture of its own: it is the photo's file and the *patches* laid on it, PNG
files that this server made, each with its box. A patch covers the hole's bounding box with the very
pixels of the completed photo, so that laying patches on the photo gives it again bit for bit,
however often it is filled, and what goes to and fro is as small as the hole.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from inpainting.decoding import READABLE_FORMATS
from inpainting.errors import InputError
from inpainting.image import decode_mask
from inpainting.serving.files import Photo, decode_photo, encode_photo, filled_alpha
from inpainting.serving.large import Box

# A tenth of the time of Pillow's own choice, and files hardly larger.
_FAST = {"compress_level": 1}
# Of a patch, in pixels: a browser smooths the edges of what it draws.
_RIM = 2


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one request may hold: megabytes (10^6 bytes) of body, megapixels of photo."""

    megabytes: float = 256.0
    megapixels: float = 64.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not value > 0:
                raise InputError(f"--max_{name} must be above 0, received {value}")

    @property
    def most_bytes(self) -> int:
        return int(self.megabytes * 1e6)

    def check(self, data: bytes, name: str) -> None:
        """Raises `InputError` if a file claims too many pixels; nothing of it is decoded."""
        try:
            with Image.open(io.BytesIO(data), formats=READABLE_FORMATS) as image:
                pixels = image.width * image.height
        except Image.DecompressionBombError:
            pixels = int(1e12)
        except Exception:
            return  # whoever decodes it says why it cannot be read
        if pixels > self.megapixels * 1e6:
            size = f"{pixels / 1e6:.0f}" if pixels < 1e12 else "too many"
            raise InputError(
                f"{name} has {size} megapixels; this page takes {self.megapixels:g} "
                "(--max_megapixels)"
            )


def read(data: bytes, name: str, limits: Limits) -> Photo:
    """A photo from its file's bytes, upright; `name` is what errors call it.

    Raises:
        InputError: it is too large or cannot be read.
    """
    limits.check(data, name)
    return decode_photo(data, name)


def read_hole(data: bytes, name: str, size: tuple[int, int], limits: Limits) -> np.ndarray:
    """A mask file that a person made, as bool (H, W); `size` is the photo's (width, height).

    Raises:
        InputError: it is too large, cannot be read, or is of another size.
    """
    limits.check(data, name)
    mask = decode_mask(data, name)
    if mask.shape[::-1] != size:
        raise InputError(
            f"{name} is {mask.shape[1]} x {mask.shape[0]} pixels but the photo is "
            f"{size[0]} x {size[1]}: they must be of one size"
        )
    return mask == 1


def pack_hole(hole: np.ndarray) -> bytes:
    """bool (H, W) as bits, the first pixel in the highest, each row filled up to a byte."""
    return np.packbits(hole, axis=1).tobytes()


def unpack_hole(data: bytes, size: tuple[int, int]) -> np.ndarray:
    """What `pack_hole` made; `size` is (width, height).

    Raises:
        InputError: there are more or fewer bits.
    """
    width, height = size
    row = (width + 7) // 8
    if width < 1 or height < 1 or row * height != len(data):
        raise InputError(f"the mask does not fit a photo of {width} x {height} pixels")
    bits = np.frombuffer(data, np.uint8).reshape(height, row)
    return np.unpackbits(bits, axis=1, count=width).astype(bool)


def lay(photo: Photo, boxes: Any, patches: Sequence[bytes]) -> Photo:
    """The photo with patches laid on it, the last on top.

    Args:
        boxes: `[left, top, width, height]` of each patch.

    Raises:
        InputError: a patch is damaged or does not fit its box, or a box the photo.
    """
    if not isinstance(boxes, list) or len(boxes) != len(patches):
        raise InputError("each patch must have one box")
    if not patches:
        return photo
    pixels = photo.pixels.copy()
    alpha = None if photo.alpha is None else photo.alpha.copy()
    for numbers, data in zip(boxes, patches):
        box = _box(numbers, photo)
        patch = _patch(data, box)
        if patch.pixels.dtype != pixels.dtype:
            raise InputError("a patch has another number of bits than the photo")
        pixels[box.slices] = patch.pixels
        if alpha is not None and patch.alpha is not None:
            alpha[box.slices] = patch.alpha
    return dataclasses.replace(photo, pixels=pixels, alpha=alpha)


def patch_box(box: Box, size: tuple[int, int]) -> Box:
    """The box of a hole's patch: with a rim of the photo's own pixels, which hides its edges.

    Args:
        box: around the hole.
        size: (height, width) of the photo.
    """
    return Box(
        max(0, box.top - _RIM),
        max(0, box.left - _RIM),
        min(size[0], box.bottom + _RIM),
        min(size[1], box.right + _RIM),
    )


def cut_patch(photo: Photo, completed: np.ndarray, hole: np.ndarray, box: Box) -> bytes:
    """The patch of a fill: `completed` (H, W, 3) inside `box`, as PNG with its profile."""
    inside = hole[box.slices]
    alpha = None if photo.alpha is None else filled_alpha(photo.alpha[box.slices], inside)
    part = Photo(completed[box.slices], alpha, photo.grey, photo.profile)
    return bytes(encode_photo(part, part.pixels, inside, "PNG", _FAST))


def encode(photo: Photo) -> bytes:
    """The whole photo as PNG, with profile, EXIF and alpha."""
    nothing = np.zeros(photo.pixels.shape[:2], bool)
    return bytes(encode_photo(photo, photo.pixels, nothing, "PNG", _FAST))


def _box(numbers: Any, photo: Photo) -> Box:
    if not isinstance(numbers, list) or [type(number) for number in numbers] != [int] * 4:
        raise InputError("the box of a patch must be four whole numbers")
    left, top, width, height = numbers
    box = Box(top, left, top + height, left + width)
    rows, columns = photo.pixels.shape[:2]
    if min(left, top) < 0 or min(width, height) < 1 or box.bottom > rows or box.right > columns:
        raise InputError("a patch lies outside the photo")
    return box


def _patch(data: bytes, box: Box) -> Photo:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            fits = picture.size == (box.width, box.height)
        patch = decode_photo(data, "a patch") if fits else None
    except Exception:  # damaged bytes can raise nearly anything
        raise InputError("a patch is damaged") from None
    if patch is None:
        raise InputError("a patch does not fit its box")
    return patch
