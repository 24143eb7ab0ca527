"""Photographs and masks: the conventions of this project, and reading and writing files.

A photograph is `uint8 (H, W, 3)`, RGB in sRGB, the right way up. A mask is `uint8 (H, W)`, exactly
0 or 1, **1 = hole** (white in a file). Networks take float32 in [0, 1]. This module is the one
place where files of any kind (grey, palette, alpha, 16 bits, CMYK, rotated by EXIF, of another
colour profile) become those arrays, by means of `inpainting.decoding`, and where arrays become
files. It needs NumPy and Pillow only.

Every mistake of a user raises `inpainting.errors.InputError` with one line that names the file.
What is read in a way that the user may not expect (a grey mask, a hole in the alpha channel, a
transparent photograph) is read, and said once in the log.
"""

from __future__ import annotations

import io
import os
import secrets

import numpy as np
from PIL import Image

from inpainting.decoding import MASK_THRESHOLD, decode, open_file, to_mask, to_photo
from inpainting.decoding import MAX_PIXELS as MAX_PIXELS
from inpainting.decoding import READABLE_FORMATS as READABLE_FORMATS
from inpainting.errors import InputError

# Suffix -> Pillow's name and options. JPEG keeps its colour at full resolution (4:4:4); the other
# formats are lossless, so that pixels outside a hole come back bit for bit.
WRITABLE_FORMATS: dict[str, tuple[str, dict[str, object]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True}),
    ".bmp": ("BMP", {}),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
}


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a photograph as uint8 (H, W, 3); raises `InputError` if that is not possible."""
    name = os.fspath(path)
    with open_file(name) as stream:
        return to_photo(decode(stream, name), name)


def decode_image(data: bytes, name: str) -> np.ndarray:
    """Decodes an image file's bytes as uint8 (H, W, 3); `name` is what errors call it.

    EXIF orientation is applied and a colour profile other than sRGB converted. Of an animation the
    first frame is taken. 16-bit channels are scaled to 8 bits. Transparency is ignored: the colour
    stored under it is kept.
    """
    return to_photo(decode(io.BytesIO(data), name), name)


def read_mask(path: str | os.PathLike[str], invert: bool = False) -> np.ndarray:
    """Reads a mask file as uint8 (H, W) of 0 and 1, 1 = hole; see `decode_mask`."""
    name = os.fspath(path)
    with open_file(name) as stream:
        return to_mask(decode(stream, name), name, invert)


def decode_mask(data: bytes, name: str, invert: bool = False) -> np.ndarray:
    """Decodes a mask file's bytes as uint8 (H, W) of 0 and 1, 1 = hole.

    White is hole: a pixel counts by its brightest channel (so that strokes of any bright colour on
    black do), from 128 of 255 up. Where colour says nothing because all visible pixels have one
    value, but some are transparent, the opaque pixels (alpha from 128 up) are the hole; otherwise
    the image is taken over black. With `invert`, black is hole, or what is transparent.
    """
    return to_mask(decode(io.BytesIO(data), name), name, invert)


def check_pair(
    image: np.ndarray, mask: np.ndarray, names: tuple[str, str] = ("image", "mask")
) -> None:
    """Raises `InputError` unless `mask` (H, W) marks some, but not all, of `image` (H, W, 3)."""
    image_name, mask_name = names
    if image.shape[:2] != mask.shape[:2]:
        turned = mask.shape[:2] == image.shape[1::-1]
        hint = ", both turned as their EXIF says" if turned else ""
        raise InputError(
            f"{mask_name} is {mask.shape[1]} x {mask.shape[0]} pixels (width x height) but "
            f"{image_name} is {image.shape[1]} x {image.shape[0]}: they must be of one size{hint}"
        )
    if not mask.any():
        raise InputError(
            f"{mask_name} has no hole: white (from {MASK_THRESHOLD} of 255 up) marks what is to be "
            "filled, --invert_mask reads black as hole"
        )
    if mask.all():
        raise InputError(
            f"{mask_name} is all hole, which leaves nothing of {image_name} to fill it from: white "
            "marks what is to be filled, --invert_mask reads black as hole"
        )


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises `InputError` if `write_image` could not write `path`; to be called before long work.

    The suffix must be one of `WRITABLE_FORMATS` and a file can be made in the folder; this is
    found out by making one, and nothing is left behind.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise InputError(f"cannot write {name}: it is a folder, expected the name of an image file")
    _format_of(name)
    if os.path.exists(name) and not os.path.isfile(name):
        raise InputError(f"cannot write {name}: it is not a regular file")
    folder = os.path.dirname(name) or "."
    if not os.path.exists(folder):
        raise InputError(f"cannot write {name}: there is no folder {folder}")
    temporary = _temporary_name(name)
    try:
        with open(temporary, "xb"):
            pass
        os.remove(temporary)
    except OSError as error:
        raise InputError(f"cannot write {name}: {error.strerror}") from error


def write_image(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Writes uint8 (H, W, 3), or (H, W) as grey, in the format that the suffix names.

    The file appears whole or not at all: it is written beside its place and then renamed, so that
    a full disk or an interruption leaves an earlier file of that name as it was.

    Raises:
        ValueError: `image` is not such an array.
        InputError: unknown suffix, or the file cannot be written there.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise ValueError(
            f"image must be uint8 (H, W, 3) or (H, W), received {image.dtype} {image.shape}"
        )
    name = os.fspath(path)
    check_writable(name)
    format_name, options = _format_of(name)
    data = io.BytesIO()
    try:
        Image.fromarray(image).save(data, format=format_name, **options)
    except (OSError, ValueError) as error:  # larger than the format allows
        raise InputError(f"cannot write {name}: {error}") from error
    write_bytes(name, data.getbuffer())


def write_bytes(path: str, data: bytes | memoryview) -> None:
    """Writes a whole file beside its place and renames it: no reader ever sees half of it.

    Raises:
        InputError: it cannot be written; an earlier file of that name is as it was.
    """
    target = os.path.realpath(path)  # a symbolic link stays one
    temporary = _temporary_name(target)
    try:
        with open(temporary, "xb") as stream:
            stream.write(data)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def to_float(image: np.ndarray) -> np.ndarray:
    """uint8 or uint16 of any shape -> float32 in [0, 1]; floats become float32 as they are."""
    if np.issubdtype(image.dtype, np.integer):
        return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
    return image.astype(np.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Floats of any shape, clipped to [0, 1] -> uint8, to the nearest (halves up)."""
    return from_float(image, np.uint8)


