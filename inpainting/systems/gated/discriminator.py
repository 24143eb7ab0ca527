"""The discriminator of DeepFill v2: SN-PatchGAN."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.spectral_conv import SpectralConv2D

FILTERS = (64, 128, 256, 256, 256, 256)
SLOPE = 0.2


@tf.keras.utils.register_keras_serializable("inpainting")
class PatchDiscriminator(tf.keras.Model):
    """Six spectrally normalised 5x5 convolutions of stride 2; each value at the end is a decision.

    Source: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (2019), section 3.3. As
    in the published code the last layer too has a leaky ReLU.

    Call arguments:
        image: `(B, H, W, 3)` in [-1, 1], H and W at least 1.
        mask: `(B, H, W, 1)`, 1 = hole.

    Returns:
        The decisions, `(B, ceil(H / 64), ceil(W / 64), 256)`, unbounded.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convs = [
            SpectralConv2D(
                filters,
                strides=2,
                padding="SAME",
                kernel_initializer="glorot_uniform",
                name=f"conv{number}",
            )
            for number, filters in enumerate(FILTERS, 1)
        ]

    def call(self, image, mask):
        features = tf.concat((image, tf.cast(mask, image.dtype)), axis=-1)
        for conv in self.convs:
            features = tf.nn.leaky_relu(conv(features), SLOPE)
        return features

    def update_spectral_norm(self) -> None:
        """One power iteration on every kernel."""
        for conv in self.convs:
            conv.update()
