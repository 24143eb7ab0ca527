"""The levels that values are rounded to, against what is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.conversion.int8_grid import channel_grid, plain_grid


def kernel(*largest):
    """One filter of 1x1 whose weights on the channels are given."""
    return np.array(largest, np.float32).reshape(1, -1, 1, 1)


def test_factors_make_values_and_weights_of_a_channel_equally_large():
    """Values up to 4 and 1 meet weights of 1 and 4: both become 2, room included."""
    low, high = np.array([-4.0, 0.0]), np.array([1.0, 1.0])
    grid = channel_grid(low / 1.15, high / 1.15, [kernel(1, 4)])
    np.testing.assert_allclose(grid.factors, [0.5, 2.0], rtol=1e-6)
    # From -2 to 2 in 255 steps, moved by half of one, so that the 128th is zero.
    assert grid.high - grid.low == pytest.approx(4)
    assert grid.low == pytest.approx(-128 * 4 / 255)


def test_the_largest_weight_of_all_readers_counts():
    readers = [kernel(1, 1), kernel(-4, 1), kernel(1, 0.25)]
    grid = channel_grid(np.zeros(2), np.ones(2), readers)
    assert grid.factors[0] / grid.factors[1] == pytest.approx(2)


def test_256_levels_one_of_them_zero(rng):
    low, high = np.array([-1.0, -0.9, 0.2]), np.array([7.3, 55.0, 3.0])
    grid = channel_grid(low, high, [kernel(0.3, 0.01, 2)])
    values = rng.uniform(-1, 55, (4000, 3)).astype(np.float32).clip(low, high)
    found = grid.rounded(values)
    step = (grid.high - grid.low) / 255
    assert np.abs(found - values * grid.factors).max() <= 0.501 * step
    assert 170 < len(np.unique(found)) <= 256
    np.testing.assert_array_equal(grid.rounded(np.zeros((1, 3))), 0)


def test_what_lies_beyond_is_cut_off():
    grid = plain_grid(-1.0, 3.0)
    assert grid.rounded(np.array([9.0])) == pytest.approx(grid.high)
    assert grid.rounded(np.array([-9.0])) == pytest.approx(grid.low)


def test_channels_that_are_always_zero_do_no_harm():
    grid = channel_grid(np.zeros(2), np.array([0.0, 1.0]), [kernel(0, 1)])
    assert np.isfinite(grid.factors).all()
    silent = channel_grid(np.zeros(2), np.zeros(2), [kernel(0, 0)])
    np.testing.assert_array_equal(silent.rounded(np.zeros((1, 2))), 0)
