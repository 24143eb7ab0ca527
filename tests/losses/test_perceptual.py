"""Perceptual and style losses and the Gram matrix at values worked out by hand or by NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from inpainting.losses.perceptual import PERCEPTUAL_LAYERS, STYLE_LAYERS, gram, perceptual, style


def test_gram_by_hand():
    # Two pixels with channels (1, 2) and (3, 4): sums of products over C * H * W = 4.
    features = np.array([[[[1.0, 2.0], [3.0, 4.0]]]], np.float32)
    expected = np.array([[1 + 9, 2 + 12], [2 + 12, 4 + 16]]) / 4
    np.testing.assert_array_equal(gram(features)[0], expected)


def test_gram_of_each_image_by_itself():
    features = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype(np.float32)
    expected = np.einsum("bhwc,bhwd->bcd", features, features) / (4 * 5 * 6)
    np.testing.assert_allclose(gram(features), expected, rtol=1e-4, atol=1e-6)


def test_gram_sums_in_float32():
    # 4096 ones: a bfloat16 sum would stop growing at 256.
    features = tf.ones((1, 64, 64, 1), tf.bfloat16)
    np.testing.assert_array_equal(gram(features), [[[1.0]]])


def test_gram_with_dynamic_sizes():
    traced = tf.function(gram, input_signature=[tf.TensorSpec((None, None, None, 2))])
    np.testing.assert_allclose(traced(tf.ones((2, 3, 5, 2))), np.full((2, 2, 2), 0.5), rtol=1e-6)


def features_of(layers, value):
    sizes = range(1, len(layers) + 1)
    return {name: tf.fill((1, size, 2, 3), value) for name, size in zip(layers, sizes)}


def test_perceptual_sums_the_layers_means():
    a, b = features_of(PERCEPTUAL_LAYERS, 1.0), features_of(PERCEPTUAL_LAYERS, 1.5)
    assert float(perceptual(a, b)) == pytest.approx(5 * 0.5)
    assert float(perceptual(a, b, layers=["relu3_1"])) == pytest.approx(0.5)


def test_style_sums_the_layers_means():
    # All values v give Gram entries v^2 / 3 whatever the size: |1 - 4| / 3 for each layer.
    a, b = features_of(STYLE_LAYERS, 1.0), features_of(STYLE_LAYERS, 2.0)
    assert float(style(a, b)) == pytest.approx(4 * 1.0, rel=1e-5)


def test_style_does_not_see_where_and_perceptual_does():
    a = features_of(["relu2_2"], 0.0)
    pixels = np.random.default_rng(1).normal(size=(1, 4, 4, 3)).astype(np.float32)
    a, b = {"relu2_2": pixels}, {"relu2_2": pixels[:, ::-1]}
    assert float(style(a, b, layers=["relu2_2"])) == pytest.approx(0, abs=1e-6)
    assert float(perceptual(a, b, layers=["relu2_2"])) > 0.1
