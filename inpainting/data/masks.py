"""Random masks: free-form strokes and rectangles, half each.

Free-form masks follow DeepFill v2 (Yu et al., ICCV 2019, supplementary) with the numbers of the
paper's reference code: 12 to 16 brush strokes of 1 to 5 segments, 10 to 50 pixels long and wide at
256 pixels, the largest length and width drawn anew for each mask. Rectangle masks have up to 10
rectangles with sides of 5 to 150 pixels at 256, fewer of them the larger they are. All lengths
grow with the shorter side of the image.

Masks decide what an evaluation measures, so a seed gives the same mask on every machine and with
every version of OpenCV: lengths, directions and the test "is this pixel under the brush" are
integer arithmetic in NumPy. `MASK_VERSION` goes up when the masks of a seed change.

Masks are uint8 (H, W), 0 or 1, 1 = hole, never empty and never full.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Callable

import numpy as np

from inpainting.data.mask_shapes import (
    DIRECTIONS,
    REFERENCE_SIZE,
    Shape,
    brush_line,
    paint,
    rectangle,
    scaled,
)

MASK_VERSION = 1

_STROKES = (12, 16)
_SEGMENTS = (1, 5)
_LENGTH = (10, 50)
_BRUSH = (10, 50)
_RECTANGLE_SIDE = (5, 150)
_RECTANGLES = 10

# DeepFill's: see `box` and `box_and_strokes`.
_BOX_SIDE, _BOX_SHRINK = 128, 16
_ZIGZAGS = (1, 3)
_ZIGZAG_SEGMENTS = (4, 11)
_ZIGZAG_BRUSH = (12, 39)
_ZIGZAG_TURN, _ZIGZAG_SPREAD = 72, (0, 24)

# A stroke turns by at most this many degrees from one segment to the next.
_LARGEST_TURN = 120


def random_mask(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A training mask: with equal chance `free_form` or `rectangles`, uint8 (H, W)."""
    draw = free_form if rng.integers(2) == 0 else rectangles
    return draw(rng, height, width)


