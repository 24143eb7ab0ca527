"""Which metrics an evaluation has, and which are left out by name."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from inpainting.evaluation.metrics import PIXEL_METRICS, Metric
from inpainting.evaluation.perceptual import make_perceptual


class FeatureMetric(Protocol):
    """A distance of network features, asked in two steps: see `perceptual.py`."""

    metric: Metric
    record: dict[str, Any]

    def features(self, pictures: np.ndarray) -> Any:
        """Features of uint8 `(B, H, W, 3)`, to be passed to `distance`."""

    def distance(self, truth: Any, completed: np.ndarray) -> list[float]:
        """The distance of each picture of a batch from the truth."""


class MetricSet:
    """The pixel metrics, and PL, LPIPS, FID as far as their weights are given.

    Args:
        vgg_weights: see `perceptual.make_perceptual`.
        lpips_weights, fid_weights: files, or "" to leave the metric out.
        image_size: of the photos.

    Raises:
        InputError: weights that cannot be read or are of another network.
    """

    def __init__(
        self, vgg_weights: str, lpips_weights: str, fid_weights: str, image_size: int
    ) -> None:
        self.features: list[FeatureMetric] = []
        self.inception: Any | None = None
        left_out = []
        perceptual, reason = make_perceptual(vgg_weights, image_size)
        if perceptual:
            self.features.append(perceptual)
        else:
            left_out.append(reason)
        if lpips_weights:
            from inpainting.evaluation.lpips import Lpips

            self.features.append(Lpips(lpips_weights))
        else:
            left_out.append("LPIPS (no --lpips_weights)")
        if fid_weights:
            from inpainting.evaluation.inception import Inception

            self.inception = Inception(fid_weights)
        else:
            left_out.append("FID (no --fid_weights)")
        self.notes = [f"left out: {', '.join(left_out)}"] if left_out else []

    @property
    def per_photo(self) -> list[Metric]:
        """Metrics with a value for each photo, in the order of tables."""
        return [*PIXEL_METRICS, *(feature.metric for feature in self.features)]

    @property
    def all(self) -> list[Metric]:
        """All metrics, in the order of tables."""
        return self.per_photo + ([self.inception.metric] if self.inception else [])

    @property
    def uses_networks(self) -> bool:
        """Whether TensorFlow is needed."""
        return bool(self.features or self.inception)

    @property
    def record(self) -> dict[str, Any]:
        """Name -> definition, and the record of the weights where there are any."""
        record: dict[str, Any] = {metric.name: metric.definition for metric in self.all}
        for feature in [*self.features, *([self.inception] if self.inception else [])]:
            metric = feature.metric
            record[metric.name] = {"definition": metric.definition, **feature.record}
        return record
