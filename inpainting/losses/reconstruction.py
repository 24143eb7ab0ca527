"""The pixel-wise reconstruction losses: the paper's `L_1`, and two of squares beside it."""

from __future__ import annotations

import tensorflow as tf

# The mean squared difference from which on `log_l2` rewards getting closer less: 50 dB.
_CLOSE = 1e-5


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
    return tf.reduce_mean(_squares(image, refined, weight))


def log_l2(image: tf.Tensor, refined: tf.Tensor, weight: tf.Tensor | None = None) -> tf.Tensor:
    """The logarithm of each sample's mean squared difference; arguments and shapes as of `l1`.

    `log(1 + mean / 1e-5)`, averaged over the batch, from 0 up. Not in the paper: `l1` and `l2` are
    ruled by photographs whose holes nobody can guess, whereas PSNR, a logarithm too, gains as much
    where a fill that is nearly right gets twice as close. Source: the PSNR loss of Chen et al.,
    "HINet", CVPR workshops 2021; the 1 keeps a flawless sample from ruling the others.
    """
    means = tf.reduce_mean(_squares(image, refined, weight), axis=(1, 2, 3))
    return tf.reduce_mean(tf.math.log1p(means / _CLOSE))


def _squares(image: tf.Tensor, refined: tf.Tensor, weight: tf.Tensor | None) -> tf.Tensor:
    squares = tf.square(tf.cast(image, tf.float32) - tf.cast(refined, tf.float32))
    return squares if weight is None else weight * squares
