"""Octaves and their means against NumPy."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from inpainting.detail.bands import local_mean, split_bands

RANDOM = np.random.default_rng(0)


def low_pass(plane, step):
    """Binomial over taps `step` apart, the border repeated, along both axes of a 2-D array."""
    for _ in range(2):
        padded = np.pad(plane, ((2 * step, 2 * step), (0, 0)), mode="edge")
        taps = [padded[k * step : k * step + len(plane)] for k in range(5)]
        plane = np.tensordot(np.array([1, 4, 6, 4, 1]) / 16, taps, 1).T
    return plane


def test_bands_of_a_whole_picture():
    picture = RANDOM.random((14, 9, 3), np.float32)
    fine, coarse = split_bands(tf.constant(picture), tf.ones((14, 9, 1)), 2)
    for channel in range(3):
        first = low_pass(picture[..., channel], 1)
        second = low_pass(first, 2)
        np.testing.assert_allclose(fine[..., channel], picture[..., channel] - first, atol=1e-6)
        np.testing.assert_allclose(coarse[..., channel], first - second, atol=1e-6)


def test_what_has_no_weight_has_no_influence():
    picture = np.full((12, 12, 3), 0.25, np.float32)
    weight = np.ones((12, 12, 1), np.float32)
    weight[4:9, 5:8] = 0
    picture[4:9, 5:8] = RANDOM.random((5, 3, 3))
    for band in split_bands(tf.constant(picture), tf.constant(weight), 2):
        np.testing.assert_allclose(band, np.zeros((12, 12, 3)), atol=1e-6)


def test_local_mean_by_hand():
    values = np.arange(9, dtype=np.float32).reshape((3, 3, 1))
    weight = np.ones((3, 3, 1), np.float32)
    weight[0, 0] = weight[2, 2] = 0
    means = local_mean(tf.constant(values), tf.constant(weight), 1).numpy()[..., 0]
    np.testing.assert_allclose(means[1, 1], (36 - 0 - 8) / 7, rtol=1e-6)
    np.testing.assert_allclose(means[0, 0], (1 + 3 + 4) / 3, rtol=1e-6)
