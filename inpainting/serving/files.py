"""Photo files in and out: what a fill must not lose around the pixels.

`read_photo` and `write_photo` (`decode_photo` and `encode_photo` for bytes) keep, where the
output's format can hold it, 16 bits a channel, colour profile, EXIF, alpha channel, grey, the
resolution, and a JPEG's quantisation tables and colour sampling, so that the output is about as
large and as good as the input. EXIF goes without its orientation, which is applied to the pixels,
and without its thumbnail, which would still show what was removed. Reading itself, and every error
of it, is `inpainting.image`'s. No TensorFlow.
"""

from __future__ import annotations

import dataclasses
import io
import os
import warnings
from typing import Any

import numpy as np
from absl import logging
from PIL import Image, ImageOps, JpegImagePlugin

from inpainting.decoding import decode, open_file, to_photo
from inpainting.errors import InputError
from inpainting.image import (
    READABLE_FORMATS,
    WRITABLE_FORMATS,
    check_writable,
    write_bytes,
)
from inpainting.serving.deep_files import encode_png, encode_tiff, read_deep

_ORIENTATION = 0x0112
_ALPHA_FORMATS = ("PNG", "WEBP", "TIFF")
_DEEP_FORMATS = ("PNG", "TIFF")
# Tags of a TIFF that say how that file stores its pixels, or hold copies of the picture
# (Photoshop's, XMP): wrong or unwanted in another file.
_FILE_TAGS = {
    *(*range(254, 267), 273, *range(277, 280), 284, *range(288, 294), *range(317, 328), 330),
    *(*range(332, 348), *range(512, 533), 700, 33723, 34377, 34675, 37724),
}

# Damaged EXIF data is left out; Pillow would warn of every damaged part besides.
warnings.filterwarnings("ignore", message="Corrupt EXIF data")


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo and what its file said besides.

    Attributes:
        pixels: uint8 (H, W, 3), or uint16 where the file has 16 bits a channel; upright, in the
            file's own colour space where `profile` is kept.
        alpha: (H, W) of the same dtype, or None.
        grey: whether the file had no colour.
        profile: the ICC profile of `pixels`, or None.
        exif: EXIF without orientation, empty where there is none.
        options: further options for Pillow's `save`, by format.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    grey: bool = False
    profile: bytes | None = None
    exif: bytes = b""
    options: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)


def read_photo(path: str) -> Photo:
    """Reads a photo; raises `InputError` as `inpainting.image.read_image` does."""
    with open_file(path) as stream:
        return decode_photo(stream.read(), path)


def decode_photo(data: bytes, name: str) -> Photo:
    """A photo of a file's bytes; `name` is what errors call it.

    Raises:
        InputError: as `inpainting.image.decode_image` does.
    """
    decoded = decode(io.BytesIO(data), name)
    with Image.open(io.BytesIO(data), formats=READABLE_FORMATS) as source:
        if getattr(source, "is_animated", False):
            logging.warning("%s holds more pictures than one: the first is used, alone", name)
        deep = read_deep(data, name, source)
        grey = source.mode in ("1", "L", "LA", "La") or source.mode.startswith("I")
        grey = grey or (deep is not None and deep.shape[2] < 3)
        has_alpha = source.has_transparency_data
        profile = source.info.get("icc_profile")
        if profile and _is_for(profile, source.mode, grey):
            # Other readers convert to sRGB. Here the pixels keep their values with their profile;
            # the network sees neighbours and fill in one space, which is what matters.
            pixels = np.array(decoded.convert("RGB"))
        else:
            profile = None
            pixels = to_photo(decoded, name)
        alpha = np.asarray(_upright(source).convert("RGBA"))[..., 3] if has_alpha else None
        if deep is not None:
            if deep.shape[2] in (2, 4):
                alpha = deep[..., -1]
            elif alpha is not None:  # one colour is declared transparent
                alpha = alpha.astype(np.uint16) * 257
            pixels = deep[..., :3] if deep.shape[2] > 2 else np.repeat(deep[..., :1], 3, axis=2)
        return Photo(pixels, alpha, grey, profile, _exif(source, name), _options(source))


