import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.gated_conv import GatedConv2D

RANDOM = np.random.default_rng(0)


def _elu(values):
    return np.where(values > 0, values, np.expm1(values))


def test_is_features_times_gates(correlate):
    layer = GatedConv2D(2, dilation_rate=2)
    inputs = RANDOM.normal(size=(2, 7, 6, 3)).astype(np.float32)
    layer.build(inputs.shape)
    layer(inputs)
    layer.conv.bias.assign([0.5, -1.0, 0.0, 2.0])
    for sample, output in zip(inputs, layer(inputs)):
        both = correlate(sample, layer.conv.kernel.numpy(), dilation=2)
        both += np.array([0.5, -1.0, 0.0, 2.0])
        expected = _elu(both[..., :2]) / (1 + np.exp(-both[..., 2:]))
        np.testing.assert_allclose(output, expected, atol=1e-5)


def test_a_closed_gate_lets_nothing_through():
    layer = GatedConv2D(1, 1, activation=None)
    layer(tf.zeros((1, 1, 1, 1)))
    layer.conv.kernel.assign([[[[1.0, 0.0]]]])
    inputs = tf.constant([[[[3.0]]]])
    layer.conv.bias.assign([0.0, -100.0])
    assert layer(inputs).numpy().item() == 0
    layer.conv.bias.assign([0.0, 100.0])
    assert layer(inputs).numpy().item() == 3


def test_padding_is_tensorflows_at_stride_two():
    # Of an even size, "SAME" pads one line at the end alone: the first window starts at 0.
    layer = GatedConv2D(1, 3, 2, activation=None)
    layer(tf.zeros((1, 4, 4, 1)))
    layer.conv.kernel.assign(tf.ones((3, 3, 1, 2)) * [1.0, 0.0])
    layer.conv.bias.assign([0.0, 100.0])
    image = np.zeros((1, 4, 4, 1), np.float32)
    image[0, 2, 2] = 1
    assert layer(image)[0, :, :, 0].numpy().tolist() == [[1, 1], [1, 1]]
    image = np.zeros((1, 4, 4, 1), np.float32)
    image[0, 1, 1] = 1
    assert layer(image)[0, :, :, 0].numpy().tolist() == [[1, 0], [0, 0]]


def test_parameters_are_those_of_one_convolution_of_twice_the_channels():
    layer = GatedConv2D(24, 5)
    layer(tf.zeros((1, 4, 4, 5)))
    assert layer.count_params() == 5 * 5 * 5 * 48 + 48


def test_config_round_trip():
    layer = GatedConv2D(4, 5, 2, activation="relu", name="gate")
    copy = GatedConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.filters, copy.kernel_size, copy.strides) == (4, 5, 2)
    assert copy(tf.zeros((1, 8, 8, 3))).shape == (1, 4, 4, 4)


def test_bad_filters():
    with pytest.raises(ValueError, match="filters must be at least 1, got 0"):
        GatedConv2D(0)
