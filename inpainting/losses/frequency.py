"""The losses that separate frequencies: low ones for the coarse pass, high ones for the refined.

The filters of the first two are linear, so each loss filters the difference of the two images
once instead of both images.
"""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.filters import high_pass, low_pass, scharr_edges


def low_pass_l1(image: tf.Tensor, coarse: tf.Tensor) -> tf.Tensor:
    """The paper's `L_lpf`: mean |F5(image) - F5(coarse)|, F5 the mean of 5x5 pixels.

    Args:
        image: the truth, `(B, H, W, C)`, H and W at least 5.
        coarse: the first pass's output, of the same shape.

    Returns:
        A float32 scalar: the mean over the `(B, H - 4, W - 4, C)` windows inside the image.
    """
    return tf.reduce_mean(tf.abs(low_pass(_difference(image, coarse))))


def high_pass_l1(image: tf.Tensor, refined: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The paper's `L_hpf`: mean of mask * |H(image) - H(refined)|, H the 3x3 sharpening filter.

    The mean is over all pixels, so a small hole weighs little; the paper and its reference code
    do not divide by the hole's size.

    Args:
        image: the truth, `(B, H, W, C)`.
        refined: the second pass's output, of the same shape.
        mask: `(B, H, W, 1)`, 1 = hole, shared by the channels.

    Returns:
        A float32 scalar.
    """
    detail = tf.abs(high_pass(_difference(image, refined)))
    return tf.reduce_mean(tf.cast(mask, tf.float32) * detail)


def scharr_l1(image: tf.Tensor, refined: tf.Tensor) -> tf.Tensor:
    """The edge loss that the reference code adds and the paper does not mention.

    Args:
        image: the truth, `(B, H, W, C)`.
        refined: the second pass's output, of the same shape.

    Returns:
        A float32 scalar: mean |E(image) - E(refined)| of each channel, E being
        `inpainting.layers.filters.scharr_edges`, *summed* over the channels as the reference code
        sums them (its weight of 10 belongs to that sum).
    """
    edges = scharr_edges(tf.cast(image, tf.float32)) - scharr_edges(tf.cast(refined, tf.float32))
    return tf.reduce_sum(tf.reduce_mean(tf.abs(edges), axis=(0, 1, 2)))


def _difference(image: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.cast(image, tf.float32) - tf.cast(other, tf.float32)
