import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.padded_conv import PaddedConv2D

RANDOM = np.random.default_rng(0)
NUMPY_MODES = {"SYMMETRIC": "symmetric", "REFLECT": "reflect", "ZERO": "constant"}


@pytest.mark.parametrize("padding", NUMPY_MODES)
@pytest.mark.parametrize(
    ("kernel_size", "strides", "dilation_rate"),
    [(3, 1, 1), (5, 1, 1), (3, 2, 1), (3, 1, 2), (1, 1, 1)],
)
@pytest.mark.parametrize("training", [False, True])
def test_is_numpys_convolution(padding, kernel_size, strides, dilation_rate, training, correlate):
    layer = PaddedConv2D(4, kernel_size, strides, dilation_rate, padding)
    inputs = RANDOM.random((2, 7, 6, 3), np.float32)
    layer.build(inputs.shape)
    layer.bias.assign([0.5, -1.0, 0.0, 2.0])
    outputs = layer(inputs, training=training)
    for sample, output in zip(inputs, outputs):
        expected = correlate(
            sample, layer.kernel.numpy(), strides, dilation_rate, NUMPY_MODES[padding]
        )
        np.testing.assert_allclose(output, expected + np.array([0.5, -1.0, 0.0, 2.0]), atol=1e-5)


def test_zero_padding_is_even_at_stride_two():
    # "SAME" would put its one odd pixel at the end and start at the image's first pixel's right.
    layer = PaddedConv2D(1, 3, 2, padding="ZERO", kernel_initializer="ones")
    image = np.zeros((1, 4, 4, 1), np.float32)
    image[0, 0, 0] = 1
    assert layer(image)[0, :, :, 0].numpy().tolist() == [[1, 0], [0, 0]]


def test_bias_before_a_norm_is_kept_but_idle():
    layer = PaddedConv2D(2, before_norm=True)
    inputs = RANDOM.random((1, 4, 4, 3), np.float32)
    before = layer(inputs)
    layer.bias.assign([5.0, -5.0])
    np.testing.assert_array_equal(layer(inputs), before)
    assert [variable.shape for variable in layer.trainable_variables] == [(3, 3, 3, 2)]
    assert layer.count_params() == 3 * 3 * 3 * 2 + 2


def test_gradient_of_a_dilated_convolution():
    layer = PaddedConv2D(2, dilation_rate=2)
    inputs = tf.constant(RANDOM.random((1, 6, 5, 1), np.float32))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs, training=True))
    gradient = tape.gradient(total, [inputs, *layer.trainable_variables])
    # Every pixel counts once for each tap that reaches it; mirrored borders keep the sum.
    np.testing.assert_allclose(tf.reduce_sum(gradient[0]), 30 * np.sum(layer.kernel), rtol=1e-4)
    np.testing.assert_array_equal(gradient[2], [30, 30])


def test_config_round_trip():
    layer = PaddedConv2D(4, 5, 2, padding="REFLECT", before_norm=True, name="conv")
    copy = PaddedConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.filters, copy.kernel_size, copy.strides) == (4, 5, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 4}, "kernel_size must be odd, got 4"),
        ({"padding": "SAME"}, "'SAME'"),
        ({"upsample": 3}, "upsample must be 1 or 2, got 3"),
        ({"upsample": 2, "kernel_size": 5}, "upsample=2 takes kernel_size 3.* got 5, 1 and 1"),
        ({"upsample": 2, "strides": 2}, "got 3, 2 and 1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PaddedConv2D(4, **arguments)
