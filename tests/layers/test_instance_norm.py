import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.instance_norm import EPSILON, InstanceNorm, instance_norm


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_is_each_samples_own_statistics(scale, normalize):
    # At a deviation of 1e-3 the variance is a tenth of epsilon, so another epsilon would show.
    inputs = scale * np.random.default_rng(0).normal(3, 1, (2, 5, 7, 3)).astype(np.float32)
    expected = np.stack([normalize(sample.astype(np.float64)) for sample in inputs])
    np.testing.assert_allclose(instance_norm("norm")(inputs), expected, atol=2e-4)


def test_has_no_weights():
    layer = instance_norm("norm")
    layer.build((None, 4, 4, 3))
    assert layer.weights == []


def test_equals_addons():
    addons = pytest.importorskip("tensorflow_addons")
    theirs = addons.layers.InstanceNormalization(center=False, scale=False, epsilon=EPSILON)
    inputs = tf.constant(np.random.default_rng(1).normal(2, 3, (2, 9, 8, 5)).astype(np.float32))
    weights = tf.constant(np.random.default_rng(2).normal(size=inputs.shape).astype(np.float32))

    def gradient(layer):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            total = tf.reduce_sum(outputs * weights)
        return outputs, tape.gradient(total, inputs)

    for ours, expected in zip(gradient(instance_norm("norm")), gradient(theirs)):
        np.testing.assert_allclose(ours, expected, atol=2e-6)


def test_half_precision_is_computed_in_float32():
    inputs = np.random.default_rng(0).normal(300, 1, (1, 40, 40, 2)).astype(np.float16)
    outputs = InstanceNorm(dtype="mixed_float16")(tf.constant(inputs))
    assert outputs.dtype == tf.float16
    values = inputs.astype(np.float64)
    expected = (values - values.mean((1, 2))) / np.sqrt(values.var((1, 2)) + EPSILON)
    np.testing.assert_allclose(outputs, expected, atol=4e-3)


def test_config_round_trip():
    layer = InstanceNorm(name="norm")
    assert InstanceNorm.from_config(layer.get_config()).get_config() == layer.get_config()
