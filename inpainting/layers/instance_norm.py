"""Instance normalisation as all networks here use it."""

from __future__ import annotations

import tensorflow as tf

EPSILON = 1e-5


@tf.keras.utils.register_keras_serializable("inpainting")
class InstanceNorm(tf.keras.layers.Layer):
    """Brings each channel of each sample to mean 0 and variance 1 over its pixels.

    Equal to `tfa.layers.InstanceNormalization(center=False, scale=False, epsilon=EPSILON)`, which
    it replaced because it is faster (docs/benchmarks.md): the input less its mean is worked out
    once and serves the variance and the result. It has no weights. Epsilon is PyTorch's 1e-5, with
    which the published networks were trained.

    It computes in float32 where its input is in half precision: sums over all pixels of an image
    lose what they sum in bfloat16's 8 bits, and their squares leave float16's range.

    Source: Ulyanov et al., "Instance Normalization: The Missing Ingredient for Fast Stylization"
    (2016).

    Call arguments:
        inputs: `(B, H, W, C)`.

    Returns:
        `(B, H, W, C)`.
    """

    def call(self, inputs):
        if inputs.dtype.size < 4:
            return tf.cast(self.call(tf.cast(inputs, tf.float32)), inputs.dtype)
        centred = inputs - tf.reduce_mean(inputs, axis=(1, 2), keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axis=(1, 2), keepdims=True)
        return centred * tf.math.rsqrt(variance + EPSILON)


def instance_norm(name: str) -> tf.keras.layers.Layer:
    """An `InstanceNorm` of that name."""
    return InstanceNorm(name=name)
