"""What every loss promises: a float32 mean over the batch, and a gradient that is right.

A loss that is the mean of its images' losses can be divided over replicas and added up again.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.adversarial import hinge_discriminator, hinge_generator
from inpainting.losses.feature_matching import feature_matching
from inpainting.losses.frequency import high_pass_l1, low_pass_l1, scharr_l1
from inpainting.losses.perceptual import perceptual, style
from inpainting.losses.reconstruction import l1

# Each takes (truth, prediction), both `(B, 7, 6, 2)`.
LOSSES = {
    "hinge_discriminator": lambda a, b: hinge_discriminator(4 * a - 1, 4 * b - 3),
    "hinge_generator": lambda a, b: hinge_generator(b),
    "l1": l1,
    "low_pass_l1": low_pass_l1,
    "high_pass_l1": lambda a, b: high_pass_l1(a, b, MASK[: a.shape[0]]),
    "scharr_l1": scharr_l1,
    "feature_matching": lambda a, b: feature_matching((a, 2 * a), (b, b)),
    "perceptual": lambda a, b: perceptual({"x": a, "y": a}, {"x": b, "y": 2 * b}, ("x", "y")),
    "style": lambda a, b: style({"x": a, "y": a}, {"x": b, "y": 2 * b}, ("x", "y")),
}
# The same mask for each image: a batch of one uses the first.
MASK = np.tile(np.random.default_rng(1).integers(0, 2, (1, 7, 6, 1)), (3, 1, 1, 1))


@pytest.fixture(params=sorted(LOSSES))
def loss(request):
    return LOSSES[request.param]


@pytest.fixture
def images():
    return np.random.default_rng(7).uniform(size=(2, 3, 7, 6, 2)).astype(np.float32)


def test_a_batch_gives_the_mean_of_its_images(loss, images):
    truth, prediction = images
    each = [float(loss(truth[i : i + 1], prediction[i : i + 1])) for i in range(3)]
    assert len({round(value, 6) for value in each}) == 3
    assert float(loss(truth, prediction)) == pytest.approx(np.mean(each), rel=1e-5)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_half_precision_gives_a_float32_loss(loss, images, dtype):
    truth, prediction = (tf.cast(batch, dtype) for batch in images)
    result = loss(truth, prediction)
    assert result.dtype == tf.float32
    assert result.shape == ()
    exact = loss(tf.cast(truth, tf.float32), tf.cast(prediction, tf.float32))
    assert float(result) == pytest.approx(float(exact), rel=0.01)


def test_the_gradient_equals_finite_differences(loss, images):
    truth, prediction = tf.constant(images[0, :1]), tf.constant(images[1, :1])
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = loss(truth, prediction)
    gradient = tape.gradient(value, prediction).numpy().ravel()
    step = 5e-4
    flat = prediction.numpy().ravel()
    expected = np.empty_like(gradient)
    for place in range(flat.size):
        values = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[place] += sign * step
            values.append(float(loss(truth, tf.reshape(moved, prediction.shape))))
        expected[place] = (values[0] - values[1]) / (2 * step)
    assert np.linalg.norm(expected) > 0
    # A few places of an absolute value's or a maximum's kink may lie within the step.
    assert np.mean(np.isclose(gradient, expected, rtol=0.02, atol=2e-4)) > 0.95


def test_a_traced_loss_equals_the_eager_one(loss, images):
    assert float(tf.function(loss)(*images)) == pytest.approx(float(loss(*images)), rel=1e-5)
