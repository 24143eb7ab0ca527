import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.recurrent_conv import RecurrentConv2D

RANDOM = np.random.default_rng(0)


def _elu(values):
    return np.where(values > 0, values, np.expm1(values))


def _randomize(layer):
    for variable in layer.variables:
        variable.assign(RANDOM.normal(0, 0.3, variable.shape))


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("upsample", [1, 2])
@pytest.mark.parametrize("training", [False, True])
def test_two_passes_by_hand(normalized, upsample, training, correlate, normalize):
    layer = RecurrentConv2D(2, upsample=upsample, normalize=normalized)
    images = RANDOM.random((2, 4, 5, 3), np.float32)
    layer(images[:1])
    _randomize(layer)
    output, state = layer(images[:1], training=training)
    second, _ = layer(images[1:], state, training=training)

    expected = np.zeros((4 * upsample, 5 * upsample, 2))
    for image, actual in zip(images, (output, second)):
        image = image.repeat(upsample, axis=0).repeat(upsample, axis=1)
        expected = (
            correlate(image, layer.conv.kernel.numpy(), mode="symmetric")
            + layer.conv.bias.numpy()
            + correlate(expected, layer.buffer_conv.kernel.numpy())
            + layer.buffer_conv.bias.numpy()
        )
        # The biases stand here in both cases: the norm cancels them.
        expected = _elu(normalize(expected) if normalized else expected)
        np.testing.assert_allclose(actual[0], expected, atol=2e-5)


def test_output_is_the_new_state():
    output, state = RecurrentConv2D(2)(tf.ones((1, 4, 4, 3)))
    assert output is state


def test_first_pass_runs_one_convolution():
    layer = RecurrentConv2D(4)
    inputs, state = tf.TensorSpec((1, 8, 8, 3)), tf.TensorSpec((1, 8, 8, 4))

    def count(*specs):
        graph = tf.function(layer.__call__).get_concrete_function(*specs).graph
        return [operation.type for operation in graph.get_operations()].count("Conv2D")

    assert count(inputs) == 1
    assert count(inputs, state) == 2


def test_zeros_as_state_equal_no_state():
    layer = RecurrentConv2D(4)
    inputs = RANDOM.random((1, 6, 6, 3), np.float32)
    layer(inputs)
    _randomize(layer)
    np.testing.assert_allclose(
        layer(inputs)[0], layer(inputs, tf.zeros((1, 6, 6, 4)))[0], atol=1e-6
    )


def test_a_call_leaves_nothing_behind():
    layer = RecurrentConv2D(4)
    first, second = RANDOM.random((2, 1, 6, 6, 3), np.float32)
    alone, _ = layer(first)
    layer(second, layer(second)[1])
    np.testing.assert_array_equal(layer(first)[0], alone)


@pytest.mark.parametrize("height", [5, 6])
def test_stride_halves_and_rounds_up(height):
    output, _ = RecurrentConv2D(2, strides=2)(tf.ones((1, height, 8, 3)))
    assert output.shape == (1, 3, 4, 2)


def test_gradients_reach_every_trainable_variable():
    layer = RecurrentConv2D(2, normalize=True)
    inputs = RANDOM.random((1, 6, 6, 3), np.float32)
    with tf.GradientTape() as tape:
        output, _ = layer(inputs, layer(inputs)[1])
        loss = tf.reduce_sum(output**3)
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert len(gradients) == 2
    assert all(tf.reduce_max(tf.abs(gradient)) > 1e-3 for gradient in gradients)


def test_config_round_trip():
    layer = RecurrentConv2D(
        3, upsample=2, normalize=True, activation=None, padding="REFLECT", name="last"
    )
    copy = RecurrentConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.conv.padding == "REFLECT"


def test_bad_upsample():
    with pytest.raises(ValueError, match="upsample must be 1 or 2, got 3"):
        RecurrentConv2D(2, upsample=3)