def free_form(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Brush strokes, uint8 (H, W); raises ValueError for an image of fewer than two pixels."""
    mask = _empty(height, width)
    longest, widest = _largest_stroke(rng)
    for _ in range(_between(rng, _STROKES)):
        start = (int(rng.integers(height)), int(rng.integers(width)))
        for segment in _stroke(rng, height, width, start, longest, widest):
            paint(mask, segment)
    return _not_full(rng, mask)


def rectangles(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Rectangles, uint8 (H, W); raises ValueError for an image of fewer than two pixels."""
    mask = _empty(height, width)
    room = _RECTANGLES
    while room > 0:
        pixel = (int(rng.integers(height)), int(rng.integers(width)))
        sides = (_between(rng, _RECTANGLE_SIDE), _between(rng, _RECTANGLE_SIDE))
        paint(mask, rectangle(rng, height, width, pixel, sides))
        # Large rectangles leave room for fewer others (thresholds of the reference code).
        half_perimeter = sum(sides)
        if half_perimeter > 200:
            room -= _RECTANGLES
        elif half_perimeter > 150:
            room -= _RECTANGLES // 2
        elif half_perimeter > 50:
            room -= _RECTANGLES // 4
        else:
            room -= 1
    return _not_full(rng, mask)


def box(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """DeepFill v1's training mask, uint8 (H, W): one rectangle, at 256 pixels up to 128 a side.

    A square of half the shorter side is put anywhere; each pair of opposite sides is then moved in
    by 0 to 16 pixels at 256. Source: Yu et al., "Generative Image Inpainting with Contextual
    Attention" (2018), published code.
    """
    mask = _empty(height, width)
    side = scaled(_BOX_SIDE, height, width)
    # One place less than there is room for, as published.
    top = int(rng.integers(max(height - side, 1)))
    left = int(rng.integers(max(width - side, 1)))
    down = _shrunk(rng, height, width)
    right = _shrunk(rng, height, width)
    mask[top + down : top + side - down, left + right : left + side - right] = 1
    return _not_full(rng, mask)


def box_and_strokes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """DeepFill v2's training mask, uint8 (H, W): `box` together with one to three zigzag strokes.

    A stroke has 4 to 11 segments that turn back and forth by some 72 degrees, of a normally
    distributed length around an eighth of the image's diagonal, and a brush of 12 to 39 pixels at
    256. Source: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (2019), published
    code; the flips that this code means to make are lost there, and left out here.
    """
    mask = box(rng, height, width)
    radius = math.isqrt(height * height + width * width) / 8
    for _ in range(_between(rng, _ZIGZAGS)):
        for segment in _zigzag(rng, height, width, radius):
            paint(mask, segment)
    return _not_full(rng, mask)


# How training can draw masks, by name.
SAMPLERS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "mixed": random_mask,
    "box": box,
    "box_and_strokes": box_and_strokes,
}


def check_sampler(name: str) -> None:
    """Raises `ValueError` where `name` is none of `SAMPLERS`."""
    if name not in SAMPLERS:
        raise ValueError(f"masks must be one of {', '.join(SAMPLERS)}, got {name!r}")


def mask_of_rate(
    rng: np.random.Generator, height: int, width: int, low: float, high: float
) -> np.ndarray:
    """A mask, strokes or rectangles with equal chance, with `low <= rate < high` exactly.

    The number of hole pixels is drawn uniformly from those that lie in the range; shapes are added
    until it is reached, and the last one is cut short at exactly that number. The rate is hole
    pixels / all pixels in float64, so `mask.mean()` of the result keeps the promise.

    Args:
        rng: source of all choices; the same state gives the same mask.
        height, width: size in pixels.
        low, high: the range as fractions, 0 <= low < high <= 1.

    Raises:
        ValueError: no number of pixels from 1 to all but one lies in the range.
    """
    mask = _empty(height, width)
    target = _pixels_in_range(rng, mask.size, low, high)
    draw_strokes = rng.integers(2) == 0
    longest, widest = _largest_stroke(rng)
    painted = 0
    while painted < target:
        # Starting on a pixel that is not yet hole, every shape adds one at least: this ends.
        free = np.flatnonzero(mask.ravel() == 0)
        pixel = divmod(int(free[rng.integers(free.size)]), width)
        if draw_strokes:
            shapes = _stroke(rng, height, width, pixel, longest, widest)
        else:
            sides = (_between(rng, _RECTANGLE_SIDE), _between(rng, _RECTANGLE_SIDE))
            shapes = iter([rectangle(rng, height, width, pixel, sides)])
        for shape in shapes:
            painted += paint(mask, shape, at_most=target - painted)
    return mask


def _pixels_in_range(rng: np.random.Generator, pixels: int, low: float, high: float) -> int:
    if not 0 <= low < high <= 1:
        raise ValueError(f"low and high must be 0 <= low < high <= 1, received {low} and {high}")
    fewest = max(1, math.floor(low * pixels) - 1)
    while fewest / pixels < low:
        fewest += 1
    most = min(pixels - 1, math.ceil(high * pixels) + 1)
    while most / pixels >= high:
        most -= 1
    if fewest > most:
        raise ValueError(
            f"low and high must leave a number of hole pixels, received {low} and {high} "
            f"for {pixels} pixels"
        )
    return int(rng.integers(fewest, most + 1))


def _empty(height: int, width: int) -> np.ndarray:
    if height < 1 or width < 1 or height * width < 2:
        raise ValueError(
            f"height and width must make two pixels at least, received {height} and {width}"
        )
    return np.zeros((height, width), np.uint8)


def _not_full(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Frees one pixel of a mask that covers all, which happens to tiny images."""
    if mask.all():
        mask[rng.integers(mask.shape[0]), rng.integers(mask.shape[1])] = 0
    return mask


def _between(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    return int(rng.integers(bounds[0], bounds[1] + 1))


def _largest_stroke(rng: np.random.Generator) -> tuple[int, int]:
    return _between(rng, _LENGTH), _between(rng, _BRUSH)


def _stroke(
    rng: np.random.Generator,
    height: int,
    width: int,
    start: tuple[int, int],
    longest: int,
    widest: int,
) -> Iterator[Shape]:
    """The segments of one brush stroke from `start`, each of a length and width of its own."""
    degree = int(rng.integers(360))
    for _ in range(_between(rng, _SEGMENTS)):
        length = scaled(_between(rng, (_LENGTH[0], longest)), height, width)
        brush = scaled(_between(rng, (_BRUSH[0], widest)), height, width)
        down, right = DIRECTIONS[degree]
        end = (
            min(max(start[0] + (length * down >> 14), 0), height - 1),
            min(max(start[1] + (length * right >> 14), 0), width - 1),
        )
        yield brush_line(height, width, start, end, brush)
        start = end
        degree = (degree + _between(rng, (-_LARGEST_TURN, _LARGEST_TURN))) % 360


def _shrunk(rng: np.random.Generator, height: int, width: int) -> int:
    """By how much a side of `box` moves in; at 256 pixels every whole number is as likely."""
    return int(rng.integers(_BOX_SHRINK + 1)) * min(height, width) // REFERENCE_SIZE


def _zigzag(rng: np.random.Generator, height: int, width: int, radius: float) -> Iterator[Shape]:
    """The segments of one stroke of `box_and_strokes`."""
    segments = _between(rng, _ZIGZAG_SEGMENTS)
    turns = (
        _ZIGZAG_TURN - _between(rng, _ZIGZAG_SPREAD),
        _ZIGZAG_TURN + _between(rng, _ZIGZAG_SPREAD),
    )
    degrees = [_between(rng, turns) for _ in range(segments)]
    start = (int(rng.integers(height)), int(rng.integers(width)))
    brush = scaled(_between(rng, _ZIGZAG_BRUSH), height, width)
    for number, degree in enumerate(degrees):
        down, right = DIRECTIONS[degree if number % 2 else 360 - degree]
        length = round(min(max(rng.normal(radius, radius // 2), 0), 2 * radius))
        end = (
            min(max(start[0] + (length * down >> 14), 0), height - 1),
            min(max(start[1] + (length * right >> 14), 0), width - 1),
        )
        yield brush_line(height, width, start, end, brush)
        start = end
