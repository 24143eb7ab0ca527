"""Photographs larger than the network should see: which crops to fill, and in which order.

The network is given pictures of at most `working_size` pixels a side. A photo that fits is one
crop, never scaled. In a larger one the work follows the hole and not the photo:

1. The hole is looked at in cells of `working_size / 32` pixels. Connected regions of cells are
   found; regions less than three cells apart count as one, and small ones near each other share a
   crop.
2. A crop's *core*, the part that is pasted, is at most `working_size / 2` long in the network's
   pixels. Its *window*, what the network sees, is `CONTEXT` = 2 times the core and at least
   `working_size / 2`, moved inward at the photo's edges.
3. The scale follows from how thick a region is, not from how long: a thick region is scaled down
   until its core fits, a wire across the whole photo keeps the photo's own resolution and is cut
   into several cores.
4. Finer crops come first. What is filled counts as known for the crops after it.

Arrays only (NumPy, and OpenCV for connected regions); no network and no TensorFlow.
"""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np

# A window is this many times its core along each axis: half the core of context on every side.
CONTEXT = 2
# Cells along the working size. 32 gives 16-pixel cells at 512: fine enough to measure thickness,
# and coarse enough for a 100-megapixel mask to be planned on a grid of 400,000 cells.
_CELLS = 32
# A region up to this much longer than a core is scaled a little further rather than cut once more.
_STRETCH = 0.25


