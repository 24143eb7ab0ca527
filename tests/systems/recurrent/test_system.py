"""The training step: what it computes, what it leaves out, and that replicas change nothing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.vgg import Vgg19
from inpainting.systems import registry

ROOT = Path(__file__).parents[3]
RECONSTRUCTION = {
    "base": 4,
    "adversarial_weight": 0.0,
    "perceptual_weight": 0.0,
    "low_pass_perceptual_weight": 0.0,
    "style_weight": 0.0,
    "feature_matching_weight": 0.0,
}
WITHOUT_VGG = {
    "base": 4,
    "perceptual_weight": 0.0,
    "low_pass_perceptual_weight": 0.0,
    "style_weight": 0.0,
}


def build(overrides, vgg=None, steps=10):
    tf.keras.utils.set_random_seed(0)
    system = registry.build("recurrent", registry.preset("recurrent", "paper", overrides), vgg=vgg)
    system.compile(steps)
    return system


def batch(size=32, count=2):
    rng = np.random.default_rng(0)
    image = rng.random((count, size, size, 3), np.float32)
    mask = np.zeros((count, size, size, 1), np.float32)
    mask[0, 4:20, 4:20] = 1
    mask[1:, 10:16, 2:30] = 1
    return tf.constant(image), tf.constant(mask)


def numbers(figures):
    return {name: float(value) for name, value in figures.items()}


def test_every_term_of_the_paper_is_there_and_the_total_is_their_weighted_sum():
    system = build({"base": 4, "edge_weight": 10.0}, Vgg19("random"))
    figures = numbers(system.train_step(batch()))
    weights = {
        "adversarial": 0.01,
        "l1": 5,
        "low_pass": 1,
        "high_pass": 1,
        "low_pass_perceptual": 1,
        "perceptual": 1,
        "style": 250,
        "feature_matching": 1,
        "edge": 10,
    }
    total = sum(weight * figures[name] for name, weight in weights.items())
    assert figures["generator_loss"] == pytest.approx(total, rel=1e-5)
    others = {
        "generator_loss",
        "generator_gradient_norm",
        "discriminator_loss",
        "discriminator_gradient_norm",
        "d_real",
        "d_fake",
    }
    assert set(figures) == set(weights) | others
    assert all(np.isfinite(value) for value in figures.values())


def test_losses_are_those_of_the_networks_before_the_update():
    """L1, low and high pass by NumPy from the generator's own output."""
    system = build(RECONSTRUCTION)
    image, mask = batch()
    outputs = system.generator(image, mask, training=True)
    figures = numbers(system.train_step((image, mask)))
    difference = image.numpy() - outputs["refined"].numpy()
    assert figures["l1"] == pytest.approx(np.abs(difference).mean(), rel=1e-5)
    windows = np.lib.stride_tricks.sliding_window_view(
        image.numpy() - outputs["coarse"].numpy(), (5, 5), axis=(1, 2)
    )
    low = np.abs(windows.mean((-1, -2))).mean()
    assert figures["low_pass"] == pytest.approx(low, rel=1e-4)
    padded = np.pad(difference, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    high = np.abs(10 * difference - windows.sum((-1, -2))) * mask.numpy()
    assert figures["high_pass"] == pytest.approx(high.mean(), rel=1e-4)


def test_hole_factor_weights_the_hole():
    image, mask = batch()
    plain = build(RECONSTRUCTION)
    outputs = plain.generator(image, mask, training=True)["refined"].numpy()
    changes = {"hole_factor": 3.0, "l2_weight": 2.0, "log_l2_weight": 1.0}
    figures = numbers(build(RECONSTRUCTION | changes).train_step((image, mask)))
    difference, weight = image.numpy() - outputs, 1 + 2 * mask.numpy()
    assert figures["l1"] == pytest.approx((np.abs(difference) * weight).mean(), rel=1e-5)
    squares = difference**2 * weight
    assert figures["l2"] == pytest.approx(squares.mean(), rel=1e-5)
    means = squares.mean((1, 2, 3))
    assert figures["log_l2"] == pytest.approx(np.log(1 + means / 1e-5).mean(), rel=1e-5)


def test_reconstruction_alone_touches_no_discriminator_and_needs_no_vgg():
    system = build(RECONSTRUCTION)
    before = [variable.numpy() for variable in system.discriminator.variables]
    figures = system.train_step(batch())
    assert "d_real" not in figures
    assert "perceptual" not in figures
    for old, variable in zip(before, system.discriminator.variables):
        np.testing.assert_array_equal(old, variable.numpy())


def test_a_vgg_loss_without_vgg_is_refused():
    with pytest.raises(ValueError, match="vgg is None"):
        build({"base": 4})


def test_one_step_updates_each_network_once():
    system = build(WITHOUT_VGG)
    trainable = system.generator.trainable_variables + system.discriminator.trainable_variables
    before = [variable.numpy() for variable in trainable]
    system.train_step(batch())
    assert int(system.generator_optimizer.iterations) == 1
    assert int(system.discriminator_optimizer.iterations) == 1
    same = [
        variable.name
        for old, variable in zip(before, trainable)
        if np.array_equal(old, variable.numpy())
    ]
    # While all decisions lie between -1 and 1 the hinge is linear, and the last bias gets equal and
    # opposite gradients from real and fake.
    assert [name.split("/", 1)[1] for name in same] == ["decision/bias:0"]


def test_spectral_norm_is_up_to_date_after_a_step():
    """At the paper's rate a first step multiplies a kernel's norm; a stale one made D = -1,500."""
    system = build(WITHOUT_VGG)
    system.train_step(batch())
    for conv in (*system.discriminator.patch_convs, system.discriminator.decision):
        kernel = conv.kernel.numpy().reshape(-1, conv.filters)
        largest = np.linalg.svd(kernel, compute_uv=False)[0]
        assert largest / 1.5 < float(conv.sigma()) < 1.001 * largest


def test_learns_to_copy_what_it_sees():
    system = build(RECONSTRUCTION, steps=1000)
    image, mask = batch()
    step = tf.function(lambda: system.train_step((image, mask)))
    first = numbers(step())["l1"]
    for _ in range(30):
        system.reset_metrics()
        last = numbers(step())["l1"]
    assert last < 0.8 * first


def test_learning_rates_follow_the_preset():
    system = build(WITHOUT_VGG, steps=200)
    assert system.learning_rates(99) == pytest.approx(
        {"generator_rate": 1e-3, "discriminator_rate": 4e-3}
    )
    assert system.learning_rates(100) == pytest.approx(
        {"generator_rate": 7.5e-4, "discriminator_rate": 3e-3}
    )


# Networks in float64, and a wider epsilon in Adam. In float32 the same batch, cut in two, gives
# gradients that differ in the seventh digit; Adam divides each by its own size, so that entries
# whose true gradient is zero would take a full step in a random direction.
REPLICAS = """
import json, sys
import numpy as np
import tensorflow as tf

replicas = int(sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(replicas)]
)
from inpainting.systems import registry
from inpainting.training.strategy import make_strategy

tf.keras.backend.set_floatx("float64")
tf.keras.utils.set_random_seed(3)
strategy = make_strategy(batch_size=4)
assert strategy.num_replicas_in_sync == replicas
rng = np.random.default_rng(1)
images = rng.random((20, 32, 32, 3), np.float32)
masks = (rng.random((20, 32, 32, 1)) < 0.3).astype(np.float32)
with strategy.scope():
    settings = {"base": 4, "perceptual_weight": 0.0, "low_pass_perceptual_weight": 0.0}
    settings |= {"style_weight": 0.0, "discriminator_rate": 4e-4}
    system = registry.build("recurrent", registry.preset("recurrent", "paper", settings))
    system.compile(steps=5)
    system.generator_optimizer.epsilon = 1e-4
    system.discriminator_optimizer.epsilon = 1e-6
losses = []
variables = system.generator.trainable_variables + system.discriminator.trainable_variables
before = [variable.numpy() for variable in variables]

class Remember(tf.keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        losses.append(logs)
        self.model.reset_metrics()

dataset = tf.data.Dataset.from_tensor_slices((images, masks)).batch(4, drop_remainder=True)
system.fit(dataset, verbose=0, callbacks=[Remember()], shuffle=False)
after = [variable.numpy() for variable in variables]
np.savez(sys.argv[2], *after, *[new - old for new, old in zip(after, before)])
print(json.dumps(losses))
"""


@pytest.mark.slow
def test_two_replicas_train_as_one(tmp_path):
    """The same global batches on one and on two logical CPUs: losses, weights and updates."""
    losses, weights = [], []
    for replicas in (1, 2):
        path = tmp_path / f"{replicas}.npz"
        command = [sys.executable, "-c", REPLICAS, str(replicas), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stderr[-2000:]
        losses.append(json.loads(done.stdout.splitlines()[-1]))
        with np.load(path) as arrays:
            weights.append([arrays[name] for name in arrays.files])
    assert len(losses[0]) == 5
    for one, two in zip(*losses):
        for name in one:
            assert two[name] == pytest.approx(one[name], rel=1e-5, abs=1e-9), name
    for one, two in zip(*weights):
        assert np.linalg.norm(two - one) <= 1e-5 * np.linalg.norm(one)
    # Only the decision's bias stands still (see above): its value and its update.
    assert sum(not one.any() for one in weights[0]) == 2
