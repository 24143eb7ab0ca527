"""What masks are made of: lines under a round brush, and rectangles, in integers alone.

A pixel is under the brush or not by integer arithmetic in NumPy, so that the same numbers give the
same pixels on every machine.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

# The image size at which lengths are meant.
REFERENCE_SIZE = 256

# Unit vectors at every degree, times 2**14: (row, column).
DIRECTIONS = tuple(
    (
        round(math.sin(math.radians(degree)) * 2**14),
        round(math.cos(math.radians(degree)) * 2**14),
    )
    for degree in range(360)
)


class Shape(NamedTuple):
    """What one stroke segment or rectangle covers, inside its bounding box in the image."""

    rows: slice
    columns: slice
    inside: np.ndarray  # bool: the pixels of the box that it covers
    order: np.ndarray  # int: a shape cut short keeps the pixels lowest in this


def scaled(length: int, height: int, width: int) -> int:
    """A length meant at `REFERENCE_SIZE`, for this image; 1 at least."""
    side = min(height, width)
    return max(1, (length * side + REFERENCE_SIZE // 2) // REFERENCE_SIZE)


def brush_line(
    height: int, width: int, start: tuple[int, int], end: tuple[int, int], brush: int
) -> Shape:
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
    return Shape(rows, columns, inside, from_start)


def rectangle(
    rng: np.random.Generator,
    height: int,
    width: int,
    pixel: tuple[int, int],
    sides: tuple[int, int],
) -> Shape:
    """A rectangle of `sides` (high, wide, at the reference size) somewhere around `pixel`."""
    high = min(scaled(sides[0], height, width), height)
    wide = min(scaled(sides[1], height, width), width)
    top = min(max(pixel[0] - int(rng.integers(high)), 0), height - high)
    left = min(max(pixel[1] - int(rng.integers(wide)), 0), width - wide)
    # Cut short, it is a smaller one of the same proportions and middle.
    from_middle = np.abs(2 * np.arange(high, dtype=np.int32) - (high - 1))[:, np.newaxis] * wide
    from_centre = np.abs(2 * np.arange(wide, dtype=np.int32) - (wide - 1)) * high
    order = np.maximum(from_middle, from_centre)
    inside = np.ones((high, wide), bool)
    return Shape(slice(top, top + high), slice(left, left + wide), inside, order)


def paint(mask: np.ndarray, shape: Shape, at_most: int | None = None) -> int:
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
