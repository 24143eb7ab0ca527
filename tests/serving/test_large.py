from __future__ import annotations

import numpy as np
import pytest

from inpainting.serving.large import Box, Crop, plan_crops


def hole_of(height, width, *boxes):
    hole = np.zeros((height, width), bool)
    for top, left, bottom, right in boxes:
        hole[top:bottom, left:right] = True
    return hole


def strokes(seed, height, width, count):
    """Bars of many lengths and widths, some of them over the edge."""
    rng = np.random.default_rng(seed)
    hole = np.zeros((height, width), bool)
    for _ in range(count):
        top, left = rng.integers(0, height), rng.integers(0, width)
        long, thin = rng.integers(1, 200), rng.integers(1, 30)
        down, across = (long, thin) if rng.random() < 0.5 else (thin, long)
        hole[top : top + down, left : left + across] = True
    return hole


def test_no_hole_no_crop():
    assert plan_crops(np.zeros((500, 400), bool), 64) == []


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (3, 64)])
def test_a_photo_that_fits_is_one_crop_of_everything(shape):
    hole = np.zeros(shape, bool)
    hole[-1, -1] = True
    everything = Box(0, 0, *shape)
    assert plan_crops(hole, 64) == [Crop(everything, everything, shape)]


def test_a_small_hole_gets_half_the_working_size_around_it():
    (crop,) = plan_crops(hole_of(1000, 2000, (500, 700, 510, 720)), 128)
    assert crop.core == Box(500, 700, 510, 720)
    # Centre (505, 710), 32 pixels to each side.
    assert crop.window == Box(473, 678, 537, 742)
    assert crop.size == (64, 64)


def test_a_window_is_moved_inward_at_the_edges():
    first, last = plan_crops(hole_of(300, 400, (0, 0, 4, 4), (296, 398, 300, 400)), 128)
    assert first.window == Box(0, 0, 64, 64)
    assert last.window == Box(236, 336, 300, 400)


def test_a_photo_narrower_than_a_window_is_used_whole():
    (crop,) = plan_crops(hole_of(20, 1000, (5, 500, 9, 520)), 128)
    assert crop.window == Box(0, 478, 20, 542)
    assert crop.size == (20, 64)


def test_near_holes_share_a_crop_and_far_ones_do_not():
    assert len(plan_crops(hole_of(500, 500, (10, 10, 20, 20), (40, 40, 60, 60)), 128)) == 1
    assert len(plan_crops(hole_of(500, 500, (10, 10, 20, 20), (90, 10, 95, 15)), 128)) == 2


def test_a_thick_hole_is_scaled_until_its_core_is_half_the_working_size():
    (crop,) = plan_crops(hole_of(1000, 1200, (300, 400, 700, 800)), 128)
    assert crop.core == Box(300, 400, 700, 800)
    assert crop.window == Box(100, 200, 900, 1000)  # twice the core
    assert crop.size == (128, 128)


def test_a_hole_of_half_the_working_size_is_not_scaled():
    (crop,) = plan_crops(hole_of(500, 500, (101, 102, 165, 166)), 128)
    assert crop == Crop(Box(101, 102, 165, 166), Box(69, 70, 197, 198), (128, 128))


def test_a_disc_is_one_crop():
    y, x = np.mgrid[:2000, :2000]
    crops = plan_crops((y - 900) ** 2 + (x - 1000) ** 2 < 300**2, 128)
    assert [crop.core for crop in crops] == [Box(601, 701, 1200, 1300)]
    assert crops[0].size == (128, 128)


def test_a_wire_keeps_the_photos_resolution():
    crops = plan_crops(hole_of(700, 1000, (350, 0, 354, 1000)), 128)
    assert len(crops) == 16  # 1000 / 64, rounded up
    for crop in crops:
        assert crop.size == (crop.window.height, crop.window.width)


def test_finer_crops_come_first():
    thick, thin = (100, 100, 400, 400), (600, 0, 603, 800)
    crops = plan_crops(hole_of(800, 800, thick, thin), 128)
    scales = [crop.size[0] / crop.window.height for crop in crops]
    assert scales == sorted(scales, reverse=True)
    assert scales[0] == 1
    assert scales[-1] < 0.3


def test_the_work_does_not_grow_with_the_photo():
    hole = (200, 200, 260, 300)
    plans = [plan_crops(hole_of(side, side, hole), 128) for side in (500, 1000, 4000)]
    assert plans[0] == plans[1] == plans[2]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(333, 517), (65, 900), (1000, 801)])
def test_every_hole_pixel_is_pasted_once_and_every_window_fits(seed, shape):
    hole = strokes(seed, *shape, count=4 * seed + 1)
    working_size = 64 if seed % 2 else 100
    remaining = hole.copy()
    for crop in plan_crops(hole, working_size):
        assert remaining[crop.core.slices].any()
        remaining[crop.core.slices] = False
        core, window = crop.core, crop.window
        assert 0 <= window.top <= core.top < core.bottom <= window.bottom <= shape[0]
        assert 0 <= window.left <= core.left < core.right <= window.right <= shape[1]
        assert 1 <= min(crop.size) <= max(crop.size) <= working_size
        # The core reaches the network at no more than half the working size, rounding aside.
        assert core.height * crop.size[0] / window.height <= working_size / 2 + 1
        assert core.width * crop.size[1] / window.width <= working_size / 2 + 1
    assert not remaining.any()


def test_everything_hole_is_covered():
    hole = np.ones((300, 500), bool)
    covered = np.zeros_like(hole)
    for crop in plan_crops(hole, 64):
        covered[crop.core.slices] = True
    assert covered.all()


def test_ten_thousand_specks_share_crops():
    hole = np.zeros((4000, 4000), bool)
    hole[20::40, 20::40] = True
    crops = plan_crops(hole, 512)
    assert len(crops) == 16**2  # 4000 / 256, rounded up, squared


def test_box_within():
    assert Box(5, 7, 9, 20).within(Box(1, 2, 30, 30)) == Box(4, 5, 8, 18)


def test_too_small_a_working_size_is_refused():
    with pytest.raises(ValueError, match="working_size must be at least 32, received 31"):
        plan_crops(np.ones((4, 4), bool), 31)
