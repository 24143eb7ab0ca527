"""The plain convolution under the recurrent, residual and fusion layers."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.padding import check_mode, pad_border
from inpainting.layers.upsampled_conv import KERNEL_SIZE, upsampled_conv


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
        upsample: 1, or 2 to double height and width first by repeating pixels; the kernel is 3x3
            then, neither strided nor dilated.
        before_norm: an instance norm follows, so the bias is left out.
        kernel_initializer: of the kernel; the bias starts at zero.

    Call arguments:
        inputs: `(B, H, W, C)`.
        more_bias: a second bias to be added with the layer's own, `(filters,)`.
        use_bias: False leaves the bias to the caller.
        training: True for kernels that have a gradient on every processor, and the faster one;
            otherwise those that are faster without. The results are equal but for rounding.

    Returns:
        `(B, ceil(H / strides), ceil(W / strides), filters)`, or `(B, 2 H, 2 W, filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        dilation_rate: int = 1,
        padding: str = "SYMMETRIC",
        upsample: int = 1,
        before_norm: bool = False,
        kernel_initializer="glorot_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_mode(padding)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")
        if upsample not in (1, 2):
            raise ValueError(f"upsample must be 1 or 2, got {upsample}")
        if upsample == 2 and (kernel_size, strides, dilation_rate) != (KERNEL_SIZE, 1, 1):
            raise ValueError(
                f"upsample=2 takes kernel_size 3, strides 1 and dilation_rate 1, got "
                f"{kernel_size}, {strides} and {dilation_rate}"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.dilation_rate = dilation_rate
        self.padding = padding
        self.upsample = upsample
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

    def call(self, inputs, more_bias=None, use_bias: bool = True, training: bool | None = None):
        bias = None
        if use_bias and not self.before_norm:
            bias = self.bias if more_bias is None else self.bias + more_bias
        if self.upsample == 2 and not training:
            return upsampled_conv(inputs, self.kernel, bias, self.padding)
        if self.upsample == 2:
            height, width = tf.shape(inputs)[1], tf.shape(inputs)[2]
            inputs = tf.image.resize(inputs, (2 * height, 2 * width), "nearest")
        outputs = self._convolve(inputs, training)
        return outputs if bias is None else tf.nn.bias_add(outputs, bias)

    def _convolve(self, inputs, training):
        dilations = self.dilation_rate
        border = dilations * (self.kernel_size - 1) // 2
        # Zeros at stride 1 are the convolution's own, which saves a copy of the input; at larger
        # strides TensorFlow's "SAME" pads unevenly and shifts the output.
        own_zeros = self.padding == "ZERO" and self.strides == 1
        padding = "SAME" if own_zeros else "VALID"
        if not own_zeros:
            inputs = pad_border(inputs, border, self.padding, training)
        if dilations > 1 and training:
            # Reorders pixels into batches and back, and so has a gradient without oneDNN, too.
            return tf.nn.convolution(inputs, self.kernel, 1, padding, dilations=dilations)
        if own_zeros and dilations > 1:
            # The same zeros by their number: ONNX Runtime dilates beside no "SAME".
            rim = (border, border)
            zeros = ((0, 0), rim, rim, (0, 0))
            return tf.nn.conv2d(inputs, self.kernel, 1, zeros, dilations=dilations)
        return tf.nn.conv2d(inputs, self.kernel, self.strides, padding, dilations=dilations)

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            strides=self.strides,
            dilation_rate=self.dilation_rate,
            padding=self.padding,
            upsample=self.upsample,
            before_norm=self.before_norm,
            kernel_initializer=tf.keras.initializers.serialize(self.kernel_initializer),
        )
        return config
