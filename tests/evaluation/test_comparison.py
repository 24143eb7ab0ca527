"""Two-level bootstrap and verdicts against hand-made cases and NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.evaluation.comparison import FAILS, HOLDS, OPEN, compare, estimate
from inpainting.evaluation.metrics import PIXEL_METRICS

METRICS = [metric for metric in PIXEL_METRICS if metric.name in ("l1", "psnr", "sharpness")]
NAMES = [metric.name for metric in METRICS]


def scores(seeds: int = 3, photos: int = 40) -> np.ndarray:
    generator = np.random.default_rng(5)
    return np.abs(generator.normal(1.0, 0.2, size=(seeds, photos, len(METRICS))))


def test_means_are_those_of_numpy_and_lie_in_their_intervals():
    values = scores()
    for column, found in enumerate(estimate(values, seed=1)):
        assert found.mean == pytest.approx(values[:, :, column].mean(), abs=1e-6)
        assert found.low < found.mean < found.high
        assert found.n == 40


def test_the_interval_is_as_wide_as_theory_says_when_photos_alone_vary():
    values = np.repeat(scores(seeds=1, photos=400), 3, axis=0)
    found = estimate(values, seed=2)[0]
    expected = 2 * 1.96 * values[0, :, 0].std() / np.sqrt(400)
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_seeds_that_differ_widen_the_interval():
    values = scores()
    apart = values + np.array([-1.0, 0.0, 1.0])[:, None, None]
    narrow, wide = estimate(values, 1)[0], estimate(apart, 1)[0]
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)


def test_a_photo_without_a_value_is_left_out():
    values = scores()
    values[:, 7, 2] = np.nan
    found = estimate(values, seed=1)[2]
    assert found.n == 39
    assert found.mean == pytest.approx(np.delete(values[:, :, 2], 7, axis=1).mean(), abs=1e-6)
    values[:, :, 2] = np.nan
    assert estimate(values, seed=1)[2] == (None, None, None, 0)


def test_a_constant_gain_holds_and_its_opposite_fails():
    ours = scores()
    # Lower L1 and higher PSNR are better; a sharpness of 1 is best.
    other = ours + np.where(np.array(NAMES) == "l1", 0.25, -0.25)
    verdicts = compare(ours, other, METRICS, seed=3)
    assert verdicts["l1"].text == verdicts["psnr"].text == HOLDS
    assert verdicts["l1"].gain[:3] == pytest.approx((0.25, 0.25, 0.25))
    reverse = compare(other, ours, METRICS, seed=3)
    assert reverse["l1"].text == reverse["psnr"].text == FAILS


def test_sharpness_is_judged_by_its_distance_from_one():
    ours, other = np.full((1, 5, 3), 1.1), np.full((1, 5, 3), 0.8)
    verdict = compare(ours, other, METRICS, seed=0)["sharpness"]
    assert verdict.text == HOLDS
    assert verdict.gain.mean == pytest.approx(0.1)


def test_noise_is_not_decided():
    ours = scores()
    other = ours + np.random.default_rng(1).normal(0, 0.1, ours.shape)
    assert {verdict.text for verdict in compare(ours, other, METRICS, 4).values()} == {OPEN}


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        compare(scores(2), scores(3), METRICS, 0)
