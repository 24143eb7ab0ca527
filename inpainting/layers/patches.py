"""Patches of an image, taken and put back, without `tf.image.extract_patches`.

That operation has a slow gradient and does not convert to other formats at dynamic sizes. Here a
patch of `m * stride` pixels is `m * m` cells of `stride * stride` pixels: the cells are folded into
channels once, and the patches are shifted slices of that, concatenated. No tensor has more than
four dimensions.
"""

from __future__ import annotations

import tensorflow as tf


def extract_patches(inputs: tf.Tensor, size: int, stride: int) -> tf.Tensor:
    """The patches of `size` pixels at every `stride` pixels, zeros beyond the border.

    Args:
        inputs: `(B, H, W, C)`, H and W multiples of `stride`.
        size: height and width of a patch; a multiple of `stride`, and `size - stride` is even.
        stride: distance between patches.

    Returns:
        `(B, H / stride, W / stride, size * size * C)`; patch (i, j) starts at row
        `i * stride - (size - stride) / 2`. A patch's values come cell by cell, and within a cell
        row, column, channel; with stride 1 that is simply row, column, channel.
    """
    cells_across, border = _geometry(size, stride)
    cells = tf.pad(inputs, ((0, 0), (border, border), (border, border), (0, 0)))
    if stride > 1:
        cells = tf.nn.space_to_depth(cells, stride)
    # Counted from the end and not by the inputs' size: OpenVINO 2026 works that out wrongly.
    ends = [place - cells_across + 1 or None for place in range(cells_across)]
    slices = [
        cells[:, row : ends[row], column : ends[column]]
        for row in range(cells_across)
        for column in range(cells_across)
    ]
    return tf.concat(slices, axis=-1)


def overlap_add(patches: tf.Tensor, size: int, stride: int) -> tf.Tensor:
    """Puts patches back where `extract_patches` took them and sums where they overlap.

    It is the adjoint of `extract_patches` with the same arguments.

    Args:
        patches: `(B, h, w, size * size * C)`.
        size: height and width of a patch.
        stride: distance between patches.

    Returns:
        `(B, h * stride, w * stride, C)`; what falls beyond the border is dropped.
    """
    cells_across, border = _geometry(size, stride)
    slices = iter(tf.split(patches, cells_across**2, axis=-1))
    last = cells_across - 1
    cells = tf.add_n(
        [
            tf.pad(next(slices), ((0, 0), (row, last - row), (column, last - column), (0, 0)))
            for row in range(cells_across)
            for column in range(cells_across)
        ]
    )
    if stride > 1:
        cells = tf.nn.depth_to_space(cells, stride)
    return cells[:, border : -border or None, border : -border or None]


def _geometry(size: int, stride: int) -> tuple[int, int]:
    """How many cells a patch has across, and by how many pixels it reaches over the border."""
    if size % stride or (size - stride) % 2:
        raise ValueError(
            f"size must be a multiple of stride and differ from it by an even number, "
            f"got size {size} and stride {stride}"
        )
    return size // stride, (size - stride) // 2
