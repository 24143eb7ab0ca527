"""The fixed filters against hand-worked values and NumPy's own padding and windows."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.layers import filters


def correlate(image, kernel, mode):
    """Each channel of `(B, H, W, C)` with `kernel`, beyond the border as `np.pad(mode=mode)`."""
    kernel = np.asarray(kernel, np.float64)
    image = np.asarray(image, np.float64)
    if mode != "valid":
        pad = kernel.shape[0] // 2
        image = np.pad(image, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape, axis=(1, 2))
    return np.einsum("bhwcij,ij->bhwc", windows, kernel)


def random_image(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype(np.float32)


def ramp(height, width):
    """A channel whose value is its column, and one whose value is three times its row."""
    columns = np.tile(np.arange(width, dtype=np.float32), (height, 1))
    rows = np.tile(3 * np.arange(height, dtype=np.float32)[:, None], (1, width))
    return np.stack([columns, rows], axis=-1)[None]


def test_low_pass_is_the_mean_of_each_window():
    image = random_image(2, 9, 7, 3)
    expected = np.empty((2, 5, 3, 3))
    for row in range(5):
        for column in range(3):
            expected[:, row, column] = image[:, row : row + 5, column : column + 5].mean(
                axis=(1, 2)
            )
    np.testing.assert_allclose(filters.low_pass(image), expected, rtol=1e-5)


def test_low_pass_keeps_a_ramp():
    # The mean of a symmetric window on a ramp is its centre.
    np.testing.assert_allclose(filters.low_pass(ramp(8, 9)), ramp(8, 9)[:, 2:-2, 2:-2], rtol=1e-5)


def test_high_pass_by_hand():
    # One bright pixel: 9 there, -1 at its eight neighbours, 0 elsewhere.
    image = np.zeros((1, 5, 5, 1), np.float32)
    image[0, 2, 2] = 1
    expected = np.zeros((5, 5))
    expected[1:4, 1:4] = -1
    expected[2, 2] = 9
    np.testing.assert_array_equal(filters.high_pass(image)[0, :, :, 0], expected)


def test_high_pass_of_a_constant_shows_the_zero_border():
    # Inside 9 - 8 = 1; on an edge three neighbours are missing, 9 - 5; in a corner five, 9 - 3.
    result = filters.high_pass(np.ones((1, 4, 4, 1), np.float32))[0, :, :, 0].numpy()
    np.testing.assert_array_equal(result, [[6, 4, 4, 6], [4, 1, 1, 4], [4, 1, 1, 4], [6, 4, 4, 6]])


def test_high_pass_equals_numpy():
    image = random_image(2, 6, 5, 3)
    expected = correlate(image, [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]], "constant")
    np.testing.assert_allclose(filters.high_pass(image), expected, rtol=1e-5, atol=1e-5)


def test_sobel_energy_of_a_ramp():
    # Slope 1 across columns: the kernel's weights answer 2 * (1 + 2 + 1) = 8; slope 3: 24.
    energy = filters.sobel_energy(ramp(6, 7))[0, 1:-1, 1:-1].numpy()
    np.testing.assert_array_equal(energy[..., 0], 64)
    np.testing.assert_array_equal(energy[..., 1], 576)


def test_sobel_energy_of_a_step():
    # A unit step between columns 2 and 3 is seen by both neighbours: (1 + 2 + 1)^2.
    image = np.zeros((1, 6, 6, 1), np.float32)
    image[:, :, 3:] = 1
    energy = filters.sobel_energy(image)[0, 1:-1, 1:-1, 0].numpy()
    np.testing.assert_array_equal(energy, np.tile([0, 16, 16, 0], (4, 1)))


def test_sobel_energy_equals_numpy():
    image = random_image(2, 5, 6, 3)
    horizontal = correlate(image, [[1, 2, 1], [0, 0, 0], [-1, -2, -1]], "constant")
    vertical = correlate(image, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "constant")
    expected = horizontal**2 + vertical**2
    np.testing.assert_allclose(filters.sobel_energy(image), expected, rtol=1e-4, atol=1e-5)


def scharr_by_numpy(image, mode="reflect"):
    kernel = np.array([[3, 10, 3], [0, 0, 0], [-3, -10, -3]]) / 16
    strength = np.abs(correlate(image, kernel, mode)) + np.abs(correlate(image, kernel.T, mode))
    low = strength.min(axis=(1, 2), keepdims=True)
    return (strength - low) / (strength.max(axis=(1, 2), keepdims=True) - low + 1e-6)


@pytest.mark.parametrize("shape", [(2, 7, 6, 3), (1, 2, 5, 3), (1, 1, 5, 3), (1, 4, 1, 1)])
def test_scharr_edges_equal_numpy(shape):
    image = random_image(*shape)
    np.testing.assert_allclose(
        filters.scharr_edges(image), scharr_by_numpy(image), rtol=1e-4, atol=1e-5
    )


def test_scharr_edges_of_a_step_and_of_a_constant():
    image = np.full((1, 5, 6, 2), 0.25, np.float32)
    image[:, :, 3:, 1] = 1
    edges = filters.scharr_edges(image)[0].numpy()
    np.testing.assert_array_equal(edges[..., 0], 0)
    np.testing.assert_allclose(edges[..., 1], np.tile([0, 0, 1, 1, 0, 0], (5, 1)), atol=1e-5)


def test_scharr_edges_of_one_pixel_are_zero():
    np.testing.assert_array_equal(filters.scharr_edges(np.ones((1, 1, 1, 3), np.float32)), 0)


def test_scharr_edges_scale_each_image_by_itself():
    pair = random_image(2, 6, 6, 3) * np.array([1, 0.1], np.float32)[:, None, None, None]
    one_by_one = np.concatenate([filters.scharr_edges(pair[:1]), filters.scharr_edges(pair[1:])])
    np.testing.assert_allclose(filters.scharr_edges(pair), one_by_one, rtol=1e-6)


FILTERS = ["low_pass", "high_pass", "sobel_energy", "scharr_edges"]


@pytest.mark.parametrize("name", FILTERS)
def test_dynamic_shapes_give_the_eager_result(name):
    function = getattr(filters, name)
    traced = tf.function(function, input_signature=[tf.TensorSpec((None, None, None, 3))])
    for shape in [(1, 8, 9, 3), (2, 6, 5, 3)]:
        image = tf.constant(random_image(*shape))
        np.testing.assert_allclose(traced(image), function(image), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_the_type_is_kept(name, dtype):
    image = tf.cast(random_image(1, 8, 8, 3), dtype)
    assert getattr(filters, name)(image).dtype == image.dtype
