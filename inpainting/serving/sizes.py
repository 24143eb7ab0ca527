"""Sizes of pictures as flags name them: WIDTHxHEIGHT, several with commas. No TensorFlow."""

from __future__ import annotations

import re

from inpainting.errors import InputError

# Beyond this a photo is filled crop by crop, not by the network at once.
_MOST_PIXELS = 16 * 2**20


def parse_size(text: str, flag: str) -> tuple[int, int]:
    """`512x384` -> (512, 384): width and height in pixels.

    Args:
        text: what was given.
        flag: what the message calls it.

    Raises:
        InputError: it is no size, or one of more than 16 megapixels.
    """
    found = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", text.strip())
    if not found:
        raise InputError(f"{flag} must be WIDTHxHEIGHT such as 512x512, got {text!r}")
    width, height = int(found[1]), int(found[2])
    if width * height > _MOST_PIXELS:
        raise InputError(f"{flag} {text} has more than 16 megapixels: send crops of such photos")
    return width, height


def parse_sizes(texts: list[str], flag: str) -> list[tuple[int, int]]:
    """A list of sizes, each once; see `parse_size`."""
    return list(dict.fromkeys(parse_size(text, flag) for text in texts))
