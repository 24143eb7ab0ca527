"""The moving average of weights against the recursion in NumPy, on one device and on two."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.training.averaging import WeightAverage

ROOT = Path(__file__).parents[2]


def network():
    """A model with trainable and other variables (a BatchNormalization's statistics)."""
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(3, input_shape=(2,)), tf.keras.layers.BatchNormalization()]
    )
    model.build((None, 2))
    return model


def recursion(start, weights, decay):
    """By the definition: n updates before this one, d = min(decay, (1 + n) / (10 + n))."""
    average = start.astype(np.float64)
    for count, value in enumerate(weights):
        rate = min(decay, (1 + count) / (10 + count))
        average = rate * average + (1 - rate) * value
    return average


def follow(decay, steps=30, start_step=0):
    """Random weights at each of the steps, and what the average of them is."""
    generator, average = network(), network()
    followed = WeightAverage(generator, average, decay)
    start = [value.copy() for value in generator.get_weights()]
    rng = np.random.default_rng(0)
    seen = []
    for step in range(start_step + 1, start_step + steps + 1):
        values = [rng.normal(size=value.shape).astype(np.float32) for value in start]
        for variable, value in zip(generator.variables, values):
            variable.assign(value)
        followed.update(step)
        seen.append(dict(zip([v.name for v in generator.variables], values)))
    return generator, average, start, seen


@pytest.mark.parametrize("decay", [0.5, 0.999])
def test_the_recursion(decay):
    generator, average, start, seen = follow(decay)
    for variable, mean, first in zip(generator.variables, average.variables, start):
        values = [values[variable.name] for values in seen]
        expected = recursion(first, values, decay) if variable.trainable else values[-1]
        np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_step_alone_decides_the_decay():
    """A run resumed at step 1000 is not warmed up again: one update moves 10 of 1010 parts."""
    generator, average, start, seen = follow(0.999, steps=1, start_step=1000)
    kernel = generator.variables[0].name
    expected = start[0] + (seen[0][kernel] - start[0]) * 9 / 1010
    np.testing.assert_allclose(average.variables[0].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_it_starts_with_the_weights_it_is_given():
    generator, average = network(), network()
    WeightAverage(generator, average, 0.9)
    for ours, theirs in zip(average.get_weights(), generator.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_bad_arguments():
    with pytest.raises(ValueError, match="decay must be above 0 and below 1, received 1"):
        WeightAverage(network(), network(), 1.0)
    other = tf.keras.Sequential([tf.keras.layers.Dense(4, input_shape=(2,))])
    with pytest.raises(ValueError, match="other variables"):
        WeightAverage(network(), other, 0.9)


TWO_DEVICES = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from inpainting.training.averaging import WeightAverage
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    generator, average = (
        tf.keras.Sequential([tf.keras.layers.Dense(1, use_bias=False, input_shape=(1,))])
        for _ in range(2)
    )
    generator.variables[0].assign([[0.0]])
    followed = WeightAverage(generator, average, 0.2)
for step in (1, 2, 3):
    with strategy.scope():
        generator.variables[0].assign([[float(step)]])
    followed.update(step)
copies = strategy.experimental_local_results(average.variables[0])
print([float(copy.numpy()) for copy in copies])
"""


def test_two_devices_have_the_same_average():
    """d = 1/10, 2/11 (below 0.2), then 0.2: 0.9, 1.8, 2.76."""
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    one = 0.1 * 0 + 0.9 * 1
    two = 2 / 11 * one + 9 / 11 * 2
    three = 0.2 * two + 0.8 * 3
    assert eval(done.stdout) == pytest.approx([three, three], rel=1e-6)
