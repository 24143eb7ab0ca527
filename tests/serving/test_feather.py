from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.feather import feather_seam


@pytest.fixture
def scene():
    """A ramp with noise, and a square hole."""
    y, x = np.mgrid[:60, :80]
    ramp = 0.2 + 0.006 * x + 0.002 * y
    image = np.repeat(ramp[..., np.newaxis], 3, axis=2).astype(np.float32)
    image += np.random.default_rng(0).normal(0, 0.01, image.shape).astype(np.float32)
    hole = np.zeros((60, 80), bool)
    hole[15:45, 20:60] = True
    depth = np.minimum(np.minimum(y - 14, 45 - y), np.minimum(x - 19, 60 - x))
    return image, hole, depth


def test_a_colour_shift_goes_at_the_edge_and_stays_in_the_middle(scene):
    image, hole, depth = scene
    shift = np.array([0.08, -0.05, 0.02], np.float32)
    found = feather_seam(image, hole, image + shift, 8) - image
    # Over 8 pixels the shift that is left grows from nothing to all of it.
    for pixels in range(1, 12):
        left = np.clip((pixels - 1) / 8, 0, 1)
        row = found[hole & (depth == pixels) & (np.abs(depth - pixels) < 1)]
        sides = found[14 + pixels, 35:45]  # above, far from the corners
        np.testing.assert_allclose(sides, np.broadcast_to(left * shift, sides.shape), atol=2e-3)
        assert row.shape[1] == 3


def test_a_fill_that_fits_is_left_alone_on_a_slope(scene):
    image, hole, _ = scene
    np.testing.assert_allclose(feather_seam(image, hole, image, 8), image, atol=1e-6)


def test_what_the_photo_holds_in_the_hole_has_no_influence(scene):
    image, hole, _ = scene
    refined = image[::-1].copy()
    other = np.where(hole[..., np.newaxis], 1 - image, image).astype(np.float32)
    np.testing.assert_array_equal(
        feather_seam(image, hole, refined, 5)[hole], feather_seam(other, hole, refined, 5)[hole]
    )


@pytest.mark.parametrize("width", [1, 4, 30])
def test_the_middle_of_a_large_hole_and_the_range_are_kept(width):
    image = np.ones((200, 200, 3), np.float32)
    hole = np.zeros((200, 200), bool)
    hole[20:180, 20:180] = True
    refined = np.full_like(image, 0.9)
    found = feather_seam(image, hole, refined, width)
    np.testing.assert_array_equal(found[90:110, 90:110], refined[90:110, 90:110])
    assert found.max() <= 1


def test_no_width_no_hole_all_hole(scene):
    image, hole, _ = scene
    refined = image + 0.1
    for given, width in ((hole, 0), (np.zeros_like(hole), 8), (np.ones_like(hole), 8)):
        np.testing.assert_array_equal(feather_seam(image, given, refined, width), refined)
