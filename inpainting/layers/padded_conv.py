"""The plain convolution under the recurrent, residual and fusion layers."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.padding import check_mode, pad_border


@tf.keras.utils.register_keras_serializable("inpainting")
class PaddedConv2D(tf.keras.layers.Layer):
    """A convolution whose border is mirrored or zero, with a bias.

    A convolution that an instance norm follows has a bias without effect: the norm subtracts each
    channel's mean, and the bias with it. Such a bias (`before_norm=True`) is kept as a variable,
    so that published weights come over one to one and parameter counts agree, but it is neither
    added nor trained. Were it trained, its gradient would be rounding noise about zero, which Adam
    scales up to full steps: the variable would wander, and differently on each replica.

    Args:
        filters: channels of the output.
        kernel_size: height and width of the kernel, odd.
        strides: step between outputs; H and W are divided by it, rounding up.
        dilation_rate: step between the kernel's taps; not together with `strides`.
        padding: "SYMMETRIC", "REFLECT" or "ZERO", see `inpainting.layers.padding.pad_border`.
        before_norm: an instance norm follows, so the bias is left out.
        kernel_initializer: of the kernel; the bias starts at zero.

    Call arguments:
        inputs: `(B, H, W, C)`.
        use_bias: False leaves the bias to the caller, who adds it together with another.

    Returns:
        `(B, ceil(H / strides), ceil(W / strides), filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        dilation_rate: int = 1,
        padding: str = "SYMMETRIC",
        before_norm: bool = False,
        kernel_initializer="glorot_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_mode(padding)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.dilation_rate = dilation_rate
        self.padding = padding
        self.before_norm = before_norm
        self.kernel_initializer = tf.keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        size = self.kernel_size
        self.kernel = self.add_weight(
            "kernel",
            (size, size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
        )
        self.bias = self.add_weight(
            "bias", (self.filters,), initializer="zeros", trainable=not self.before_norm
        )
        super().build(input_shape)

    def call(self, inputs, use_bias: bool = True):
        border = self.dilation_rate * (self.kernel_size - 1) // 2
        # Zeros at stride 1 are TensorFlow's own "SAME", which saves a copy of the input; at larger
        # strides "SAME" pads unevenly and shifts the output.
        native = self.padding == "ZERO" and self.strides == 1
        outputs = tf.nn.convolution(
            inputs if native else pad_border(inputs, border, self.padding),
            self.kernel,
            strides=self.strides,
            padding="SAME" if native else "VALID",
            dilations=self.dilation_rate,
        )
        if self.before_norm or not use_bias:
            return outputs
        return tf.nn.bias_add(outputs, self.bias)

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            dilation_rate=self.dilation_rate,
            padding=self.padding,
            before_norm=self.before_norm,
            kernel_initializer=tf.keras.initializers.serialize(self.kernel_initializer),
        )
        return config
