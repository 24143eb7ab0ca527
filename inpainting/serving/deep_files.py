"""PNG and TIFF files of 16 bits a channel, which Pillow reads and writes in 8 (but for plain grey).

OpenCV reads them. They are written here, since OpenCV's files carry no colour profile and no EXIF,
and since Pillow can put no camera settings into a compressed TIFF: `encode_tiff` therefore writes
those of 8 bits, too. Sources: the PNG specification (W3C, third edition), sections 9 and 11; TIFF,
revision 6.0, sections 2 and 14. No TensorFlow.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
from absl import logging
from PIL import Image, TiffImagePlugin

_ORIENTATION = 0x0112
_TURN = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
# Rows that are filtered and compressed at a time, which bounds the memory.
_ROWS = 256
_STRIP_BYTES = 2**18
_PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # samples a pixel -> colour type
_PAETH = 4
_CAMERA, _PLACE, _CAMERA_LINKS = 0x8769, 0x8825, 0xA005


def read_deep(data: bytes, name: str, source: Image.Image) -> np.ndarray | None:
    """The pixels of a 16-bit PNG or TIFF file, upright.

    Args:
        data: the file.
        name: what the log calls it.
        source: the same file, opened and loaded by Pillow.

    Returns:
        uint16 (H, W, 1 to 4): grey, grey with alpha, RGB or RGBA. None where the file has another
        format or fewer bits, or (said in the log) where its 16 bits cannot be read and 8 must do.
    """
    bits, grey_with_alpha = _kind(data, source)
    if bits != 16:
        return None
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is not None and pixels.dtype == np.uint16:
        pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
        channels = pixels.shape[2]
        pixels = pixels[..., [2, 1, 0, 3][:channels]] if channels > 1 else pixels
        if source.format == "PNG":  # OpenCV turns a TIFF itself
            orientation = source.getexif().get(_ORIENTATION, 1)
            pixels = _TURN.get(orientation, lambda same: same)(pixels)
        if source.mode.startswith("I") or _high_bytes_agree(pixels, source):
            return np.ascontiguousarray(pixels[..., ::3] if grey_with_alpha else pixels)
    logging.warning("%s: its 16 bits cannot be read, 8 of them are used", name)
    return None


def _kind(data: bytes, source: Image.Image) -> tuple[int, bool]:
    """Bits a channel; whether it is grey with alpha, which both libraries read as RGBA."""
    if source.format == "PNG":
        bits, colour = data[24:26]  # in the first chunk
        return bits, colour == _PNG_COLOUR[2]
    if source.format == "TIFF":
        bits = source.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))  # type: ignore[attr-defined]
        return max(bits), False
    return 8, False


def _high_bytes_agree(pixels: np.ndarray, source: Image.Image) -> bool:
    """Whether OpenCV and Pillow, which keeps the high byte of 16-bit colour, read one picture."""
    from PIL import ImageOps

    shown = np.asarray(ImageOps.exif_transpose(source).convert("RGB"))
    high = (pixels[..., : min(3, pixels.shape[2])] >> 8).astype(np.uint8)
    return high.shape[:2] == shown.shape[:2] and bool(np.all(high == shown))


def encode_png(
    pixels: np.ndarray, profile: bytes | None, exif: bytes, dpi: tuple[float, float] | None
) -> bytes:
    """uint16 (H, W, 1 to 4): grey, grey with alpha, RGB or RGBA -> a PNG file's bytes."""
    height, width, samples = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOUR[samples], 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header)]
    if profile:
        parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)))
    if dpi:
        metres = [round(value / 0.0254) for value in dpi]
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", *metres, 1)))
    if exif:
        parts.append(_chunk(b"eXIf", exif[6:] if exif.startswith(b"Exif\0\0") else exif))
    packer = zlib.compressobj()
    for top in range(0, height, _ROWS):
        data = packer.compress(_filtered(pixels, top))
        if data:
            parts.append(_chunk(b"IDAT", data))
    parts += [_chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _filtered(pixels: np.ndarray, top: int) -> bytes:
    """Rows from `top` on, each less what the Paeth filter predicts it from left and above."""
    start = max(top - 1, 0)
    part = pixels[start : top + _ROWS].astype(">u2")
    step = 2 * pixels.shape[2]
    rows = part.reshape(len(part), -1).view(np.uint8).astype(np.int16)
    if top == 0:
        rows = np.pad(rows, ((1, 0), (0, 0)))
    rows = np.pad(rows, ((0, 0), (step, 0)))
    left, above, corner = rows[1:, :-step], rows[:-1, step:], rows[:-1, :-step]
    to_left, to_above = np.abs(above - corner), np.abs(left - corner)
    to_corner = np.abs(left + above - 2 * corner)
    best = np.where(to_above <= to_corner, above, corner)
    best = np.where((to_left <= to_above) & (to_left <= to_corner), left, best)
    coded = np.pad((rows[1:, step:] - best).astype(np.uint8), ((0, 0), (1, 0)))
    coded[:, 0] = _PAETH
    return coded.tobytes()


def encode_tiff(
    pixels: np.ndarray, profile: bytes | None, exif: bytes, dpi: tuple[float, float] | None
) -> bytes:
    """uint8 or uint16 (H, W, 1 to 4) as in `encode_png` -> a TIFF file's bytes, deflated.

    EXIF is kept with camera settings and place.
    """
    height, width, samples = pixels.shape
    bits = 8 * pixels.itemsize
    rows = max(1, _STRIP_BYTES // (width * samples * pixels.itemsize))
    strips = [_deflated(pixels[top : top + rows]) for top in range(0, height, rows)]
    sizes = [len(strip) for strip in strips]
    tags = TiffImagePlugin.ImageFileDirectory_v2(b"II\x2a\0\0\0\0\0")
    _add_exif(tags, exif)
    fields: dict[int, Any] = {
        TiffImagePlugin.IMAGEWIDTH: width,
        TiffImagePlugin.IMAGELENGTH: height,
        TiffImagePlugin.BITSPERSAMPLE: (bits,) * samples,
        TiffImagePlugin.SAMPLESPERPIXEL: samples,
        TiffImagePlugin.COMPRESSION: 8,
        TiffImagePlugin.PREDICTOR: 2,
        TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 2 if samples > 2 else 1,
        TiffImagePlugin.PLANAR_CONFIGURATION: 1,
        TiffImagePlugin.ROWSPERSTRIP: rows,
        TiffImagePlugin.STRIPBYTECOUNTS: tuple(sizes),
        TiffImagePlugin.STRIPOFFSETS: tuple(sum(sizes[:n]) for n in range(len(sizes))),
    }
    if samples in (2, 4):
        fields[TiffImagePlugin.EXTRASAMPLES] = 2  # alpha that the colours are not multiplied by
    if profile:
        fields[TiffImagePlugin.ICCPROFILE] = profile
    if dpi:
        fields[TiffImagePlugin.RESOLUTION_UNIT] = 2
        fields[TiffImagePlugin.X_RESOLUTION], fields[TiffImagePlugin.Y_RESOLUTION] = dpi
    for tag, value in fields.items():
        tags[tag] = value
    # Written sizes are longs: a strip's offset may not fit into the short that its value suggests.
    for tag in (TiffImagePlugin.STRIPBYTECOUNTS, TiffImagePlugin.STRIPOFFSETS):
        tags.tagtype[tag] = 4
    return b"II\x2a\0\x08\0\0\0" + tags.tobytes(8) + b"".join(strips)


def _deflated(rows: np.ndarray) -> bytes:
    """A strip, each sample less that of the pixel before it, which compresses better."""
    differences = rows.copy()
    differences[:, 1:] -= rows[:, :-1]
    return zlib.compress(differences.astype(rows.dtype.newbyteorder("<")).tobytes())


def _add_exif(tags: TiffImagePlugin.ImageFileDirectory_v2, data: bytes) -> None:
    if not data:
        return
    exif = Image.Exif()
    exif.load(data)
    for tag, value in exif.items():
        if tag in (_CAMERA, _PLACE):
            value = dict(exif.get_ifd(tag))
            value.pop(_CAMERA_LINKS, None)  # points into the old file
        tags[tag] = value