def from_float(image: np.ndarray, dtype: np.dtype | type) -> np.ndarray:
    """Floats of any shape, clipped to [0, 1] -> uint8 or uint16 to the nearest, or other floats."""
    clipped = np.clip(image, 0.0, 1.0)
    if np.issubdtype(dtype, np.integer):
        clipped = np.floor(clipped * np.iinfo(dtype).max + 0.5)
    return clipped.astype(dtype)


def complete(image: np.ndarray, mask: np.ndarray, refined: np.ndarray) -> np.ndarray:
    """The photograph with its hole filled; outside the hole bit for bit as it came in.

    Args:
        image: uint8 (..., H, W, 3).
        mask: uint8 (..., H, W) of 0 and 1, 1 = hole.
        refined: what a network made, (..., H, W, 3), uint8 or float in [0, 1].
    """
    fill = refined if refined.dtype == np.uint8 else to_uint8(refined)
    return np.where(mask[..., np.newaxis] == 1, fill, image)


def _format_of(name: str) -> tuple[str, dict[str, object]]:
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in WRITABLE_FORMATS:
        known = " ".join(WRITABLE_FORMATS)
        raise InputError(f"cannot write {name}: its suffix must be one of {known}")
    return WRITABLE_FORMATS[suffix]


def _temporary_name(name: str) -> str:
    folder, base = os.path.split(name)
    return os.path.join(folder, f".{base[:100]}.{secrets.token_hex(4)}.tmp")
