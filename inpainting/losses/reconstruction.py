"""The pixel-wise reconstruction loss (the paper's `L_1`)."""

from __future__ import annotations

import tensorflow as tf


def l1(image: tf.Tensor, refined: tf.Tensor, weight: tf.Tensor | None = None) -> tf.Tensor:
    """The mean absolute difference over every pixel and channel, inside the hole and outside.

    Args:
        image: the truth, `(B, H, W, C)`.
        refined: the prediction, of the same shape.
        weight: `(B, H, W, 1)`, a factor for each pixel; none in the paper.

    Returns:
        A float32 scalar, in [0, 1] for images in [0, 1] without weights.
    """
    difference = tf.abs(tf.cast(image, tf.float32) - tf.cast(refined, tf.float32))
    return tf.reduce_mean(difference if weight is None else weight * difference)
