"""From one photograph's file to one record, in a process of its own: no state, no TensorFlow."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from typing import NamedTuple

import google_crc32c
import numpy as np
from PIL import Image

from inpainting.data.shards.example import encode_example
from inpainting.data.shards.index import encode_name
from inpainting.data.shards.inputs import Item
from inpainting.data.shards.records import frame
from inpainting.errors import InputError
from inpainting.files import read_bytes
from inpainting.image import READABLE_FORMATS, decode_image

ENCODINGS = ("keep", "jpeg", "png", "webp")
_LOSSY = ("jpeg", "webp")
_DEFAULT_QUALITY = 95


@dataclasses.dataclass(frozen=True)
class Options:
    """What is done with each photograph, and the size of a shard.

    Attributes:
        encode: `keep` leaves the file's bytes as they are (EXIF rotation and colour profile too);
            `jpeg`, `png` and `webp` store it upright, in sRGB, without metadata.
        quality: of `jpeg` and `webp`, 1 to 100; None takes 95 for these two.
        shorter_side: pixels that the shorter side is reduced to; a smaller photograph is not
            enlarged. 0 keeps sizes.
        min_side: photographs whose shorter side has fewer pixels are skipped.
        shard_bytes: a shard is closed before it would become larger.

    Raises:
        InputError: a value is out of range, or goes with another encoding only.
    """

    encode: str = "keep"
    quality: int | None = None
    shorter_side: int = 0
    min_side: int = 32
    shard_bytes: int = 128_000_000

    def __post_init__(self) -> None:
        if self.encode not in ENCODINGS:
            raise InputError(f"--encode={self.encode} is none of {', '.join(ENCODINGS)}")
        if self.quality is None and self.encode in _LOSSY:
            object.__setattr__(self, "quality", _DEFAULT_QUALITY)
        if self.quality is not None and self.encode not in _LOSSY:
            raise InputError(f"--quality goes with --encode=jpeg or webp, not {self.encode}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise InputError(f"--quality must be 1 to 100, got {self.quality}")
        if self.shorter_side and self.encode == "keep":
            raise InputError("--shorter_side needs --encode=jpeg, png or webp")
        if self.shard_bytes < 1:
            raise InputError("--shard_size must be more than 0")
        for name, least in {"shorter_side": 0, "min_side": 1}.items():
            if getattr(self, name) < least:
                raise InputError(f"--{name} must be {least} or more, got {getattr(self, name)}")


class Converted(NamedTuple):
    """A record, ready to be appended to a shard."""

    name: str
    record: bytes
    length: int  # bytes of the data in the record
    checksum: int  # CRC-32C of the data
    height: int  # as encoded
    width: int
    pixels: bytes  # 16 bytes of a hash of the input's decoded pixels


class Skipped(NamedTuple):
    """A photograph that is left out: `kind` to count by, `reason` to read."""

    name: str
    kind: str
    reason: str


def convert(item: Item, options: Options) -> Converted | Skipped:
    """Decodes a photograph, whatever the options: a damaged one never gets into a shard."""
    if item.problem:
        return Skipped(item.name, "unreadable", f"{item.name} {item.problem}")
    data = item.data
    try:
        if data is None:
            data = read_bytes(item.path)
    except InputError as error:
        return Skipped(item.name, "unreadable", str(error))
    try:
        image = decode_image(data, item.name)
    except InputError as error:
        return Skipped(item.name, _kind(data, error), str(error))
    side = min(image.shape[:2])
    if side < options.min_side:
        reason = f"{item.name} has a shorter side of {side} pixels, below {options.min_side}"
        return Skipped(item.name, "too small", reason)
    pixels = hashlib.sha256(str(image.shape).encode())
    pixels.update(np.ascontiguousarray(image).data)
    if options.encode != "keep":
        data = _encode(_reduce(image, options.shorter_side), options)
    return _record(item.name, data, pixels.digest()[:16])


def _kind(data: bytes, error: InputError) -> str:
    cause = error.__cause__
    if not data:
        return "empty"
    if isinstance(cause, Image.UnidentifiedImageError):
        return "not an image"
    if cause is None or isinstance(cause, Image.DecompressionBombError):
        return "unsupported"  # too many pixels, floating-point or 32-bit values
    return "truncated or damaged"


def _reduce(image: np.ndarray, shorter_side: int) -> Image.Image:
    """By Pillow's antialiased bicubic in fixed-point arithmetic: the same on every machine."""
    picture = Image.fromarray(image)
    shorter = min(picture.size)
    if not shorter_side or shorter <= shorter_side:
        return picture
    size = [(2 * side * shorter_side + shorter) // (2 * shorter) for side in picture.size]
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _encode(picture: Image.Image, options: Options) -> bytes:
    stream = io.BytesIO()
    settings: dict[str, int] = {} if options.quality is None else {"quality": options.quality}
    if options.encode == "jpeg":
        settings["subsampling"] = 0  # colour at full resolution, as `write_image` has it
    picture.save(stream, options.encode, **settings)
    return stream.getvalue()


def _record(name: str, encoded: bytes, pixels: bytes) -> Converted:
    with Image.open(io.BytesIO(encoded), formats=READABLE_FORMATS) as header:
        width, height = header.size
        # Pillow calls a JPEG with a second picture in it (as some cameras write) MPO.
        kind = {"MPO": "jpeg"}.get(str(header.format), str(header.format).lower())
    data = encode_example(
        {
            "image/encoded": encoded,
            "image/format": kind.encode(),
            "image/height": height,
            "image/width": width,
            "image/filename": encode_name(name),
            "image/sha256": hashlib.sha256(encoded).hexdigest().encode(),
        }
    )
    checksum = google_crc32c.value(data)
    record = frame(data, checksum)
    return Converted(name, record, len(data), checksum, height, width, pixels)
