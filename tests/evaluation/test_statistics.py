"""Means and bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pytest

from inpainting.evaluation.statistics import Estimate, bootstrap


def test_the_interval_is_that_of_the_normal_law_for_many_photos():
    values = np.random.default_rng(0).normal(10.0, 2.0, (400, 1))
    (estimate,) = bootstrap(values, seed=1)
    half = 1.96 * values.std() / np.sqrt(400)
    assert estimate.mean == pytest.approx(values.mean(), abs=1e-6)
    assert estimate.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert estimate.high == pytest.approx(values.mean() + half, abs=0.15 * half)
    assert estimate.n == 400


def test_a_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).random((20, 2))
    assert bootstrap(values, 5) == bootstrap(values, 5)
    assert bootstrap(values, 5) != bootstrap(values, 6)


def test_metrics_do_not_disturb_each_other():
    values = np.random.default_rng(0).random((20, 3))
    assert bootstrap(values, 5)[1] == bootstrap(values[:, 1:2], 5)[0]


def test_missing_values_are_left_out():
    values = np.array([[1.0], [np.nan], [3.0], [np.nan]])
    (estimate,) = bootstrap(values, 0)
    assert (estimate.mean, estimate.low, estimate.high, estimate.n) == (2.0, 1.0, 3.0, 2)


def test_a_metric_that_no_photo_has_has_no_mean():
    assert bootstrap(np.full((3, 1), np.nan), 0) == [Estimate(None, None, None, 0)]


def test_a_single_photo_has_no_spread():
    assert bootstrap(np.array([[4.25]]), 0) == [Estimate(4.25, 4.25, 4.25, 1)]