def write_photo(path: str, photo: Photo, completed: np.ndarray, hole: np.ndarray) -> None:
    """Writes `completed`, which is `photo.pixels` with `hole` (bool (H, W)) filled.

    Where the photo was fully transparent inside the hole it becomes opaque, since the fill would
    not be seen; elsewhere alpha stays. 16 bits stay so in PNG and TIFF, and become 8 (said in the
    log) in the other formats. The file appears whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    check_writable(path)
    format_name, options = WRITABLE_FORMATS[os.path.splitext(path)[1].lower()]
    write_bytes(path, encode_photo(photo, completed, hole, format_name, options, path))


def encode_photo(
    photo: Photo,
    completed: np.ndarray,
    hole: np.ndarray,
    format_name: str = "PNG",
    options: dict[str, Any] | None = None,
    name: str = "the photo",
) -> bytes:
    """The bytes of the file that `write_photo` writes; `options` are Pillow's, of that format.

    Raises:
        InputError: it is larger than the format allows; `name` is what the line calls it.
    """
    alpha = photo.alpha
    if alpha is not None and format_name not in _ALPHA_FORMATS:
        logging.warning("%s: %s holds no transparency, it is left out", name, format_name)
        alpha = None
    if alpha is not None:
        alpha = filled_alpha(alpha, hole)
    if completed.dtype == np.uint16 and format_name not in _DEEP_FORMATS:
        logging.warning("%s: %s holds 8 bits a channel, 16 are rounded to them", name, format_name)
        completed = to_eight_bits(completed)
        alpha = None if alpha is None else to_eight_bits(alpha)
    samples = [_luma(completed)] if photo.grey else [completed]
    pixels = np.concatenate(samples + ([] if alpha is None else [alpha[..., np.newaxis]]), axis=2)
    own = {**photo.options.get(format_name, {})}
    try:
        if format_name == "TIFF":
            return encode_tiff(pixels, photo.profile, photo.exif, own.get("dpi"))
        if pixels.dtype == np.uint16:
            return encode_png(pixels, photo.profile, photo.exif, own.get("dpi"))
        return _encode(pixels, photo, format_name, {**(options or {}), **own})
    except (OSError, ValueError) as error:  # larger than the format allows
        raise InputError(f"cannot write {name}: {error}") from error


def filled_alpha(alpha: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Alpha (H, W) after a fill of `hole`: opaque where nothing would be seen of it."""
    opaque = np.iinfo(alpha.dtype).max
    return np.where(hole & (alpha == 0), opaque, alpha).astype(alpha.dtype)


def to_eight_bits(values: np.ndarray) -> np.ndarray:
    """uint16 -> uint8, to the nearest; uint8 as it is."""
    if values.dtype == np.uint8:
        return values
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _luma(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (H, W, 1), with the weights of ITU-R 601; equal channels keep their value."""
    weighted = pixels.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)  # of 65536
    return ((weighted + 32768) >> 16).astype(pixels.dtype)[..., np.newaxis]


def _encode(pixels: np.ndarray, photo: Photo, format_name: str, options: dict[str, Any]) -> bytes:
    """A file of Pillow's: 8 bits a channel."""
    if "qtables" in options:
        options.pop("quality", None)  # it would scale the tables
    if format_name == "WEBP":
        options["exact"] = True  # or the colour under full transparency is lost
    if photo.profile:
        options["icc_profile"] = photo.profile
    if photo.exif and format_name != "BMP":
        options["exif"] = photo.exif
    data = io.BytesIO()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    picture.save(data, format=format_name, **options)
    return data.getvalue()


def _upright(source: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(source)
    except Exception:  # damaged EXIF data can raise nearly anything, and gives no orientation
        return source


def _is_for(profile: bytes, mode: str, grey: bool) -> bool:
    """Whether a profile is for pixels as they are kept: a CMYK photo becomes RGB."""
    kind = profile[16:20]
    return kind == b"GRAY" if grey else kind == b"RGB " and mode in ("RGB", "RGBA", "P", "PA")


def _exif(source: Image.Image, path: str) -> bytes:
    try:
        exif = source.getexif()
        for tag in _FILE_TAGS & set(exif):
            del exif[tag]
        if _ORIENTATION in exif:
            exif[_ORIENTATION] = 1
        return exif.tobytes() if len(exif) else b""  # writes no thumbnail
    except Exception:
        logging.warning("%s has damaged EXIF data, which is left out", path)
        return b""


def _options(source: Image.Image) -> dict[str, dict[str, Any]]:
    resolution = source.info.get("dpi")
    common = {"dpi": resolution} if resolution else {}
    jpeg = dict(common)
    if isinstance(source, JpegImagePlugin.JpegImageFile):
        sampling = JpegImagePlugin.get_sampling(source)
        jpeg.update(
            qtables=source.quantization,
            subsampling=max(sampling, 0),
            progressive=bool(source.info.get("progressive")),
            optimize=True,
        )
    return {"JPEG": jpeg, "PNG": common, "TIFF": common}
