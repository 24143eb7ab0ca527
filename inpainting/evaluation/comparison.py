"""Several trainings of several systems, compared photo by photo: what holds beyond one seed.

Arrays are float64 `(seeds, photos, metrics)`, NaN where a photo has no value. Draws resample seeds
and photos, both with replacement: with one seed the intervals speak of photographs alone.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from inpainting.evaluation.metrics import Metric
from inpainting.evaluation.statistics import COVERAGE, RESAMPLES, Estimate, rounded

HOLDS, FAILS, OPEN = "holds", "fails", "not decided"


class Verdict(NamedTuple):
    """By how much `ours` is better than `other` in a metric (negative: worse), and what follows.

    `text` is "holds" if the whole interval is above zero, "fails" if it is below, else "not
    decided".
    """

    gain: Estimate
    text: str


def estimate(values: np.ndarray, seed: int) -> list[Estimate]:
    """The mean of each metric over seeds and photos with its 95 % interval; `n` counts photos.

    Args:
        values: see the top of this file.
        seed: of the draws; calls of one seed and shape resample alike, so that differences pair.
    """
    seeds, photos, metrics = values.shape
    generator = np.random.Generator(np.random.PCG64(seed))
    draws = np.full((RESAMPLES, metrics), np.nan)
    for number in range(RESAMPLES):
        chosen = values[generator.integers(0, seeds, seeds)]
        draws[number] = _mean(chosen[:, generator.integers(0, photos, photos)])
    tail = 100 * (1 - COVERAGE) / 2
    estimates = []
    for column, mean in enumerate(_mean(values)):
        present = int(np.isfinite(values[:, :, column]).any(axis=0).sum())
        if not present:
            estimates.append(Estimate(None, None, None, 0))
            continue
        low, high = np.nanpercentile(draws[:, column], [tail, 100 - tail])
        estimates.append(Estimate(rounded(mean), rounded(low), rounded(high), present))
    return estimates


def compare(
    ours: np.ndarray, other: np.ndarray, metrics: list[Metric], seed: int
) -> dict[str, Verdict]:
    """Whether `ours` is better, metric by metric, from the differences of the same seed and photo.

    Args:
        ours, other: see the top of this file, of the same shape.
        metrics: in the order of the last axis.
        seed: of the draws.

    Raises:
        ValueError: the shapes differ.
    """
    if ours.shape != other.shape:
        raise ValueError(f"ours and other differ in shape: {ours.shape} and {other.shape}")
    gains = np.stack(
        [
            _merit(metric, ours[:, :, column]) - _merit(metric, other[:, :, column])
            for column, metric in enumerate(metrics)
        ],
        axis=-1,
    )
    return {
        metric.name: Verdict(gain, _verdict(gain))
        for metric, gain in zip(metrics, estimate(gains, seed))
        if gain.n
    }


def _mean(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # A metric that few photos have can be missing from a whole draw; such a draw has no mean.
        warnings.filterwarnings("ignore", message="Mean of empty slice")
        return np.nanmean(values, axis=(0, 1))


def _merit(metric: Metric, values: np.ndarray) -> np.ndarray:
    """`values` so that more is better."""
    if metric.better == "one":
        return -np.abs(values - 1)
    return values if metric.better == "higher" else -values


def _verdict(gain: Estimate) -> str:
    if gain.low is None or gain.high is None:
        return OPEN
    return HOLDS if gain.low > 0 else FAILS if gain.high < 0 else OPEN
