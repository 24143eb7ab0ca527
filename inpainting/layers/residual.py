"""The residual block of the generator's bottleneck."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.instance_norm import instance_norm
from inpainting.layers.padded_conv import PaddedConv2D


@tf.keras.utils.register_keras_serializable("inpainting")
class ResidualBlock(tf.keras.layers.Layer):
    """Two 3x3 convolutions, the first dilated, each with an instance norm, added to the input.

    `x + norm(conv(relu(norm(dilated_conv(x)))))`; nothing follows the sum. Source: EdgeConnect
    (Nazeri et al., 2019), which the paper's residual module takes over.

    Args:
        filters: channels of the input and the output.
        dilation_rate: of the first convolution.
        padding: "SYMMETRIC" or "REFLECT".

    Call arguments:
        inputs: `(B, H, W, filters)`, H and W at least `dilation_rate` (more for "REFLECT").

    Returns:
        `(B, H, W, filters)`.
    """

    def __init__(self, filters: int, dilation_rate: int = 2, padding: str = "SYMMETRIC", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.dilation_rate = dilation_rate
        self.padding = padding
        self.conv1 = PaddedConv2D(
            filters, dilation_rate=dilation_rate, padding=padding, before_norm=True, name="conv1"
        )
        self.norm1 = instance_norm("norm1")
        self.conv2 = PaddedConv2D(filters, padding=padding, before_norm=True, name="conv2")
        self.norm2 = instance_norm("norm2")

    def call(self, inputs):
        outputs = tf.nn.relu(self.norm1(self.conv1(inputs)))
        return inputs + self.norm2(self.conv2(outputs))

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters, dilation_rate=self.dilation_rate, padding=self.padding)
        return config
