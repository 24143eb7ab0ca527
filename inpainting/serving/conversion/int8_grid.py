"""The 256 levels that a layer's input is rounded to, worked out from what it was seen to hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

LEVELS = 256
# How far beyond what the samples held the levels go. Without it the last layers of the first pass
# cut off what went beyond by a quarter on one of 121 pictures, which was then 5.5 grey levels off;
# with it 3.1, as with a quarter, which is coarser on all the others.
_HEADROOM = 1.15
# Below it a channel counts as silent, so that nothing is divided by zero.
_SILENT = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """Evenly spaced levels from `low` to `high`, zero being one of them.

    The channels are multiplied by `factors` before they are rounded, and the kernels divided by
    them, so that a channel with large values leaves the others more than a few levels.

    Attributes:
        factors: float32 (C,), positive.
        low, high: of the scaled values; `low <= 0 < high`.
    """

    factors: np.ndarray
    low: float
    high: float

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """`values` (..., C), scaled and rounded, as a converted model's layer sees them."""
        step = (self.high - self.low) / (LEVELS - 1)
        numbers = np.rint(values * self.factors / step)
        ends = round(self.low / step), round(self.high / step)
        return (np.clip(numbers, *ends) * step).astype(np.float32)


def channel_grid(low: np.ndarray, high: np.ndarray, kernels: Sequence[np.ndarray]) -> Grid:
    """The grid of a tensor that convolutions read.

    Zero is a level since it is what the layers pad with. The factors make values and kernels alike
    hard to round: the largest of a channel's values and the largest weight that it meets become
    equal. Source: Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for
    Large Language Models" (2023), equation 4 with alpha 0.5, for convolutions here.

    Args:
        low, high: (C,), the least and the largest value seen in each channel.
        kernels: of all layers that read it, each (F, C, height, width).
    """
    low, high = np.minimum(_HEADROOM * low, 0.0), np.maximum(_HEADROOM * high, 0.0)
    values = np.maximum(np.maximum(high, -low), _SILENT)
    weights = np.max([np.abs(kernel).max(axis=(0, 2, 3)) for kernel in kernels], axis=0)
    factors = np.sqrt(np.maximum(weights, _SILENT) / values)
    factors = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    return _with_zero(factors, float((low * factors).min()), float((high * factors).max()))


def plain_grid(low: float, high: float) -> Grid:
    """The grid of a tensor whose channels are left as they are."""
    low, high = _HEADROOM * min(low, 0.0), _HEADROOM * max(high, 0.0)
    return _with_zero(np.ones(1, np.float32), low, high)


def _with_zero(factors: np.ndarray, low: float, high: float) -> Grid:
    """The two ends moved by less than a level, so that a level is exactly zero."""
    step = max(high - low, _SILENT) / (LEVELS - 1)
    below = round(-low / step)
    return Grid(factors, -below * step, (LEVELS - 1 - below) * step)
