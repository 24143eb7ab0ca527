"""The classical fills."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.evaluation.classical import FILLS, mean_colour


@pytest.fixture
def gradient() -> tuple[np.ndarray, np.ndarray]:
    ramp = np.tile(np.arange(0, 192, 6, dtype=np.uint8), (32, 1))
    image = np.stack([ramp, ramp[:, ::-1], np.full_like(ramp, 90)], axis=-1)
    mask = np.zeros((32, 32), np.uint8)
    mask[12:20, 12:20] = 1
    return image, mask


@pytest.mark.parametrize("name", FILLS)
def test_known_pixels_stay_as_they_are(name, gradient):
    image, mask = gradient
    filled = FILLS[name][0](image, mask)
    assert filled.dtype == np.uint8
    assert (filled[mask == 0] == image[mask == 0]).all()


@pytest.mark.parametrize("name", ["telea", "ns", "pyramid"])
def test_smooth_fills_come_near_a_gradient(name, gradient):
    image, mask = gradient
    hidden = np.where(mask[..., None] == 1, np.uint8(255), image)
    filled = FILLS[name][0](hidden, mask)
    assert np.abs(filled.astype(int) - image)[mask == 1].mean() < 12


def test_mean_colour_is_that_of_the_known_pixels():
    image = np.zeros((2, 4, 3), np.uint8)
    image[0] = (10, 20, 31)
    image[1] = (20, 40, 60)
    mask = np.zeros((2, 4), np.uint8)
    mask[1, 1:] = 1  # known: four of the first row, one of the second
    expected = np.floor(np.array([60, 120, 184]) / 5 + 0.5)
    assert (mean_colour(image, mask)[1, 1:] == expected).all()


def test_mean_colour_without_known_pixels_is_grey():
    filled = mean_colour(np.zeros((3, 3, 3), np.uint8), np.ones((3, 3), np.uint8))
    assert (filled == 128).all()
