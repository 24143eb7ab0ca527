"""The pixel-wise reconstruction losses: the paper's `L_1`, and the squared one beside it."""

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


def l2(image: tf.Tensor, refined: tf.Tensor, weight: tf.Tensor | None = None) -> tf.Tensor:
    """The mean squared difference; arguments and shapes as of `l1`. Not in the paper.

    It draws a fill that cannot be known towards the mean of what is likely, where `l1` draws it
    towards the median, and so serves PSNR.
    """
    difference = tf.square(tf.cast(image, tf.float32) - tf.cast(refined, tf.float32))
    return tf.reduce_mean(difference if weight is None else weight * difference)
