"""Losses of the window around the hole: where it is, and what its pixels count.

Source: Yu et al., "Generative Image Inpainting with Contextual Attention" (2018), section 3.2.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def hole_window(mask: tf.Tensor, size: int) -> tf.Tensor:
    """Where a square window of `size` pixels stands over each sample's hole.

    Its middle is that of the hole's bounding box, moved as far as the image's border demands. For
    DeepFill's masks, a box shrunk alike on opposite sides, this is the box before it was shrunk.

    Args:
        mask: `(B, H, W, 1)`, 1 = hole; H and W at least `size`.
        size: side of the window.

    Returns:
        int32 `(B, 2)`: the window's first row and column.
    """
    corners = [_middle_start(tf.reduce_max(mask[..., 0], axis=axis), size) for axis in (2, 1)]
    return tf.stack(corners, axis=-1)


def _middle_start(occupied: tf.Tensor, size: int) -> tf.Tensor:
    """The start of `size` places around the middle of the nonzero ones of `(B, N)`."""
    count = tf.shape(occupied)[1]
    holes = tf.cast(occupied > 0, tf.int32)
    first = tf.argmax(holes, axis=1, output_type=tf.int32)
    end = count - tf.argmax(holes[:, ::-1], axis=1, output_type=tf.int32)
    return tf.clip_by_value((first + end - size) // 2, 0, count - size)


def crop_window(images: tf.Tensor, corners: tf.Tensor, size: int) -> tf.Tensor:
    """Each sample's window `(B, size, size, C)` of `(B, H, W, C)`; corners from `hole_window`."""
    places = corners[:, :, tf.newaxis] + tf.range(size)
    rows = tf.gather(images, places[:, 0], axis=1, batch_dims=1)
    return tf.gather(rows, places[:, 1], axis=2, batch_dims=1)


def discount(size: int, gamma: float) -> np.ndarray:
    """`gamma^d` for each pixel of a window, d its distance to the window's border.

    Near the border the known surroundings tell what belongs there; deep inside many fills are
    right, and differing from the one that happens to be true should cost less. As in the published
    code d is 0 at the first row and column and 1 at the last.

    Returns:
        float32 `(1, size, size, 1)` in (0, 1].
    """
    place = np.arange(size)
    distance = np.minimum(place, size - place)
    weights = gamma ** np.minimum(distance[:, np.newaxis], distance).astype(np.float64)
    return weights.astype(np.float32)[np.newaxis, :, :, np.newaxis]


def known_l1(image: tf.Tensor, output: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The mean absolute difference over the known pixels of each sample, and over samples.

    Args:
        image, output: `(B, H, W, C)`.
        mask: `(B, H, W, 1)`, 1 = hole. A sample without a known pixel counts as 0.

    Returns:
        A float32 scalar.
    """
    known = 1 - tf.cast(mask, tf.float32)
    difference = tf.abs(tf.cast(image, tf.float32) - tf.cast(output, tf.float32))
    means = tf.reduce_mean(difference * known, axis=(1, 2, 3))
    return tf.reduce_mean(tf.math.divide_no_nan(means, tf.reduce_mean(known, axis=(1, 2, 3))))
