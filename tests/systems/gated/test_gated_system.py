import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.systems import registry


def _system(**overrides):
    tf.keras.utils.set_random_seed(0)
    config = registry.preset("gated", "paper", {"base": 2, **overrides})
    system = registry.build("gated", config, image_size=32)
    system.compile(steps=10)
    return system


def _batch(count=2):
    rng = np.random.default_rng(0)
    image = rng.random((count, 32, 32, 3), np.float32)
    mask = np.zeros((count, 32, 32, 1), np.float32)
    mask[0, 4:20, 4:20] = 1
    mask[1:, 10:16, 2:30] = 1
    return tf.constant(image), tf.constant(mask)


def _numbers(figures):
    return {name: float(value) for name, value in figures.items()}


def test_losses_by_numpy():
    system = _system(l1_weight=2.0, adversarial_weight=0.5)
    image, mask = _batch()
    outputs = system.generator(image, mask)
    differences = [np.abs(outputs[name] - image).mean() for name in ("coarse", "refined")]
    # The judge of the first update is the one before it, one power iteration on.
    judge = _system()
    judge.discriminator.update_spectral_norm()
    truth = 2 * image - 1
    completed = truth * (1 - mask) + (2 * outputs["refined"] - 1) * mask
    real, fake = (judge.discriminator(part, mask).numpy() for part in (truth, completed))
    figures = _numbers(system.train_step((image, mask)))
    assert figures["l1"] == pytest.approx(2 * sum(differences), rel=1e-5)
    hinge = np.maximum(1 - real, 0).mean() + np.maximum(1 + fake, 0).mean()
    assert figures["discriminator_loss"] == pytest.approx(0.5 * hinge, rel=1e-5)
    assert figures["d_real"] == pytest.approx(real.mean(), rel=1e-3)
    total = 2 * figures["l1"] + 0.5 * figures["adversarial"]
    assert figures["generator_loss"] == pytest.approx(total, rel=1e-5)
    assert set(figures) == set(system.figures)


def test_one_step_updates_each_network_once():
    system = _system()
    networks = (system.generator, system.discriminator)
    before = [[variable.numpy() for variable in network.variables] for network in networks]
    system.train_step(_batch())
    assert int(system.generator_optimizer.iterations) == 1
    assert int(system.discriminator_optimizer.iterations) == 1
    for network, old in zip(networks, before):
        changed = [np.any(one != two.numpy()) for one, two in zip(old, network.variables)]
        assert np.mean(changed) > 0.8


def test_learns_how_dark_photographs_are():
    # More than that it can't in a few steps: its seventeen gates start all but half open, so that
    # hardly anything passes through.
    system = _system(generator_rate=3e-3)
    image, mask = _batch()
    image = 0.3 * image
    step = tf.function(lambda: system.train_step((image, mask)))
    first = _numbers(step())["l1"]
    for _ in range(30):
        system.reset_metrics()
        last = _numbers(step())["l1"]
    assert last < 0.8 * first


def test_checkpoint_holds_networks_and_optimizers():
    assert set(_system().checkpoint_items()) == {
        "generator",
        "discriminator",
        "generator_optimizer",
        "discriminator_optimizer",
    }


def test_learning_rate_is_constant():
    rates = {"generator_rate": 1e-4, "discriminator_rate": 1e-4}
    for step in (0, 5, 100):
        assert _system().learning_rates(step) == pytest.approx(rates)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"base": 3}, "base must be an even number from 2 up, got 3"),
        ({"l1_weight": -1.0}, "l1_weight must be a finite number from 0 up, got -1.0"),
        ({"generator_rate": 0.0}, "generator_rate must be a finite number above 0, got 0.0"),
        ({"cnum": 48}, "'cnum'"),
    ],
)
def test_bad_settings(overrides, message):
    with pytest.raises(InputError, match=message):
        registry.preset("gated", "paper", overrides)
