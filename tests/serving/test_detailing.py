from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.detailing import detail_crop, limit_detail, plan_detail


def strokes(height, width):
    hole = np.zeros((height, width), bool)
    hole[100:400, 50:90] = True
    hole[700 : height - 40, width - 500 : width - 60] = True
    hole[10:14] = True
    return hole


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_every_pixel_of_the_hole_gets_detail_once_from_its_own_window(dtype):
    hole = strokes(1500, 1600)
    scale = 1.0 if dtype == np.float64 else np.iinfo(dtype).max
    noise = np.random.default_rng(0).random((1500, 1600, 3), np.float32)  # as strong as can be
    completed = np.where(hole[..., np.newaxis], 0.25, noise)
    completed = (completed * scale).astype(dtype)
    before, remaining = completed.copy(), hole.copy()

    def add_detail(image, window_hole):
        assert image.dtype == np.float32
        assert window_hole.any()
        assert not window_hole.all()
        return image + 0.1

    crops = plan_detail(hole)
    assert len(crops) > 1
    for crop in crops:
        detail_crop(add_detail, completed, hole, remaining, crop)
    assert not remaining.any()
    np.testing.assert_array_equal(completed[~hole], before[~hole])
    np.testing.assert_allclose(completed[hole] / scale, before[hole] / scale + 0.1, atol=0.003)


def test_windows_follow_the_hole_and_are_bounded():
    hole = np.zeros((4300, 5400), bool)
    hole[1000:1200, 1000:1300] = True
    (crop,) = plan_detail(hole)
    assert (crop.window.height, crop.window.width) == (512, 600)
    hole[1100:3300, 2000:4600] = True
    sides = [max(crop.window.height, crop.window.width) for crop in plan_detail(hole)]
    assert max(sides) <= 2048


def test_texture_that_is_too_strong_for_its_place_is_held_down():
    """As when foam is carried into the sky: left a calm photo, right a rough one."""
    rng = np.random.default_rng(0)
    rough = rng.normal(0, 1, (200, 400, 3)).astype(np.float32)
    amplitude = np.where(np.arange(400) < 200, 0.002, 0.1)[np.newaxis, :, np.newaxis]
    hole = np.zeros((200, 400), bool)
    hole[90:110] = True  # a wire through both
    filled = np.where(hole[..., np.newaxis], 0.5, 0.5 + amplitude * rough).astype(np.float32)
    detailed = np.where(hole[..., np.newaxis], 0.5 + 0.05 * rough, filled).astype(np.float32)
    limited = limit_detail(filled, hole, detailed)
    np.testing.assert_allclose(limited[~hole], filled[~hole], atol=1e-6)
    calm = limited[90:110, 20:140].std()
    assert 0.001 < calm < 0.004
    np.testing.assert_allclose(limited[90:110, 260:], detailed[90:110, 260:], atol=1e-6)


def test_far_from_the_photo_detail_is_as_given():
    hole = np.zeros((200, 200), bool)
    hole[10:190, 10:190] = True
    filled = np.full((200, 200, 3), 0.5, np.float32)
    detailed = filled + np.random.default_rng(0).normal(0, 0.1, filled.shape).astype(np.float32)
    limited = limit_detail(filled, hole, detailed)
    np.testing.assert_array_equal(limited[80:120, 80:120], detailed[80:120, 80:120])
    assert np.abs(limited[12:16, 80:120] - 0.5).max() < 1e-3
