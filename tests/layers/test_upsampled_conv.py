import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.upsampled_conv import upsampled_conv

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("padding", ["SYMMETRIC", "REFLECT", "ZERO"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 5), (6, 3)])
def test_is_the_convolution_of_the_doubled_image(padding, height, width, correlate):
    images = RANDOM.random((2, height, width, 3), np.float32)
    kernel = RANDOM.normal(size=(3, 3, 3, 4)).astype(np.float32)
    bias = RANDOM.normal(size=4).astype(np.float32)
    outputs = upsampled_conv(tf.constant(images), kernel, bias, padding)
    mode = "constant" if padding == "ZERO" else padding.lower()
    for image, output in zip(images, outputs):
        doubled = image.repeat(2, axis=0).repeat(2, axis=1)
        np.testing.assert_allclose(output, correlate(doubled, kernel, mode=mode) + bias, atol=1e-5)


def test_without_a_bias():
    image = tf.ones((1, 2, 2, 1))
    outputs = upsampled_conv(image, tf.ones((3, 3, 1, 2)))
    np.testing.assert_array_equal(outputs, np.full((1, 4, 4, 2), 9.0))


def test_has_a_gradient():
    kernel = tf.ones((3, 3, 1, 1))
    image = tf.ones((1, 2, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch((image, kernel))
        total = tf.reduce_sum(upsampled_conv(image, kernel))
    of_image, of_kernel = tape.gradient(total, (image, kernel))
    # Each of the 4 x 6 results is the sum of nine ones.
    assert float(tf.reduce_sum(of_image)) == 24 * 9
    np.testing.assert_array_equal(of_kernel[..., 0, 0], np.full((3, 3), 24.0))
