"""Octaves of a picture without halving it, and their energy."""

from __future__ import annotations

import tensorflow as tf

_KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
FLOOR = 1e-3


def split_bands(picture: tf.Tensor, weight: tf.Tensor, count: int) -> list[tf.Tensor]:
    """The `count` finest octaves of a picture, the finest first: `count` of `(H, W, 3)`.

    Each is what a 5x5 binomial low pass takes away, its taps twice as far apart for the next
    octave (the "a trous" wavelet of Starck and Murtagh); averages are over pixels by weight, so
    that nothing of what lies in a hole gets into the bands around it.

    Args:
        picture: `(H, W, 3)`.
        weight: `(H, W, 1)`, 0 where a pixel has no say; bands are 0 there.
        count: how many.
    """
    bands = []
    for octave in range(count):
        weights = _low_pass(weight, 2**octave)
        low = _low_pass(picture * weight, 2**octave) / tf.maximum(weights, FLOOR)
        bands.append((picture - low) * weight)
        picture = low
    return bands


def local_mean(values: tf.Tensor, weight: tf.Tensor, radius: int) -> tf.Tensor:
    """Means over squares of `2 radius + 1` pixels, `(H, W, 1)`, of the pixels of weight 1."""
    both = tf.concat([values * weight, weight], axis=-1)[tf.newaxis]
    means = tf.nn.avg_pool2d(both, 2 * radius + 1, 1, "SAME")[0]
    return tf.math.divide_no_nan(means[..., :1], means[..., 1:])


def _low_pass(picture: tf.Tensor, step: int) -> tf.Tensor:
    for axis in (0, 1):
        size = tf.shape(picture)[axis]
        picture = tf.add_n(
            [
                weight * tf.gather(picture, _moved(size, (tap - 2) * step), axis=axis)
                for tap, weight in enumerate(_KERNEL)
            ]
        )
    return picture


def _moved(size: tf.Tensor, step: int) -> tf.Tensor:
    """Positions moved by `step`, the last one repeated beyond the border."""
    return tf.clip_by_value(tf.range(size) + step, 0, size - 1)
