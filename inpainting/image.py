"""Photographs and masks: the conventions of this project, and reading and writing files.

A photograph is `uint8 (H, W, 3)`, RGB in sRGB, the right way up. A mask is `uint8 (H, W)`, exactly
0 or 1, **1 = hole** (white in a file). Networks take float32 in [0, 1]. This file is the one place
where files of any kind (grey, palette, alpha, 16 bits, CMYK, rotated by EXIF, of another colour
profile) become those arrays, and where arrays become files. It needs NumPy and Pillow only.

Every mistake of a user raises `inpainting.errors.InputError` with one line that names the file.
What is read in a way that the user may not expect (a grey mask, a hole in the alpha channel, a
transparent photograph) is read, and said once in the log.
"""

from __future__ import annotations

import io
import os
import secrets
import warnings
from typing import IO

import numpy as np
from absl import logging
from PIL import Image, ImageCms

from inpainting.errors import InputError

# The formats that are tried, and no others: some of Pillow's start other programs (EPS).
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")

# More pixels than this are refused before they are decoded. It is Pillow's own limit for a
# decompression bomb, twice the size at which it starts to warn.
MAX_PIXELS = 178_956_970

# Values of a mask from this one up are hole.
MASK_THRESHOLD = 128

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

_EXIF_ORIENTATION = 0x0112
# What undoes each EXIF orientation; 1 is upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# How a colour profile names the kind of pixels it is for, and Pillow's mode for them.
_PROFILE_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}

# MAX_PIXELS is enforced here with an error; Pillow's warning at half of it says nothing more.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Nor do its remarks on odd metadata: a file is read, or refused with one line.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a photograph as uint8 (H, W, 3); raises `InputError` if that is not possible."""
    name = os.fspath(path)
    with _open_file(name) as stream:
        return _to_photo(_decode(stream, name), name)


def decode_image(data: bytes, name: str) -> np.ndarray:
    """Decodes an image file's bytes as uint8 (H, W, 3); `name` is what errors call it.

    EXIF orientation is applied and a colour profile other than sRGB converted. Of an animation the
    first frame is taken. 16-bit channels are scaled to 8 bits. Transparency is ignored: the colour
    stored under it is kept.
    """
    return _to_photo(_decode(io.BytesIO(data), name), name)


def read_mask(path: str | os.PathLike[str], invert: bool = False) -> np.ndarray:
    """Reads a mask file as uint8 (H, W) of 0 and 1, 1 = hole; see `decode_mask`."""
    name = os.fspath(path)
    with _open_file(name) as stream:
        return _to_mask(_decode(stream, name), name, invert)


def decode_mask(data: bytes, name: str, invert: bool = False) -> np.ndarray:
    """Decodes a mask file's bytes as uint8 (H, W) of 0 and 1, 1 = hole.

    White is hole: a pixel counts by its brightest channel (so that strokes of any bright colour on
    black do), from 128 of 255 up. Where colour says nothing because all visible pixels have one
    value, but some are transparent, the opaque pixels (alpha from 128 up) are the hole; otherwise
    the image is taken over black. With `invert`, black is hole, or what is transparent.
    """
    return _to_mask(_decode(io.BytesIO(data), name), name, invert)


