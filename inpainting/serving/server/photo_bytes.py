"""Encoded photos of `serve_bytes`: looked at first, then decoded as the graph decodes them.

The server decodes itself and gives the network arrays, so that photos of one size are joined, a
request may mix sizes, and what can't be read is told in one line. The decoders are the exported
graph's own (`inpainting.serving.signatures`): the answer is the same. Only GIFs are read by Pillow,
which stops after the first frame; TensorFlow's kernel first unpacks all of them, at any size.
"""

from __future__ import annotations

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from inpainting.decoding import READABLE_FORMATS
from inpainting.errors import reason
from inpainting.serving import signatures
from inpainting.serving.server.refusal import Refusal

# What TensorFlow's kernels read.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF")


def size_of(data: bytes, name: str, formats: tuple[str, ...] = READABLE_FORMATS) -> tuple[int, int]:
    """(width, height) that a file claims; nothing of it is decoded.

    Raises:
        Refusal: 400, it is not a file of these formats; 413, it claims more than Pillow allows.
    """
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            return image.size
    except Image.DecompressionBombError as error:
        raise Refusal(413, f"{name} claims more pixels than any photo has") from error
    except Exception as error:  # damaged headers raise nearly anything
        kinds = ", ".join(formats)
        raise Refusal(400, f"{name} is not an image that can be read ({kinds})") from error


def claimed_size(image: bytes, mask: bytes) -> tuple[int, int]:
    """(width, height) of a photo and its mask; raises `Refusal` 400 if they differ."""
    size = size_of(image, "image_bytes", _FORMATS)
    mask_size = size_of(mask, "mask_bytes", _FORMATS)
    if size != mask_size:
        raise Refusal(
            400,
            f"mask_bytes is {mask_size[0]} x {mask_size[1]} pixels (width x height) but "
            f"image_bytes is {size[0]} x {size[1]}: they must be of one size",
        )
    return size


def decode(image: bytes, mask: bytes) -> dict[str, np.ndarray]:
    """The inputs of `serving_default`: uint8 `image` (1, H, W, 3), `mask` (1, H, W, 1), 255 = hole.

    Raises:
        Refusal: 400, one of them is damaged.
    """
    pixels = _decoded(signatures.decode_image, image, "image_bytes")
    hole = _decoded(signatures.decode_hole, mask, "mask_bytes")
    if pixels.shape[:2] != hole.shape[:2]:  # a header that Pillow and TensorFlow read differently
        raise Refusal(400, "image_bytes and mask_bytes must be of one size")
    return {"image": pixels[np.newaxis], "mask": hole[np.newaxis] * np.uint8(255)}


def encode(completed: np.ndarray) -> bytes:
    """uint8 (H, W, 3) -> a PNG's bytes."""
    return tf.io.encode_png(completed).numpy()


def _decoded(decoder, data: bytes, name: str) -> np.ndarray:
    try:
        if data[:3] == b"GIF":
            data = _first_frame(data)
        return decoder(tf.constant(data)).numpy()
    except Refusal:
        raise
    except Exception as error:
        why = reason(error).split("}} ")[-1]  # without the name of TensorFlow's node
        raise Refusal(400, f"{name} is truncated or damaged: {why}") from error


def _first_frame(data: bytes) -> bytes:
    frame = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=("GIF",)) as image:
        image.convert("RGB").save(frame, format="PNG", compress_level=1)
    return frame.getvalue()
