import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers.spectral_conv import SpectralConv2D

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "arrays" / "spectral_conv.npz"
RANDOM = np.random.default_rng(0)


def _largest_singular_value(layer):
    return np.linalg.svd(layer.kernel.numpy().reshape(-1, layer.filters), compute_uv=False)[0]


def _built(filters=6, strides=2):
    # Seeded, since power iteration is as fast as the two largest singular values are apart.
    initializer = tf.keras.initializers.HeNormal(seed=0)
    layer = SpectralConv2D(filters, strides=strides, kernel_initializer=initializer)
    layer.build((None, None, None, 3))
    layer.bias.assign(RANDOM.normal(size=filters))
    return layer


def test_sigma_is_the_largest_singular_value_after_many_updates():
    layer = _built()
    assert layer.sigma().numpy() == pytest.approx(_largest_singular_value(layer), rel=0.05)
    layer.kernel.assign(np.random.default_rng(0).normal(size=layer.kernel.shape))
    for _ in range(200):
        layer.update()
    assert layer.sigma().numpy() == pytest.approx(_largest_singular_value(layer), rel=1e-5)


def test_update_is_one_step_of_power_iteration():
    layer = _built()
    matrix = layer.kernel.numpy().reshape(-1, layer.filters).astype(np.float64)
    v = matrix @ layer.u.numpy()
    v /= np.linalg.norm(v)
    u = matrix.T @ v
    u /= np.linalg.norm(u)
    layer.update()
    np.testing.assert_allclose(layer.v, v, atol=1e-6)
    np.testing.assert_allclose(layer.u, u, atol=1e-6)
    assert layer.sigma().numpy() == pytest.approx(v @ matrix @ u, rel=1e-5)


@pytest.mark.parametrize("strides", [1, 2, 4])
def test_is_the_convolution_with_the_divided_kernel(strides, correlate):
    layer = _built(strides=strides)
    image = RANDOM.random((1, 9, 8, 3), np.float32)
    expected = correlate(image[0], layer.kernel.numpy() / layer.sigma().numpy(), strides)
    np.testing.assert_allclose(layer(image)[0], expected + layer.bias.numpy(), atol=1e-5)


def test_a_larger_kernel_gives_the_same_output():
    layer = _built()
    image = RANDOM.random((1, 8, 8, 3), np.float32)
    before = layer(image)
    layer.kernel.assign(100 * layer.kernel)
    np.testing.assert_allclose(layer(image), before, rtol=1e-4, atol=1e-5)


def test_gradient_holds_u_and_v_constant():
    # d(f(W / s)) = G / s - (G . W) / s^2 * v u', where G is the gradient at the divided kernel.
    layer = _built()
    image = tf.constant(RANDOM.random((1, 8, 8, 3), np.float32))
    target = RANDOM.random((1, 4, 4, 6), np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(image) * target)
    actual = tape.gradient(loss, layer.kernel)
    divided = layer.kernel / layer.sigma()
    with tf.GradientTape() as tape:
        tape.watch(divided)
        padded = tf.pad(image, ((0, 0), (2, 2), (2, 2), (0, 0)))
        loss = tf.reduce_sum(tf.nn.conv2d(padded, divided, 2, "VALID") * target)
    gradient = tape.gradient(loss, divided).numpy()
    sigma, kernel = layer.sigma().numpy(), layer.kernel.numpy()
    outer = np.outer(layer.v, layer.u).reshape(kernel.shape)
    expected = gradient / sigma - np.sum(gradient * kernel) / sigma**2 * outer
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_is_what_pytorch_computes():
    with np.load(DATA) as data:
        layer = _built()
        layer.kernel.assign(data["kernel"])
        layer.bias.assign(data["bias"])
        layer.u.assign(data["first_u"])
        layer.v.assign(data["first_v"])
        layer.update()
        with tf.GradientTape() as tape:
            outputs = layer(data["inputs"])
            loss = tf.reduce_sum(outputs**2)
        gradient = tape.gradient(loss, layer.kernel)
        np.testing.assert_allclose(layer.u, data["second_u"], atol=1e-6)
        np.testing.assert_allclose(layer.v, data["second_v"], atol=1e-6)
        np.testing.assert_allclose(outputs, data["outputs"], atol=1e-5)
        scale = np.abs(data["kernel_gradient"]).max()
        np.testing.assert_allclose(gradient, data["kernel_gradient"], atol=1e-5 * scale)


def test_calls_leave_the_vectors_alone():
    layer = _built()
    before = layer.u.numpy(), layer.v.numpy()
    layer(tf.ones((1, 8, 8, 3)), training=True)
    np.testing.assert_array_equal(layer.u, before[0])
    np.testing.assert_array_equal(layer.v, before[1])
    assert [variable.name for variable in layer.trainable_variables] == ["kernel:0", "bias:0"]


def test_built_inside_a_function():
    layer = SpectralConv2D(4, kernel_initializer=tf.keras.initializers.HeNormal(seed=0))
    tf.function(layer.__call__)(tf.ones((1, 6, 6, 2)))
    assert layer.sigma().numpy() == pytest.approx(_largest_singular_value(layer), rel=0.05)


REPLICAS = """
import json
import numpy as np
import tensorflow as tf

from inpainting.layers.spectral_conv import SpectralConv2D

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    layer = SpectralConv2D(6, strides=2)
    layer.build((None, None, None, 3))
kernel, u, v = (value.numpy() for value in (layer.kernel, layer.u, layer.v))


@tf.function
def run():
    def step():
        layer.update()
        return layer(tf.ones((1, 8, 8, 3)))

    return strategy.run(step)


for _ in range(3):
    outputs = strategy.experimental_local_results(run())


@tf.function
def disturb():
    def step():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        layer.u.assign(layer.u + tf.cast(replica, tf.float32))

    strategy.run(step)


disturb()
copies = {
    name: [part.numpy().tolist() for part in strategy.experimental_local_results(variable)]
    for name, variable in (("u", layer.u), ("v", layer.v))
}
matrix = kernel.reshape(-1, 6)
for _ in range(3):
    v = matrix @ u
    v /= np.linalg.norm(v)
    u = matrix.T @ v
    u /= np.linalg.norm(u)
print(json.dumps({
    "copies": copies,
    "expected": {"u": u.tolist(), "v": v.tolist()},
    "outputs": [output.numpy().tolist() for output in outputs],
}))
"""


def test_replicas_stay_equal():
    """Two replicas update three times; then one of them goes astray, which must have no effect."""
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout.splitlines()[-1])
    for name in ("u", "v"):
        first, second = result["copies"][name]
        assert first == second
        np.testing.assert_allclose(first, result["expected"][name], atol=1e-5)
    assert result["outputs"][0] == result["outputs"][1]


def test_config_round_trip():
    layer = SpectralConv2D(4, 3, 2, kernel_initializer="glorot_normal", name="patch1")
    copy = SpectralConv2D.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


def test_even_kernel():
    with pytest.raises(ValueError, match="kernel_size must be odd, got 4"):
        SpectralConv2D(4, 4)
