from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.large import plan_crops
from inpainting.serving.passes import RIM, fill_crop

SIZE = 64


def disc(height, width, row, column, radius):
    y, x = np.ogrid[:height, :width]
    return (y - row) ** 2 + (x - column) ** 2 < radius**2


def fill(refine, image, hole):
    completed, remaining = image.copy(), hole.copy()
    for crop in plan_crops(hole, SIZE):
        fill_crop(refine, completed, remaining, crop, SIZE)
    assert not remaining.any()
    return completed


def plane(image, hole):
    """The plane through the known colours, by least squares, in coordinates of the picture."""
    y, x = (axis / 100 for axis in np.mgrid[: hole.shape[0], : hole.shape[1]])
    terms = np.stack([np.ones_like(y), y, x], axis=-1)
    known = ~hole
    factors = np.linalg.lstsq(terms[known], image[known], rcond=None)[0]
    return (terms @ factors).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_slope_is_continued_through_all_scales(dtype):
    """A shift of half a pixel between scales, or a hole pixel taken for known, would show."""
    y, x = np.mgrid[:300, :400]
    truth = np.stack([0.2 + x / 800, 0.9 - y / 500, 0.3 + (x + y) / 2000], axis=-1)
    hole = disc(300, 400, 150, 210, 90)
    scale = 1 if dtype == np.float32 else np.iinfo(dtype).max
    image = np.where(hole[..., np.newaxis], scale, np.round(truth * scale, 9)).astype(dtype)
    found = fill(plane, image, hole)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found[~hole], image[~hole])
    # Beyond rounding to 8 bits, cubic enlargement at the edge of the window is not exact.
    np.testing.assert_allclose(found[hole] / scale, truth[hole], atol=0.006)


def test_the_rim_is_made_at_the_photos_resolution_and_the_middle_from_afar():
    """Each call fills with a colour of its own."""
    calls = []

    def numbered(image, hole):
        calls.append(image.shape)
        assert max(image.shape) <= SIZE
        return np.full_like(image, 0.25 if len(calls) == 1 else 0.75)

    image, hole = np.zeros((300, 400, 3), np.float32), disc(300, 400, 150, 210, 50)
    found = fill(numbered, image, hole)[..., 0]
    y, x = np.ogrid[:300, :400]
    inner = np.sqrt((y - 150) ** 2 + (x - 210) ** 2)
    # The hole is 100 pixels thick for cores of 32: the scales are about 1/3, 2/3 (enlarged from a
    # rim of its own) and 1.
    rim = SIZE / RIM
    np.testing.assert_allclose(found[hole & (inner > 50 - rim + 1)], 0.75, atol=1e-6)
    np.testing.assert_allclose(found[inner < 50 - 3 * rim - 4], 0.25, atol=1e-6)
    assert len(calls) > 10


def test_the_network_sees_the_coarse_fill_as_known_in_the_finer_passes():
    seen = []

    def record(image, hole):
        seen.append((image, hole))
        return np.full_like(image, 0.25)

    image, hole = np.ones((300, 400, 3), np.float32), disc(300, 400, 150, 210, 60)
    fill(record, image, hole)
    assert seen[0][1].mean() > 0.1
    later = [image[~hole] for image, hole in seen[1:]]
    assert any((np.abs(values - 0.25) < 1e-6).any() for values in later)
    for values in later:  # nothing but photo and fill, and what enlargement mixes of them
        assert values.min() > 0.1


def test_other_holes_are_seen_as_holes_and_left_for_their_own_crop():
    image = np.zeros((300, 400, 3), np.float32)
    hole = disc(300, 400, 150, 150, 60)
    other = disc(300, 400, 150, 280, 45)
    image[other] = 1.0  # must not reach the first fill

    def mean(image, hole):
        return np.full_like(image, image[~hole].mean())

    found = fill(mean, image, hole | other)
    np.testing.assert_allclose(found, 0.0, atol=1e-6)
