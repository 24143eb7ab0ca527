"""Both DeepFill systems on two logical CPUs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Networks in float64, so that sums in another order differ by nothing that matters.
PROGRAM = """
import json, sys
import numpy as np
import tensorflow as tf

model, (replicas, batches, parts) = sys.argv[1], map(int, sys.argv[2:])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(replicas)]
)
from inpainting.systems import registry
from inpainting.training.strategy import make_strategy

tf.keras.backend.set_floatx("float64")
tf.keras.utils.set_random_seed(3)
strategy = make_strategy(batch_size=4)
rng = np.random.default_rng(1)
images = rng.random((8 * batches, 32, 32, 3), np.float32)
masks = np.zeros((8 * batches, 32, 32, 1), np.float32)
masks[:, 6:20, 9:22] = 1
with strategy.scope():
    settings = {"base": 2} | ({"critic_updates": batches} if batches > 1 else {})
    system = registry.build(model, registry.preset(model, "paper", settings), image_size=32)
    system.compile(steps=2)
    system.use_micro_batches(parts)
figures = []

class Remember(tf.keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        figures.append(logs)
        self.model.reset_metrics()

dataset = tf.data.Dataset.from_tensor_slices((images, masks)).batch(4 * batches, True)
system.fit(dataset, verbose=0, callbacks=[Remember()], shuffle=False)
optimizers = (system.generator_optimizer, system.discriminator_optimizer)
print(json.dumps([[int(optimizer.iterations.numpy()) for optimizer in optimizers], figures]))
"""


def _run(model, replicas, batches, parts=1):
    command = [sys.executable, "-c", PROGRAM, model, str(replicas), str(batches), str(parts)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_gated_trains_as_on_one():
    updates, one = _run("gated", 1, 1)
    assert updates == [2, 2]
    updates, two = _run("gated", 2, 1)
    assert updates == [2, 2]
    for first, second in zip(one, two):
        assert second == pytest.approx(first, rel=1e-6, abs=1e-9)


@pytest.mark.slow
def test_critics_trained_several_times_a_step_train_as_on_one():
    """Each update sees the samples and the random shares that it sees on one device."""
    updates, one = _run("contextual_attention", 1, 2)
    assert updates == [2, 4]
    updates, two = _run("contextual_attention", 2, 2)
    assert updates == [2, 4]
    for first, second in zip(one, two):
        assert second == pytest.approx(first, rel=1e-5, abs=1e-6)


@pytest.mark.slow
def test_micro_batches_on_two_train_as_whole_batches_on_one():
    updates, one = _run("gated", 1, 1)
    same_updates, two = _run("gated", 2, 1, parts=2)
    assert same_updates == updates
    for first, second in zip(one, two):
        assert second == pytest.approx(first, rel=1e-5, abs=1e-6)
