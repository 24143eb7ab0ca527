import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.wasserstein import (
    gradient_penalty,
    wasserstein_critic,
    wasserstein_generator,
)

RANDOM = np.random.default_rng(0)
MASK = np.zeros((2, 4, 4, 1), np.float32)
MASK[0, :2, :2] = 1
MASK[1, 1:, 3:] = 1


def test_by_hand():
    real, fake = tf.constant([[2.0], [4.0]]), tf.constant([[1.0], [-5.0]])
    assert float(wasserstein_critic(real, fake)) == -5
    assert float(wasserstein_generator(fake)) == 2


def test_penalty_of_a_linear_critic():
    """Its gradient is its weights wherever it stands; those outside the hole don't count."""
    weights = RANDOM.normal(size=(4, 4, 3)).astype(np.float32)
    real, fake = RANDOM.random((2, 2, 4, 4, 3), np.float32)

    def critic(images):
        return tf.reduce_sum(images * weights, axis=(1, 2, 3))[:, tf.newaxis]

    share = tf.constant([0.3, 0.9])[:, tf.newaxis, tf.newaxis, tf.newaxis]
    norms = np.sqrt((weights**2 * MASK).sum(axis=(1, 2, 3)))
    penalty = gradient_penalty(critic, real, fake, MASK, share)
    assert float(penalty) == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(("share", "place"), [(0.0, 0.2), (1.0, 0.7), (0.25, 0.325)])
def test_penalty_is_taken_between_the_images(share, place):
    # The gradient of the sum of squares is twice the place, at each of 3 channels of 1 pixel.
    real, fake = np.full((1, 1, 1, 3), 0.2, np.float32), np.full((1, 1, 1, 3), 0.7, np.float32)
    penalty = gradient_penalty(
        lambda images: tf.reduce_sum(images**2, axis=(1, 2, 3)),
        tf.constant(real),
        tf.constant(fake),
        tf.ones((1, 1, 1, 1)),
        tf.fill((1, 1, 1, 1), share),
    )
    assert float(penalty) == pytest.approx((2 * place * np.sqrt(3) - 1) ** 2, rel=1e-5)


def test_penalty_trains_the_critic_even_where_nothing_is_hole():
    critic = tf.keras.layers.Dense(1)
    images = tf.constant(RANDOM.random((2, 4, 4, 3), np.float32))
    for mask in (MASK, np.zeros_like(MASK)):
        with tf.GradientTape() as tape:
            penalty = gradient_penalty(
                lambda x: critic(tf.reshape(x, (2, 48))),
                images,
                images * 0.5,
                mask,
                tf.fill((2, 1, 1, 1), 0.5),
            )
        gradient = tape.gradient(penalty, critic.kernel).numpy()
        assert np.isfinite(gradient).all()
        assert gradient.any() == mask.any()
