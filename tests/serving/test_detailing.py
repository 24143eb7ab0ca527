from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.detailing import detail_crop, plan_detail


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
    completed = np.full((1500, 1600, 3), scale // 4 if scale > 1 else 0.25).astype(dtype)
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
    hole = np.zeros((6000, 9000), bool)
    hole[1000:1200, 1000:1300] = True
    (crop,) = plan_detail(hole)
    assert (crop.window.height, crop.window.width) == (512, 600)
    hole[500:4500, 2000:7000] = True
    sides = [max(crop.window.height, crop.window.width) for crop in plan_detail(hole)]
    assert max(sides) <= 4096
