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
from typing import Callable, NamedTuple

import numpy as np

MASK_VERSION = 1

# The image size at which the lengths below are meant.
_REFERENCE_SIZE = 256
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

# Unit vectors at every degree, times 2**14: (row, column).
_DIRECTIONS = tuple(
    (
        round(math.sin(math.radians(degree)) * 2**14),
        round(math.cos(math.radians(degree)) * 2**14),
    )
    for degree in range(360)
)
# A stroke turns by at most this many degrees from one segment to the next.
_LARGEST_TURN = 120


class _Shape(NamedTuple):
    """What one stroke segment or rectangle covers, inside its bounding box in the image."""

    rows: slice
    columns: slice
    inside: np.ndarray  # bool: the pixels of the box that it covers
    order: np.ndarray  # int: a shape cut short keeps the pixels lowest in this


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
            _paint(mask, segment)
    return _not_full(rng, mask)


def rectangles(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Rectangles, uint8 (H, W); raises ValueError for an image of fewer than two pixels."""
    mask = _empty(height, width)
    room = _RECTANGLES
    while room > 0:
        pixel = (int(rng.integers(height)), int(rng.integers(width)))
        sides = (_between(rng, _RECTANGLE_SIDE), _between(rng, _RECTANGLE_SIDE))
        _paint(mask, _rectangle(rng, height, width, pixel, sides))
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
    side = _scaled(_BOX_SIDE, height, width)
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
            _paint(mask, segment)
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
            shapes = iter([_rectangle(rng, height, width, pixel, sides)])
        for shape in shapes:
            painted += _paint(mask, shape, at_most=target - painted)
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


def _scaled(length: int, height: int, width: int) -> int:
    """A length meant at `_REFERENCE_SIZE`, for this image; 1 at least."""
    side = min(height, width)
    return max(1, (length * side + _REFERENCE_SIZE // 2) // _REFERENCE_SIZE)


def _largest_stroke(rng: np.random.Generator) -> tuple[int, int]:
    return _between(rng, _LENGTH), _between(rng, _BRUSH)


def _stroke(
    rng: np.random.Generator,
    height: int,
    width: int,
    start: tuple[int, int],
    longest: int,
    widest: int,
) -> Iterator[_Shape]:
    """The segments of one brush stroke from `start`, each of a length and width of its own."""
    degree = int(rng.integers(360))
    for _ in range(_between(rng, _SEGMENTS)):
        length = _scaled(_between(rng, (_LENGTH[0], longest)), height, width)
        brush = _scaled(_between(rng, (_BRUSH[0], widest)), height, width)
        down, right = _DIRECTIONS[degree]
        end = (
            min(max(start[0] + (length * down >> 14), 0), height - 1),
            min(max(start[1] + (length * right >> 14), 0), width - 1),
        )
        yield _segment(height, width, start, end, brush)
        start = end
        degree = (degree + _between(rng, (-_LARGEST_TURN, _LARGEST_TURN))) % 360


def _shrunk(rng: np.random.Generator, height: int, width: int) -> int:
    """By how much a side of `box` moves in; at 256 pixels every whole number is as likely."""
    return int(rng.integers(_BOX_SHRINK + 1)) * min(height, width) // _REFERENCE_SIZE


def _zigzag(rng: np.random.Generator, height: int, width: int, radius: float) -> Iterator[_Shape]:
    """The segments of one stroke of `box_and_strokes`."""
    segments = _between(rng, _ZIGZAG_SEGMENTS)
    turns = (
        _ZIGZAG_TURN - _between(rng, _ZIGZAG_SPREAD),
        _ZIGZAG_TURN + _between(rng, _ZIGZAG_SPREAD),
    )
    degrees = [_between(rng, turns) for _ in range(segments)]
    start = (int(rng.integers(height)), int(rng.integers(width)))
    brush = _scaled(_between(rng, _ZIGZAG_BRUSH), height, width)
    for number, degree in enumerate(degrees):
        down, right = _DIRECTIONS[degree if number % 2 else 360 - degree]
        length = round(min(max(rng.normal(radius, radius // 2), 0), 2 * radius))
        end = (
            min(max(start[0] + (length * down >> 14), 0), height - 1),
            min(max(start[1] + (length * right >> 14), 0), width - 1),
        )
        yield _segment(height, width, start, end, brush)
        start = end


def _segment(
    height: int, width: int, start: tuple[int, int], end: tuple[int, int], brush: int
) -> _Shape:
    """All pixels within `brush / 2` of the line from `start` to `end`, both included."""
    reach = brush // 2
    top, bottom = sorted((start[0], end[0]))
    left, right = sorted((start[1], end[1]))
    rows = slice(max(top - reach, 0), min(bottom + reach, height - 1) + 1)
    columns = slice(max(left - reach, 0), min(right + reach, width - 1) + 1)
    y = np.arange(rows.start, rows.stop, dtype=np.int32)[:, np.newaxis]
    x = np.arange(columns.start, columns.stop, dtype=np.int32)

    # Distances are compared doubled and squared, or as |cross product| / length: integers all.
    from_start = (y - start[0]) ** 2 + (x - start[1]) ** 2
    from_end = (y - end[0]) ** 2 + (x - end[1]) ** 2
    inside = np.minimum(from_start, from_end) <= brush * brush // 4
    down, across = end[0] - start[0], end[1] - start[1]
    squared_length = down * down + across * across
    if squared_length:
        along = (y - start[0]) * down + (x - start[1]) * across
        aside = (y - start[0]) * across - (x - start[1]) * down
        farthest = math.isqrt(brush * brush * squared_length // 4)
        inside |= (along >= 0) & (along <= squared_length) & (np.abs(aside) <= farthest)
    return _Shape(rows, columns, inside, from_start)


def _rectangle(
    rng: np.random.Generator,
    height: int,
    width: int,
    pixel: tuple[int, int],
    sides: tuple[int, int],
) -> _Shape:
    """A rectangle of `sides` (high, wide, at the reference size) somewhere around `pixel`."""
    high = min(_scaled(sides[0], height, width), height)
    wide = min(_scaled(sides[1], height, width), width)
    top = min(max(pixel[0] - int(rng.integers(high)), 0), height - high)
    left = min(max(pixel[1] - int(rng.integers(wide)), 0), width - wide)
    # Cut short, it is a smaller one of the same proportions and middle.
    from_middle = np.abs(2 * np.arange(high, dtype=np.int32) - (high - 1))[:, np.newaxis] * wide
    from_centre = np.abs(2 * np.arange(wide, dtype=np.int32) - (wide - 1)) * high
    order = np.maximum(from_middle, from_centre)
    inside = np.ones((high, wide), bool)
    return _Shape(slice(top, top + high), slice(left, left + wide), inside, order)


def _paint(mask: np.ndarray, shape: _Shape, at_most: int | None = None) -> int:
    """Sets the shape's pixels to hole; returns how many were not before.

    With `at_most`, no more than that many new ones are set: those lowest in the shape's order.
    """
    box = mask[shape.rows, shape.columns]
    new = shape.inside & (box == 0)
    count = int(np.count_nonzero(new))
    if at_most is not None and count > at_most:
        kept = np.flatnonzero(new)[np.argsort(shape.order[new], kind="stable")[:at_most]]
        new = np.zeros_like(new)
        new.ravel()[kept] = True
        count = at_most
    box[new] = 1
    return count
