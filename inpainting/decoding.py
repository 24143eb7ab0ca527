"""From an image file of any kind to the arrays of `inpainting.image`, which is what to import.

Grey, palette, alpha, 1 and 16 bits, CMYK, EXIF orientation, colour profiles and animations are
dealt with here, and a file that cannot be read is refused with an `InputError` of one line.
"""

from __future__ import annotations

import io
import warnings
from typing import IO

import numpy as np
from absl import logging
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

from inpainting.errors import InputError

# The formats that are tried, and no others: some of Pillow's start other programs (EPS).
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")

# More pixels than this are refused before they are decoded. It is Pillow's own limit for a
# decompression bomb, twice the size at which it starts to warn.
MAX_PIXELS = 178_956_970

# Values of a mask from this one up are hole.
MASK_THRESHOLD = 128

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


def open_file(name: str) -> IO[bytes]:
    """Opens a file for reading; whatever keeps it from being opened is an `InputError`."""
    try:
        return open(name, "rb")
    except FileNotFoundError as error:
        raise InputError(f"no such file: {name}") from error
    except IsADirectoryError as error:
        raise InputError(f"{name} is a folder, expected an image file") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read {name}: {reason}") from error


def decode(stream: IO[bytes], name: str) -> Image.Image:
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
    bits = image.tag_v2.get(BITSPERSAMPLE, (1,)) if isinstance(image, TiffImageFile) else (8,)
    return _to_eight_bits(_turn_upright(image), name, bits)


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


def _to_eight_bits(image: Image.Image, name: str, bits: tuple[int, ...]) -> Image.Image:
    """16-bit grey scaled to 8 bits; Pillow itself keeps the high byte of 16-bit colour.

    `bits` are those of a TIFF file's channels, of which Pillow's mode tells too little.
    """
    if image.mode == "F":
        raise InputError(f"{name} has floating-point values, expected 8 or 16 bits a channel")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    # Small ones, too: which value of 32 bits is white is not known; with 65535, 255 would be black.
    if max(bits) > 16 or values.min() < 0 or values.max() > 65535:
        raise InputError(f"{name} has 32-bit values, expected 8 or 16 bits a channel")
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    grey.info = {key: image.info[key] for key in ("icc_profile",) if key in image.info}
    return grey


def to_photo(image: Image.Image, name: str) -> np.ndarray:
    """uint8 (H, W, 3) in sRGB, of an image that `decode` returned."""
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


def to_mask(image: Image.Image, name: str, invert: bool) -> np.ndarray:
    """uint8 (H, W), 1 = hole, of an image that `decode` returned."""
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
