"""The gated convolution."""

from __future__ import annotations

import tensorflow as tf


@tf.keras.utils.register_keras_serializable("inpainting")
class GatedConv2D(tf.keras.layers.Layer):
    """A convolution that decides, for each channel and position, how much of it goes on.

    `activation(features) * sigmoid(gates)`, where features and gates are the two halves of one
    convolution's channels. A plain convolution treats pixels of the hole and known ones alike; the
    gates are learned from the mask and the image.

    Source: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (2019), section 3.1. Its
    published code counts the channels before the halves are taken apart: its width 48 is
    `filters=24` here.

    Args:
        filters: channels of the output.
        kernel_size: height and width of the kernel.
        strides: step between outputs.
        dilation_rate: step between the kernel's taps; not together with `strides`.
        activation: of the features, a name or a function.

    Call arguments:
        inputs: `(B, H, W, C)`. Padding is TensorFlow's "SAME", uneven at stride 2.

    Returns:
        `(B, ceil(H / strides), ceil(W / strides), filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        dilation_rate: int = 1,
        activation="elu",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(f"filters must be at least 1, got {filters}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.dilation_rate = dilation_rate
        self.activation = tf.keras.activations.get(activation)
        self.conv = tf.keras.layers.Conv2D(
            2 * filters,
            kernel_size,
            strides,
            padding="same",
            dilation_rate=dilation_rate,
            name="conv",
        )

    def call(self, inputs):
        features, gates = tf.split(self.conv(inputs), 2, axis=-1)
        return self.activation(features) * tf.sigmoid(gates)

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            dilation_rate=self.dilation_rate,
            activation=tf.keras.activations.serialize(self.activation),
        )
        return config
