"""Perceptual and style losses on the features of a frozen classifier.

They are the paper's `L_perc`, `L_LPperc` and `L_style`. Features are dictionaries of layer name ->
`(B, h, w, C)`, as `inpainting.losses.vgg.Vgg19` returns them. The low-pass perceptual loss is
`perceptual` on the features of low-passed images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from inpainting.losses.reconstruction import l1

PERCEPTUAL_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")

Features = Mapping[str, tf.Tensor]


def perceptual(
    features_a: Features, features_b: Features, layers: Sequence[str] = PERCEPTUAL_LAYERS
) -> tf.Tensor:
    """The sum over `layers` of the mean absolute difference of features.

    Args:
        features_a: features of one batch of images; must hold `layers`.
        features_b: features of the other, of the same shapes.
        layers: the names to compare.

    Returns:
        A float32 scalar.
    """
    return tf.add_n([l1(features_a[name], features_b[name]) for name in layers])


def style(
    features_a: Features, features_b: Features, layers: Sequence[str] = STYLE_LAYERS
) -> tf.Tensor:
    """The sum over `layers` of the mean absolute difference of Gram matrices.

    Args:
        features_a: features of one batch of images; must hold `layers`.
        features_b: features of the other, of the same shapes.
        layers: the names to compare.

    Returns:
        A float32 scalar.
    """
    return tf.add_n([l1(gram(features_a[name]), gram(features_b[name])) for name in layers])


def gram(features: tf.Tensor) -> tf.Tensor:
    """The Gram matrix of each image: which channels are active at the same places.

    Computed in float32 whatever the input, for it sums products over every pixel.

    Args:
        features: `(B, H, W, C)`.

    Returns:
        float32 `(B, C, C)`, divided by C * H * W.
    """
    features = tf.cast(features, tf.float32)
    shape = tf.shape(features)
    size = tf.cast(shape[1] * shape[2] * shape[3], tf.float32)
    flat = tf.reshape(features, (shape[0], shape[1] * shape[2], features.shape[3]))
    return tf.matmul(flat, flat, transpose_a=True) / size
