"""A convolution of an image doubled by repeating pixels, worked out without doubling it."""

from __future__ import annotations

import tensorflow as tf

from inpainting.layers.padding import pad_border

KERNEL_SIZE = 3


def upsampled_conv(
    inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None, padding: str = "SYMMETRIC"
) -> tf.Tensor:
    """Doubles height and width by repeating pixels, pads by 1 and correlates with a 3x3 kernel.

    Of the three rows that the kernel covers in the doubled image two are the same row of `inputs`,
    so the kernel's taps on them are added up beforehand: each of the four pixels that come of one
    is a 2x2 convolution of `inputs`. All four are the channels of one convolution, 4/9 of the
    multiplications. Source: Shi et al., "Is the deconvolution layer the same as a convolutional
    layer?" (2016), sub-pixel convolution.

    Args:
        inputs: `(B, H, W, C)`.
        kernel: `(3, 3, C, F)`.
        bias: `(F,)` or None.
        padding: "SYMMETRIC", "REFLECT" or "ZERO", see `inpainting.layers.padding.pad_border`.

    Returns:
        `(B, 2 H, 2 W, F)`.
    """
    # One pixel beyond the doubled image both mirrors show the same: the pixel at the border.
    inputs = pad_border(inputs, 1, "ZERO" if padding == "ZERO" else "SYMMETRIC")
    # Window i of 2x2 sees what row 2i - 1 of the result needs and then what row 2i does: the odd
    # row of a pair comes first, and of the (2 H + 2, 2 W + 2) pixels the border falls away.
    kernels = [
        corner
        for row in reversed(_halves(kernel, axis=0))
        for corner in reversed(_halves(row, axis=1))
    ]
    outputs = tf.nn.conv2d(inputs, tf.concat(kernels, axis=-1), 1, "VALID")
    if bias is not None:
        outputs = tf.nn.bias_add(outputs, tf.tile(bias, (4,)))
    return tf.nn.depth_to_space(outputs, 2)[:, 1:-1, 1:-1, :]


def _halves(kernel: tf.Tensor, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Three taps along `axis` as two, for an even and for an odd position of the doubled image."""
    first, middle, last = tf.split(kernel, KERNEL_SIZE, axis)
    return tf.concat((first, middle + last), axis), tf.concat((first + middle, last), axis)
