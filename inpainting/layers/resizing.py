"""Nearest-neighbour shrinking, by either of two conventions."""

from __future__ import annotations

import tensorflow as tf


def shrink_nearest(inputs: tf.Tensor, factor: int, align_corners: bool = False) -> tf.Tensor:
    """Shrinks height and width by keeping one position in `factor`.

    Args:
        inputs: `(B, H, W, C)`, H and W multiples of `factor`.
        factor: how many times smaller the result is.
        align_corners: False keeps every `factor`-th position from the first on. True is TensorFlow
            1's resizing with aligned corners: the first and the last position are kept, and the
            others are those nearest to an even spacing between them. DeepFill was trained with it.

    Returns:
        `(B, H / factor, W / factor, C)`.
    """
    if not align_corners:
        return inputs[:, ::factor, ::factor]
    size = tf.shape(inputs)[1:3] // factor
    # TensorFlow's own, since half-way positions are rounded by its single-precision arithmetic.
    return tf.raw_ops.ResizeNearestNeighbor(images=inputs, size=size, align_corners=True)
