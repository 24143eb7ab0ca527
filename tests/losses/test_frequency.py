"""The frequency losses against NumPy's windows and hand-worked values."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.losses.frequency import high_pass_l1, low_pass_l1, scharr_l1


def pair(height=9, width=8, batch=2):
    generator = np.random.default_rng(3)
    return generator.uniform(size=(2, batch, height, width, 3)).astype(np.float32)


def windows(image, size, mode):
    image = np.asarray(image, np.float64)
    if mode is not None:
        image = np.pad(image, ((0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)), mode)
    return np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(1, 2))


def test_low_pass_l1_filters_both_images():
    image, coarse = pair()
    means = [windows(x, 5, None).mean(axis=(-1, -2)) for x in (image, coarse)]
    expected = np.abs(means[0] - means[1]).mean()
    assert float(low_pass_l1(image, coarse)) == pytest.approx(expected, rel=1e-5)


def test_low_pass_l1_does_not_see_a_checkerboard():
    # 13 of one colour and 12 of the other in each 5x5 window: 1/25 of the amplitude is left.
    rows, columns = np.indices((9, 9))
    board = np.where((rows + columns) % 2, 1.0, -1.0).astype(np.float32)[None, :, :, None]
    assert float(low_pass_l1(np.zeros_like(board), board)) == pytest.approx(1 / 25, rel=1e-5)


def test_high_pass_l1_filters_both_images_and_counts_the_hole_only():
    image, refined = pair()
    mask = (np.random.default_rng(4).uniform(size=(2, 9, 8, 1)) > 0.5).astype(np.float32)
    kernel = np.array([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]])
    details = [
        np.einsum("bhwcij,ij->bhwc", windows(x, 3, "constant"), kernel) for x in (image, refined)
    ]
    expected = (mask * np.abs(details[0] - details[1])).mean()
    assert float(high_pass_l1(image, refined, mask)) == pytest.approx(expected, rel=1e-5)


def test_high_pass_l1_by_hand():
    # A difference of 1 at one of 25 pixels: 9 there and 1 at each of eight neighbours.
    image, refined = np.zeros((2, 1, 5, 5, 1), np.float32)
    refined[0, 2, 2] = 1
    mask = np.ones((1, 5, 5, 1), np.float32)
    assert float(high_pass_l1(image, refined, mask)) == pytest.approx(17 / 25)
    mask[0, 2, 2] = 0
    assert float(high_pass_l1(image, refined, mask)) == pytest.approx(8 / 25)
    assert float(high_pass_l1(image, refined, np.zeros_like(mask))) == 0


def test_scharr_l1_of_a_step_against_nothing():
    # The step's two columns answer 1, the other two 0, in each of three channels, summed.
    image, refined = np.zeros((2, 1, 4, 4, 3), np.float32)
    image[:, :, 2:] = 0.5
    assert float(scharr_l1(image, refined)) == pytest.approx(3 * 0.5, rel=1e-4)


def test_scharr_l1_equals_numpy():
    kernel = np.array([[3, 10, 3], [0, 0, 0], [-3, -10, -3]]) / 16
    edges = []
    for image in pair():
        window = windows(image, 3, "reflect")
        strength = sum(abs(np.einsum("bhwcij,ij->bhwc", window, k)) for k in (kernel, kernel.T))
        low, high = strength.min((1, 2), keepdims=True), strength.max((1, 2), keepdims=True)
        edges.append((strength - low) / (high - low + 1e-6))
    per_channel = np.abs(edges[0] - edges[1]).mean(axis=(0, 1, 2))
    assert float(scharr_l1(*pair())) == pytest.approx(per_channel.sum(), rel=1e-4)
