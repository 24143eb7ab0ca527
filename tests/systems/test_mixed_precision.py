"""Half precision inside, float32 outside."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.contextual_attention import ContextualAttention
from inpainting.layers.instance_norm import instance_norm
from inpainting.layers.spectral_conv import SpectralConv2D
from inpainting.training.precision import layer_precision

MODELS = ("recurrent", "gated", "contextual_attention")


def _train(system, samples, steps):
    step = tf.function(system.train_step)
    for _ in range(steps):
        system.reset_metrics()
        figures = {name: float(value) for name, value in step(samples).items()}
        assert all(np.isfinite(value) for value in figures.values()), figures
    return figures


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("model", MODELS)
def test_systems_train_finitely(model, precision, build, batch):
    with layer_precision(precision):
        system = build(model)
    before = [variable.numpy() for variable in system.generator.trainable_variables]
    samples = batch(2 * system.batches_per_step)
    # A loss scale that is too high at first costs some updates.
    _train(system, samples, 3)
    system.use_micro_batches(2)
    figures = _train(system, samples, 3)
    assert figures["generator_gradient_norm"] > 0
    assert figures["discriminator_gradient_norm"] > 0
    after = system.generator.trainable_variables
    assert all(variable.dtype == tf.float32 for variable in after)
    moved = [not np.array_equal(old, new) for old, new in zip(before, after)]
    assert np.mean(moved) > 0.9
    for frame in system.generator(*batch(1)).values():
        assert frame.dtype == tf.float32
    for optimizer in (system.generator_optimizer, system.discriminator_optimizer):
        scales = isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer)
        assert scales == (precision == "float16")


@pytest.mark.parametrize("prefill", ["white", "pyramid"])
def test_a_generator_is_close_to_its_float32_self(prefill, build, batch):
    exact = build("recurrent", prefill=prefill).generator
    with layer_precision("bfloat16"):
        mixed = build("recurrent", prefill=prefill).generator
    mixed.set_weights(exact.get_weights())
    for name, frame in exact(*batch(2)).items():
        other = mixed(*batch(2))[name]
        assert other.dtype == tf.float32
        assert not np.array_equal(other, frame)
        np.testing.assert_allclose(other, frame, atol=0.1)
        assert float(tf.reduce_mean(tf.abs(other - frame))) < 0.01


def test_norms_are_worked_out_in_float32():
    """Values of 100 to 103: in bfloat16 their mean alone would be off by up to 0.25."""
    values = 100 + np.random.default_rng(0).integers(0, 7, (1, 8, 8, 2)).astype(np.float32) / 2
    wanted = (values - values.mean((1, 2))) / np.sqrt(values.var((1, 2)) + 1e-5)
    with layer_precision("bfloat16"):
        layer = instance_norm("norm")
    outputs = layer(tf.constant(values))
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), wanted, rtol=2**-8, atol=1e-3)


def test_attention_is_worked_out_in_float32():
    features = tf.cast(np.random.default_rng(0).random((1, 8, 8, 4), np.float32), tf.bfloat16)
    holes = np.zeros((1, 4, 4, 1), np.float32)
    holes[:, 1, 1] = 1
    with layer_precision("bfloat16"):
        layer = ContextualAttention()
    exact = ContextualAttention()(tf.cast(features, tf.float32), holes)
    outputs = layer(features, holes)
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), exact, rtol=2**-8)


def test_sigma_is_that_of_the_float32_kernel():
    with layer_precision("float16"):
        layer = SpectralConv2D(3, 3)
    outputs = layer(tf.ones((1, 4, 4, 2)))
    assert outputs.dtype == tf.float16
    layer.update()
    matrix = layer.kernel.numpy().reshape(-1, 3).astype(np.float64)
    sigma = layer.v.numpy() @ matrix @ layer.u.numpy()
    assert layer.sigma().dtype == tf.float32
    assert float(layer.sigma()) == pytest.approx(sigma, rel=1e-6)


def test_a_skipped_update_is_counted_as_none(build, batch):
    """Gradients beyond float16's range: nothing moves, and the scale falls by half."""
    with layer_precision("float16"):
        system = build("gated")
    system.generator_optimizer = tf.keras.mixed_precision.LossScaleOptimizer(
        system.generator_optimizer.inner_optimizer.from_config(
            system.generator_optimizer.inner_optimizer.get_config()
        ),
        initial_scale=2.0**40,
    )
    before = [variable.numpy() for variable in system.generator.variables]
    figures = system.train_step(batch(2))
    assert float(figures["generator_gradient_norm"]) == 0
    assert float(system.generator_optimizer.loss_scale) == 2.0**39
    for old, new in zip(before, system.generator.variables):
        np.testing.assert_array_equal(old, new)


def test_the_policy_is_what_it_was():
    with layer_precision("off"):
        assert tf.keras.mixed_precision.global_policy().name == "float32"
    with layer_precision("bfloat16"):
        assert tf.keras.mixed_precision.global_policy().name == "mixed_bfloat16"
    assert tf.keras.mixed_precision.global_policy().name == "float32"
    with pytest.raises(ValueError, match="precision must be one of"), layer_precision("int8"):
        pass
