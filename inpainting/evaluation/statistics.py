"""Means over photos with 95 % bootstrap intervals, the same at every run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
COVERAGE = 0.95


class Estimate(NamedTuple):
    """A mean over `n` photos; `low` to `high` is its 95 % interval; None where there is none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def bootstrap(values: np.ndarray, seed: int, resamples: int = RESAMPLES) -> list[Estimate]:
    """The mean of each column with its percentile bootstrap interval over photos.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. Photos are drawn
    with replacement, a photo's figures together, so that intervals of two metrics or two systems
    over the same photos and seed come from the same draws.

    Args:
        values: float `(photos, metrics)`; NaN where a photo has no value, left out of the mean.
        seed: of the draws; one draw is held at a time, so that memory is that of `values`.

    Returns:
        One `Estimate` a column. A column with no value has mean None and n 0; with a single one
        there is no spread to resample, and the interval is that value.
    """
    present = np.isfinite(values)
    filled = np.where(present, values, 0.0)
    counts = present.sum(axis=0)
    generator = np.random.Generator(np.random.PCG64(seed))
    draws = np.full((resamples, values.shape[1]), np.nan)
    for draw in draws:
        weights = np.bincount(
            generator.integers(0, len(values), len(values)), minlength=len(values)
        )
        drawn = weights @ present
        np.divide(weights @ filled, drawn, out=draw, where=drawn > 0)
    return [
        _estimate(filled[:, column].sum() / counts[column] if counts[column] else None,
                  draws[:, column], int(counts[column]))
        for column in range(values.shape[1])
    ]  # fmt: skip


def _estimate(mean: float | None, draws: np.ndarray, n: int) -> Estimate:
    if mean is None:
        return Estimate(None, None, None, 0)
    tail = 100.0 * (1.0 - COVERAGE) / 2.0
    # A metric that few photos have can be missing from a whole draw; such a draw has no mean.
    low, high = np.nanpercentile(draws, [tail, 100.0 - tail])
    return Estimate(rounded(mean), rounded(low), rounded(high), n)


def rounded(value: float) -> float:
    """Six decimals: more would differ between machines, whose sums run in another order."""
    return round(float(value), 6)
