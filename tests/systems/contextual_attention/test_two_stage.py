"""What both DeepFill generators promise; each test runs for both."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.systems.contextual_attention.generator import ContextualAttentionGenerator
from inpainting.systems.gated.generator import GatedGenerator

RANDOM = np.random.default_rng(0)
GENERATORS = {"contextual_attention": ContextualAttentionGenerator, "gated": GatedGenerator}


@pytest.fixture(params=sorted(GENERATORS))
def generator_class(request):
    tf.keras.utils.set_random_seed(0)
    return GENERATORS[request.param]


def _batch(height, width, count=1):
    image = RANDOM.random((count, height, width, 3), np.float32)
    mask = np.zeros((count, height, width, 1), np.float32)
    mask[:, height // 3 : height // 2 + 1, : width // 2 + 1] = 1
    return image, mask


@pytest.mark.parametrize(
    ("name", "parameters"), [("contextual_attention", 3_601_542), ("gated", 4_052_478)]
)
def test_published_number_of_parameters(name, parameters):
    generator = GENERATORS[name]()
    generator(*_batch(8, 8))
    assert generator.count_params() == parameters


@pytest.mark.parametrize("size", [(1, 1), (8, 16), (21, 7)])
def test_any_size_in_a_graph(generator_class, size):
    generator = generator_class(base=2)
    specs = [tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None, None, None, 1))]
    function = tf.function(generator.__call__, input_signature=specs)
    image, mask = _batch(*size)
    outputs = function(image, mask)
    for name, frame in generator(image, mask).items():
        assert frame.shape == image.shape
        assert 0 <= frame.numpy().min() <= frame.numpy().max() <= 1
        np.testing.assert_allclose(outputs[name], frame, atol=1e-5)


def test_what_is_in_the_hole_has_no_influence(generator_class):
    generator = generator_class(base=2)
    image, mask = _batch(24, 16)
    other = np.where(mask == 1, RANDOM.random(image.shape, np.float32), image)
    one, two = generator(image, mask), generator(other, mask)
    for name in one:
        np.testing.assert_allclose(one[name], two[name], atol=1e-6)


def test_samples_do_not_see_each_other(generator_class):
    generator = generator_class(base=2)
    image, mask = _batch(16, 24, count=2)
    mask[1] = 0
    mask[1, 10:, 15:] = 1
    together = generator(image, mask)
    for index in range(2):
        alone = generator(image[index : index + 1], mask[index : index + 1])
        for name, frame in alone.items():
            np.testing.assert_allclose(together[name][index], frame[0], atol=1e-5)


def test_all_hole_stays_finite(generator_class):
    image, mask = _batch(16, 16)
    for frame in generator_class(base=2)(image, np.ones_like(mask)).values():
        assert np.isfinite(frame).all()


def test_refined_depends_on_the_attention(generator_class):
    generator = generator_class(base=4)
    image, mask = _batch(32, 32)
    generator(image, mask)
    for variable in generator.variables:  # so that differences are not lost on the way
        variable.assign(2 * variable)
    before = generator(image, mask)
    # Scores of no weight: the mean of all known patches comes instead of the best.
    generator.attention.softmax_scale = 0.0
    after = generator(image, mask)
    np.testing.assert_array_equal(before["coarse"], after["coarse"])
    assert np.abs(before["refined"] - after["refined"]).max() > 1e-4


def test_every_variable_is_trained_but_none_twice(generator_class):
    generator = generator_class(base=2)
    image, mask = _batch(16, 16)
    with tf.GradientTape() as tape:
        outputs = generator(image, mask, training=True)
        total = tf.reduce_sum((outputs["refined"] - 0.3) ** 2)
    variables = generator.trainable_variables
    gradients = tape.gradient(total, variables)
    assert len(variables) == len(generator.variables)
    unreached = [v.name for v, gradient in zip(variables, gradients) if gradient is None]
    assert unreached == []
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_config_round_trip(generator_class):
    generator = generator_class(base=4, align_corners=False)
    copy = generator_class.from_config(generator.get_config())
    assert (copy.base, copy.align_corners) == (4, False)
    assert copy.attention.align_corners is False


def test_bad_base(generator_class):
    with pytest.raises(ValueError, match="base must be even and at least 2, got 3"):
        generator_class(base=3)
