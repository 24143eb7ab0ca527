"""Grids of pictures with named rows and columns, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4
FONT_SIZE = 14
# Pictures narrower than this are shown enlarged, by a whole number.
LEAST_WIDTH = 160


def grid(
    rows: Sequence[Sequence[np.ndarray]],
    row_names: Sequence[str] = (),
    column_names: Sequence[str] = (),
) -> np.ndarray:
    """Composes uint8 `(H, W, 3)` pictures into one; a cell is as large as the largest picture.

    Returns:
        uint8 `(H', W', 3)` on white, names of rows at the left and of columns on top; all pictures
        `enlargement(width of the largest)` times as large.

    Raises:
        ValueError: there is no picture, or a list of names does not fit.
    """
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        raise ValueError("grid needs at least one picture")
    if row_names and len(row_names) != len(rows):
        raise ValueError(f"{len(row_names)} row names for {len(rows)} rows")
    if column_names and len(column_names) != columns:
        raise ValueError(f"{len(column_names)} column names for {columns} columns")
    times = enlargement(max(cell.shape[1] for row in rows for cell in row))
    rows = [[cell.repeat(times, axis=0).repeat(times, axis=1) for cell in row] for row in rows]
    font = ImageFont.load_default(FONT_SIZE)
    height = max(cell.shape[0] for row in rows for cell in row)
    width = max(cell.shape[1] for row in rows for cell in row)
    left = GAP + max((round(font.getlength(name)) + GAP for name in row_names), default=0)
    top = GAP + (FONT_SIZE + GAP if column_names else 0)
    size = (left + columns * (width + GAP), top + len(rows) * (height + GAP))
    canvas = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(canvas)
    for index, name in enumerate(column_names):
        draw.text((left + index * (width + GAP), GAP // 2), name, fill="black", font=font)
    for y, row in enumerate(rows):
        line = top + y * (height + GAP)
        if row_names:
            draw.text((GAP, line + height // 2), row_names[y], "black", font, anchor="lm")
        for x, cell in enumerate(row):
            canvas.paste(Image.fromarray(cell), (left + x * (width + GAP), line))
    return np.asarray(canvas)


def enlargement(width: int) -> int:
    """How many times as large `grid` shows pictures of this width."""
    return -(-LEAST_WIDTH // width)


def show_hole(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photograph uint8 `(H, W, 3)` with the hole (mask `(H, W)`, 1 = hole) in white."""
    return np.where(mask[..., None].astype(bool), np.uint8(255), image)
