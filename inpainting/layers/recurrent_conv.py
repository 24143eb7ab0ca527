"""The recurrent convolution, which the two passes of the paper's generator share."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.instance_norm import instance_norm
from inpainting.layers.padded_conv import PaddedConv2D


@tf.keras.utils.register_keras_serializable("inpainting")
class RecurrentConv2D(tf.keras.layers.Layer):
    """A convolution with a buffer: `activation(norm(conv(pad(x)) + buffer_conv(state)))`.

    The result is both the output and the state of the next pass. The state is passed in and handed
    back, never kept, so a call depends on its arguments alone. Source: the paper's recurrent
    convolution (`upsample=1`) and recurrent deconvolution (`upsample=2`).

    Args:
        filters: channels of the output.
        kernel_size: height and width of the kernel, odd.
        strides: 1, or 2 to halve height and width.
        upsample: 1, or 2 to double height and width first by repeating pixels; the kernel is 3x3
            then and not strided.
        normalize: whether an instance norm stands before the activation.
        activation: name or function; None for none.
        padding: of the convolution, "SYMMETRIC" or "REFLECT". The buffer's convolution is 3x3 and
            zero padded.
        kernel_initializer: of both kernels.

    Call arguments:
        inputs: `(B, H, W, C)`.
        state: this layer's output of the pass before, or None in the first pass. None stands for a
            buffer of zeros, of which the buffer's convolution is the bias alone: it is not run.
        training: see `PaddedConv2D`.

    Returns:
        `(output, new_state)`, the same tensor twice: `(B, H', W', filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        upsample: int = 1,
        normalize: bool = False,
        activation="elu",
        padding: str = "SYMMETRIC",
        kernel_initializer="glorot_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.upsample = upsample
        self.normalize = normalize
        self.activation = tf.keras.activations.get(activation)
        self.padding = padding
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)
        # Each kernel gets an initializer of its own: one that is shared may draw the same twice.
        initializer_config = tf.keras.initializers.serialize(self.kernel_initializer)
        self.conv = PaddedConv2D(
            filters,
            kernel_size,
            strides,
            padding=padding,
            upsample=upsample,
            before_norm=normalize,
            kernel_initializer=initializer_config,
            name="conv",
        )
        self.buffer_conv = PaddedConv2D(
            filters,
            padding="ZERO",
            before_norm=normalize,
            kernel_initializer=initializer_config,
            name="buffer_conv",
        )
        self.norm = instance_norm("norm") if normalize else None

    def build(self, input_shape):
        # Here, since the first pass does not call it and yet needs its bias.
        with tf.name_scope(self.buffer_conv.name):
            self.buffer_conv.build((None, None, None, self.filters))
        super().build(input_shape)

    def call(self, inputs, state=None, training: bool | None = None):
        # Both biases at once. TensorFlow fuses one bias into a convolution, and tf2onnx makes an
        # invalid graph of two in a row.
        outputs = self.conv(inputs, more_bias=self.buffer_conv.bias, training=training)
        if state is not None:
            outputs += self.buffer_conv(state, use_bias=False)
        if self.norm is not None:
            outputs = self.norm(outputs)
        outputs = self.activation(outputs)
        return outputs, outputs

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            upsample=self.upsample,
            normalize=self.normalize,
            activation=tf.keras.activations.serialize(self.activation),
            padding=self.padding,
            kernel_initializer=tf.keras.initializers.serialize(self.kernel_initializer),
        )
        return config
