"""Metrics against scikit-image, SciPy-free NumPy loops and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpainting.evaluation import metrics


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 256, (37, 41, 3)).astype(np.uint8)
    noise = generator.normal(0, 20, truth.shape)
    return truth, np.clip(truth + noise, 0, 255).astype(np.uint8)


def square_hole(size: int, low: int, high: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[low:high, low:high] = 1
    return mask


def test_ssim_equals_scikit_image(pair):
    truth, completed = (metrics.as_float(picture) for picture in pair)
    expected = structural_similarity(
        truth,
        completed,
        channel_axis=2,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert metrics.ssim(truth, completed) == pytest.approx(expected, abs=1e-6)
    assert 0.3 < expected < 0.99


def test_ssim_of_the_smallest_picture_equals_scikit_image(pair):
    truth, completed = (metrics.as_float(picture)[:11, :11] for picture in pair)
    expected = structural_similarity(
        truth,
        completed,
        channel_axis=2,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert metrics.ssim(truth, completed) == pytest.approx(expected, abs=1e-6)


def test_ssim_refuses_pictures_below_its_window():
    small = np.zeros((10, 20, 3))
    with pytest.raises(ValueError, match="11x11"):
        metrics.ssim(small, small)


def test_psnr_equals_scikit_image(pair):
    truth, completed = (metrics.as_float(picture) for picture in pair)
    expected = peak_signal_noise_ratio(truth, completed, data_range=1)
    assert metrics.psnr(completed - truth) == pytest.approx(expected, abs=1e-9)


def test_equal_pictures_have_the_best_scores():
    picture = np.full((16, 16, 3), 100, np.uint8)
    scores = metrics.score(picture, picture, square_hole(16, 4, 8))
    assert scores["psnr"] == pytest.approx(100.0)
    assert scores["ssim"] == pytest.approx(1.0)
    assert scores["l1"] == scores["l2_hole"] == scores["boundary"] == scores["relative"] == 0.0


def test_errors_of_a_constant_shift_in_the_hole():
    # 64 of 400 pixels are off by 51 / 255 = 0.2: mean |d| = 0.2 * 0.16, mean d^2 = 0.04 * 0.16.
    truth = np.full((20, 20, 3), 102, np.uint8)
    mask = square_hole(20, 6, 14)
    completed = np.where(mask[..., None] == 1, np.uint8(153), truth)
    scores = metrics.score(truth, completed, mask)
    assert scores["l1"] == pytest.approx(3.2)
    assert scores["l1_hole"] == pytest.approx(20.0)
    assert scores["l2"] == pytest.approx(0.64)
    assert scores["l2_hole"] == pytest.approx(4.0)
    assert scores["psnr_hole"] == pytest.approx(-10 * np.log10(0.04))
    assert scores["relative_hole"] == pytest.approx(0.2 / (0.4 + 0.6))
    assert scores["relative"] == pytest.approx(64 * 0.2 / (400 * 0.4 + 336 * 0.4 + 64 * 0.6))
    assert scores["l1_known"] == 0.0
    # The 8 px ring covers all of an 8 px hole.
    assert scores["boundary"] == pytest.approx(20.0)


def test_relative_error_of_black_pictures_is_zero():
    black = np.zeros((4, 4, 3))
    assert metrics.relative_error(black, black) == 0.0


def test_bands_by_loops():
    generator = np.random.default_rng(5)
    difference = generator.normal(0, 0.1, (12, 12, 3))
    hole = square_hole(12, 0, 7).astype(bool)
    padded = np.pad(difference, ((2, 2), (2, 2), (0, 0)), mode="symmetric")
    low = np.zeros_like(difference)
    for y in range(12):
        for x in range(12):
            low[y, x] = padded[y : y + 5, x : x + 5].mean(axis=(0, 1))
    found = metrics.band_errors(difference, hole)
    assert found[0] == pytest.approx(100 * np.abs(low)[hole].mean())
    assert found[1] == pytest.approx(100 * np.abs(difference - low)[hole].mean())


def test_sharpness_is_the_ratio_of_detail():
    generator = np.random.default_rng(7)
    truth = generator.random((24, 24, 3))
    mask = square_hole(24, 4, 20)
    assert metrics.sharpness(truth, truth, mask) == pytest.approx(1.0)
    # Detail is linear: half the contrast around the mean is half the detail.
    assert metrics.sharpness(truth, 0.5 * truth + 0.2, mask) == pytest.approx(0.5)
    assert metrics.sharpness(truth, np.full_like(truth, 0.3), mask) == pytest.approx(0.0, abs=1e-12)


def test_sharpness_sees_no_known_pixel():
    generator = np.random.default_rng(8)
    truth = generator.random((24, 24, 3))
    mask = square_hole(24, 4, 20)
    changed = np.where(mask[..., None] == 1, truth, 1.0 - truth)
    assert metrics.sharpness(truth, changed, mask) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["narrow", "flat"])
def test_sharpness_is_undefined_where_nothing_can_be_compared(kind):
    truth = np.random.default_rng(9).random((24, 24, 3))
    mask = square_hole(24, 4, 20)
    if kind == "narrow":
        mask[:, :] = 0
        mask[10:14, :] = 1  # 4 px: no pixel is 2 px in from both edges
    else:
        truth = np.full_like(truth, 0.5)
    assert metrics.sharpness(truth, truth, mask) is None


def test_boundary_is_the_ring_of_eight_pixels_inside_the_hole():
    mask = square_hole(64, 10, 50)
    difference = np.zeros((64, 64, 3))
    difference[18:42, 18:42] = 1.0  # 8 px in from every edge
    assert metrics.boundary_error(difference, mask) == 0.0
    difference[17, 20] = 0.5  # the ring's innermost row
    ring = 40 * 40 - 24 * 24
    assert metrics.boundary_error(difference, mask) == pytest.approx(100 * 0.5 / ring)


def test_the_pictures_border_is_no_edge_of_the_hole():
    mask = np.zeros((40, 40), np.uint8)
    mask[:20] = 1
    difference = np.zeros((40, 40, 3))
    difference[:12] = 1.0
    assert metrics.boundary_error(difference, mask) == 0.0


def test_a_picture_that_is_all_hole_is_scored():
    truth = np.zeros((16, 16, 3), np.uint8)
    scores = metrics.score(truth, truth + np.uint8(51), np.ones((16, 16), np.uint8))
    assert scores["boundary"] == pytest.approx(20.0)
    assert scores["l1_known"] is None


def test_changed_known_pixels_show():
    truth = np.zeros((16, 16, 3), np.uint8)
    scores = metrics.score(truth, truth + np.uint8(51), square_hole(16, 4, 8))
    assert scores["l1_known"] == pytest.approx(20.0)


def test_score_refuses_what_does_not_fit():
    picture = np.zeros((16, 16, 3), np.uint8)
    with pytest.raises(ValueError, match="differ in size"):
        metrics.score(picture, picture[:-1], square_hole(16, 4, 8))
    with pytest.raises(ValueError, match="no hole"):
        metrics.score(picture, picture, np.zeros((16, 16), np.uint8))


def test_every_score_has_its_definition():
    picture = np.zeros((16, 16, 3), np.uint8)
    scores = metrics.score(picture, picture, square_hole(16, 4, 8))
    assert [*scores, "refined_worse"] == [metric.name for metric in metrics.PIXEL_METRICS]
    assert all(metric.definition for metric in metrics.PIXEL_METRICS)
