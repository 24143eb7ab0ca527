"""Which layers may compute in int8 for the fill to stay within so many grey levels.

Layers differ by orders of magnitude in how much their rounding shows, and by the weights which
those are. So each is tried alone, and then as many as the limit allows together, the loudest left
out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from inpainting.data.masks import mask_of_rate
from inpainting.data.pipeline import centre_crop
from inpainting.data.sources import open_photos
from inpainting.image import to_float
from inpainting.serving.conversion.formats import import_package
from inpainting.serving.conversion.int8_grid import Grid
from inpainting.serving.conversion.int8_layers import quantize
from inpainting.serving.conversion.openvino_format import FLOAT32

# Mask rates of the samples.
_LOW, _HIGH = 0.1, 0.4

Sample = dict[str, np.ndarray]


def training_samples(width: int, height: int, count: int, seed: int = 0) -> list[Sample]:
    """Embedded training photographs with seeded holes, as inputs of a converted model.

    Returns:
        `image` float32 (1, height, width, 3) in [0, 1] and `mask` float32 (1, height, width, 1).
        Photographs spread evenly over the list; the same ones again, with other holes, where there
        are fewer than `count`.
    """
    photos = open_photos("sample", "", "train")
    samples = []
    for index in range(count):
        place = index * len(photos) // count if count < len(photos) else index % len(photos)
        image = to_float(centre_crop(photos.read(place), max(width, height))[:height, :width])
        rng = np.random.default_rng((seed, index))
        mask = mask_of_rate(rng, height, width, _LOW, _HIGH).astype(np.float32)
        samples.append({"image": image[np.newaxis], "mask": mask[np.newaxis, ..., np.newaxis]})
    return samples


class Trial:
    """A compiled model each of whose layers computes in float32 or int8, as a call says.

    Args:
        model: an `openvino.Model` in float32, (image, mask) -> completed.
        grids: of its layers.
        samples: on which errors are measured, put in order: first those that suffer most where all
            layers are in int8.
    """

    def __init__(self, model: Any, grids: dict[str, Grid], samples: Sequence[Sample]) -> None:
        openvino = import_package("openvino")

        self.layers = list(grids)
        both = quantize(model, grids, grids, switched=True)
        self._run = openvino.Core().compile_model(both, "CPU", FLOAT32)
        pairs = [(sample, self._complete((), sample)) for sample in samples]
        self._pairs = sorted(pairs, key=lambda pair: -self._error(self.layers, *pair))

    def error(self, layers: Collection[str], count: int) -> float:
        """Largest difference that `layers` in int8 make on the `count` hardest samples.

        In grey levels of 255.
        """
        return max(self._error(layers, *pair) for pair in self._pairs[:count])

    def fits(self, layers: Collection[str], limit: float) -> bool:
        """Whether they make none above `limit` on any sample."""
        return all(self._error(layers, *pair) <= limit for pair in self._pairs)

    def _error(self, layers: Collection[str], sample: Sample, expected: np.ndarray) -> float:
        found = self._complete(layers, sample)
        if not np.isfinite(found).all():
            return float("inf")
        return 255 * float(np.abs(found - expected).max())

    def _complete(self, layers: Collection[str], sample: Sample) -> np.ndarray:
        switches = {name: np.array([name in layers]) for name in self.layers}
        return np.array(self._run({**sample, **switches})["completed"])


def by_loudness(trial: Trial, count: int) -> list[str]:
    """The layers, from the one whose rounding alone shows most to the one whose shows least.

    `count`: on how many samples, the hardest: some layers are loud on few photographs alone.
    """
    errors = {name: trial.error([name], count) for name in trial.layers}
    return sorted(trial.layers, key=lambda name: -errors[name])


def most_layers(trial: Trial, loudest_first: Sequence[str], limit: float) -> list[str]:
    """As many layers, the loudest left out, as keep the error within `limit` grey levels.

    Found by halving, as if the error could only grow with the number of layers; what is returned
    was measured, and may be empty.
    """
    if trial.fits(loudest_first, limit):
        return list(loudest_first)
    fewest, most = 0, len(loudest_first)  # left out: too few, and enough
    while most - fewest > 1:
        middle = (fewest + most) // 2
        if trial.fits(loudest_first[middle:], limit):
            most = middle
        else:
            fewest = middle
    return list(loudest_first[most:])
