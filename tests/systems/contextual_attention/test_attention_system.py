import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.systems import registry


def _system(**overrides):
    tf.keras.utils.set_random_seed(0)
    settings = {"base": 2, "critic_updates": 2, **overrides}
    config = registry.preset("contextual_attention", "paper", settings)
    system = registry.build("contextual_attention", config, image_size=32)
    system.compile(steps=10)
    return system


def _batch(count):
    rng = np.random.default_rng(0)
    image = rng.random((count, 32, 32, 3), np.float32)
    mask = np.zeros((count, 32, 32, 1), np.float32)
    mask[:, 8:20, 6:18] = 1
    mask[-1, :8], mask[-1, 20:28] = 0, mask[-1, 8:16]
    return tf.constant(image), tf.constant(mask)


def _numbers(figures):
    return {name: float(value) for name, value in figures.items()}


def test_losses_by_numpy():
    """Of the last of the step's batches, by a generator that has not been updated yet."""
    system = _system(critic_updates=1)
    image, mask = _batch(2)
    outputs = system.generator(image, mask)
    image, holes = image.numpy(), mask.numpy()
    # Windows of 16 around the holes' boxes: rows 8 to 19 and 8 to 27, columns 6 to 17.
    corners = [(6, 4), (10, 4)]
    place = np.minimum(np.arange(16), 16 - np.arange(16))
    weights = 0.9 ** np.minimum(place[:, np.newaxis], place)[..., np.newaxis]
    hole_l1 = known_l1 = 0.0
    for name, factor in (("coarse", 1.2), ("refined", 1.0)):
        difference = 2 * np.abs(outputs[name] - image)
        windows = [
            d[top : top + 16, left : left + 16] for d, (top, left) in zip(difference, corners)
        ]
        hole_l1 += factor * np.mean([(window * weights).mean() for window in windows])
        known = [(d * (1 - m)).mean() / (1 - m).mean() for d, m in zip(difference, holes)]
        known_l1 += factor * np.mean(known)
    figures = _numbers(system.train_step((tf.constant(image), mask)))
    assert figures["hole_l1"] == pytest.approx(hole_l1, rel=1e-4)
    assert figures["known_l1"] == pytest.approx(known_l1, rel=1e-4)
    total = 0.001 * figures["adversarial"] + 1.2 * figures["hole_l1"] + 1.2 * figures["known_l1"]
    assert figures["generator_loss"] == pytest.approx(total, rel=1e-5)
    distance = figures["d_fake"] - figures["d_real"]
    loss = distance + 10 * figures["gradient_penalty"]
    assert figures["discriminator_loss"] == pytest.approx(loss, rel=1e-4, abs=1e-5)
    assert set(figures) == set(system.figures)


def test_critics_are_updated_several_times_and_the_generator_once():
    system = _system(critic_updates=3)
    assert system.batches_per_step == 3
    system.train_step(_batch(3))
    assert int(system.discriminator_optimizer.iterations) == 3
    assert int(system.generator_optimizer.iterations) == 1


def test_a_step_is_a_function_of_its_batch_and_the_state():
    figures = [_numbers(_system().train_step(_batch(4))) for _ in range(2)]
    assert figures[0] == figures[1]


def test_penalty_brings_the_critics_gradients_towards_one():
    system = _system(discriminator_rate=1e-3)
    step = tf.function(lambda: system.train_step(_batch(4)))
    first = _numbers(step())["gradient_penalty"]
    for _ in range(15):
        system.reset_metrics()
        last = _numbers(step())["gradient_penalty"]
    assert last < 0.7 * first


def test_settings_of_the_publication():
    config = registry.preset("contextual_attention", "paper")
    assert (config.critic_updates, config.discount, config.adversarial_weight) == (5, 0.9, 0.001)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"critic_updates": 0}, "critic_updates must be 1 or more, got 0"),
        ({"discount": 1.5}, "discount must be above 0 and at most 1, got 1.5"),
        ({"base": 5}, "base must be an even number from 2 up, got 5"),
    ],
)
def test_bad_settings(overrides, message):
    with pytest.raises(InputError, match=message):
        registry.preset("contextual_attention", "paper", overrides)