@dataclasses.dataclass(frozen=True)
class Box:
    """Rows `top` to `bottom` and columns `left` to `right` of a photo, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes an array (H, W, ...) by this box."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def within(self, outer: Box) -> Box:
        """This box in the coordinates of `outer`, which contains it."""
        return Box(
            self.top - outer.top,
            self.left - outer.left,
            self.bottom - outer.top,
            self.right - outer.left,
        )


@dataclasses.dataclass(frozen=True)
class Crop:
    """One call of the network.

    Attributes:
        core: hole pixels of this box are pasted.
        window: the network sees this box; it contains `core`.
        size: (height, width) at which the network sees the window; smaller than the window only
            where the hole is too thick for the working size.
    """

    core: Box
    window: Box
    size: tuple[int, int]


def plan_crops(hole: np.ndarray, working_size: int, scaled: bool = True) -> list[Crop]:
    """The crops that fill every hole pixel once, in the order in which to fill them.

    Args:
        hole: bool (H, W).
        working_size: the longest side that the network is given, at least 32.
        scaled: False cuts thick regions into more cores instead of scaling them down.

    Returns:
        No crop where there is no hole; one crop of everything where the photo fits.
    """
    if working_size < _CELLS:
        raise ValueError(f"working_size must be at least {_CELLS}, received {working_size}")
    height, width = hole.shape
    if not hole.any():
        return []
    if max(height, width) <= working_size:
        everything = Box(0, 0, height, width)
        return [Crop(everything, everything, (height, width))]
    remaining = hole.copy()
    crops = []
    for box, scale in _regions(hole, working_size, scaled):
        for tile in _tiles(box, scale, working_size // 2):
            core = _tighten(remaining, tile)
            if core is not None:
                remaining[core.slices] = False
                crops.append(_crop(core, scale, (height, width), working_size))
    return crops


def _regions(hole: np.ndarray, working_size: int, scaled: bool) -> list[tuple[Box, float]]:
    """Boxes that hold the whole hole, each with its scale, the finest first."""
    cell = working_size // _CELLS
    cells = _block_any(hole, cell)
    near = cv2.dilate(cells, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    distance = cv2.distanceTransform(np.pad(cells, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = distance[1:-1, 1:-1]

    rows, columns = np.nonzero(cells)
    of = labels[rows, columns]
    first = np.full((count, 2), np.iinfo(np.int64).max)
    last = np.zeros((count, 2), np.int64)
    depth = np.zeros(count)
    np.minimum.at(first, of, np.stack([rows, columns], axis=1))
    np.maximum.at(last, of, np.stack([rows, columns], axis=1) + 1)
    np.maximum.at(depth, of, distance[rows, columns])

    core = working_size // 2
    small, large = [], []
    for label in range(1, count):  # 0 is the background
        (top, left), (bottom, right) = first[label] * cell, last[label] * cell
        box = Box(top, left, min(bottom, hole.shape[0]), min(right, hole.shape[1]))
        box = _tighten(hole, box) or box
        if max(box.height, box.width) <= core:
            small.append(box)
        else:
            thickness = min((2 * depth[label] - 1) * cell, box.height, box.width)
            large.append((box, _scale(box, thickness, core) if scaled else 1.0))
    regions = [(box, 1.0) for box in _share(small, core)] + large
    return sorted(regions, key=lambda region: -region[1])  # stable: else from top to bottom


def _scale(box: Box, thickness: float, core: int) -> float:
    """Network pixels for each photo pixel, at most 1, so that the cuts come out even."""
    scale = min(1.0, core / thickness)
    for side in (box.height, box.width):
        scale = min(scale, core * _cuts(side, scale, core) / side)
    return scale


def _cuts(side: int, scale: float, core: int) -> int:
    return max(1, math.ceil(side * scale / core - _STRETCH))


def _tiles(box: Box, scale: float, core: int) -> list[Box]:
    """The box cut evenly into cores of at most `core` network pixels a side."""
    # The small number keeps a side that is exactly n cores long from becoming n + 1 by rounding.
    rows, columns = (math.ceil(side * scale / core - 1e-6) for side in (box.height, box.width))
    tops = [box.top + box.height * i // rows for i in range(rows + 1)]
    lefts = [box.left + box.width * i // columns for i in range(columns + 1)]
    return [
        Box(top, left, bottom, right)
        for top, bottom in zip(tops, tops[1:])
        for left, right in zip(lefts, lefts[1:])
    ]


def _share(boxes: list[Box], core: int) -> list[Box]:
    """Joins boxes whose common box is no larger than a core: one call fills them all."""
    groups = np.empty((len(boxes), 4), np.int64)
    used = 0
    for box in boxes:
        joined = groups[:used].copy()
        joined[:, :2] = np.minimum(joined[:, :2], (box.top, box.left))
        joined[:, 2:] = np.maximum(joined[:, 2:], (box.bottom, box.right))
        fits = np.nonzero((joined[:, 2:] - joined[:, :2]).max(axis=1, initial=0) <= core)[0]
        if fits.size:
            groups[fits[0]] = joined[fits[0]]
        else:
            groups[used] = (box.top, box.left, box.bottom, box.right)
            used += 1
    return [Box(*map(int, group)) for group in groups[:used]]


def _tighten(hole: np.ndarray, box: Box) -> Box | None:
    """The smallest box around the hole pixels of `box`; None where there are none."""
    part = hole[box.slices]
    rows = np.flatnonzero(part.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(part.any(axis=0))
    return Box(
        int(box.top + rows[0]),
        int(box.left + columns[0]),
        int(box.top + rows[-1] + 1),
        int(box.left + columns[-1] + 1),
    )


def _crop(core: Box, scale: float, photo: tuple[int, int], working_size: int) -> Crop:
    """The core with its context, inside the photo."""
    smallest = working_size / 2 / scale
    largest = working_size / scale
    sides = []
    for low, high, limit in ((core.top, core.bottom, photo[0]), (core.left, core.right, photo[1])):
        length = min(largest, max(CONTEXT * (high - low), smallest))
        length = min(limit, max(high - low, round(length)))
        start = min(max(0, (low + high - length) // 2), limit - length)
        sides.append((start, start + length))
    (top, bottom), (left, right) = sides
    window = Box(top, left, bottom, right)
    height, width = (
        max(1, min(working_size, round(side * scale))) for side in (window.height, window.width)
    )
    return Crop(core, window, (height, width))


def _block_any(hole: np.ndarray, cell: int) -> np.ndarray:
    """bool (H, W) -> uint8 (ceil(H / cell), ceil(W / cell)), 1 where a cell has any hole."""
    # A strip at a time: `reduceat` down the columns takes 17 times as long, and on a photo of 64
    # megapixels longer than filling a small hole.
    rows = np.stack([hole[top : top + cell].any(axis=0) for top in range(0, hole.shape[0], cell)])
    return np.logical_or.reduceat(rows, range(0, hole.shape[1], cell), axis=1).astype(np.uint8)