def check_pair(
    image: np.ndarray, mask: np.ndarray, names: tuple[str, str] = ("image", "mask")
) -> None:
    """Raises `InputError` unless `mask` (H, W) marks some, but not all, of `image` (H, W, 3)."""
    image_name, mask_name = names
    if image.shape[:2] != mask.shape[:2]:
        raise InputError(
            f"{mask_name} is {mask.shape[1]} x {mask.shape[0]} pixels (width x height) but "
            f"{image_name} is {image.shape[1]} x {image.shape[0]}: they must be of one size"
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
    _format_of(name)
    if os.path.isdir(name):
        raise InputError(f"cannot write {name}: it is a folder, expected the name of an image file")
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
    target = os.path.realpath(name)  # a symbolic link stays one
    temporary = _temporary_name(target)
    try:
        with open(temporary, "xb") as stream:
            Image.fromarray(image).save(stream, format=format_name, **options)
        os.replace(temporary, target)
    except (OSError, ValueError) as error:  # ValueError: larger than the format allows
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"cannot write {name}: {reason}") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def to_float(image: np.ndarray) -> np.ndarray:
    """uint8 of any shape -> float32 in [0, 1]."""
    return image.astype(np.float32) / np.float32(255)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Floats of any shape, clipped to [0, 1] -> uint8, to the nearest (halves up)."""
    return np.floor(np.clip(image, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def complete(image: np.ndarray, mask: np.ndarray, refined: np.ndarray) -> np.ndarray:
    """The photograph with its hole filled; outside the hole bit for bit as it came in.

    Args:
        image: uint8 (..., H, W, 3).
        mask: uint8 (..., H, W) of 0 and 1, 1 = hole.
        refined: what a network made, (..., H, W, 3), uint8 or float in [0, 1].
    """
    fill = refined if refined.dtype == np.uint8 else to_uint8(refined)
    return np.where(mask[..., np.newaxis] == 1, fill, image)


def _open_file(name: str) -> IO[bytes]:
    try:
        return open(name, "rb")
    except FileNotFoundError as error:
        raise InputError(f"no such file: {name}") from error
    except IsADirectoryError as error:
        raise InputError(f"{name} is a folder, expected an image file") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read {name}: {reason}") from error


def _decode(stream: IO[bytes], name: str) -> Image.Image:
    """The first frame, decoded and turned upright, in the mode that it was stored in."""
    if not stream.read(1):
        raise InputError(f"{name} is empty (0 bytes)")
    stream.seek(0)
    try:
        image: Image.Image = Image.open(stream, formats=READABLE_FORMATS)
    except Image.UnidentifiedImageError as error:
        formats = ", ".join(READABLE_FORMATS)
        raise InputError(f"{name} is not an image that can be read ({formats})") from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except Exception as error:  # a decoder meeting damaged bytes can raise nearly anything
        raise InputError(f"{name} is damaged: {_one_line(error)}") from error
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name)
    try:
        image.load()
    except Exception as error:
        raise InputError(f"{name} is truncated or damaged: {_one_line(error)}") from error
    return _to_eight_bits(_turn_upright(image), name)


def _too_large(name: str) -> InputError:
    return InputError(f"{name} has more than {MAX_PIXELS} pixels, the most that is decoded")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _turn_upright(image: Image.Image) -> Image.Image:
    """Applies the EXIF orientation; damaged EXIF data gives none."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION)
    except Exception:
        return image
    if orientation not in _UPRIGHT:
        return image
    info = image.info
    image = image.transpose(_UPRIGHT[orientation])
    image.info = info
    return image


def _to_eight_bits(image: Image.Image, name: str) -> Image.Image:
    """16-bit grey scaled to 8 bits; Pillow itself keeps the high byte of 16-bit colour."""
    if image.mode == "F":
        raise InputError(f"{name} has floating-point values, expected 8 or 16 bits a channel")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise InputError(f"{name} has 32-bit values, expected 8 or 16 bits a channel")
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    grey.info = {key: image.info[key] for key in ("icc_profile",) if key in image.info}
    return grey


def _to_photo(image: Image.Image, name: str) -> np.ndarray:
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            logging.log_first_n(
                logging.WARNING,
                "%s is transparent in places: the colour stored there is used (said once)",
                1,
                name,
            )
        image = image.convert("L") if image.mode == "LA" else rgba.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "CMYK"):
        image = image.convert("RGB")
    return np.array(_to_srgb(image, profile).convert("RGB"))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Converts colours by an embedded profile; one that is broken or of another kind is ignored."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _PROFILE_MODES.get(source.profile.xcolor_space.strip()) != image.mode:
            return image
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return image if converted is None else converted


def _to_mask(image: Image.Image, name: str, invert: bool) -> np.ndarray:
    if image.has_transparency_data:
        values = _transparent_mask_values(np.asarray(image.convert("RGBA")), name)
    else:
        values = np.asarray(image.convert("RGB")).max(axis=-1)
    if np.any((values > 0) & (values < 255)):
        logging.log_first_n(
            logging.WARNING,
            "mask %s has values between black and white (up to %d): those from %d up are hole "
            "(said once)",
            1,
            name,
            values.max(),
            MASK_THRESHOLD,
        )
    return ((values >= MASK_THRESHOLD) != invert).astype(np.uint8)


def _transparent_mask_values(rgba: np.ndarray, name: str) -> np.ndarray:
    """uint8 (H, W): alpha if the visible colour says nothing, else the colour over black."""
    colour, alpha = rgba[..., :3].max(axis=-1), rgba[..., 3]
    opaque = alpha >= MASK_THRESHOLD
    visible = colour[opaque] >= MASK_THRESHOLD
    if opaque.any() and not opaque.all() and (visible.all() or not visible.any()):
        logging.log_first_n(
            logging.WARNING,
            "mask %s has one colour and a transparent part: what is opaque is hole (said once)",
            1,
            name,
        )
        return alpha
    return ((colour.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8)


def _format_of(name: str) -> tuple[str, dict[str, object]]:
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in WRITABLE_FORMATS:
        known = " ".join(WRITABLE_FORMATS)
        raise InputError(f"cannot write {name}: its suffix must be one of {known}")
    return WRITABLE_FORMATS[suffix]


def _temporary_name(name: str) -> str:
    folder, base = os.path.split(name)
    return os.path.join(folder, f".{base[:100]}.{secrets.token_hex(4)}.tmp")
