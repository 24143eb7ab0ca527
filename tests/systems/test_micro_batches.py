"""A batch in parts makes the update of the whole batch."""

import numpy as np
import pytest
import tensorflow as tf

from inpainting.errors import InputError
from inpainting.losses.vgg import Vgg19
from inpainting.systems import accumulation, adversarial
from inpainting.systems.base import InpaintingSystem, apply_and_measure

MODELS = ("recurrent", "gated", "contextual_attention")
# Far enough along its gradient that the generator can tell whether the discriminator was updated.
DISCRIMINATOR_RATES = {"recurrent": 200.0, "gated": 1.0, "contextual_attention": 0.01}


@pytest.fixture
def gradients(monkeypatch):
    """All gradients that were applied, in order; by plain steps along them.

    In Adam's first steps a gradient that is rounding noise moves a weight as far as any other.
    """
    applied = []

    def apply(optimizer, gradients, variables):
        applied.append(np.concatenate([gradient.numpy().ravel() for gradient in gradients]))
        return apply_and_measure(optimizer, gradients, variables)

    monkeypatch.setattr(adversarial, "apply_and_measure", apply)
    monkeypatch.setattr(
        adversarial.AdversarialSystem,
        "_adam",
        lambda self, rate, network: tf.keras.optimizers.SGD(rate),
    )
    return applied


def _step(system, samples, parts, gradients):
    del gradients[:]
    system.use_micro_batches(parts)
    figures = system.train_step(samples)
    return list(gradients), {name: float(value) for name, value in figures.items()}


def _far_apart(first, second):
    return np.linalg.norm(first - second) / np.linalg.norm(first)


@pytest.mark.parametrize("model", MODELS)
def test_gradients_are_those_of_the_whole_batch(model, build, batch, gradients):
    rate = DISCRIMINATOR_RATES[model]
    system = build(model, adversarial_weight=1.0, discriminator_rate=rate)
    samples = batch(4 * system.batches_per_step)
    whole, figures = _step(system, samples, 1, gradients)
    system = build(model, adversarial_weight=1.0, discriminator_rate=rate)
    parts, same = _step(system, samples, 2, gradients)
    # The discriminator's updates, and the generator's as judged by what they made.
    assert len(whole) == len(parts) == (3 if model == "contextual_attention" else 2)
    for one, other in zip(whole, parts):
        assert _far_apart(one, other) < 1e-5
    assert same == pytest.approx(figures, rel=1e-4, abs=1e-6)
    system = build(model, adversarial_weight=1.0, discriminator_rate=1e-9)
    stale, _ = _step(system, samples, 2, gradients)
    assert _far_apart(whole[-1], stale[-1]) > 1e-4


@pytest.mark.slow
def test_style_and_perceptual_losses_too(build, batch, gradients):
    vgg = Vgg19("random")
    terms = {"perceptual_weight": 1.0, "low_pass_perceptual_weight": 1.0, "style_weight": 250.0}
    # Where a deep feature of truth and fill is equal to within rounding, the sign of its difference
    # turns with the size of a part, and the gradient with it by 2e-4 of its norm. What is wrong in
    # the sums is wrong in every batch; that is so in some only.
    errors = []
    for seed in range(4):
        samples = batch(4, seed=seed)
        whole, _ = _step(build("recurrent", vgg, **terms), samples, 1, gradients)
        parts, _ = _step(build("recurrent", vgg, **terms), samples, 4, gradients)
        errors.append(max(_far_apart(one, other) for one, other in zip(whole, parts)))
    assert min(errors) < 1e-5, errors
    assert max(errors) < 1e-3, errors


def test_by_hand():
    """The mean of (x w)^2 over x = 1, 2, 3, 4 at w = 2: 30, and its gradient 30."""
    weight = tf.Variable(2.0)

    def compute(samples):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(samples * weight))
        return [tape.gradient(loss, weight)], {"loss": loss, "most": tf.reduce_max(samples)}

    step = tf.function(lambda x: accumulation.accumulate(compute, [weight], (x,), 2))
    (gradient,), figures = step(tf.constant([1.0, 2.0, 3.0, 4.0]))
    assert float(gradient) == 30
    assert float(figures["loss"]) == 30
    assert float(figures["most"]) == 3  # of 2 and 4


def test_a_system_that_cannot_says_so():
    with pytest.raises(InputError, match=r"--micro_batches=2.*tiny takes its batches whole"):
        InpaintingSystem(name="tiny").use_micro_batches(2)
