"""The reconstruction losses at values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.losses.reconstruction import l1, l2, log_l2


def test_l1_is_the_mean_over_batch_pixels_and_channels():
    image = np.zeros((2, 2, 2, 3), np.float32)
    refined = image.copy()
    refined[0, 0, 1] = (0.5, -1.0, 0)  # 1.5 of 24 values
    assert float(l1(image, refined)) == 1.5 / 24


def test_l1_of_equal_images_is_zero():
    image = np.random.default_rng(0).uniform(size=(1, 3, 4, 3)).astype(np.float32)
    assert float(l1(image, image)) == 0


def test_l1_weighted_by_hand():
    # A difference of 1 in all 12 values; one pixel of four counts three times.
    image, refined = np.zeros((1, 2, 2, 3), np.float32), np.ones((1, 2, 2, 3), np.float32)
    weight = np.ones((1, 2, 2, 1), np.float32)
    weight[0, 1, 0] = 3
    assert float(l1(image, refined, weight)) == (3 * 3 + 9) / 12


def test_l2_weighted_by_hand():
    # A difference of 0.5 in all 12 values, squared 0.25; one pixel of four counts three times.
    image, refined = np.zeros((1, 2, 2, 3), np.float32), np.full((1, 2, 2, 3), 0.5, np.float32)
    weight = np.ones((1, 2, 2, 1), np.float32)
    assert float(l2(image, refined)) == 0.25
    weight[0, 1, 0] = 3
    assert float(l2(image, refined, weight)) == 0.25 * (3 * 3 + 9) / 12


def test_log_l2_is_the_mean_of_each_samples_logarithm():
    # Mean squares 0.25 and 0.01 without weights, 0.25 * 1.5 and 0.01 * 1.5 with them.
    image = np.zeros((2, 2, 2, 3), np.float32)
    refined = np.stack([np.full((2, 2, 3), 0.5, np.float32), np.full((2, 2, 3), -0.1, np.float32)])
    plain = (np.log(25001) + np.log(1001)) / 2
    assert float(log_l2(image, refined)) == pytest.approx(plain, rel=1e-6)
    weight = np.ones((2, 2, 2, 1), np.float32)
    weight[:, 1, 0] = 3
    weighted = (np.log(37501) + np.log(1501)) / 2
    assert float(log_l2(image, refined, weight)) == pytest.approx(weighted, rel=1e-6)
    assert float(log_l2(image, image)) == 0
